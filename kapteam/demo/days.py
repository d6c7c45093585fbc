"""The time rule of the demo: when things happen, so that the story is right at any `now`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kapteam.rules.slots import OpeningHours
from kapteam.wording import at_local

_HALF_HOUR = timedelta(minutes=30)
_QUARTER = timedelta(minutes=15)
_MINUTE = timedelta(minutes=1)
_SOON = timedelta(minutes=20)
_WORKING = OpeningHours(opens=time(9), closes=time(16))
_OPEN = OpeningHours(opens=time(8), closes=time(17))
_AWAKE = (time(7), time(19))
_LAST_DOSING_DAY = 3  # Thursday; Monday is 0
_USUAL_STARTS = (time(9), time(11, 15), time(13, 30), time(15, 45), time(18))
_NEAR_DAYS, _BETTER_DAYS = 14, 4

Free = Callable[[datetime], bool]
"""Whether who and what is needed is free at a time."""


def _always(_at: datetime) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Days:
    """Times around `now`: in working hours wherever `now` leaves the choice.

    Everything is on whole minutes, because a person would have typed it; only what is ahead in the
    last minute of a day lies on its last instant.
    """

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The practice's calendar day."""
        return self.now.astimezone(self.zone).date()

    def on(self, days: int) -> date:
        """The date `days` from today, moved off the weekend: earlier, or later when it is ahead."""
        return _working_day(self.today + timedelta(days=days), back=days < 0)

    def at(self, days: int, hour: int, minute: int = 0) -> datetime:
        """A time of day on that date, of an earlier day."""
        return at_local(self.on(days), time(hour, minute), self.zone)

    def coming(self, days: int, hour: int, minute: int = 0) -> datetime:
        """That time of day on the first Monday to Thursday at least `days` days from today."""
        on = self.today + timedelta(days=days)
        while on.weekday() > _LAST_DOSING_DAY:
            on += timedelta(days=1)
        return at_local(on, time(hour, minute), self.zone)

    def ago(
        self,
        least: float,
        most: float,
        pick: int = 0,
        *,
        free: Free = _always,
        better: Free = _always,
    ) -> datetime:
        """A time between `most` and `least` hours before now."""
        hour = timedelta(hours=1)
        earliest, latest = self.now - most * hour, self.now - least * hour
        return self.between(earliest, latest, pick, free=free, better=better)

    def ahead(
        self,
        least: float,
        most: float,
        pick: int = 0,
        *,
        free: Free = _always,
        better: Free = _always,
    ) -> datetime:
        """A time between `least` and `most` hours after now."""
        hour = timedelta(hours=1)
        earliest, latest = self.now + least * hour, self.now + most * hour
        return self.between(earliest, latest, pick, free=free, better=better)

    def between(
        self,
        earliest: datetime,
        latest: datetime,
        pick: int = 0,
        *,
        free: Free = _always,
        better: Free = _always,
    ) -> datetime:
        """A free time between the two: on a working day, else by day, else at night.

        On a half hour, else on a quarter; before either, `better` than others. `pick` chooses among
        equally good ones. Where nothing is free the half hours are as good as any; without one of
        them it is the later of the two.
        """
        starts = [one for one in _starts(earliest, latest, _QUARTER) if free(one)]
        starts = starts or list(half_hours(earliest, latest))
        if not starts:
            return max(_whole_minute(latest), earliest)

        def oddness(at: datetime) -> tuple[int, bool, bool]:
            on_quarter = at.astimezone(self.zone).minute % 30 != 0
            return self._oddness(at), not better(at), on_quarter

        odd = {one: oddness(one) for one in starts}
        good = [one for one in starts if odd[one] == min(odd.values())]
        return good[pick * 7 % len(good)]

    def is_open(self, moment: datetime) -> bool:
        """Whether an appointment of an hour that begins then is within the opening hours."""
        local = moment.astimezone(self.zone)
        return _OPEN.is_open_on(local.date()) and _OPEN.opens <= local.time() <= _OPEN.closes

    def near(self, moment: datetime, free: Free, better: Free = _always) -> datetime:
        """That time, or the nearest free half hour by day, on a Monday to Thursday.

        A `better` one of the next few days goes before a nearer one. What is past stays past, on
        earlier days; what is ahead stays ahead, on later ones.
        """

        def best(at: datetime) -> bool:
            return free(at) and better(at)

        if best(moment):
            return moment
        found = self._nearest(moment, _BETTER_DAYS, best)
        if found is None and not free(moment):
            found = self._nearest(moment, _NEAR_DAYS, free)
        return found or moment

    def _nearest(self, moment: datetime, days: int, free: Free) -> datetime | None:
        """The free half hour nearest to `moment` on the first day that has one, best while open."""
        is_past = moment < self.now
        for away in range(days):
            on = moment.astimezone(self.zone).date() + timedelta(days=-away if is_past else away)
            if on.weekday() > _LAST_DOSING_DAY:
                continue
            morning, evening = (at_local(on, one, self.zone) for one in _AWAKE)
            starts = [
                one
                for one in half_hours(morning, evening)
                if (one < self.now) is is_past and free(one)
            ]
            if starts:
                return min(starts, key=lambda one: (not self.is_open(one), abs(one - moment)))
        return None

    def weeks_before(self, moment: datetime, weeks: int) -> datetime:
        """The same time of day that many weeks earlier, on a Monday to Thursday by daylight.

        So that the integration on the day after is not on a weekend.
        """
        local = moment.astimezone(self.zone)
        on = local.date() - timedelta(weeks=weeks)
        on -= timedelta(days=max(0, on.weekday() - _LAST_DOSING_DAY))
        time_of_day = local.time()
        if not _WORKING.opens <= time_of_day <= _WORKING.closes:
            time_of_day = time(10 + weeks % 5)
        return at_local(on, time_of_day, self.zone)

    def earlier(self, moment: datetime, days: int, hour: int, minute: int = 0) -> datetime:
        """A time of day on the working day at least `days` days before `moment`."""
        on = _working_day(moment.astimezone(self.zone).date() - timedelta(days=days), back=True)
        return at_local(on, time(hour, minute), self.zone)

    def left_today(self, length: timedelta) -> tuple[datetime, ...]:
        """When two doses of `length` still ahead today begin; one where the day ends too soon."""
        midnight = at_local(self.today + timedelta(days=1), time(0), self.zone)
        usual = [at_local(self.today, start, self.zone) for start in _USUAL_STARTS]
        usual = [start for start in usual if start > self.now + _SOON]
        first = usual[0] if usual else self._evening(midnight)
        later = [start for start in usual if start >= first + length]
        second = later[-1] if later else _rounded_up(first + length, _QUARTER)
        return (first, second) if second < midnight else (first,)

    def earlier_today(self, free: Free) -> datetime:
        """The start of a session of today in which everything was given, as far as the day goes."""
        midnight = at_local(self.today, time(0), self.zone)
        hour = timedelta(hours=1)
        return self.between(
            max(midnight, self.now - 7 * hour), max(midnight, self.now - hour), free=free
        )

    def _evening(self, midnight: datetime) -> datetime:
        """A start soon after now, however late it is."""
        soon = self.now + min(_SOON, (midnight - self.now) / 2)
        quarter = _rounded_up(soon, _QUARTER)
        if quarter < midnight:
            return quarter
        return self._ahead_today(_rounded_up(soon, _MINUTE), midnight)

    def _ahead_today(self, moment: datetime, midnight: datetime) -> datetime:
        if moment < midnight:
            return moment
        last_minute = midnight - _MINUTE
        return last_minute if last_minute > self.now else midnight - timedelta(microseconds=1)

    def _oddness(self, moment: datetime) -> int:
        local = moment.astimezone(self.zone)
        if _WORKING.opens <= local.time() <= _WORKING.closes:
            return 0 if _WORKING.is_open_on(local.date()) else 2
        if self.is_open(moment):
            return 1
        return 3 if _AWAKE[0] <= local.time() <= _AWAKE[1] else 4


def _working_day(on: date, *, back: bool) -> date:
    step = timedelta(days=-1 if back else 1)
    while not _WORKING.is_open_on(on):
        on += step
    return on


def half_hours(earliest: datetime, latest: datetime) -> Iterator[datetime]:
    """Every whole and half hour between the two."""
    return _starts(earliest, latest, _HALF_HOUR)


def _starts(earliest: datetime, latest: datetime, step: timedelta) -> Iterator[datetime]:
    at = _rounded_up(earliest, step)
    while at <= latest:
        yield at
        at += step


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _rounded_up(moment: datetime, step: timedelta) -> datetime:
    """The next multiple of `step` from `moment` on, counted from midnight UTC."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + -((midnight - moment) // step) * step
