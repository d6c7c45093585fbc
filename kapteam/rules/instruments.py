"""What an outcome measure is: its items, how it is scored, and what its totals say.

An instrument is a file (`data/instruments/`, decision 53). Everything in it is checked once, when
it is read, and every problem is a sentence for whoever wrote the file. Totals are whole points.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from kapteam.vocabulary import Indication, Tone

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Points = Annotated[int, Field(ge=0, le=1000)]
_Some = Annotated[int, Field(ge=1)]
_Percent = Annotated[int, Field(ge=1, le=100)]
_Digit = Annotated[int, Field(ge=0, le=9)]
_Given = TypeVar("_Given", int, str)
_TONES = {"amber": Tone.AMBER, "red": Tone.RED}


class _Part(BaseModel):
    """A table of the file: no key that is not known, no text where a number belongs."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_by_name=False, validate_by_alias=True
    )


class Option(_Part):
    """One answer to an item: what it counts, 0 to 9, and its words where they may be shipped."""

    value: _Digit
    label: str = ""


class Item(_Part):
    """One question; without `text` where its words may not be shipped.

    `options` are its own, where it does not have those of the instrument.
    """

    number: _Some
    text: str = ""
    options: tuple[Option, ...] = ()


class Range(_Part):
    """Totals from `least` to `most`, both included; `from` and `to` in the file."""

    least: _Points = Field(alias="from")
    most: _Points = Field(alias="to")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.most < self.least:
            raise ValueError(f"a range goes from {self.least} to {self.most}")
        return self

    def __contains__(self, total: int) -> bool:
        return self.least <= total <= self.most


class Band(Range):
    """A stretch of totals that has a name, or one result of a measure that has no total.

    `needs` is set where being in it needs somebody the same day, as loudly as it says.
    """

    label: Text
    source: Text
    needs: Literal["amber", "red"] | None = None

    @property
    def tone(self) -> Tone:
        """How loud it is to be in this band."""
        return _TONES.get(self.needs or "", Tone.PLAIN)


class Cut(Range):
    """A stretch of totals that means something for some people only; it is shown, never guessed.

    `population` says for whom it was found.
    """

    label: Text
    population: Text
    source: Text


class Subscale(_Part):
    """Some items that are summed by themselves.

    Where it has `needed` it is a cluster of a provisional rule as well: met once as many of its
    items are answered with `counted_from` or more.
    """

    name: Text
    items: tuple[_Some, ...]
    needed: _Some | None = None
    counted_from: _Digit | None = None


class Provisional(_Part):
    """What it is called when every cluster is met. A finding of the form, never a diagnosis."""

    label: Text
    source: Text


class Critical(_Part):
    """An item whose answer alone needs somebody, whatever the total is (rule 42)."""

    item: _Some
    about: Text
    amber_from: _Digit
    red_from: _Digit | None = None
    source: Text

    def tone(self, answer: int, before: int | None = None) -> Tone:
        """How loud an answer is: red when new, rising, or from `red_from` on (product.md).

        `before` is the answer before this one, None when there is none or it is unknown: then one
        that needs somebody is new.
        """
        if answer < self.amber_from:
            return Tone.PLAIN
        is_high = self.red_from is not None and answer >= self.red_from
        is_new_or_rising = before is None or before < self.amber_from or answer > before
        return Tone.RED if is_high or is_new_or_rising else Tone.AMBER


class Scoring(_Part):
    """How a total comes about.

    `sum`: the answers, summed and taken `times`. `domains`: the highest answer of each domain,
    summed. `total`: it is typed as it was found elsewhere. `result`: there is none, only a band.
    """

    rule: Literal["sum", "domains", "total", "result"]
    times: _Some = 1
    domains: tuple[tuple[_Some, ...], ...] = ()


class Sourced(_Part):
    """A rule of change: where its figure comes from, and about whom that is."""

    source: Text
    population: Text


class Response(Sourced):
    """From how many percent better than at baseline on it is a response."""

    percent: _Percent
    partial_percent: _Percent | None = None


class Remission(Sourced):
    """The range in which somebody is well: as far as `limit`, towards better.

    Who was not at `baseline` or worse was low at baseline and cannot remit (rule 46). Without one,
    whoever was outside the range can.
    """

    label: Text = "Remission"
    limit: _Points
    baseline: _Points | None = None


class Reliable(Sourced):
    """From how many points on a change is more than the measure's own error."""

    points: _Some


class Meaningful(Sourced):
    """From how much on people notice: in points, or in percent of the baseline."""

    points: _Some | None = None
    percent: _Percent | None = None


