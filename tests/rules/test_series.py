"""A series of ketamine sessions: the route it may be booked on, and whether it goes on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kapteam.rules.escalation import GivenDose
from kapteam.rules.series import (
    GivenSeries,
    SeriesCount,
    bookable_routes,
    goes_on,
    is_maintenance,
    measured_together,
    numbered,
    usual_ordered,
    usual_review_before,
)
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


@pytest.mark.parametrize(
    ("state", "days", "expected"),
    [
        (EpisodeState.MAINTENANCE, 5, True),
        (EpisodeState.MAINTENANCE, 10, True),
        # A dose from before that comes to light.
        (EpisodeState.MAINTENANCE, 11, False),
        (EpisodeState.SERIES, 5, False),
        (EpisodeState.SERIES_REVIEW, 5, False),
        (EpisodeState.CLOSED, 5, False),
    ],
)
def test_a_series_is_maintenance_if_it_began_in_it(state, days, expected):
    assert is_maintenance(NOW - days * DAY, state, NOW - 10 * DAY) is expected


def _given(number: int, *days: int, maintains: bool = False, route=IM) -> GivenSeries:
    doses = (GivenDose(f"{number}.{day}", NOW - day * DAY, 70_000) for day in days)
    return GivenSeries(route, maintains, tuple(doses))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), (None, (), 0)),
        ((_given(1, 40, 33),), (IM, ("1.40", "1.33"), 2)),
        # Maintenance goes on, by whatever route it is given, and so does a second one.
        (
            (_given(2, 9, maintains=True, route=SL), _given(1, 40, 33)),
            (IM, ("1.40", "1.33", "2.9"), 2),
        ),
        (
            (
                _given(1, 40),
                _given(2, 20, maintains=True),
                _given(3, 9, maintains=True, route=SL),
            ),
            (IM, ("1.40", "2.20", "3.9"), 1),
        ),
        # A new series after it stands by itself.
        ((_given(1, 90), _given(2, 60, maintains=True), _given(3, 9)), (IM, ("3.9",), 1)),
        (
            (_given(1, 90), _given(2, 40, route=SL), _given(3, 9, maintains=True)),
            (SL, ("2.40", "3.9"), 1),
        ),
        ((_given(1, 20, maintains=True), _given(2, 9, maintains=True)), (IM, ("1.20", "2.9"), 1)),
    ],
)
def test_rules_46_and_47_maintenance_is_judged_with_the_series_that_it_follows(given, expected):
    route, doses, of_series = measured_together(given)
    assert (route, tuple(one.session_id for one in doses), of_series) == expected


def test_rule_8_doses_are_numbered_as_they_were_given_or_are_planned():
    doses = [(NOW + DAY, "ahead"), (NOW - 7 * DAY, "first"), (NOW, "b"), (NOW, "a")]
    assert numbered(doses) == {"first": 1, "a": 2, "b": 3, "ahead": 4}
    assert numbered([]) == {}


@pytest.mark.parametrize(
    ("route", "ordered", "before"),
    [
        (ProductRoute.INTRAVENOUS, 6, 5),
        (ProductRoute.INTRAMUSCULAR, 6, 5),
        (ProductRoute.ESKETAMINE_NASAL, 8, 9),
        (ProductRoute.ESKETAMINE_NASAL, 12, 9),
        (ProductRoute.SUBLINGUAL, 6, 3),
        (ProductRoute.ORAL, 6, 3),
        # Once all of them were given is the latest; of a shorter series none is asked for.
        (ProductRoute.INTRAMUSCULAR, 4, 5),
        (ProductRoute.INTRAMUSCULAR, 3, 0),
        (ProductRoute.ESKETAMINE_NASAL, 3, 0),
        (ProductRoute.SUBLINGUAL, 1, 0),
        # While no number is ordered.
        (ProductRoute.ESKETAMINE_NASAL, None, 9),
    ],
)
def test_rule_53_when_a_series_is_usually_reviewed_depends_on_the_product(route, ordered, before):
    assert usual_review_before(route, ordered) == before


@pytest.mark.parametrize("route", [None, *ProductRoute])
def test_a_series_starts_from_a_number_whose_review_lies_in_it_or_at_its_end(route):
    ordered = usual_ordered(route)
    assert ordered == (8 if route is ProductRoute.ESKETAMINE_NASAL else 6)
    if route:
        assert 0 < usual_review_before(route, ordered) <= ordered + 1


@pytest.mark.parametrize(
    ("count", "left", "is_full", "is_due"),
    [
        (SeriesCount(6, 2, 2, 4), 2, False, False),
        (SeriesCount(6, 3, 1, 4), 2, False, True),
        (SeriesCount(6, 3, 1, 4, reviewed_before=4), 2, False, False),
        # Another review was ordered since the last one.
        (SeriesCount(8, 6, 0, 7, reviewed_before=4), 2, False, True),
        (SeriesCount(6, 4, 2), 0, True, False),
        (SeriesCount(6, 5, 2), 0, True, False),
        (SeriesCount(None, 3, 1), 0, False, False),
        (SeriesCount(1, 0, 0, 2), 1, False, False),
    ],
)
def test_what_is_left_of_a_series_and_whether_its_review_is_due(count, left, is_full, is_due):
    assert (count.left, count.is_full, count.is_review_due) == (left, is_full, is_due)


def test_the_session_after_a_review_that_did_not_take_place_is_one_to_ask_about():
    count = SeriesCount(6, 2, 1, 4)
    assert [count.is_unreviewed_at(number) for number in (3, 4, 5)] == [False, True, True]
    reviewed = replace(count, reviewed_before=4)
    assert not any(reviewed.is_unreviewed_at(number) for number in (3, 4, 5))
    assert not replace(count, review_before=None).is_unreviewed_at(5)
