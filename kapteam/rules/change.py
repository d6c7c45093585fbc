"""Whether somebody is better: the baseline of a series, the change since, slipping, not better.

Everything is over scores of one instrument: another form, as the PCL-5 of a week beside the one of
a month, is another measure and never compared (rule 49). Days are the practice's own.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from kapteam.rules.instruments import Instrument, Meaningful, Remission, Sourced
from kapteam.vocabulary import Indication, ProductRoute, Term, Tone

BASELINE_DAYS = 30
"""product.md, Vitals: how old a score may be before the first dose; its age is printed."""
_LONGEST_DAY = timedelta(hours=26)  # where clocks are set back by two hours
_BASELINE_AT_MOST = (BASELINE_DAYS + 2) * _LONGEST_DAY
NOT_BETTER_PERCENT = 20
"""Rule 53: less gain than this on the primary measure is "not better" (infusions: domain 1.3)."""
NOT_BETTER_SOURCE = "trial of six infusions, 2024: below 20% after the 4th, few responded later"
SPRAVATO_SOURCE = "the Spravato label: judge the benefit at the end of week 4"

PRIMARY: tuple[tuple[frozenset[Indication], tuple[str, ...]], ...] = (
    (
        frozenset({Indication.DEPRESSION, Indication.TREATMENT_RESISTANT_DEPRESSION}),
        ("phq-9", "qids-sr16", "madrs"),
    ),
    (frozenset({Indication.PTSD, Indication.COMPLEX_TRAUMA}), ("pcl-5-month", "pcl-5-week")),
    (frozenset({Indication.ANXIETY}), ("gad-7",)),
)
"""What is treated, the first first, and the measures by which it may be judged, the usual first."""
_AFTER_DOSES = ((4, Tone.AMBER), (6, Tone.RED))
_AFTER_SPRAVATO_DOSES = ((8, Tone.AMBER),)


# Lists judge thousands of scores: a tuple is made in a third of the time of a dataclass.
class Taken(NamedTuple):
    """One score: when the client answered, when it was recorded, its total; None: incomplete."""

    score_id: str
    instrument_id: str
    total: int | None
    taken_at: datetime
    recorded_at: datetime


class Complete(NamedTuple):
    """A score with a total. `also` are the others of that day, which are kept and not used."""

    score_id: str
    total: int
    taken_at: datetime
    also: tuple[str, ...] = ()


IN_TIME = attrgetter("taken_at", "recorded_at", "score_id")
"""The order of scores: sort key of `Taken`."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a series is measured against.

    `days` is how old it was at the first dose, or is now while none was given; None where it was
    taken after the first dose, for want of one before (`is_late`).
    """

    score: Complete
    days: int | None

    @property
    def is_late(self) -> bool:
        """Whether it was taken after the first dose."""
        return self.days is None


def used(taken: Iterable[Taken], instrument: Instrument, zone: ZoneInfo) -> tuple[Complete, ...]:
    """The complete scores of an instrument, one a day, by time (rule 48: the later of two).

    Of this instrument alone: rule 49.
    """
    days: list[Complete] = []
    for score_id, instrument_id, total, taken_at, _ in sorted(taken, key=IN_TIME):
        if total is None or instrument_id != instrument.id:
            continue
        also: tuple[str, ...] = ()
        if days and _is_same_day(days[-1].taken_at, taken_at, zone):
            other = days.pop()
            also = (*other.also, other.score_id)
        days.append(Complete(score_id, total, taken_at, also))
    return tuple(days)


def _is_same_day(one: datetime, later: datetime, zone: ZoneInfo) -> bool:
    # Lists judge thousands of scores, and to ask for a day of the practice takes longer than this.
    if later - one > _LONGEST_DAY:
        return False
    return one.astimezone(zone).date() == later.astimezone(zone).date()


def baseline(
    taken: Sequence[Taken],
    instrument: Instrument,
    first_dose_at: datetime | None,
    now: datetime,
    zone: ZoneInfo,
) -> Baseline | None:
    """Rule 47: the last complete score of the 30 days before the first dose of the series.

    Without one, the first of a later day, which is late; none of the day itself after the dose,
    when nobody answers as they are. While no dose was given, the one that would be it today.
    """
    at = first_dose_at or now
    day = at.astimezone(zone).date()
    since, is_none_given = at - _BASELINE_AT_MOST, first_dose_at is None
    early = [
        one
        for one in taken
        if since <= one.taken_at <= at and (is_none_given or one.taken_at != at)
    ]
    before = used(early, instrument, zone)
    if before:
        days = (day - before[-1].taken_at.astimezone(zone).date()).days
        if days <= BASELINE_DAYS:
            return Baseline(before[-1], days)
    if first_dose_at is None:
        return None
    after = (
        one for one in used(taken, instrument, zone) if one.taken_at.astimezone(zone).date() > day
    )
    return next((Baseline(one, None) for one in after), None)


class ChipKind(Term):
    """One thing that a change amounts to; each is a chip of its own (rule 46)."""

    REMISSION = "remission", "Remission"
    LOW_AT_BASELINE = "low_at_baseline", "Low at baseline"
    RESPONSE = "response", "Response"
    PARTIAL = "partial", "Partial response"
    BETTER = "better", "Reliably better"
    NOTICED = "noticed", "Meaningfully better"
    NOTICED_WORSE = "noticed_worse", "Meaningfully worse"
    WORSE = "worse", "Reliably worse"
    TOO_SMALL = "too_small", "Too small to call"


@dataclass(frozen=True, slots=True)
class Chip:
    """One finding: its words, the rule it follows, and the source of that with its population."""

    kind: ChipKind
    label: str
    rule: str
    source: str


@dataclass(frozen=True, slots=True)
class Change:
    """The latest score against the baseline.

    `gain` is in points, positive when better, whichever way the instrument goes (rule 45).
    `percent` is the same of the baseline, cut to whole percent; None where the baseline is 0.
    """

    instrument: Instrument
    baseline: Baseline
    latest: Complete
    gain: int
    percent: int | None

    @property
    def chips(self) -> tuple[Chip, ...]:
        """What it amounts to."""
        return _chips(self.instrument, self.baseline.score.total, self.latest.total, self.gain)

    def has(self, kind: ChipKind) -> bool:
        """Whether it amounts to that."""
        return any(chip.kind is kind for chip in self.chips)


def change(
    instrument: Instrument, since: Baseline | None, scores: Sequence[Complete]
) -> Change | None:
    """What became of somebody since the baseline; None without one, or without a later score.

    None as well for what is only described, and cannot get better. `scores` as `used` gives them.
    Below the reliable change nothing is claimed (rule 52): a small number can halve by the
    measure's own error.
    """
    latest = scores[-1] if scores else None
    if since is None or latest is None or latest.taken_at <= since.score.taken_at:
        return None
    if instrument.better == "neither":
        return None
    first = since.score.total
    gain = instrument.gain(first, latest.total)
    percent = int(100 * gain / first) if first else None
    return Change(instrument, since, latest, gain, percent)


@dataclass(frozen=True, slots=True)
class Slipping:
    """The latest score is worse than the best one since the baseline, by the reliable change.

    `is_from_baseline`: the baseline itself was the best, so it is worse than that as well.
    """

    best: Complete
    latest: Complete
    points: int
    rule: str
    source: str
    is_from_baseline: bool


def slipping(
    instrument: Instrument, since: Baseline | None, scores: Sequence[Complete]
) -> Slipping | None:
    """Whether somebody slips, however good the sum since the baseline (product.md)."""
    after = _since(since, scores)
    if since is None or not after or instrument.reliable is None:
        return None
    best, latest = since.score, after[-1]
    for one in after:
        # The latest of equals: it says since when.
        if instrument.gain(best.total, one.total) >= 0:
            best = one
    points = instrument.gain(latest.total, best.total)
    if points < instrument.reliable.points:
        return None
    return Slipping(
        best,
        latest,
        points,
        f"{instrument.reliable.points} points or more worse than the best",
        _said(instrument.reliable),
        best.total == since.score.total,
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """Where somebody stands on one measure, in short: from what, to what, and what that is.

    `first` is the total at baseline, None without one. `last` is the latest since then and `best`
    the best, None while there is none; `finding` is what that amounts to, None where it is nothing.
    `scores` are those from the baseline on, all without one, and `doses` when it was given.
    """

    instrument: Instrument
    first: int | None
    last: int | None = None
    best: int | None = None
    finding: ChipKind | None = None
    scores: Sequence[Complete] = ()
    doses: Sequence[datetime] = ()


def progress(
    instrument: Instrument,
    since: Baseline | None,
    scores: Sequence[Complete],
    doses: Sequence[datetime] = (),
) -> Progress | None:
    """What is said of a measure in a list; None without a score. `scores` as `used` gives them."""
    if not scores:
        return None
    if since is None:
        return Progress(instrument, None, scores[-1].total, scores=scores, doses=doses)
    changed = change(instrument, since, scores)
    if changed is None:
        return Progress(instrument, since.score.total)
    kinds = [chip.kind for chip in changed.chips]
    # That the baseline was low is the reason for what is not claimed, and stands last.
    kinds.sort(key=lambda kind: kind is ChipKind.LOW_AT_BASELINE)
    after = _since(since, scores)
    totals = [one.total for one in after]
    first, last = since.score.total, changed.latest.total
    best = max(totals, key=lambda total: instrument.gain(first, total))
    finding = kinds[0] if kinds else None
    return Progress(instrument, first, last, best, finding, (since.score, *after), doses)


class Unjudged(Enum):
    """Why nobody can tell whether somebody is better (rule 54).

    There is no percentage of 0, where that is the worst there is; where it is the best, or in the
    range of remission, there was nothing to gain.
    """

    NO_BASELINE = auto()
    WELL_AT_BASELINE = auto()
    NO_PERCENTAGE = auto()
    NO_SCORE_SINCE = auto()


@dataclass(frozen=True, slots=True)
class NotBetter:
    """Whether somebody is not better after so many doses of the series.

    `after_dose` is the dose after which it is asked, and `is_not_better` the answer, None where it
    cannot be told, which `unjudged` explains. `tone` is loud only where the answer is yes.
    """

    after_dose: int
    is_not_better: bool | None
    tone: Tone
    gain: int | None
    source: str
    unjudged: Unjudged | None = None


def not_better(
    instrument: Instrument,
    since: Baseline | None,
    scores: Sequence[Complete],
    product_route: ProductRoute,
    doses: Sequence[datetime],
) -> tuple[NotBetter, ...]:
    """Rules 53 and 54, by product: what can be said by now, the latest question first.

    `doses` are those given in the series, by time. Infusions, injections and all others are asked
    about after dose 4 and 6, Spravato after the eight doses of week 4. A question that has no score
    after its dose cannot be judged yet; then the one before it stands.
    """
    is_spravato = product_route is ProductRoute.ESKETAMINE_NASAL
    asked = _asked_after(product_route)
    found = []
    for number, tone in reversed(asked):
        if len(doses) < number:
            continue
        judged = _judged(instrument, since, scores, number, doses[number - 1], tone, is_spravato)
        found.append(judged)
        if judged.unjudged is None:
            break
    return tuple(found)


def first_judged_after(product_route: ProductRoute) -> int:
    """After how many doses of a series it is first asked whether somebody is better."""
    return _asked_after(product_route)[0][0]


def _asked_after(product_route: ProductRoute) -> tuple[tuple[int, Tone], ...]:
    is_spravato = product_route is ProductRoute.ESKETAMINE_NASAL
    return _AFTER_SPRAVATO_DOSES if is_spravato else _AFTER_DOSES


def primary_measure(indications: Collection[Indication], in_use: Collection[str]) -> str | None:
    """The id of the measure by which a course is judged, of those that the practice uses.

    Depression before trauma before anxiety, where somebody has several: the PHQ-9 is taken before
    each dose. None for what no measure here is about (pain, end of life, other): nobody is called
    not better by a measure of something else.
    """
    for treated, ids in PRIMARY:
        if not treated.isdisjoint(indications):
            return next((one for one in ids if one in in_use), None)
    return None


def primary_measures(in_use: Mapping[str, Instrument]) -> Mapping[str, Instrument]:
    """Every measure by which some course is judged by `primary_measure`, the usual one first."""
    found = (next((one for one in ids if one in in_use), None) for _, ids in PRIMARY)
    return {one: in_use[one] for one in found if one is not None}


def _since(since: Baseline | None, scores: Sequence[Complete]) -> Sequence[Complete]:
    """The scores after the baseline."""
    if since is None:
        return ()
    return [one for one in scores if one.taken_at > since.score.taken_at]


def _chips(instrument: Instrument, first: int, last: int, gain: int) -> tuple[Chip, ...]:
    chips = list(_of_baseline(instrument, first))
    least = least_change(instrument)
    if least is not None and abs(gain) < least[0]:
        return (*chips, Chip(ChipKind.TOO_SMALL, ChipKind.TOO_SMALL.label, *least[1:]))
    chips += _of_remission(instrument, first, last)
    chips += _of_response(instrument, first, gain)
    chips += _of_points(instrument, gain)
    return tuple(chips)


def least_change(instrument: Instrument) -> tuple[int, str, str] | None:
    """From how many points on a change is one, with the rule and its source.

    The reliable change; where nobody published one, what people notice.
    """
    if (reliable := instrument.reliable) is not None:
        also = "".join(
            f"; people notice from {_amount(one)} on ({one.source})"
            for one in instrument.meaningful
        )
        rule = f"less than {reliable.points} points, the measure's own error{also}"
        return reliable.points, rule, _said(reliable)
    for one in instrument.meaningful:
        if one.points is not None:
            return one.points, f"less than {_amount(one)}, which people notice", _said(one)
    return None


def is_low(instrument: Instrument, first: int) -> bool:
    """Rule 46: whether a baseline was too good already for remission to mean anything."""
    remission = instrument.remission
    if remission is None:
        return False
    if remission.baseline is None:
        return is_well(instrument, first)
    return instrument.gain(remission.baseline, first) > 0


def is_well(instrument: Instrument, total: int) -> bool:
    """Whether a total lies in the range of remission, or there is nothing left to gain."""
    remission = instrument.remission
    if remission is None:
        return total == (instrument.maximum if instrument.higher_is_better else instrument.minimum)
    return instrument.gain(remission.limit, total) >= 0


def _of_baseline(instrument: Instrument, first: int) -> Iterator[Chip]:
    remission = instrument.remission
    if remission is not None and is_low(instrument, first):
        yield Chip(
            ChipKind.LOW_AT_BASELINE,
            ChipKind.LOW_AT_BASELINE.label,
            f"remission is judged from a baseline of {_worse_from(instrument, remission)}",
            _said(remission),
        )


def _of_remission(instrument: Instrument, first: int, last: int) -> Iterator[Chip]:
    remission = instrument.remission
    if remission is None or is_low(instrument, first) or not is_well(instrument, last):
        return
    end = "more" if instrument.higher_is_better else "less"
    yield Chip(
        ChipKind.REMISSION,
        remission.label,
        f"{remission.limit} or {end}, from a baseline of {_worse_from(instrument, remission)}",
        _said(remission),
    )


def _of_response(instrument: Instrument, first: int, gain: int) -> Iterator[Chip]:
    """The first of response, partial response and what people notice, in percent."""
    rules: list[tuple[ChipKind, int | None, Sourced]] = []
    if (response := instrument.response) is not None:
        rules.append((ChipKind.RESPONSE, response.percent, response))
        rules.append((ChipKind.PARTIAL, response.partial_percent, response))
    if instrument.reliable is None:
        rules += ((ChipKind.NOTICED, one.percent, one) for one in instrument.meaningful)
    for kind, percent, source in rules:
        if percent is not None and reaches(percent, first, gain):
            rule = f"{percent}% or more better than at baseline"
            yield Chip(kind, kind.label, rule, _said(source))
            return


def _of_points(instrument: Instrument, gain: int) -> Iterator[Chip]:
    """That a change is a reliable one; where nobody published how much is, that people notice."""
    is_better = gain > 0
    way = "better" if is_better else "worse"
    if (reliable := instrument.reliable) is not None:
        kind = ChipKind.BETTER if is_better else ChipKind.WORSE
        yield Chip(kind, kind.label, f"{reliable.points} points or more {way}", _said(reliable))
        return
    for one in instrument.meaningful:
        if one.points is not None:
            kind = ChipKind.NOTICED if is_better else ChipKind.NOTICED_WORSE
            yield Chip(kind, kind.label, f"{_amount(one)} or more {way}", _said(one))


def reaches(percent: int, first: int, gain: int) -> bool:
    """Whether a gain is at least so many percent of a baseline, exactly; never of a baseline 0."""
    return first > 0 and 100 * gain >= percent * first


def _judged(
    instrument: Instrument,
    since: Baseline | None,
    scores: Sequence[Complete],
    number: int,
    dose_at: datetime,
    tone: Tone,
    is_spravato: bool,
) -> NotBetter:
    source = SPRAVATO_SOURCE if is_spravato else NOT_BETTER_SOURCE
    after = [one for one in _since(since, scores) if one.taken_at > dose_at]
    if since is None:
        why = Unjudged.NO_BASELINE
    elif is_well(instrument, since.score.total):
        why = Unjudged.WELL_AT_BASELINE
    elif not since.score.total:
        why = Unjudged.NO_PERCENTAGE
    elif not after:
        why = Unjudged.NO_SCORE_SINCE
    else:
        gain = instrument.gain(since.score.total, after[-1].total)
        answer = not reaches(NOT_BETTER_PERCENT, since.score.total, gain)
        return NotBetter(number, answer, tone if answer else Tone.PLAIN, gain, source)
    return NotBetter(number, None, Tone.PLAIN, None, source, why)


def _worse_from(instrument: Instrument, remission: Remission) -> str:
    """`10 or more`: the baselines from which remission is judged."""
    if remission.baseline is not None:
        return f"{remission.baseline} or {'less' if instrument.higher_is_better else 'more'}"
    return f"{'less' if instrument.higher_is_better else 'more'} than {remission.limit}"


def _amount(rule: Meaningful) -> str:
    return f"{rule.percent}%" if rule.points is None else f"{rule.points} points"


def _said(rule: Sourced) -> str:
    return f"{rule.source}; {rule.population}"
