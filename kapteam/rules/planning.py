"""The rest of a series as a plan: a day for each session, and an integration inside the window.

A plan is what somebody starts from; nothing of it is booked before they have looked at it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kapteam import wording
from kapteam.rules.cadence import Cadence, TooOften, too_often
from kapteam.rules.integration import due_at
from kapteam.rules.slots import LOOK_AHEAD_DAYS, Busy, OpeningHours, not_free, propose
from kapteam.rules.thresholds import Thresholds

MOST_ROWS = 8
_ONE_DAY = timedelta(days=1)
_SLIP_DAYS = 1
"""Ours: how much nearer than usual a session may follow one that had to be put off."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A time at which a ketamine session cannot be; `why` goes on a sentence: `Room 2 is taken`."""

    from_at: datetime
    until_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan has to fit into.

    `taken` is for the ketamine sessions, `therapist_busy` for the integrations with that therapist;
    `other_days` are those of the client's other ketamine sessions, given or to come.
    """

    now: datetime
    zone: ZoneInfo
    hours: OpeningHours
    thresholds: Thresholds
    cadence: Cadence
    taken: tuple[Taken, ...] = ()
    therapist_busy: tuple[Busy, ...] = ()
    other_days: tuple[date, ...] = ()

    @property
    def today(self) -> date:
        """The practice's calendar day."""
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be planned: one session for each of `gaps`, the usual days from the one before.

    The first follows `after_on`. Each begins at `at` of the practice's day and takes `length`; its
    last ketamine is expected `giving` after that. `integration` is how long one takes, None where
    none is expected.
    """

    after_on: date
    gaps: tuple[int, ...]
    at: time
    length: timedelta
    giving: timedelta
    integration: timedelta | None


@dataclass(frozen=True, slots=True)
class Integration:
    """Where an integration after a dose could be; None where no time is free for weeks.

    `is_inside` the window of the practice; else `why_not` says why none is.
    """

    at: datetime | None
    is_inside: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Both:
    """A time for a session, and one for its integration inside the window."""

    at: datetime
    integration_at: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """One session of a plan. Without `at` no day was found, and `said` says why.

    With it, `said` is what stood in the way on each day from the one on which the cadence would
    have it; empty when it is on that day. `integration` is None where none is expected or the
    session has no day; where it cannot be inside its window, `instead` is the nearest day on which
    both can be, None if there is none before the next one would be due.
    """

    at: datetime | None
    said: str
    integration: Integration | None = None
    instead: Both | None = None


def plan(wanted: Wanted, around: Surroundings) -> tuple[Planned, ...]:
    """A proposal for the rest of a series (domain 1.3 and 3.4).

    Never on a closed day or outside the opening hours, at a time that is taken, in the past, or
    nearer to another session than the cadence allows (rule 34). A session that had to be put off
    takes the ones after it along, so that they do not crowd.
    """
    found: list[Planned] = []
    days, busy = list(around.other_days), list(around.therapist_busy)
    due_on = last_on = wanted.after_on
    for gap in wanted.gaps:
        earliest = last_on + max(1, gap - _SLIP_DAYS) * _ONE_DAY
        due_on = max(due_on + gap * _ONE_DAY, earliest)
        at, said = _first_day(wanted, around, due_on, days)
        if at is None:
            found.append(Planned(None, said))
            continue
        integration = _integration_of(at, wanted, around, busy)
        last_on = at.astimezone(around.zone).date()
        instead = None
        if integration is not None and not integration.is_inside:
            near = _days_near(last_on, earliest, gap)
            instead = _first_with_both(wanted, around, near, days, busy)
        # Who was put off by more than the slip begins a rhythm of their own.
        due_on = max(due_on, last_on - _SLIP_DAYS * _ONE_DAY)
        days.append(last_on)
        busy.append(Busy(at, at + wanted.length))
        if integration is not None and integration.at is not None and wanted.integration:
            busy.append(Busy(integration.at, integration.at + wanted.integration))
        found.append(Planned(at, said, integration, instead))
    return tuple(found)


def in_the_way(
    at: datetime, length: timedelta, others: Iterable[date], around: Surroundings
) -> tuple[str, ...]:
    """All that speaks against a session at `at`, each to go on a sentence; nothing if it is free.

    Opening hours and closed days aside. `others` are the days of the client's other sessions.
    """
    taken = [one.why for one in around.taken if _overlaps(one, at, length)]
    often = too_often(at.astimezone(around.zone).date(), others, around.cadence)
    beyond = _beyond_cadence(often, around.today) if often else []
    return (*dict.fromkeys(taken), *(f"it would be {one}" for one in beyond))


def why_too_often(found: TooOften, today: date) -> str:
    """What of the cadence a day goes beyond, to go on a sentence (rule 34)."""
    return f"it would be {wording.listed(_beyond_cadence(found, today))}"


def _beyond_cadence(found: TooOften, today: date) -> list[str]:
    parts = []
    if found.nearest_on is not None:
        day = wording.day(found.nearest_on, today)
        days = wording.count(found.cadence.least_days or 0, "day")
        parts.append(f"less than {days} from the session of {day}")
    if found.week_from is not None:
        most = found.cadence.most_per_week
        week = wording.day(found.week_from, today)
        parts.append(f"{found.in_week} in the week of {week}, where at most {most} are usual")
    return parts


def integration_after(
    last_given_at: datetime, length: timedelta, busy: Sequence[Busy], around: Surroundings
) -> Integration:
    """The first free time inside the window after a dose, else the first after it, and why."""
    proposal = propose(
        last_given_at,
        around.thresholds,
        busy,
        length,
        around.now,
        around.zone,
        around.hours,
    )
    first = proposal.slots[0] if proposal.slots else None
    if proposal.inside_window:
        return Integration(first, True)
    return Integration(first, False, _why_not_inside(last_given_at, length, busy, around))


def is_inside(integration_at: datetime, last_given_at: datetime, thresholds: Thresholds) -> bool:
    """Whether an integration begins inside the window of its dose (rule 1)."""
    return last_given_at <= integration_at <= due_at(last_given_at, thresholds)


def _first_day(
    wanted: Wanted, around: Surroundings, due_on: date, days: Sequence[date]
) -> tuple[datetime | None, str]:
    """The first time from that day on at which nothing stands in the way.

    And all that stood in the way on the days before it.
    """
    past: dict[date, tuple[str, ...]] = {}
    for ahead in range(LOOK_AHEAD_DAYS):
        day = due_on + ahead * _ONE_DAY
        at, problems = _on_day(wanted, around, day, days)
        if not problems:
            return at, _why_not(past, around)
        past[day] = problems
    return None, f"No day in {LOOK_AHEAD_DAYS // 7} weeks. {_why_not(past, around)}"


def _integration_of(
    at: datetime, wanted: Wanted, around: Surroundings, busy: Sequence[Busy]
) -> Integration | None:
    """The integration of a session at `at`; None where none is expected."""
    if wanted.integration is None:
        return None
    others = (*busy, Busy(at, at + wanted.length))
    return integration_after(at + wanted.giving, wanted.integration, others, around)


def _days_near(on: date, earliest: date, gap: int) -> Iterator[date]:
    """The days from a slip before one until the next session after it would be due."""
    for ahead in range(-_SLIP_DAYS, min(gap, LOOK_AHEAD_DAYS)):
        day = on + ahead * _ONE_DAY
        if day >= earliest:
            yield day


def _first_with_both(
    wanted: Wanted,
    around: Surroundings,
    near: Iterable[date],
    days: Sequence[date],
    busy: Sequence[Busy],
) -> Both | None:
    """The first of these days with time for a session and for its integration."""
    for day in near:
        at, problems = _on_day(wanted, around, day, days)
        if at is None or problems:
            continue
        integration = _integration_of(at, wanted, around, busy)
        if integration is not None and integration.is_inside and integration.at is not None:
            return Both(at, integration.at)
    return None


def _on_day(
    wanted: Wanted, around: Surroundings, day: date, days: Sequence[date]
) -> tuple[datetime | None, tuple[str, ...]]:
    """The time of a session on that day, and what stands in its way.

    What settles it by itself is said alone: who reads that it is closed asks for no room.
    """
    try:
        at = wording.at_local(day, wanted.at, around.zone)
    except ValueError:
        return None, ("the clocks skip that time",)
    if at <= around.now:
        return at, ("that time is over",)
    shut = _shut(at, wanted.length, around)
    if shut is not None:
        return at, (shut,)
    if day in days:
        taken = in_the_way(at, wanted.length, (), around)
        return at, (*taken, "the client has a ketamine session on that day")
    return at, in_the_way(at, wanted.length, days, around)


def _why_not(past: Mapping[date, tuple[str, ...]], around: Surroundings) -> str:
    """Each thing that stood in the way, with the days on which it did."""
    by_reason: dict[str, list[date]] = {}
    for day, problems in past.items():
        for one in problems:
            by_reason.setdefault(one, []).append(day)
    return " ".join(
        f"Not {_days_said(found, past, around)}: {why}." for why, found in by_reason.items()
    )


def _days_said(found: Sequence[date], past: Iterable[date], around: Surroundings) -> str:
    """`Sun Dec 6`, `Mon Dec 7 to Thu Dec 10`: days on end as one, over those that are closed."""
    open_days = [one for one in past if one in found or around.hours.is_open_on(one)]
    stretches: list[list[date]] = []
    for day in found:
        if stretches and open_days.index(day) == open_days.index(stretches[-1][-1]) + 1:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    parts: list[str] = []
    for one in stretches:
        first, last = (wording.day(day, around.today) for day in (one[0], one[-1]))
        parts += [f"{first} to {last}"] if len(one) > 2 else [first, last][: len(one)]
    return wording.listed(parts)


def _shut(at: datetime, length: timedelta, around: Surroundings) -> str | None:
    """Why the practice is not open for all of it; None if it is."""
    if not_free(at, length, (), around.zone, around.hours) is None:
        return None
    on = at.astimezone(around.zone).date()
    if around.hours.is_open_on(on):
        return "it is outside the opening hours"
    name = around.hours.closed_for(on)
    return f"the practice is closed ({name})" if name else "the practice is closed"


def _overlaps(one: Taken | Busy, at: datetime, length: timedelta) -> bool:
    return at < one.until_at and one.from_at < at + length


def _why_not_inside(
    last_given_at: datetime, length: timedelta, busy: Sequence[Busy], around: Surroundings
) -> str:
    """What stands in the way on the days after the dose that are inside its window."""
    due = due_at(last_given_at, around.thresholds)
    hours = f"{around.thresholds.integration_target_hours}{wording.NBSP}hours"
    reasons = [
        f"{wording.day(day, around.today)}: {_why_not_on(day, due, length, busy, around)}"
        for day in _days_until(last_given_at, due, around.zone)
    ]
    if not reasons:
        return f"No integration within {hours} of the dose: the window ends on its day."
    return f"No integration within {hours} of the dose. {wording.listed(reasons)}."


def _days_until(last_given_at: datetime, due: datetime, zone: ZoneInfo) -> Iterator[date]:
    day, last = last_given_at.astimezone(zone).date(), due.astimezone(zone).date()
    while day < last:
        day += _ONE_DAY
        yield day


def _why_not_on(
    day: date, due: datetime, length: timedelta, busy: Sequence[Busy], around: Surroundings
) -> str:
    if not around.hours.is_open_on(day):
        name = around.hours.closed_for(day)
        return f"closed ({name})" if name else "closed"
    opens = datetime.combine(day, around.hours.opens, around.zone)
    closes = datetime.combine(day, around.hours.closes, around.zone)
    if opens > due:
        return "the window ends before the practice opens"
    if any(
        one.is_away and one.from_at <= opens and one.until_at >= min(due, closes) for one in busy
    ):
        return "the therapist is away"
    return "the therapist has no time free"