class Schedule(_Part):
    """When it is asked for, in days of the practice; nothing set: only when somebody wants it.

    `indications`: only for these; none named: for everybody. `before_dose_gap`: before each dose,
    unless one was taken fewer than so many days before it. `after_dose`: so many days after each
    dose. `in_series`, `in_maintenance`: every so many days. `at_end`: once the series was given.
    """

    indications: tuple[Indication, ...] = ()
    baseline: bool = False
    before_dose_gap: _Some | None = None
    after_dose: _Points | None = None
    in_series: _Some | None = None
    in_maintenance: _Some | None = None
    at_end: bool = False
    source: Text = "kapteam's default"

    def is_for(self, indications: Sequence[Indication]) -> bool:
        """Whether it is asked of somebody treated for these."""
        return not self.indications or not set(self.indications).isdisjoint(indications)


class Instrument(_Part):
    """One outcome measure as it is given: another recall or another wording is another one.

    `minimum` and `maximum` are those of the total; of a measure without one they count its bands.
    `recall_days` is how far back it asks, None for a moment or a lifetime. `unscored` items are
    asked with the others and count nothing. `better` is neither for what is only described, as how
    deep an experience was. `is_on` until a practice switches it.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: Text
    full_name: Text
    form: Text
    asks: str = ""
    better: Literal["lower", "higher", "neither"]
    minimum: _Points
    maximum: _Points
    recall_days: _Some | None = None
    is_on: bool = Field(alias="on")
    license: Text
    scoring: Scoring
    options: tuple[Option, ...] = ()
    items: tuple[Item, ...] = ()
    unscored: tuple[Item, ...] = ()
    bands: tuple[Band, ...] = ()
    cuts: tuple[Cut, ...] = ()
    subscales: tuple[Subscale, ...] = ()
    provisional: Provisional | None = None
    critical: tuple[Critical, ...] = ()
    response: Response | None = None
    remission: Remission | None = None
    reliable: Reliable | None = None
    meaningful: tuple[Meaningful, ...] = ()
    schedule: Schedule = Schedule()

    @property
    def takes_answers(self) -> bool:
        """Whether its items are entered; else a total, or a result, that was found elsewhere."""
        return self.scoring.rule in {"sum", "domains"}

    @property
    def takes_total(self) -> bool:
        """Whether a total can be entered without its items."""
        return self.scoring.rule != "result"

    @property
    def asked(self) -> tuple[Item, ...]:
        """The items as they are entered: those that count, then those that do not."""
        return self.items + self.unscored

    @property
    def higher_is_better(self) -> bool:
        """Whether a rising total is good news."""
        return self.better == "higher"

    def options_of(self, item: Item) -> tuple[Option, ...]:
        """The answers that an item has."""
        return item.options or self.options

    def band_of(self, total: int) -> Band | None:
        """The band that a total lies in; None where there are none."""
        return next((band for band in self.bands if total in band), None)

    def gain(self, before: int, after: int) -> int:
        """How many points better `after` is than `before`; negative when worse (rule 45)."""
        return after - before if self.higher_is_better else before - after

    def recall_overlaps(self, days: int) -> bool:
        """Whether a form taken so many days after the last one asks about some of the same days.

        Domain 4: it is said beside the score; the wording of the form is never changed for it.
        """
        return self.recall_days is not None and days < self.recall_days

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for problem in _problems(self):
            raise ValueError(problem)
        return self


def problem_with(error: ValidationError) -> str:
    """What is wrong with a file, in one sentence: the first thing that is."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{place}: there is no such key."
    if first["type"] == "missing":
        return f"{place}: it is missing."
    says = first["msg"].removeprefix("Value error, ")
    return f"{place}: {says}." if place else f"{says[:1].upper()}{says[1:]}."


def _problems(one: Instrument) -> Iterator[str]:
    if one.minimum >= one.maximum:
        yield f"minimum {one.minimum} is not below maximum {one.maximum}"
    yield from _of_items(one)
    yield from _of_scoring(one)
    yield from _of_bands(one)
    yield from _of_parts(one)
    yield from _of_change(one)


def _of_items(one: Instrument) -> Iterator[str]:
    numbers = [item.number for item in one.asked]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the items are numbered {_listed(numbers)}, not from 1 on without a gap"
    if len({bool(item.text) for item in one.items}) > 1:
        yield "some items have a text and some have none"
    for item in one.asked:
        options = one.options_of(item)
        if len(options) < 2:
            yield f"item {item.number} has no two options"
        for value in _repeated([option.value for option in options]):
            yield f"item {item.number} has two options with the value {value}"
        for label in _repeated([option.label for option in options if option.label]):
            yield f"item {item.number} has two options with the label {label}"
        if len({bool(option.label) for option in options}) > 1:
            yield f"some options of item {item.number} have a label and some have none"


