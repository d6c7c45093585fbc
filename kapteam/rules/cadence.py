"""How often ketamine is given, by product and route: to warn, never to forbid and never to advise.

What is usual and what is asked about are those of domain 1.3, as settings of the practice. A day is
the practice's own, and a week goes from Monday to Sunday.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from kapteam import wording
from kapteam.rules.thresholds import Threshold
from kapteam.vocabulary import ProductRoute

USUAL_DAYS, LEAST_DAYS, MOST_PER_WEEK = "usual_days", "least_days", "most_per_week"
WEEKLY = 7
_KAP = "kapteam's default, from published practice"
_LABEL = "the Spravato label"
_TWICE_AT_MOST = "kapteam's default; lozenge programs allow two a week at most"
_LABELS = {
    USUAL_DAYS: ("usual distance", "days"),
    LEAST_DAYS: ("least distance", "days"),
    MOST_PER_WEEK: ("most in a week", "sessions"),
}
_BOUNDS = {USUAL_DAYS: (1, 90), LEAST_DAYS: (1, 60), MOST_PER_WEEK: (1, 7)}


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often one product and route is given, in days of the practice; None: any.

    `usual_days` lie between one session and the next. Nearer than `least_days`, or more than
    `most_per_week` from Monday to Sunday, is asked about.
    """

    usual_days: int = WEEKLY
    least_days: int | None = None
    most_per_week: int | None = None


CADENCES: Mapping[ProductRoute, tuple[Cadence, str]] = {
    ProductRoute.INTRAVENOUS: (Cadence(3, 2, 3), _KAP),
    ProductRoute.INTRAMUSCULAR: (Cadence(WEEKLY, 2, 2), _KAP),
    ProductRoute.ESKETAMINE_NASAL: (Cadence(3, 2, 2), _LABEL),
    ProductRoute.SUBLINGUAL: (Cadence(WEEKLY, None, 2), _TWICE_AT_MOST),
    ProductRoute.ORAL: (Cadence(WEEKLY, None, 2), _TWICE_AT_MOST),
}
"""Domain 1.3, rule 34, with the source of each: six infusions in two to three weeks; one or two
injections a week; esketamine twice a week at first, two days apart. It names none for compounded
nasal and subcutaneous ketamine."""
_PLACES = {
    f"cadence.{route.value}.{name}": (route, name)
    for route, (cadence, _) in CADENCES.items()
    for name in _LABELS
    if getattr(cadence, name) is not None
}


def _setting_of(route: ProductRoute, name: str) -> Threshold:
    cadence, source = CADENCES[route]
    label, unit = _LABELS[name]
    least, most = _BOUNDS[name]
    return Threshold(
        f"{wording.first_up(route.label)}: {label}",
        getattr(cadence, name),
        unit,
        least,
        most,
        source,
    )


CADENCE_SETTINGS: Mapping[str, Threshold] = {
    key: _setting_of(*place) for key, place in _PLACES.items()
}
"""Each figure as a setting of the practice, by its key."""


@dataclass(frozen=True, slots=True)
class Cadences:
    """The figures in force: those of `CADENCES`, but for what the practice `changed`, by key."""

    changed: tuple[tuple[str, int], ...] = ()

    def value(self, key: str) -> int:
        """One figure: days, or how many in a week."""
        return dict(self.changed).get(key, CADENCE_SETTINGS[key].default)

    def of(self, product_route: ProductRoute) -> Cadence:
        """What is in force for one product and route; weekly, without bounds, where none is known.

        Weekly is then only where a plan starts from.
        """
        found = {
            name: self.value(key)
            for key, (route, name) in _PLACES.items()
            if route is product_route
        }
        return Cadence(**found)


USUAL_CADENCES = Cadences()


def cadences_in_force(stored: Iterable[tuple[str, str]]) -> Cadences:
    """The figures from stored (key, value) pairs, oldest first; other keys are ignored."""
    return Cadences(tuple({key: int(value) for key, value in stored if key in _PLACES}.items()))


