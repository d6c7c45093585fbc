"""Alerts from outcome measures: which answers and scores need a human, and what clears them.

Few enough to be read (decision 58): a critical answer stands by itself, whatever was scored later;
of everything else a course has one alert of how somebody does, and one of what is not known.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import chain, groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from kapteam import wording
from kapteam.rules.alerts import Signal, SignalKind
from kapteam.rules.change import (
    BASELINE_DAYS,
    IN_TIME,
    NOT_BETTER_PERCENT,
    Baseline,
    ChipKind,
    Complete,
    NotBetter,
    Progress,
    Taken,
    Unjudged,
    baseline,
    change,
    not_better,
    primary_measure,
    progress,
    slipping,
    used,
)
from kapteam.rules.escalation import GivenDose
from kapteam.rules.instruments import Instrument
from kapteam.rules.measures_due import OVERDUE_AFTER, Due, MeasuredCourse, due
from kapteam.vocabulary import (
    EpisodeState,
    Indication,
    Part,
    ProductRoute,
    ServiceLine,
    Tone,
)

ASKED_BY = timedelta(days=7)
"""Ours: so long after a dose nobody says yet that what it did cannot be judged."""
_NOON = time(12)
_DECISION = "a signed decision note of a clinician of the course"
_REVIEW = f"a review of the series, or {_DECISION}"


class TakenScore(NamedTuple):
    """One score as alerts need it.

    `critical` is the answer to the item that needs somebody by itself, `result` the rank of a
    result; each None where there is none, or it is unknown. `is_here`: taken on this course of
    care, and not on another one of the client.
    """

    taken: Taken
    critical: int | None = None
    result: int | None = None
    is_here: bool = True

    @property
    def known_at(self) -> datetime:
        """From when on somebody could know of it, so that a note signed earlier is not about it."""
        return max(self.taken.taken_at, self.taken.recorded_at)


@dataclass(frozen=True, slots=True)
class CourseAsked:
    """What it depends on whether measures are asked for on a course.

    `has_begun`: the practice has recorded a score, of anybody. While it has not, what is missing is
    missing of everybody, and no alert. `asked_at`: when somebody set that they are asked for all
    the same.
    """

    line: ServiceLine
    state: EpisodeState
    state_since: datetime
    is_held: bool
    indications: tuple[Indication, ...]
    has_begun: bool = True
    asked_at: datetime | None = None


@dataclass(frozen=True)
class ScoreFacts:
    """What outcome measures came to, of one client, as seen from one course of care.

    `doses` by time are those that scores are judged by, of a series given by `product_route` and
    of the maintenance after it; `of_series` of them are of the series itself, None: all. When a
    clinician of a course last signed a risk note (of any course of the client), and a decision note
    of this one; when a series of this one was last reviewed.
    """

    scores: tuple[TakenScore, ...] = ()
    course: CourseAsked | None = None
    product_route: ProductRoute | None = None
    doses: tuple[GivenDose, ...] = ()
    risk_noted_at: datetime | None = None
    decided_at: datetime | None = None
    reviewed_at: datetime | None = None
    of_series: int | None = None

    @cached_property
    def here(self) -> Mapping[str, Sequence[TakenScore]]:
        """Those that were taken on this course, by the id of their instrument."""
        found: dict[str, list[TakenScore]] = {}
        for one in self.scores:
            if one.is_here:
                found.setdefault(one.taken.instrument_id, []).append(one)
        return found

    def complete(self, instrument: Instrument, zone: ZoneInfo) -> Sequence[Complete]:
        """The complete ones of them; alerts and lists ask for the same ones."""
        key = instrument.id, zone.key
        if key not in self._complete:
            taken = (one.taken for one in self.here.get(instrument.id, ()))
            self._complete[key] = used(taken, instrument, zone)
        return self._complete[key]

    def baseline(self, instrument: Instrument, now: datetime, zone: ZoneInfo) -> Baseline | None:
        """What the series at hand is measured against."""
        taken = [one.taken for one in self.here.get(instrument.id, ())]
        return baseline(taken, instrument, self.doses[0].at if self.doses else None, now, zone)

    def fell_by(self, instrument: Instrument) -> int:
        """By how many points the last total of a measure is worse than the best one; 0 without.

        Whatever it is measured against, it cannot be worse by more.
        """
        complete = [
            (IN_TIME(one.taken), one.taken.total)
            for one in self.here.get(instrument.id, ())
            if one.taken.total is not None
        ]
        if not complete:
            return 0
        _, last = max(complete)
        return max(instrument.gain(last, total) for _, total in complete)

    @cached_property
    def _complete(self) -> dict[tuple[str, str], Sequence[Complete]]:
        return {}


@dataclass(frozen=True, slots=True)
class Measures:
    """The instruments that there are by id, those that the practice uses, and its zone.

    What an alert says of them `names_only` the measure, and no figure, while others can see it.
    """

    known: Mapping[str, Instrument]
    in_use: frozenset[str]
    zone: ZoneInfo
    names_only: bool = False

    def told(self, what: str, figures: str) -> str:
        """What an alert is about, and what it came to for whom it is."""
        return what if self.names_only else f"{what}{figures}"


@dataclass(frozen=True, slots=True)
class _Answer:
    """One known answer that may need somebody, beside the one before it.

    `before` is None where that was none, or unknown, which is not negative (rule 50).
    """

    score: TakenScore
    level: int
    before: int | None
    tone: Tone
    is_rise: bool

    @property
    def needs_somebody(self) -> bool:
        return self.tone is not Tone.PLAIN


def critical_signals(facts: ScoreFacts, measures: Measures) -> Iterator[Signal]:
    """Rule 42: the answers that need somebody, one alert an instrument, whatever it came to.

    Also of an incomplete form, of a measure that the practice switched off since, and of another
    course of the client. Only a risk note that was signed after the answer clears it: one that is
    lower does not (domain 5, S1).
    """
    # Of most measures no answer needs anybody.
    asked = {one.id: one for one in measures.known.values() if one.critical or not one.takes_total}
    loud = {
        one.taken.instrument_id
        for one in facts.scores
        if (instrument := asked.get(one.taken.instrument_id)) and _may_need(instrument, one)
    }
    told = [one for one in facts.scores if one.taken.instrument_id in loud] if loud else []
    by_instrument = groupby(
        sorted(told, key=lambda one: (one.taken.instrument_id, *_in_time(one))),
        key=lambda one: one.taken.instrument_id,
    )
    for instrument_id, scores in by_instrument:
        instrument = asked[instrument_id]
        answers = list(_answers(instrument, scores))
        standing = [
            one
            for one in answers
            if one.needs_somebody
            and (facts.risk_noted_at is None or one.score.known_at >= facts.risk_noted_at)
        ]
        if standing:
            loudest = [one for one in standing if one.tone is Tone.RED] or standing
            yield _critical(instrument, loudest[-1], answers, measures)


def _may_need(instrument: Instrument, one: TakenScore) -> bool:
    """Whether an answer is one that ever needs somebody, whatever was answered before it."""
    if instrument.critical:
        return one.critical is not None and one.critical >= instrument.critical[0].amber_from
    return _tone_of(instrument, one.result) is not Tone.PLAIN


def _in_time(one: TakenScore) -> tuple[datetime, datetime, str]:
    return one.taken.taken_at, one.taken.recorded_at, one.taken.score_id


def _answers(instrument: Instrument, scores: Iterator[TakenScore]) -> Iterator[_Answer]:
    """The known answers to the one item that needs somebody, or the results, by time."""
    before: int | None = None
    for one in scores:
        if instrument.critical:
            critical, level = instrument.critical[0], one.critical
            tone = Tone.PLAIN if level is None else critical.tone(level, before)
            is_new = before is None or before < critical.amber_from
        else:
            level = one.result
            tone = _tone_of(instrument, level)
            is_new = _tone_of(instrument, before) is Tone.PLAIN
        if level is not None:
            is_rise = tone is not Tone.PLAIN and (is_new or before is None or level > before)
            yield _Answer(one, level, before, tone, is_rise)
        before = level


def _tone_of(instrument: Instrument, result: int | None) -> Tone:
    """How loud a result is; plain while there is none."""
    band = None if result is None else instrument.band_of(result)
    return band.tone if band and not instrument.takes_total else Tone.PLAIN


def _critical(
    instrument: Instrument, shown: _Answer, answers: Sequence[_Answer], measures: Measures
) -> Signal:
    """The alert; its row is that of the last rise, so that what is known stays known till then."""
    rises = [one for one in answers if one.is_rise]
    if instrument.critical:
        item = instrument.critical[0]
        what = f"{instrument.name} item {item.item}, {item.about}"
        red = f", or from {item.red_from} on" if item.red_from is not None else ""
        threshold = f"from {item.amber_from} on; red when new or rising{red}"
        source = item.source
    else:
        what = instrument.name
        loud = [band for band in instrument.bands if band.needs]
        threshold = ", ".join(f"{band.label.lower()} is {band.needs}" for band in loud)
        source = loud[0].source
    last = answers[-1]
    later = "" if last.level >= shown.level else f"; {_level(instrument, last.level)} since"
    return Signal(
        SignalKind.CRITICAL,
        shown.tone,
        "",
        rises[-1].score.taken.score_id,
        shown.score.taken.taken_at,
        measures.told(
            what, f": {_level(instrument, shown.level)}, {_beside(instrument, shown)}{later}"
        ),
        threshold,
        source,
        "a risk note, signed after it by a clinician of the course",
        None,
    )


def _level(instrument: Instrument, level: int) -> str:
    band = None if instrument.takes_total else instrument.band_of(level)
    return band.label.lower() if band else str(level)


def _beside(instrument: Instrument, one: _Answer) -> str:
    """The answer beside the one before it."""
    if one.before is None:
        return "new"
    if one.before == one.level:
        return "unchanged"
    return f"was {_level(instrument, one.before)}"


def score_signals(
    facts: ScoreFacts, measures: Measures, now: datetime, today: date
) -> Iterator[Signal]:
    """How somebody does, where that needs both who treat, and what of it nobody knows.

    Only complete scores of this course count, of the instruments in use.
    """
    if facts.course is None:
        return
    judged = _Judged(facts, facts.course, measures, now)
    yield from judged.doing()
    if facts.course.has_begun and _measured(facts, facts.course, measures.zone).chases:
        yield from _unknown(judged, _overdue(judged, today))


def primary_progress(facts: ScoreFacts, measures: Measures, now: datetime) -> Progress | None:
    """Where somebody stands on the measure by which the course is judged; None without a score."""
    primary = facts.course and primary_measure(facts.course.indications, measures.in_use)
    if not primary:
        return None
    instrument = measures.known[primary]
    since = facts.baseline(instrument, now, measures.zone)
    doses = [one.at for one in facts.doses]
    return progress(instrument, since, facts.complete(instrument, measures.zone), doses)


def measures_due(
    facts: ScoreFacts, measures: Measures, today: date, next_dose_at: datetime | None
) -> tuple[Due, ...]:
    """What is asked for on a course today, the longest due first (rule 51)."""
    if facts.course is None:
        return ()
    in_use = [one for one in measures.known.values() if one.id in measures.in_use]
    return _due_of(in_use, facts, facts.course, measures.zone, today, next_dose_at)


def _due_of(
    asked: Sequence[Instrument],
    facts: ScoreFacts,
    of_course: CourseAsked,
    zone: ZoneInfo,
    today: date,
    next_dose_at: datetime | None,
) -> tuple[Due, ...]:
    course = _measured(facts, of_course, zone, next_dose_at)
    found = (due(one, _scored(facts, one), course, today, zone) for one in asked)
    return tuple(sorted((one for one in found if one), key=lambda one: one.due_on))


def _scored(facts: ScoreFacts, instrument: Instrument) -> list[Taken]:
    """What was taken of a measure, but for what came to neither a total nor a result."""
    return [
        one.taken
        for one in facts.here.get(instrument.id, ())
        if one.taken.total is not None or one.result is not None
    ]


def _measured(
    facts: ScoreFacts, course: CourseAsked, zone: ZoneInfo, next_dose_at: datetime | None = None
) -> MeasuredCourse:
    return MeasuredCourse(
        course.line,
        course.state,
        course.state_since.astimezone(zone).date(),
        course.is_held,
        course.indications,
        tuple(one.at for one in facts.doses),
        next_dose_at,
        course.asked_at.astimezone(zone).date() if course.asked_at else None,
    )


def _overdue(judged: "_Judged", today: date) -> list[Due]:
    """The primary measure if it is overdue, which nothing is before a dose that lies ahead.

    That another one is overdue is only a line: every client would have an alert (decision 58).
    """
    if judged.primary is None:
        return []
    zone = judged.measures.zone
    asked = _due_of((judged.primary,), judged.facts, judged.course, zone, today, None)
    return [one for one in asked if one.is_overdue]


@dataclass(slots=True)
class _Judged:
    """The scores of one course, judged against the baseline of the series at hand."""

    facts: ScoreFacts
    course: CourseAsked
    measures: Measures
    now: datetime
    primary: Instrument | None = None
    baseline: Baseline | None = None
    scores: Sequence[Complete] = ()
    answers: tuple[NotBetter, ...] = ()

    def __post_init__(self) -> None:
        primary = primary_measure(self.course.indications, self.measures.in_use)
        self.primary = self.measures.known[primary] if primary else None
        if self.primary and self.facts.doses and self.facts.product_route:
            self.baseline, self.scores = self._of(self.primary)
            self.answers = not_better(
                self.primary,
                self.baseline,
                self.scores,
                self.facts.product_route,
                # In maintenance nobody is asked anew: who falls back is not better all the same.
                [one.at for one in self.facts.doses[: self.facts.of_series]],
            )

    def _of(self, instrument: Instrument) -> tuple[Baseline | None, Sequence[Complete]]:
        """The baseline of one measure in the series at hand, and its complete scores."""
        zone = self.measures.zone
        return (
            self.facts.baseline(instrument, self.now, zone),
            self.facts.complete(instrument, zone),
        )

    def known_at(self, score_id: str) -> datetime:
        """From when on somebody could know of a score of this course."""
        taken_here = chain.from_iterable(self.facts.here.values())
        return next(one.known_at for one in taken_here if one.taken.score_id == score_id)

    def doing(self) -> Iterator[Signal]:
        """The one alert of how somebody does: worse, or not better, or slipping.

        Who is worse is not better either, and has slipped: it is said once, the loudest first.
        """
        worse, is_not_better = self._worse(), self._not_better()
        if is_not_better and (worse is None or is_not_better.tone is Tone.RED):
            yield is_not_better
        elif worse:
            yield worse
        elif slips := self._slipping():
            yield slips

    def _since(self, found: Baseline | None, scores: Sequence[Complete]) -> Baseline | None:
        """What a change is measured against: the baseline, else what the team last decided upon.

        So a decision clears what was known by then, and what gets worse after it is another alert.
        """
        decided_at = self.facts.decided_at
        if found is None or decided_at is None:
            return found
        seen = [
            one
            for one in scores
            if one.taken_at >= found.score.taken_at and self.known_at(one.score_id) < decided_at
        ]
        return Baseline(seen[-1], None) if seen else found

    def _may_be_worse(self, instrument: Instrument) -> bool:
        """Whether to look at it at all: most are not, and lists ask of every measure."""
        rule = instrument.reliable
        return rule is not None and self.facts.fell_by(instrument) >= rule.points

    def _worse(self) -> Signal | None:
        """Domain 5, D4: of every measure in use, in one alert, the primary one first."""
        if not self.facts.doses:
            return None
        found: list[tuple[Instrument, Baseline, Complete, Complete]] = []
        first = self.primary.id if self.primary else ""
        ids = sorted(
            self.facts.here.keys() & self.measures.in_use, key=lambda one: (one != first, one)
        )
        for instrument in map(self.measures.known.__getitem__, ids):
            if not self._may_be_worse(instrument) or instrument.reliable is None:
                continue
            is_primary = instrument.id == first
            known, scores = (self.baseline, self.scores) if is_primary else self._of(instrument)
            since = self._since(known, scores)
            changed = change(instrument, since, scores)
            if since and changed and changed.has(ChipKind.WORSE):
                began = _began(instrument, since.score, scores, instrument.reliable.points)
                found.append((instrument, since, changed.latest, began))
        if not found:
            return None
        loudest, _, latest, began = found[0]
        values = (
            self.measures.told(one.name, f" {now.total}, was {since.score.total}")
            for one, since, now, _ in found
        )
        rule = loudest.reliable
        return Signal(
            SignalKind.WORSE,
            Tone.AMBER,
            "",
            began.score_id,
            latest.taken_at,
            "; ".join(values),
            f"{rule.points} points or more worse" if rule else "",
            f"{rule.source}; {rule.population}" if rule else "",
            _DECISION,
            None,
        )

    def _slipping(self) -> Signal | None:
        """Product.md: worse than the best there was, on the primary measure alone."""
        if self.primary is None or self.primary.reliable is None:
            return None
        if not self._may_be_worse(self.primary):
            return None
        since = self._since(self.baseline, self.scores)
        slips = slipping(self.primary, since, self.scores)
        if slips is None:
            return None
        began = _began(self.primary, slips.best, self.scores, self.primary.reliable.points)
        return Signal(
            SignalKind.SLIPPING,
            Tone.AMBER,
            "",
            began.score_id,
            slips.latest.taken_at,
            self.measures.told(
                self.primary.name, f" {slips.latest.total}, {slips.best.total} at best"
            ),
            slips.rule,
            slips.source,
            _DECISION,
            None,
        )

    def _not_better(self) -> Signal | None:
        """Rule 53: until the team decided on it, or looked back at the series after that score."""
        one = next((one for one in self.answers if one.is_not_better), None)
        if one is None or self.primary is None or self.baseline is None:
            return None
        dose = self.facts.doses[one.after_dose - 1]
        since = self.baseline.score
        began = _run_of(
            [each for each in self.scores if each.taken_at > max(dose.at, since.taken_at)],
            lambda each: _is_as_bad(self, one, each),
        )[0]
        known_at, reviewed_at = self.known_at(began.score_id), self.facts.reviewed_at
        if self._is_decided(known_at) or (reviewed_at is not None and reviewed_at > known_at):
            return None
        latest = self.scores[-1]
        return Signal(
            SignalKind.NOT_BETTER,
            one.tone,
            "",
            dose.session_id,
            latest.taken_at,
            self.measures.told(
                f"after {one.after_dose} doses: {self.primary.name}",
                f" {latest.total}, was {since.total}",
            ),
            f"less than {NOT_BETTER_PERCENT}% better on the primary measure",
            one.source,
            _REVIEW,
            None,
        )

    def cannot_judge(self) -> int:
        """Rule 54: the number of the dose after which nobody asked how somebody is; else 0."""
        if not self.answers or self.answers[0].unjudged is not Unjudged.NO_SCORE_SINCE:
            return 0
        number = self.answers[0].after_dose
        given_at = self.facts.doses[number - 1].at
        is_early = self.now - given_at < ASKED_BY
        return 0 if is_early or self._is_decided(given_at) else number

    def lacks_baseline(self) -> bool:
        """Rule 47: whether there is nothing to measure the primary one against."""
        return bool(self.primary and self.facts.doses and self.baseline is None)

    def _is_decided(self, at: datetime) -> bool:
        return self.facts.decided_at is not None and self.facts.decided_at > at


@dataclass(frozen=True, slots=True)
class _Unknown:
    """One thing that is not known: its words, by which rule, since when, and its row."""

    kind: SignalKind
    value: str
    threshold: str
    at: datetime
    row_id: str


def _unknown(judged: _Judged, overdue: Sequence[Due]) -> Iterator[Signal]:
    """The one plain alert of what nobody knows: it is the therapist's to ask for."""
    found = list(_missing(judged))
    told = judged.primary.id if judged.primary and found else ""
    left = [one for one in overdue if one.instrument_id != told]
    if left:
        zone, known = judged.measures.zone, judged.measures.known
        first = left[0]
        names = wording.listed([known[one.instrument_id].name for one in left])
        found.append(
            _Unknown(
                SignalKind.OVERDUE,
                f"overdue: {names}" if found else names,
                f"{OVERDUE_AFTER.days} days after it was due",
                datetime.combine(first.due_on, _NOON, zone).astimezone(UTC),
                f"{first.instrument_id}-{first.due_on}",
            )
        )
    if found:
        yield Signal(
            found[0].kind,
            Tone.PLAIN,
            "",
            found[0].row_id,
            found[0].at,
            "; ".join(one.value for one in found),
            found[0].threshold,
            "the schedule of each measure; kapteam's default",
            "a score",
            Part.THERAPIST,
            measure_id=judged.primary.id if judged.primary else "",
        )


