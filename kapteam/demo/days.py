"""The time rule of the demo: when things happen, so that the story is right at any `now`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kapteam.rules.slots import OpeningHours
from kapteam.wording import at_local

_HALF_HOUR = timedelta(minutes=30)
_MINUTE = timedelta(minutes=1)
_SOON = timedelta(minutes=20)
_WORKING = OpeningHours(opens=time(9), closes=time(16))
_AWAKE = (time(7), time(21))
_LAST_DOSING_DAY = 3  # Thursday; Monday is 0
_USUAL_STARTS = (time(9), time(10, 30), time(13), time(14, 30), time(16), time(17, 30))


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

    def ago(self, least: float, most: float, pick: int = 0) -> datetime:
        """A time between `most` and `least` hours before now."""
        hour = timedelta(hours=1)
        return self.between(self.now - most * hour, self.now - least * hour, pick)

    def ahead(self, least: float, most: float, pick: int = 0) -> datetime:
        """A time between `least` and `most` hours after now."""
        hour = timedelta(hours=1)
        return self.between(self.now + least * hour, self.now + most * hour, pick)

    def between(self, earliest: datetime, latest: datetime, pick: int = 0) -> datetime:
        """A whole or half hour between the two: on a working day, else by day, else at night.

        `pick` chooses among equally good ones.
        """
        starts = list(self._half_hours(earliest, latest))
        if not starts:
            return max(_whole_minute(latest), earliest)
        best = min(self._oddness(one) for one in starts)
        good = [one for one in starts if self._oddness(one) == best]
        return good[pick * 7 % len(good)]

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

    def left_today(self, count: int) -> tuple[datetime, ...]:
        """When the doses still ahead today are: spread over the usual starts, else what remains."""
        midnight = at_local(self.today + timedelta(days=1), time(0), self.zone)
        usual = [at_local(self.today, start, self.zone) for start in _USUAL_STARTS]
        usual = [start for start in usual if start > self.now + _SOON]
        if len(usual) >= count:
            last = len(usual) - 1
            return tuple(usual[last * place // max(1, count - 1)] for place in range(count))
        after = usual[-1] if usual else self.now
        missing = count - len(usual)
        step = (midnight - after) / (missing + 1)
        coarse = 15 * _MINUTE if step > _HALF_HOUR else _MINUTE
        return (
            *usual,
            *(
                self._ahead_today(_rounded_up(after + step * place, coarse), midnight)
                for place in range(1, missing + 1)
            ),
        )

    def earlier_today(self) -> datetime:
        """The start of a session of today in which everything was given, as far as the day goes."""
        midnight = at_local(self.today, time(0), self.zone)
        hour = timedelta(hours=1)
        return self.between(max(midnight, self.now - 7 * hour), max(midnight, self.now - hour))

    def _ahead_today(self, moment: datetime, midnight: datetime) -> datetime:
        if moment < midnight:
            return moment
        last_minute = midnight - _MINUTE
        return last_minute if last_minute > self.now else midnight - timedelta(microseconds=1)

    def _half_hours(self, earliest: datetime, latest: datetime) -> Iterator[datetime]:
        at = _rounded_up(earliest, _HALF_HOUR)
        while at <= latest:
            yield at
            at += _HALF_HOUR

    def _oddness(self, moment: datetime) -> int:
        local = moment.astimezone(self.zone)
        if _WORKING.opens <= local.time() <= _WORKING.closes:
            return 0 if local.weekday() in _WORKING.weekdays else 1
        return 2 if _AWAKE[0] <= local.time() <= _AWAKE[1] else 3


def _working_day(on: date, *, back: bool) -> date:
    step = timedelta(days=-1 if back else 1)
    while on.weekday() not in _WORKING.weekdays:
        on += step
    return on


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _rounded_up(moment: datetime, step: timedelta) -> datetime:
    """The next multiple of `step` from `moment` on, counted from midnight UTC."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + -((midnight - moment) // step) * step
