"""Proposing the integration session in the form that books the ketamine session."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kapteam import wording
from kapteam.rules.integration import due_at
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import Weekday

HALF_HOUR = timedelta(minutes=30)
LOOK_AHEAD_DAYS = 21
SOON_AFTER = timedelta(minutes=30)
"""Ours: until then people are still being seen home, or the session takes longer than planned."""


WORKING_DAYS = frozenset(list(Weekday)[:5])


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which the practice is closed, the last one included: `Thanksgiving`."""

    from_on: date
    until_on: date
    name: str


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When the practice is open, in its own zone, and the days on which it is closed."""

    opens: time = time(8)
    closes: time = time(18)
    weekdays: frozenset[Weekday] = WORKING_DAYS
    closures: tuple[Closure, ...] = ()

    def closed_for(self, day: date) -> str:
        """What the practice is closed for on a day, empty when it is for nothing."""
        return next((one.name for one in self.closures if one.from_on <= day <= one.until_on), "")

    def is_open_on(self, day: date) -> bool:
        """Whether the practice is open on that day at all."""
        return list(Weekday)[day.weekday()] in self.weekdays and not self.closed_for(day)

    def is_open_at(self, local: datetime) -> bool:
        """Whether the practice is open then, told in its own zone."""
        return self.is_open_on(local.date()) and self.opens <= local.time() < self.closes

    def next_open_day(self, after: date) -> date:
        """The first day after that one on which the practice is open.

        The very next one where it is closed for three weeks on end.
        """
        days = [after + timedelta(days=ahead) for ahead in range(1, LOOK_AHEAD_DAYS + 1)]
        return next(filter(self.is_open_on, days), days[0])

    def stored(self) -> str:
        """As one setting of the practice: `08:00 18:00 mon,tue`; its closed days are rows."""
        days = ",".join(one for one in Weekday if one in self.weekdays)
        return f"{self.opens:%H:%M} {self.closes:%H:%M} {days}"


USUAL_HOURS = OpeningHours()


def read_hours(stored: str) -> OpeningHours:
    """The opening hours of such a setting."""
    opens, closes, days = stored.split(" ")
    return OpeningHours(
        time.fromisoformat(opens),
        time.fromisoformat(closes),
        frozenset(Weekday(one) for one in days.split(",")),
    )


@dataclass(frozen=True, slots=True)
class Busy:
    """A time in which somebody is not free: an appointment, or days away."""

    from_at: datetime
    until_at: datetime
    is_away: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """Free starting times, the earliest first; `said` explains why none is inside the window."""

    slots: tuple[datetime, ...]
    inside_window: bool
    said: str = ""


def propose(
    last_given_at: datetime,
    thresholds: Thresholds,
    busy: Iterable[Busy],
    length: timedelta,
    now: datetime,
    zone: ZoneInfo,
    hours: OpeningHours,
) -> Proposal:
    """Free starting times inside the window after a dose, else the first free one after it.

    Whole and half hours within the opening hours, after `now`. `last_given_at` is when the
    last administration ended, or is expected to. The day of the dose itself is not proposed: a
    debrief on the day is no integration, and nobody should drive until the next day (domain 1.4
    and 3.3); such a time can still be typed.
    """
    taken = tuple(busy)
    first_day = max(
        last_given_at.astimezone(zone).date() + timedelta(days=1), now.astimezone(zone).date()
    )
    due = due_at(last_given_at, thresholds)
    free = (
        at
        for at in _starts(first_day, length, zone, hours)
        if at > now and not any(at < one.until_at and one.from_at < at + length for one in taken)
    )
    inside: list[datetime] = []
    for at in free:
        if at <= due:
            inside.append(at)
        elif inside:
            break
        else:
            return Proposal((at,), False, f"{_none_free(thresholds)} This is the first after it.")
    if inside:
        return Proposal(tuple(inside), True)
    return Proposal(
        (), False, f"{_none_free(thresholds)} Type a time, or choose another therapist."
    )


def begins_too_soon(at: datetime, ends_at: datetime | None) -> bool:
    """Whether an integration at `at` is asked about: in its ketamine session or right after it.

    `ends_at` is when the client is out, or is planned to be; None where no session is known. It may
    be meant, so it is asked and never refused for good (domain 3.3: a debrief is no integration).
    """
    return ends_at is not None and at < ends_at + SOON_AFTER


def not_free(
    at: datetime,
    length: timedelta,
    busy: Iterable[Busy],
    zone: ZoneInfo,
    hours: OpeningHours,
) -> str | None:
    """Why nobody would book `at` unasked: closed then, away, or taken; None if it is free."""
    local, end = at.astimezone(zone), (at + length).astimezone(zone)
    closed_for = hours.closed_for(local.date())
    if closed_for:
        return f"when the practice is closed ({closed_for})"
    is_open = (
        hours.is_open_on(local.date())
        and hours.opens <= local.time()
        and end.date() == local.date()
        and end.time() <= hours.closes
    )
    if not is_open:
        return "outside the opening hours"
    taken = [one for one in busy if at < one.until_at and one.from_at < at + length]
    if any(one.is_away for one in taken):
        return "when its therapist is away"
    if taken:
        return "at a time when its therapist has another integration session"
    return None


def _starts(
    first_day: date, length: timedelta, zone: ZoneInfo, hours: OpeningHours
) -> Iterator[datetime]:
    for ahead in range(LOOK_AHEAD_DAYS):
        day = first_day + timedelta(days=ahead)
        if not hours.is_open_on(day):
            continue
        start = datetime.combine(day, hours.opens)
        while start + length <= datetime.combine(day, hours.closes):
            yield wording.at_local(day, start.time(), zone)
            start += HALF_HOUR


def _none_free(thresholds: Thresholds) -> str:
    return (
        f"No time is free within {thresholds.integration_target_hours}{wording.NBSP}hours of the "
        "dose."
    )
