"""A series of ketamine sessions: its route, whether it goes on, its numbers, and its review."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kapteam.rules.escalation import GivenDose
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


def is_maintenance(started_at: datetime, state: EpisodeState, state_since: datetime) -> bool:
    """Whether a series that begins then is one of maintenance."""
    return state is EpisodeState.MAINTENANCE and started_at >= state_since


@dataclass(frozen=True, slots=True)
class GivenSeries:
    """What was given of one series, by time; none has no dose."""

    product_route: ProductRoute
    is_maintenance: bool
    doses: tuple[GivenDose, ...]


def measured_together(
    given: Iterable[GivenSeries],
) -> tuple[ProductRoute | None, tuple[GivenDose, ...], int]:
    """The route and the doses, by time, that the scores of a course are judged by now.

    Last how many of the doses are of the series itself, and not of the maintenance after it.

    Of the series given last; maintenance goes on with the series that it follows (rules 46 and
    47): what that one reached is the gain, and no baseline that is low.
    """
    latest_first = sorted(given, key=lambda one: one.doses[-1].at, reverse=True)
    together: list[GivenSeries] = []
    for one in latest_first:
        together.append(one)
        if not one.is_maintenance:
            break
    doses = (dose for one in together for dose in one.doses)
    in_order = tuple(sorted(doses, key=lambda one: (one.at, one.session_id)))
    if not together:
        return None, in_order, 0
    return together[-1].product_route, in_order, len(together[-1].doses)


def numbered(doses: Iterable[tuple[datetime, str]]) -> Mapping[str, int]:
    """Rule 8: the place in their series of doses that were given or are still to come.

    Each is when it was given, else is planned, and its id; what was never given has no place.
    """
    return {id_: number for number, (_, id_) in enumerate(sorted(doses), 1)}


_REVIEW_BEFORE = {
    ProductRoute.ESKETAMINE_NASAL: 9,
    ProductRoute.SUBLINGUAL: 3,
    ProductRoute.ORAL: 3,
}
_AFTER_THE_FOURTH = 5
_USUAL_ORDERED, _WEEKS_1_TO_4 = 6, 8


def usual_ordered(product_route: ProductRoute | None) -> int:
    """How many sessions an order of a series starts from, for who orders it (domain 1.3).

    Six; of Spravato the eight of weeks 1 to 4, at whose end the label asks whether it helped.
    """
    return _WEEKS_1_TO_4 if product_route is ProductRoute.ESKETAMINE_NASAL else _USUAL_ORDERED


def usual_review_before(product_route: ProductRoute, ordered: int | None) -> int:
    """The number of the session before which the pair usually looks back, for who orders it.

    0 (no review) where the series is over by then. Product.md (reviews are per product), rule 53:
    after dose 4; Spravato after week 4, which has eight doses; lozenges after the two of the start
    (domain 1.3).
    """
    usual = _REVIEW_BEFORE.get(product_route, _AFTER_THE_FOURTH)
    return 0 if ordered is not None and usual > last_review_before(ordered) else usual


def last_review_before(ordered: int) -> int:
    """The latest review that a series of so many sessions can have: once all were given."""
    return ordered + 1


@dataclass(frozen=True, slots=True)
class SeriesCount:
    """How far a series is: ordered (None: not yet), given, booked (rule 8), and its review.

    `review_before` is the number of the session before which the pair reviews, None where no
    prescriber asked for it; `reviewed_before` the latest such number that was reviewed.
    """

    ordered: int | None
    given: int
    booked: int
    review_before: int | None = None
    reviewed_before: int | None = None

    @property
    def next_number(self) -> int:
        """Which one the next booking would be."""
        return self.given + self.booked + 1

    @property
    def left(self) -> int:
        """How many ordered sessions are neither given nor booked; 0 while no number is ordered."""
        return max(0, (self.ordered or 0) - self.given - self.booked)

    @property
    def is_full(self) -> bool:
        """Whether one more would go beyond the number ordered (rule 15)."""
        return self.ordered is not None and self.next_number > self.ordered

    @property
    def awaits_review(self) -> bool:
        """Whether a review was asked for and nobody has recorded it."""
        return self.review_before is not None and (self.reviewed_before or 0) < self.review_before

    def is_unreviewed_at(self, number: int) -> bool:
        """Whether the session of that number has a review before it that did not take place."""
        return self.awaits_review and number >= (self.review_before or 0)

    @property
    def is_review_due(self) -> bool:
        """Whether the next session to be given is one that the review comes before."""
        return self.is_unreviewed_at(self.given + 1)
