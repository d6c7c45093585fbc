"""Which measure is asked for when, and which is overdue (domain 4, schedule; rule 51).

A measure is due on a day of the practice, and overdue three days after it. A score answers it,
whatever it was asked for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from kapteam.rules.change import BASELINE_DAYS, Taken
from kapteam.rules.instruments import Instrument, Schedule
from kapteam.vocabulary import EpisodeState, Indication, ServiceLine, Term

OVERDUE_AFTER = timedelta(days=3)
"""Domain 5, D5."""
_DAY = timedelta(days=1)
_BASELINE = BASELINE_DAYS * _DAY


class DueFor(Term):
    """What a measure is asked for."""

    BASELINE = "baseline", "Baseline"
    BEFORE_DOSE = "before_dose", "Before the dose"
    AFTER_DOSE = "after_dose", "After the dose"
    IN_SERIES = "in_series", "During the series"
    AT_END = "at_end", "End of the series"
    IN_MAINTENANCE = "in_maintenance", "Maintenance"
    WITHOUT_KETAMINE = "without_ketamine", "Without ketamine"


@dataclass(frozen=True, slots=True)
class MeasuredCourse:
    """A course of care, as far as it says what is due.

    `state_since` is a day of the practice. `doses` are those given in the series at hand, by time;
    `next_dose_at` is when the next one is planned. `asked_on` is the day on which somebody set that
    measures are asked for all the same where none would be.
    """

    line: ServiceLine
    state: EpisodeState
    state_since: date
    is_held: bool
    indications: tuple[Indication, ...]
    doses: tuple[datetime, ...] = ()
    next_dose_at: datetime | None = None
    asked_on: date | None = None

    @property
    def chases(self) -> bool:
        """Rules 51 and 57: whether measures are asked for, if only because somebody set it."""
        return self.asked_on is not None or not asks_for_none(
            self.line, self.state, is_held=self.is_held
        )


def asks_for_none(line: ServiceLine, state: EpisodeState, *, is_held: bool) -> bool:
    """Rule 51: where no measure is chased unless set: care rests, is over, or has no ketamine."""
    return is_held or state is EpisodeState.CLOSED or line is ServiceLine.PSYCHEDELIC_INTEGRATION


@dataclass(frozen=True, slots=True)
class Due:
    """That a measure is asked for: what for, by which day, and when it was last taken, if ever.

    `due_on` is the day of the dose where it is asked for before one, and may lie ahead.
    """

    instrument_id: str
    due_for: DueFor
    due_on: date
    is_overdue: bool
    last_on: date | None


def due(
    instrument: Instrument,
    taken: Sequence[Taken],
    course: MeasuredCourse,
    today: date,
    zone: ZoneInfo,
) -> Due | None:
    """What one measure is asked for today, the longest due first; None while it is not.

    A total alone answers it as well, an incomplete form does not. Whether the practice uses the
    measure at all is for the caller to ask.
    """
    if not course.chases or not instrument.schedule.is_for(course.indications):
        return None
    # The newest first: that is the one which mostly answers.
    times = sorted(
        (
            one.taken_at
            for one in taken
            if one.instrument_id == instrument.id
            and (one.total is not None or not instrument.takes_total)
        ),
        reverse=True,
    )
    asking = _Asking(instrument.schedule, course, tuple(times), today, zone)
    found = min(asking.open(), key=lambda one: one[1], default=None)
    if found is None:
        return None
    due_for, due_on = found
    last_on = asking.day_of(times[0]) if times else None
    return Due(instrument.id, due_for, due_on, today - due_on > OVERDUE_AFTER, last_on)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One measure of one course; `times` are when it was taken, the newest first."""

    schedule: Schedule
    course: MeasuredCourse
    times: tuple[datetime, ...]
    today: date
    zone: ZoneInfo

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def open(self) -> Iterator[tuple[DueFor, date]]:
        """Each thing that the schedule asks for and no score has answered, with its day."""
        if self.schedule.baseline:
            yield from self._baseline()
        yield from self._regular()
        if self.schedule.before_dose_gap is not None:
            yield from self._before_doses(self.schedule.before_dose_gap * _DAY)
        doses = self.course.doses
        if doses and not (self.times and self.times[0] > doses[-1]):
            yield from self._after_last_dose()

    def _baseline(self) -> Iterator[tuple[DueFor, date]]:
        """Asked for once the first dose is so near that a score would still be good on its day.

        After the first dose it is asked for until there is any: a late one is better than none.
        """
        doses, next_at = self.course.doses, self.course.next_dose_at
        first_at = doses[0] if doses else next_at
        if first_at is None:
            return
        first_on = self.day_of(first_at)
        is_answered = any(
            first_on - self.day_of(at) <= _BASELINE
            for at in self.times
            if at < first_at or self.day_of(at) > first_on
        )
        if not is_answered and first_on - self.today <= _BASELINE:
            yield DueFor.BASELINE, first_on

    def _regular(self) -> Iterator[tuple[DueFor, date]]:
        course, monthly = self.course, self.schedule.in_maintenance
        if course.line is ServiceLine.PSYCHEDELIC_INTEGRATION and course.asked_on is not None:
            # No dose will ever ask for one, so the day on which somebody set it does.
            due_for, days, due_on = DueFor.WITHOUT_KETAMINE, monthly, course.asked_on
        elif course.state is EpisodeState.MAINTENANCE:
            due_for, days, due_on = DueFor.IN_MAINTENANCE, monthly, course.state_since
        elif course.doses:
            first_on = self.day_of(course.doses[0])
            due_for, days, due_on = DueFor.IN_SERIES, self.schedule.in_series, first_on
        else:
            return
        if days is None:
            return
        if self.times:
            due_on = max(due_on, self.day_of(self.times[0]) + days * _DAY)
        if due_on <= self.today:
            yield due_for, due_on

    def _before_doses(self, gap: timedelta) -> Iterator[tuple[DueFor, date]]:
        """The last dose, until it is made up for, and the next one, once a score would count."""
        if self.course.doses:
            last_at = self.course.doses[-1]
            if not any(at >= last_at or self._counts(at, last_at, gap) for at in self.times):
                yield DueFor.BEFORE_DOSE, self.day_of(last_at)
        next_at = self.course.next_dose_at
        if next_at is not None:
            next_on = self.day_of(next_at)
            is_answered = any(self._counts(at, next_at, gap) for at in self.times)
            if not is_answered and next_on - self.today < gap:
                yield DueFor.BEFORE_DOSE, next_on

    def _counts(self, at: datetime, dose_at: datetime, gap: timedelta) -> bool:
        """Whether a score is near enough before a dose that none is asked for again."""
        return at < dose_at and self.day_of(dose_at) - self.day_of(at) < gap

    def _after_last_dose(self) -> Iterator[tuple[DueFor, date]]:
        last_on = self.day_of(self.course.doses[-1])
        if self.schedule.after_dose is not None:
            due_on = last_on + self.schedule.after_dose * _DAY
            if due_on <= self.today:
                yield DueFor.AFTER_DOSE, due_on
        if self.schedule.at_end and self.course.state is EpisodeState.SERIES_REVIEW:
            yield DueFor.AT_END, max(last_on, self.course.state_since)
