"""A series of ketamine sessions: on which route it may be booked, and whether it goes on."""

from collections.abc import Sequence
from datetime import datetime

from kapteam.vocabulary import EpisodeState, ProductRoute


def bookable_routes(
    cleared: Sequence[ProductRoute], running: ProductRoute | None, *, prescribing: bool
) -> tuple[ProductRoute, ...]:
    """Rule 15: what a booking may be for; only a prescriber leaves the route of a running series.

    Without one anybody books what the prescriber's clearance names: each of it was decided there.
    """
    return tuple(cleared) if prescribing or running is None else (running,)


def goes_on(started_at: datetime, state: EpisodeState, state_since: datetime) -> bool:
    """Rule 8: whether an open series takes the next dose; maintenance is counted apart from it."""
    return not (state is EpisodeState.MAINTENANCE and started_at < state_since)
