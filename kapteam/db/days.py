"""The practice's calendar day in a statement, which neither engine knows by itself."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, case, cast, extract

_DAY = timedelta(days=1)
_SECONDS_OF_A_DAY = 86_400
_SINCE = datetime(2000, 1, 1, tzinfo=UTC)
"""Before it a zone is taken to be as it was then; nobody was given ketamine for this earlier."""


def seconds(instant: Any) -> ColumnElement[int]:
    """An instant in whole seconds, to reckon with."""
    return cast(extract("epoch", instant), Integer)


def day_number(instant: Any, zone: ZoneInfo, until: datetime) -> ColumnElement[int]:
    """On which day of the practice an instant is, numbered from one to the next (rule 9).

    `until` is after every instant that is asked about.
    """
    first, *later = reversed(_offsets(zone, until.astimezone(UTC).year))
    ahead = _whole(first[1])
    if later:
        ahead = case(
            *((instant >= since, _whole(offset)) for since, offset in (first, *later[:-1])),
            else_=_whole(later[-1][1]),
        )
    day: ColumnElement[int] = (seconds(instant) + ahead) // _SECONDS_OF_A_DAY
    return day


def _whole(offset: timedelta) -> Any:
    return int(offset.total_seconds())


@lru_cache
def _offsets(zone: ZoneInfo, last_year: int) -> tuple[tuple[datetime, timedelta], ...]:
    """How far a zone is ahead of UTC, from when on, the earliest first."""
    found = [(_SINCE, _offset(_SINCE, zone))]
    at = _SINCE
    while at.year <= last_year:
        before, at = at, at + _DAY
        if _offset(at, zone) != found[-1][1]:
            found.append((_change(before, at, zone), _offset(at, zone)))
    return tuple(found)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second from which on a zone is as it is at `after`, and not as at `before`."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _offset(middle, zone) == _offset(after, zone):
            after = middle
        else:
            before = middle
    return after


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    if offset is None:
        raise ValueError(f"{zone} has no offset.")
    return offset
