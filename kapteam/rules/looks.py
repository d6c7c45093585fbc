"""Since when something on a client's page is new to one person: this visit, and the one before."""

from dataclasses import dataclass
from datetime import datetime, timedelta

VISIT = timedelta(minutes=30)
"""Ours: who comes back later than this looks anew; until then what was new goes on to be shown."""
_KEPT_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Look:
    """When one person had a client's page before them last, and when in the visit before that.

    `before_at` is None in the first visit of all.
    """

    looked_at: datetime
    before_at: datetime | None


def new_since(last: Look | None, now: datetime) -> datetime | None:
    """What was saved after this is new to whoever looks at `now`.

    None who looks for the first time: all of it is, so nothing is said.
    """
    if last is None:
        return None
    return last.looked_at if now - last.looked_at >= VISIT else last.before_at


def next_look(last: Look | None, now: datetime) -> Look | None:
    """What is to be kept of looking at `now`; None while that says no more than what is kept.

    A visit is kept as a few instants, not as one for each time that the page is drawn. What was
    saved in between may be shown twice; nothing is left out.
    """
    if last is not None and now - last.looked_at < _KEPT_EVERY:
        return None
    return Look(now, new_since(last, now))
