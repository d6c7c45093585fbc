"""A series of ketamine sessions: the route it may be booked on, and whether it goes on."""

from datetime import UTC, datetime, timedelta

import pytest

from kapteam.rules.series import bookable_routes, goes_on, numbered
from kapteam.vocabulary import EpisodeState, ProductRoute

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
DAY = timedelta(days=1)
IM, SL = ProductRoute.INTRAMUSCULAR, ProductRoute.SUBLINGUAL


@pytest.mark.parametrize(
    ("prescribing", "running", "bookable"),
    [
        (True, None, (IM, SL)),
        (True, SL, (IM, SL)),
        (False, None, (IM, SL)),
        (False, SL, (SL,)),
        # No longer cleared, and still not for others to leave: the clearance refuses it.
        (False, ProductRoute.ORAL, (ProductRoute.ORAL,)),
    ],
)
def test_rule_15_only_a_prescriber_leaves_the_route_of_a_running_series(
    prescribing, running, bookable
):
    assert bookable_routes((IM, SL), running, prescribing=prescribing) == bookable


@pytest.mark.parametrize("prescribing", [True, False])
def test_rule_15_nothing_is_bookable_that_no_clearance_names(prescribing):
    assert bookable_routes((), None, prescribing=prescribing) == ()


@pytest.mark.parametrize(
    ("state", "days", "goes"),
    [
        (EpisodeState.SERIES, 20, True),
        (EpisodeState.MAINTENANCE, 20, False),
        (EpisodeState.MAINTENANCE, 10, True),
        (EpisodeState.MAINTENANCE, 5, True),
    ],
)
def test_rule_8_maintenance_is_counted_apart_from_the_series_before_it(state, days, goes):
    assert goes_on(NOW - days * DAY, state, NOW - 10 * DAY) is goes


def test_rule_8_doses_are_numbered_as_they_were_given_or_are_planned():
    doses = [(NOW + DAY, "ahead"), (NOW - 7 * DAY, "first"), (NOW, "b"), (NOW, "a")]
    assert numbered(doses) == {"first": 1, "a": 2, "b": 3, "ahead": 4}
    assert numbered([]) == {}
