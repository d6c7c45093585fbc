"""Weights: what is taken for meant, and how long one is good."""

from datetime import date, timedelta

import pytest

from kapteam.rules.weights import check_weight, differs, is_good

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("grams", "good"), [(30_000, True), (29_999, False), (250_000, True), (250_001, False)]
)
def test_outside_of_30_to_250_kg_it_is_a_slip_and_said_with_both_units(grams, good):
    said = check_weight(grams)

    assert (said is None) is good
    assert good or "kg and lb" in said


@pytest.mark.parametrize(
    ("grams", "before", "expected"),
    [
        (88_000, 80_000, False),
        (88_001, 80_000, True),
        (71_999, 80_000, True),
        (200_000, None, False),
    ],
)
def test_more_than_a_tenth_away_from_the_last_is_asked_about(grams, before, expected):
    assert differs(grams, before) is expected


def test_it_is_good_for_90_days_and_not_into_a_new_series():
    assert is_good(TODAY - 90 * DAY, None, TODAY)
    assert not is_good(TODAY - 91 * DAY, None, TODAY)
    assert is_good(TODAY - 10 * DAY, TODAY - 10 * DAY, TODAY)
    assert not is_good(TODAY - 11 * DAY, TODAY - 10 * DAY, TODAY)
