"""Rule 37: doses that rise, or come closer together, more than is usual; raised once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kapteam.rules.escalation import GivenDose, closer, rising

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def _series(*mg: int, every: int = 7) -> list[GivenDose]:
    """Weekly doses of so many mg, named by their place."""
    return [
        GivenDose(str(place), NOW + place * every * DAY, each * 1000)
        for place, each in enumerate(mg, 1)
    ]


def _apart(*days: int) -> list[GivenDose]:
    """Doses of 70 mg, so many days apart."""
    at = [sum(days[:number]) for number in range(len(days) + 1)]
    return [GivenDose(str(place), NOW + day * DAY, 70_000) for place, day in enumerate(at, 1)]


@pytest.mark.parametrize(
    ("mg", "since", "words"),
    [
        ((), None, ""),
        ((70,), None, ""),
        # A first, low test dose is none of the three, and not what the others are held against.
        ((30, 70), None, ""),
        ((30, 70, 80, 90), None, ""),
        ((30, 70, 80, 90, 100), "5", "70 mg, 80 mg, 90 mg, 100 mg"),
        ((70, 70, 75, 80, 85), "5", "70 mg, 75 mg, 80 mg, 85 mg"),
        ((70, 70, 75, 75, 80, 85), None, ""),
        ((70, 70, 105), None, ""),
        ((70, 70, 106), "3", "106 mg, 51 % above the first full dose of 70 mg"),
        # Spravato goes from 56 to 84 mg as its label says.
        ((56, 84, 84, 84), None, ""),
        # It was raised with the third rise, and stays raised at the same dose.
        ((70, 70, 75, 80, 85, 90, 90), "5", "70 mg, 75 mg, 80 mg, 85 mg"),
        # A lower dose undoes it, whatever comes after that one.
        ((70, 70, 110, 70, 100), None, ""),
        ((70, 70, 75, 80, 85, 80), None, ""),
        ((70, 70, 110, 70), None, ""),
    ],
)
def test_doses_that_rise(mg, since, words):
    found = rising(_series(*mg), None)
    assert (found.session_id if found else None) == since
    assert (found.words if found else "").replace("\N{NO-BREAK SPACE}", " ") == words


def test_what_a_prescriber_decided_on_is_raised_again_only_by_a_further_rise():
    doses = _series(70, 70, 75, 80, 85, 85, 90)
    third, flat, fourth = doses[4], doses[5], doses[6]
    assert rising(doses[:5], third.at) is None
    assert rising(doses[:6], third.at) is None
    assert rising(doses, flat.at) is None
    again = rising(_series(70, 70, 75, 80, 85, 90), third.at)
    assert again is not None
    assert again.session_id == "6"
    assert rising(doses, fourth.at) is None


@pytest.mark.parametrize(
    ("days", "since", "words"),
    [
        ((7, 7, 7, 7), None, ""),
        ((9, 7, 5), None, ""),
        ((9, 7, 5, 3), "5", "9, 7, 5, 3 days apart"),
        ((9, 7, 7, 5, 3), None, ""),
        ((9, 7, 5, 3, 2), "5", "9, 7, 5, 3 days apart"),
        # The next one came later again.
        ((9, 7, 5, 3, 7), None, ""),
        ((14, 7, 5, 3, 3), "5", "14, 7, 5, 3 days apart"),
    ],
)
def test_doses_that_come_closer_together(days, since, words):
    found = closer(_apart(*days), None)
    assert (found.session_id if found else None) == since
    assert (found.words if found else "") == words


@given(st.lists(st.integers(10, 400), max_size=12), st.randoms())
def test_doses_that_never_rise_are_never_raised_in_whatever_order_they_are_read(mg, random):
    doses = _series(*sorted(mg, reverse=True))
    random.shuffle(doses)
    assert rising(doses, None) is None


@given(st.lists(st.integers(1, 30), max_size=12))
def test_equal_or_longer_intervals_are_never_raised(days):
    assert closer(_apart(*sorted(days)), None) is None


@example([10, 10, 17, 10, 16, 17], 16)
@given(st.lists(st.integers(10, 400), min_size=2, max_size=12), st.integers(10, 400))
def test_it_is_raised_once(mg, next_mg):
    """Whatever comes next, it stays where it was raised, or is over."""
    before, after = rising(_series(*mg), None), rising(_series(*mg, next_mg), None)
    if before:
        assert after in (before, None)