def _of_scoring(one: Instrument) -> Iterator[str]:
    numbers = {item.number for item in one.items}
    if one.takes_answers and not numbers:
        yield f"it is scored by {one.scoring.rule}, but has no items"
    if one.scoring.rule == "domains":
        held = Counter(number for domain in one.scoring.domains for number in domain)
        if set(held) != numbers or max(held.values(), default=0) > 1:
            yield "its domains do not hold every item once"
    elif one.scoring.domains:
        yield f"it has domains, but is scored by {one.scoring.rule}"
    if one.scoring.rule == "result":
        if numbers or one.minimum != 0 or any(band.least != band.most for band in one.bands):
            yield "a result has no items, and one band for each of 0, 1, 2 and so on"
        if not one.bands:
            yield "it has only a result, but no bands"
    elif numbers:
        for name, given, pick in (("minimum", one.minimum, min), ("maximum", one.maximum, max)):
            ends = {
                item.number: pick(option.value for option in one.options_of(item))
                for item in one.items
            }
            domains = one.scoring.domains or tuple((number,) for number in ends)
            found = sum(max(ends[number] for number in domain) for domain in domains)
            if found * one.scoring.times != given:
                yield f"{name} is {given}, but its items make {found * one.scoring.times}"


def _of_bands(one: Instrument) -> Iterator[str]:
    for what, ranges in (("band", one.bands), ("cut", one.cuts)):
        for found in ranges:
            if found.least < one.minimum or found.most > one.maximum:
                yield (
                    f"the {what} “{found.label}” goes from {found.least} to {found.most}, "
                    f"outside of {one.minimum} to {one.maximum}"
                )
    for label in _repeated([band.label for band in one.bands]):
        yield f"two bands are called “{label}”"
    if not one.bands:
        return
    for total in range(one.minimum, one.maximum + 1):
        within = [band for band in one.bands if total in band]
        if not within:
            yield f"its bands have a hole: {total} is in none"
        if len(within) > 1:
            yield f"its bands overlap: {total} is in {len(within)} of them"


def _of_parts(one: Instrument) -> Iterator[str]:
    numbers = {item.number for item in one.items}
    for scale in one.subscales:
        if not scale.items:
            yield f"the subscale “{scale.name}” has no items"
        for number in sorted(set(scale.items) - numbers):
            yield f"the subscale “{scale.name}” has an item {number} that does not exist"
        for number in _repeated(scale.items):
            yield f"the subscale “{scale.name}” has item {number} twice"
        if (scale.needed is None) != (scale.counted_from is None):
            yield f"the subscale “{scale.name}” has only one of needed and counted_from"
        if scale.needed is not None and scale.needed > len(scale.items):
            yield f"the subscale “{scale.name}” needs more items than it has"
    for name in _repeated([scale.name for scale in one.subscales]):
        yield f"two subscales are called “{name}”"
    if one.provisional and not any(scale.needed for scale in one.subscales):
        yield "it has a provisional rule, but no subscale that is needed for it"
    by_number: Mapping[int, Item] = {item.number: item for item in one.items}
    for critical in one.critical:
        if critical.item not in by_number:
            yield f"its critical item {critical.item} does not exist"
            continue
        values = [option.value for option in one.options_of(by_number[critical.item])]
        for level in (critical.amber_from, critical.red_from):
            if level is not None and not min(values) < level <= max(values):
                yield f"no answer, or every answer, to item {critical.item} reaches {level}"
        if critical.red_from is not None and critical.red_from < critical.amber_from:
            yield f"item {critical.item} is red before it is amber"
    for number in _repeated([critical.item for critical in one.critical]):
        yield f"item {number} is critical twice"


def _of_change(one: Instrument) -> Iterator[str]:
    width = one.maximum - one.minimum
    if one.remission is not None:
        limit, baseline = one.remission.limit, one.remission.baseline
        if not one.minimum <= limit <= one.maximum:
            yield f"remission ends at {limit}, outside of {one.minimum} to {one.maximum}"
        if baseline is not None and (
            one.gain(baseline, limit) <= 0 or not one.minimum <= baseline <= one.maximum
        ):
            yield f"the baseline of remission, {baseline}, is not worse than {limit}"
    if one.reliable is not None and one.reliable.points > width:
        yield f"a reliable change of {one.reliable.points} points is more than there are"
    for rule in one.meaningful:
        if (rule.points is None) == (rule.percent is None):
            yield "a meaningful change is in points or in percent, one of the two"
    response = one.response
    if response and response.partial_percent and response.partial_percent >= response.percent:
        yield "a partial response is not less than a response"
    if (one.scoring.rule == "result" or one.better == "neither") and any(
        (one.response, one.remission, one.reliable, one.meaningful)
    ):
        yield "a measure without a total, or without a better, has no rules of change"


def _repeated(given: Sequence[_Given]) -> list[_Given]:
    """Those that stand there more than once."""
    return [one for one, many in Counter(given).items() if many > 1]


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