def read_cadence(key: str, text: str, beside: Cadences) -> int:
    """The figure typed for one setting, given the ones it will stand beside.

    Raises ValueError with a sentence: no whole number, out of bounds, or a usual distance that
    would itself be asked about.
    """
    one = CADENCE_SETTINGS[key]
    if not re.fullmatch(r"\d{1,3}", text.strip(), re.ASCII):
        raise ValueError("Enter a whole number.")
    value = int(text)
    if not one.least <= value <= one.most:
        raise ValueError(f"Enter a number from {one.least} to {one.most}.")
    together = Cadences((*beside.changed, (key, value))).of(_PLACES[key][0])
    if together.least_days is not None and together.usual_days < together.least_days:
        raise ValueError(
            f"What is usual ({together.usual_days} days) would be asked about "
            f"(nearer than {together.least_days} days)."
        )
    return value


@dataclass(frozen=True, slots=True)
class TooOften:
    """What of a day goes beyond the cadence.

    `nearest_on` is the other session that lies nearer than `least_days`; `in_week` how many the
    week from `week_from` on would have, where that is more than `most_per_week`.
    """

    cadence: Cadence
    nearest_on: date | None = None
    week_from: date | None = None
    in_week: int = 0


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def too_often(day: date, others: Iterable[date], cadence: Cadence) -> TooOften | None:
    """Rule 34: what is asked about when one more session is on `day`; None while nothing is.

    `others` are the days of the client's other ketamine sessions, given or to come, of whatever
    route: the body does not count them apart.
    """
    days = sorted(others, key=lambda one: (abs((one - day).days), one))
    near = (
        cadence.least_days is not None and days and abs((days[0] - day).days) < cadence.least_days
    )
    in_week = 1 + sum(week_of(one) == week_of(day) for one in days)
    many = cadence.most_per_week is not None and in_week > cadence.most_per_week
    if not (near or many):
        return None
    return TooOften(
        cadence,
        nearest_on=days[0] if near else None,
        week_from=week_of(day) if many else None,
        in_week=in_week if many else 0,
    )


@dataclass(frozen=True, slots=True)
class OtherSession:
    """One of the client's ketamine sessions on another course of care."""

    on: date
    product_route: ProductRoute
    is_to_come: bool


def near_on_another_course(
    day: date, others: Iterable[OtherSession], product_route: ProductRoute, cadences: Cadences
) -> OtherSession | None:
    """Rule 34 over courses of care: the nearest one on another course, if it is near at all.

    Near (ours) is within a week, or within what is usual for the rarer of the two: who plans one
    course does not see what the other gives, and no bound of one route speaks of another.
    """
    here = cadences.of(product_route).usual_days
    near = [
        one
        for one in others
        if abs((one.on - day).days) < max(WEEKLY, here, cadences.of(one.product_route).usual_days)
    ]
    return min(near, key=lambda one: (abs((one.on - day).days), one.on), default=None)


@dataclass(frozen=True, slots=True)
class PlanWeek:
    """The week of the Spravato plan in which the next dose lies, by the doses given before it.

    `days` are the usual ones from the last dose to the next; `often` says the same in words.
    """

    week: int
    given: int
    days: int
    often: str


def spravato_plan(given: int, usual_days: int) -> PlanWeek:
    """Where a Spravato series stands by its doses (label, domain 1.3): a fact that moves nothing.

    Weeks 1 to 4 twice a week (`usual_days` apart), 5 to 8 weekly, from 9 on weekly or every 2
    weeks. A missed dose delays the plan and skips nothing of it.
    """
    if given < 8:
        return PlanWeek(given // 2 + 1, given, usual_days, "twice a week in weeks 1 to 4")
    if given < 12:
        return PlanWeek(given - 3, given, WEEKLY, "weekly in weeks 5 to 8")
    return PlanWeek(given - 3, given, WEEKLY, "weekly or every 2 weeks from week 9 on")


def usual_days(product_route: ProductRoute, cadence: Cadence, given: int) -> int:
    """The days from one session to the next, which follows `given` others: a plan starts there."""
    if product_route is ProductRoute.ESKETAMINE_NASAL:
        return spravato_plan(given, cadence.usual_days).days
    return cadence.usual_days
