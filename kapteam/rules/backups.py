"""When a backup is due, when its absence is loud, and which old ones are kept."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

NIGHTLY = time(2, 0)
"""When the practice sleeps; a machine that was off then makes it up when it is on again."""

LATE_AFTER = timedelta(hours=26)
_DAYS_KEPT = timedelta(days=14)
_MONTHS_KEPT = 12


def last_due(now: datetime, zone: ZoneInfo) -> datetime:
    """The last 2:00 am of the practice's clock at or before `now`."""
    local = now.astimezone(zone)
    due = datetime.combine(local.date(), NIGHTLY, tzinfo=zone)
    return due if due <= local else due - timedelta(days=1)


def is_due(last_good_at: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a 2:00 am has passed since the last good backup, or since the practice began."""
    return last_good_at < last_due(now, zone)


def is_late(last_good_at: datetime, now: datetime) -> bool:
    """Whether a day has passed without a good backup, which somebody has to look into."""
    return now - last_good_at > LATE_AFTER


def kept(made_at: Iterable[datetime], now: datetime, zone: ZoneInfo) -> frozenset[datetime]:
    """Those to keep: all of 14 days, then the last one of each month of the last twelve.

    The newest one stays however old it is.
    """
    all_of_them = sorted(made_at)
    keep = {at for at in all_of_them if now - at <= _DAYS_KEPT} | set(all_of_them[-1:])
    last_of_month = {_month(at, zone): at for at in all_of_them}
    this_month = _month(now, zone)
    keep |= {at for month, at in last_of_month.items() if this_month - month <= _MONTHS_KEPT}
    return frozenset(keep)


def _month(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.year * 12 + local.month
