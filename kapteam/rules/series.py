"""A series of ketamine sessions: its route, whether it goes on, and the numbers of its doses."""

from collections.abc import Iterable, Mapping, Sequence
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


def numbered(doses: Iterable[tuple[datetime, str]]) -> Mapping[str, int]:
    """Rule 8: the place in their series of doses that were given or are still to come.

    Each is when it was given, else is planned, and its id; what was never given has no place.
    """
    return {id_: number for number, (_, id_) in enumerate(sorted(doses), 1)}
