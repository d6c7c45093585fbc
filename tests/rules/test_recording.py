"""What may be planned, what may have happened, and what of it went beyond what was allowed."""

from datetime import UTC, datetime, timedelta

import pytest

from kapteam.rules.ceiling import Ceiling, above_given
from kapteam.rules.recording import (
    breaches,
    entered_late,
    not_of_visit,
    not_plannable,
    not_possible,
    off_plan,
    out_of_order,
)
from kapteam.vocabulary import ConsentType

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


def _hours(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        (7, "This is 7\u00a0hr before the planned time."),
        (2.1, "before"),
        (2, ""),
        (0, ""),
        (-9, ""),
    ],
)
def test_a_dose_hours_before_its_plan_asks_for_a_reason(hours, says):
    assert says in (off_plan(_hours(-hours), NOW) or "")
    assert bool(off_plan(_hours(-hours), NOW)) is bool(says)


@pytest.mark.parametrize("hours", [0.5, 24, 24 * 365])
def test_what_lies_ahead_can_be_planned(hours):
    assert not_plannable(_hours(hours), NOW) is None


@pytest.mark.parametrize(
    ("hours", "says"), [(0, "passed"), (-1, "passed"), (24 * 367, "more than a year")]
)
def test_the_past_and_a_mistyped_year_cannot_be_planned(hours, says):
    assert says in (not_plannable(_hours(hours), NOW) or "")


@pytest.mark.parametrize("hours", [0, -1, -24 * 400])
def test_what_was_can_have_happened(hours):
    assert not_possible(_hours(hours), NOW) is None


def test_rule_36_the_future_cannot_have_happened():
    assert "future" in (not_possible(_hours(0.1), NOW) or "")


@pytest.mark.parametrize(("hours", "is_of_it"), [(-24, True), (24, True), (-24.1, False)])
def test_what_is_more_than_a_day_away_is_of_no_visit(hours, is_of_it):
    assert (not_of_visit(_hours(hours), NOW) is None) == is_of_it


@pytest.mark.parametrize(("days", "says"), [(0, ""), (7, ""), (8, "8 days after"), (400, "400")])
def test_what_is_entered_more_than_a_week_late_asks_for_a_reason(days, says):
    assert says in (entered_late(_hours(-24 * days), NOW) or "")
    assert bool(entered_late(_hours(-24 * days), NOW)) is bool(says)


def test_a_session_in_order_has_no_contradiction_even_past_midnight():
    times = [_hours(hours) for hours in (12, 13, 14, 14, 16)]
    assert out_of_order(*times) == {}


def test_times_that_are_not_known_contradict_nothing():
    assert out_of_order(None, None, None, None, None) == {}
    assert out_of_order(None, NOW, NOW, None, None) == {}


@pytest.mark.parametrize(
    ("arrived", "first", "last", "stopped", "out", "field"),
    [
        (2, 1, 1, None, None, "arrived"),
        (0, 1, 3, 2, None, "stopped"),
        (0, 1, 3, None, 2, "discharged"),
        (0, 1, 2, 4, 3, "discharged"),
        (2, None, None, None, 1, "discharged"),
        (0, 25, 25, None, None, "arrived"),
        (0, 1, 1, None, 26, "discharged"),
    ],
)
def test_each_contradiction_is_said_beside_one_of_the_two(
    arrived, first, last, stopped, out, field
):
    times = [None if one is None else _hours(one) for one in (arrived, first, last, stopped, out)]
    assert set(out_of_order(*times)) == {field}


def test_a_dose_within_everything_is_no_breach():
    found = breaches(
        missing_clearance=None,
        missing_consents=(),
        on_hold=False,
        above_ceiling=None,
        beyond_order=None,
    )
    assert found == ()


def test_rules_21_22_and_35_every_breach_has_its_sentence():
    found = breaches(
        missing_clearance="a clearance by the prescriber",
        missing_consents=(ConsentType.KAP_TREATMENT, ConsentType.OFF_LABEL),
        on_hold=True,
        above_ceiling=above_given(Ceiling(ug=70_000), 70_001, None),
        beyond_order="This is more than was ordered.",
    )
    assert [sentence.replace("\u00a0", " ") for sentence in found] == [
        "Missing on that day: a clearance by the prescriber.",
        "Not in date on that day: consents “KAP treatment” and “Off-label use”.",
        "The course was on hold.",
        "This is more than the 70 mg that the clearance allows.",
        "This is more than was ordered.",
    ]