def _missing(judged: _Judged) -> Iterator[_Unknown]:
    """What is missing to judge by the primary measure whether somebody is better."""
    if judged.primary is None:
        return
    name, doses = judged.primary.name, judged.facts.doses
    number = judged.cannot_judge()
    if number:
        yield _Unknown(
            SignalKind.CANNOT_JUDGE,
            f"no {name} after dose {number}",
            f"{ASKED_BY.days} days after the dose",
            doses[number - 1].at,
            doses[number - 1].session_id,
        )
    if judged.lacks_baseline():
        yield _Unknown(
            SignalKind.NO_BASELINE,
            f"no {name} before dose 1",
            f"one of the {BASELINE_DAYS} days before dose 1",
            doses[0].at,
            doses[0].session_id,
        )


def _began(
    instrument: Instrument, best: Complete, scores: Sequence[Complete], points: int
) -> Complete:
    """The score with which it got as bad as it is now, in steps of the reliable change."""
    after = [one for one in scores if one.taken_at > best.taken_at]

    def steps(one: Complete) -> int:
        return instrument.gain(one.total, best.total) // points

    return _run_of(after, lambda one: steps(one) >= steps(after[-1]))[0]


def _is_as_bad(judged: _Judged, asked: NotBetter, one: Complete) -> bool:
    """Whether a score alone would have had the same answer."""
    route = judged.facts.product_route
    if judged.primary is None or route is None:
        return False
    doses = [each.at for each in judged.facts.doses[: asked.after_dose]]
    until = [each for each in judged.scores if each.taken_at <= one.taken_at]
    answers = not_better(judged.primary, judged.baseline, until, route, doses)
    return any(each.after_dose == asked.after_dose and each.is_not_better for each in answers)


def _run_of(scores: Sequence[Complete], holds: Callable[[Complete], bool]) -> Sequence[Complete]:
    """The last scores without a gap of which that holds; it holds of the last one."""
    start = len(scores) - 1
    while start > 0 and holds(scores[start - 1]):
        start -= 1
    return scores[start:]
