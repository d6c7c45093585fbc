"""Whether a dose is one that people are given, by product and route: to warn, never to advise.

The bounds are those of domain 1.3 (rules 31 to 33), which takes them from labels and published
practice. A figure is doubted once, by the strictest bound that it passes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from kapteam import wording
from kapteam.rules.thresholds import Threshold
from kapteam.vocabulary import ProductRoute, Term

DEVICE_UG = 28_000
"""Esketamine in one nasal device, in micrograms (Spravato label)."""
_LABELED = (2 * DEVICE_UG, 3 * DEVICE_UG)


class Doubt(Term):
    """What a doubtful figure asks of whoever orders it."""

    LOOK_AGAIN = "look_again", "Look again"
    SAY_WHY = "say_why", "Say why"
    TYPO = "typo", "Check the number"


@dataclass(frozen=True, slots=True)
class Bounds:
    """From what to what a dose passes without this doubt, in micrograms and per kg; None: any."""

    most_ug: int | None = None
    most_ug_per_kg: int | None = None
    least_ug: int | None = None
    least_ug_per_kg: int | None = None


@dataclass(frozen=True, slots=True)
class Doubted:
    """A doubt and the sentence that says it."""

    doubt: Doubt
    sentence: str


BOUNDS: Mapping[ProductRoute, Mapping[Doubt, Bounds]] = {
    ProductRoute.INTRAVENOUS: {
        Doubt.TYPO: Bounds(300_000, 3_000),
        Doubt.SAY_WHY: Bounds(150_000, 1_500),
        Doubt.LOOK_AGAIN: Bounds(None, 1_000, None, 300),
    },
    ProductRoute.INTRAMUSCULAR: {
        Doubt.TYPO: Bounds(400_000, 4_000),
        Doubt.SAY_WHY: Bounds(200_000, 2_000),
        Doubt.LOOK_AGAIN: Bounds(130_000, 1_500, None, 250),
    },
    ProductRoute.SUBLINGUAL: {
        Doubt.TYPO: Bounds(1_000_000),
        Doubt.SAY_WHY: Bounds(500_000, 7_000),
        Doubt.LOOK_AGAIN: Bounds(400_000, None, 25_000),
    },
    ProductRoute.ORAL: {
        Doubt.TYPO: Bounds(1_000_000),
        Doubt.SAY_WHY: Bounds(500_000, 7_000),
        Doubt.LOOK_AGAIN: Bounds(300_000),
    },
}
"""Domain 1.3. It names none for compounded nasal and subcutaneous; esketamine comes in devices."""
_FROM_LOW_TO_HIGH = (Doubt.LOOK_AGAIN, Doubt.SAY_WHY, Doubt.TYPO)
_SOURCE = "kapteam's default, from labels and published practice"
_PLACES = {
    f"dose.{route.value}.{doubt.value}.{one.name}": (route, doubt, one.name)
    for route, by_doubt in BOUNDS.items()
    for doubt in _FROM_LOW_TO_HIGH
    for one in fields(Bounds)
    if getattr(by_doubt[doubt], one.name) is not None
}


def _setting_of(route: ProductRoute, doubt: Doubt, name: str) -> Threshold:
    side = "above" if name.startswith("most") else "below"
    return Threshold(
        f"{wording.first_up(route.label)}: {wording.first_down(doubt.label)} {side}",
        getattr(BOUNDS[route][doubt], name),
        "mg per kg" if name.endswith("per_kg") else "mg",
        1,
        wording.MOST_MG * 1000,
        _SOURCE,
    )


DOSE_BOUNDS: Mapping[str, Threshold] = {key: _setting_of(*place) for key, place in _PLACES.items()}
"""Each bound as a setting of the practice, in micrograms (or per kg), by the key of its setting."""


@dataclass(frozen=True, slots=True)
class DoseBounds:
    """The bounds in force: those of `BOUNDS`, but for what the practice has `changed`, by key."""

    changed: tuple[tuple[str, int], ...] = ()

    def value(self, key: str) -> int:
        """One bound, in micrograms or micrograms per kg."""
        return dict(self.changed).get(key, DOSE_BOUNDS[key].default)

    def of(self, product_route: ProductRoute) -> Mapping[Doubt, Bounds]:
        """What is in force for one product and route."""
        found = dict(BOUNDS.get(product_route, {}))
        for key, ug in self.changed:
            route, doubt, name = _PLACES[key]
            if route is product_route:
                found[doubt] = replace(found[doubt], **{name: ug})
        return found


USUAL_BOUNDS = DoseBounds()


def bounds_in_force(stored: Iterable[tuple[str, str]]) -> DoseBounds:
    """The bounds from stored (key, value) pairs, oldest first; other keys are ignored."""
    return DoseBounds(tuple({key: int(ug) for key, ug in stored if key in _PLACES}.items()))


def read_bound(key: str, text: str, beside: DoseBounds) -> int:
    """The bound typed in mg (or per kg), given the ones it will stand beside.

    Raises ValueError with a sentence: no dose, or one that would turn the order of the doubts.
    """
    ug = wording.read_mg(text)
    route = _PLACES[key][0]
    together = DoseBounds((*beside.changed, (key, ug))).of(route)
    for unit in ("ug", "ug_per_kg"):
        most = [getattr(together[doubt], f"most_{unit}") for doubt in _FROM_LOW_TO_HIGH]
        least = [getattr(together[doubt], f"least_{unit}") for doubt in _FROM_LOW_TO_HIGH]
        known = [one for one in (*least, *most) if one is not None]
        if known != sorted(set(known)):
            raise ValueError(
                "Below comes first, then look again, then say why, then check the number; "
                "each is more than the one before."
            )
    return ug


def needs_weight(product_route: ProductRoute) -> bool:
    """Rule 31: whether a dose is judged by weight first of all."""
    return product_route in {ProductRoute.INTRAVENOUS, ProductRoute.INTRAMUSCULAR}


def per_kg(ug: int, grams: int) -> int:
    """Rule 31: micrograms per kg, computed and never typed, to the nearest."""
    return round(ug * 1000 / grams)


def doubt_dose(
    ug: int,
    may_add_ug: int | None,
    product_route: ProductRoute,
    grams: int | None,
    bounds: DoseBounds,
    *,
    is_first: bool,
) -> Doubted | None:
    """What is doubtful in a dose and what may be added to it; None when nothing is.

    All of it together is held against the most, the dose alone against the least. Without a weight
    (`grams` None) only the bounds in mg are. A first dose of a series is never asked for being low
    (product.md, Alerts).
    """
    found = _doubt(ug, may_add_ug, product_route, grams, bounds, is_first=is_first)
    if found is None:
        return None
    asks = {Doubt.SAY_WHY: " Say why.", Doubt.TYPO: " Check the number."}
    return Doubted(found.doubt, f"{found.sentence}{asks.get(found.doubt, '')}")


def doubt_given(
    ug: int, product_route: ProductRoute, grams: int | None, bounds: DoseBounds
) -> str | None:
    """Rule 32: what is said of a number so far beyond the usual that it may be a slip; else None.

    What was given is never refused: whoever records it types such a number a second time.
    """
    found = _doubt(ug, None, product_route, grams, bounds, is_first=True)
    sentence = found.sentence if found and found.doubt is Doubt.TYPO else ""
    if not sentence and ug > wording.MOST_MG * 1000:
        sentence = f"This is more than {wording.mg(wording.MOST_MG * 1000)}."
    return f"{sentence} Type it a second time if that is what was given." if sentence else None


def _doubt(
    ug: int,
    may_add_ug: int | None,
    product_route: ProductRoute,
    grams: int | None,
    in_force: DoseBounds,
    *,
    is_first: bool,
) -> Doubted | None:
    """`doubt_dose`, without what is to be done about it."""
    if product_route is ProductRoute.ESKETAMINE_NASAL:
        return _doubt_devices(ug, may_add_ug, is_first=is_first)
    total = ug + (may_add_ug or 0)
    by_doubt = in_force.of(product_route)
    for doubt in (Doubt.TYPO, Doubt.SAY_WHY, Doubt.LOOK_AGAIN):
        if doubt not in by_doubt:
            continue
        for sentence in _beyond(by_doubt[doubt], ug, total, product_route, grams, is_first):
            return Doubted(doubt, sentence)
    return None


def _beyond(
    bounds: Bounds,
    ug: int,
    total: int,
    product_route: ProductRoute,
    grams: int | None,
    is_first: bool,
) -> Iterable[str]:
    """A sentence for each of these bounds that is passed."""
    route = product_route.label
    all_of_it = "This" if total == ug else "With what may be added this"
    if bounds.most_ug is not None and total > bounds.most_ug:
        yield f"{all_of_it} is more than {wording.mg(bounds.most_ug)} {route}."
    if grams and bounds.most_ug_per_kg is not None and total * 1000 > bounds.most_ug_per_kg * grams:
        yield f"{all_of_it} is more than {wording.mg_per_kg(bounds.most_ug_per_kg)} {route}."
    if is_first:
        return
    if bounds.least_ug is not None and ug < bounds.least_ug:
        yield f"This is less than {wording.mg(bounds.least_ug)} {route}."
    if grams and bounds.least_ug_per_kg is not None and ug * 1000 < bounds.least_ug_per_kg * grams:
        yield f"This is less than {wording.mg_per_kg(bounds.least_ug_per_kg)} {route}."


def _doubt_devices(ug: int, may_add_ug: int | None, *, is_first: bool) -> Doubted | None:
    """Rule 33: esketamine is 56 or 84 mg, in devices of 28 mg; the label begins with 56."""
    total = ug + (may_add_ug or 0)
    if ug % DEVICE_UG or total % DEVICE_UG:
        devices = f"Esketamine comes in devices of {wording.mg(DEVICE_UG)}."
        return Doubted(Doubt.TYPO, devices)
    if total > max(_LABELED):
        most = f"This is more than {wording.mg(max(_LABELED))} of esketamine."
        return Doubted(Doubt.TYPO, most)
    if ug not in _LABELED and not is_first:
        labeled = " or ".join(wording.mg(one) for one in _LABELED)
        return Doubted(Doubt.SAY_WHY, f"The label has {labeled}.")
    first = beyond_first_devices(total) if is_first else None
    return Doubted(Doubt.LOOK_AGAIN, first) if first else None


def beyond_first_devices(ug: int) -> str | None:
    """Rule 33: what is said of so much as the first esketamine a client is given; else None.

    The label has 84 mg from the first day on only for depression with acute suicidal thoughts
    (domain 1.3), which no field says, so it warns and asks nobody why.
    """
    if ug != max(_LABELED):
        return None
    return (
        f"The label begins with {wording.mg(min(_LABELED))}; {wording.mg(max(_LABELED))} first "
        "is for depression with acute suicidal thoughts."
    )
