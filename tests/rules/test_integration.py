"""The integration clock (rules 1 to 7, 9 and 12 of domain 8, as product.md amends them)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.integration import (
    IntegrationFacts,
    IntegrationStage,
    due_at,
    earliest_clock,
    held_in_time,
    judge,
)
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import Tone

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)
USUAL = Thresholds()
S = IntegrationStage


def _ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def _ahead(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def _judge(last_given_at=None, *, thresholds=USUAL, now=NOW, today=TODAY, **facts):
    return judge(IntegrationFacts(last_given_at, **facts), thresholds, now, today)


def test_rule_1_due_is_24_hours_after_the_last_administration():
    assert due_at(_ago(3), USUAL) == _ahead(21)


def test_rule_1_the_target_is_the_practices():
    assert due_at(NOW, Thresholds(integration_target_hours=36)) == _ahead(36)


def test_rule_1_hours_are_absolute_where_clocks_change():
    before = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
    assert due_at(before, USUAL) - before == timedelta(hours=24)


@pytest.mark.parametrize(
    ("hours", "stage", "tone", "past_hours"),
    [
        (0, S.NOT_BOOKED, Tone.PLAIN, None),
        (23.9, S.NOT_BOOKED, Tone.PLAIN, None),
        (24, S.NOT_BOOKED, Tone.PLAIN, None),
        (24.1, S.LATE, Tone.AMBER, None),
        (48, S.LATE, Tone.AMBER, None),
        (48.1, S.LATE, Tone.RED, None),
        (72, S.LATE, Tone.RED, None),
        (72.1, S.LATE, Tone.RED, 72),
        (1000, S.LATE, Tone.RED, 72),
    ],
)
def test_rule_1_not_booked_grows_late_at_24_48_and_72_hours(hours, stage, tone, past_hours):
    standing = _judge(_ago(hours))
    assert (standing.stage, standing.tone) == (stage, tone)
    assert standing.past_hours == past_hours
    assert standing.since == timedelta(hours=hours)
    assert standing.is_open


@pytest.mark.parametrize(("after", "stage"), [(24, S.BOOKED), (24.1, S.BOOKED_OUTSIDE)])
def test_a_booking_is_outside_the_window_also_before_its_dose(after, stage):
    standing = _judge(expected_at=_ahead(10), planned_at=_ahead(10 + after))
    assert standing.stage is stage
    assert (standing.due_at, standing.since) == (None, None)


def test_the_practices_own_hours_decide():
    slow = Thresholds(
        integration_target_hours=48, integration_late_hours=96, integration_past_hours=120
    )
    assert _judge(_ago(47), thresholds=slow).stage is S.NOT_BOOKED
    assert _judge(_ago(95), thresholds=slow).tone is Tone.AMBER
    assert _judge(_ago(121), thresholds=slow).past_hours == 120


def test_rule_2_an_estimated_clock_runs_like_a_recorded_one():
    standing = _judge(_ago(30), estimated=True)
    assert standing.stage is S.LATE
    assert standing.facts.estimated


def test_rule_5_a_corrected_end_of_the_dose_moves_what_is_due():
    assert _judge(_ago(25)).stage is S.LATE
    assert _judge(_ago(23)).stage is S.NOT_BOOKED


def test_rule_6_one_session_for_two_doses_runs_on_the_earlier_clock():
    first, second = (_ago(26), False), (_ago(6), True)
    for clocks in ([first, second], [second, first]):
        assert earliest_clock(clocks) == first
    assert earliest_clock([]) == (None, False)


def test_rule_6_two_doses_within_a_day_are_two_clocks():
    first, second = _judge(_ago(26)), _judge(_ago(4))
    assert (first.stage, second.stage) == (S.LATE, S.NOT_BOOKED)
    assert second.due_at - first.due_at == timedelta(hours=22)


@pytest.mark.parametrize(
    ("planned_at", "stage", "tone"),
    [
        (_ahead(2), S.BOOKED, Tone.BLUE),
        (_ahead(4), S.BOOKED, Tone.BLUE),
        (_ahead(4.1), S.BOOKED_OUTSIDE, Tone.AMBER),
        (_ago(1), S.BOOKED, Tone.BLUE),
        (_ago(1.1), S.WAS_THIS_HELD, Tone.AMBER),
    ],
)
def test_a_booking_is_inside_the_window_outside_it_or_past(planned_at, stage, tone):
    standing = _judge(_ago(20), planned_at=planned_at)
    assert (standing.stage, standing.tone) == (stage, tone)


def test_a_long_slot_is_asked_about_when_it_is_over():
    assert _judge(_ago(20), planned_at=_ago(1.4), planned_minutes=90).stage is S.BOOKED
    assert _judge(_ago(20), planned_at=_ago(1.6), planned_minutes=90).stage is S.WAS_THIS_HELD


def test_was_this_held_is_as_loud_as_it_is_late():
    assert _judge(_ago(50), planned_at=_ago(30)).tone is Tone.RED
    assert _judge(_ago(30), planned_at=_ago(6)).tone is Tone.AMBER


def test_a_booking_for_later_does_not_hide_that_it_is_late():
    standing = _judge(_ago(49), planned_at=_ahead(20))
    assert (standing.stage, standing.tone) == (S.LATE, Tone.RED)


def test_a_day_agreed_for_quiets_it_until_then_and_no_longer():
    assert _judge(_ago(60), agreed_for=TODAY).stage is S.AGREED
    assert _judge(_ago(60), agreed_for=TODAY).tone is Tone.PLAIN
    passed = _judge(_ago(60), agreed_for=TODAY - timedelta(days=1))
    assert (passed.stage, passed.tone) == (S.LATE, Tone.RED)


def test_held_stops_the_clock_and_waits_for_the_note():
    standing = _judge(_ago(100), held_at=_ago(80))
    assert (standing.stage, standing.tone) == (S.HELD, Tone.AMBER)
    assert standing.since == timedelta(hours=20)
    assert standing.past_hours is None
    assert not standing.is_open


def test_rule_1_done_is_held_and_signed():
    assert _judge(_ago(100), held_at=_ago(80), note_signed=True) is None


def test_a_signed_note_of_what_was_not_held_settles_nothing():
    assert _judge(_ago(100), note_signed=True).stage is S.LATE


def test_rule_12_without_a_dose_only_the_date_set_by_hand_counts():
    assert _judge(due_on=TODAY).stage is S.NOT_BOOKED
    late = _judge(due_on=TODAY - timedelta(days=40))
    assert (late.stage, late.tone) == (S.LATE, Tone.AMBER)
    assert (late.due_at, late.since, late.past_hours) == (None, None, None)


def test_rule_12_the_clock_never_runs_without_a_dose():
    standing = _judge(planned_at=_ahead(500))
    assert (standing.stage, standing.due_at) == (S.BOOKED, None)


def test_a_dose_decides_before_a_date_set_by_hand():
    assert _judge(_ago(2), due_on=TODAY - timedelta(days=9)).stage is S.NOT_BOOKED


@pytest.mark.parametrize(("hours", "in_time"), [(0, True), (24, True), (24.01, False)])
def test_on_time_is_judged_by_when_it_was_held(hours, in_time):
    assert held_in_time(_ahead(hours), NOW, USUAL) is in_time


instants = st.timedeltas(timedelta(days=-300), timedelta(days=300)).map(NOW.__add__)
facts = st.builds(
    IntegrationFacts,
    last_given_at=st.none() | instants,
    estimated=st.booleans(),
    planned_at=st.none() | instants,
    planned_minutes=st.integers(1, 240),
    due_on=st.none() | st.dates(),
    agreed_for=st.none() | st.dates(),
    held_at=st.none() | instants,
    note_signed=st.booleans(),
)


@given(facts, instants)
def test_nothing_disappears_unless_it_was_held_and_signed(found, now):
    standing = judge(found, USUAL, now, now.date())
    assert (standing is None) == (found.held_at is not None and found.note_signed)


@given(facts, instants)
def test_red_is_only_for_a_clock_that_has_passed_48_hours(found, now):
    standing = judge(found, USUAL, now, now.date())
    if standing is not None and standing.tone is Tone.RED:
        assert now - found.last_given_at > timedelta(hours=48)
        assert found.held_at is None


@given(facts, instants, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_waiting_never_makes_it_quieter_unless_a_day_was_agreed(found, now, later):
    loud = {Tone.RED: 3, Tone.AMBER: 2, Tone.BLUE: 1, Tone.PLAIN: 1}
    before = judge(found, USUAL, now, now.date())
    after = judge(found, USUAL, now + later, (now + later).date())
    if before is not None and found.agreed_for is None:
        assert loud[after.tone] >= loud[before.tone]
