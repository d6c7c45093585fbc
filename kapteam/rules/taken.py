"""When a measure counts as taken of which only the day is known (decision 57)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


def taken_on_day(on: date, now: datetime, zone: ZoneInfo, *, before_dose: bool) -> datetime:
    """The instant that stands for a day of the practice: its beginning, or its end as far as it is.

    A form counts as taken after the dose of its day unless somebody says that it was before: one
    that was, and nobody said so, is missed; one that was not would be taken for a baseline.
    """
    if before_dose:
        return _begins(on, zone)
    return min(now, _begins(on + _DAY, zone) - _MINUTE)


def _begins(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(0), zone).astimezone(UTC)
