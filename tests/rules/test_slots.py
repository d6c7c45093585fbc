"""Proposed integration slots: inside the window where one is free, else the first after it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from kapteam.rules.integration import due_at
from kapteam.rules.slots import (
    USUAL_HOURS,
    WORKING_DAYS,
    Busy,
    Closure,
    OpeningHours,
    begins_too_soon,
    not_free,
    propose,
    read_hours,
)
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import Weekday

PHOENIX = ZoneInfo("America/Phoenix")
HOUR = timedelta(hours=1)
USUAL = Thresholds()


def _at(day: int, hour: int, minute: int = 0, zone: ZoneInfo = PHOENIX) -> datetime:
    """November 2026 in the practice's zone; the 24th is a Tuesday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=zone).astimezone(UTC)


DOSE = _at(24, 14, 30)
MORNING = _at(24, 9)


def test_a_free_window_offers_every_whole_and_half_hour_of_the_next_day_until_24_hours_are_over():
    proposal = propose(DOSE, USUAL, [], HOUR, MORNING, PHOENIX, USUAL_HOURS)
    assert proposal.inside_window
    assert proposal.said == ""
    assert proposal.slots[0] == _at(25, 8)
    assert proposal.slots[1] == _at(25, 8, 30)
    assert proposal.slots[-1] == _at(25, 14, 30) == due_at(DOSE, USUAL)
    assert len(proposal.slots) == 14


def test_nothing_is_proposed_on_the_day_of_the_dose():
    proposal = propose(_at(24, 9), USUAL, [], HOUR, _at(24, 8), PHOENIX, USUAL_HOURS)
    assert [slot.astimezone(PHOENIX).day for slot in proposal.slots] == [25, 25, 25]


def test_rule_7_nothing_is_proposed_before_the_dose():
    proposal = propose(DOSE, USUAL, [], HOUR, MORNING, PHOENIX, USUAL_HOURS)
    assert all(slot >= DOSE for slot in proposal.slots)


def test_what_the_therapist_has_booked_is_left_out():
    busy = [Busy(_at(25, 9), _at(25, 10)), Busy(_at(25, 13, 15), _at(25, 13, 45))]
    slots = propose(DOSE, USUAL, busy, HOUR, MORNING, PHOENIX, USUAL_HOURS).slots
    assert _at(25, 8) in slots
    assert _at(25, 10) in slots
    taken = {(8, 30), (9, 0), (9, 30), (12, 30), (13, 0), (13, 30)}
    offered = {(s.astimezone(PHOENIX).hour, s.astimezone(PHOENIX).minute) for s in slots}
    assert not taken & offered


def test_a_full_window_offers_the_first_free_time_after_it_and_says_so():
    busy = [Busy(_at(25, 8), _at(25, 16))]
    proposal = propose(DOSE, USUAL, busy, HOUR, MORNING, PHOENIX, USUAL_HOURS)
    assert proposal.slots == (_at(25, 16),)
    assert not proposal.inside_window
    assert proposal.said.replace("\u00a0", " ") == (
        "No time is free within 24 hours of the dose. This is the first after it."
    )


def test_a_friday_dose_is_offered_monday_because_the_practice_is_closed():
    proposal = propose(_at(27, 11), USUAL, [], HOUR, _at(27, 9), PHOENIX, USUAL_HOURS)
    assert proposal.slots == (_at(30, 8),)
    assert not proposal.inside_window


def test_a_practice_that_opens_on_saturday_offers_saturday():
    hours = OpeningHours(weekdays=WORKING_DAYS | {Weekday.SATURDAY})
    proposal = propose(_at(27, 11), USUAL, [], HOUR, _at(27, 9), PHOENIX, hours)
    assert proposal.inside_window
    assert proposal.slots[0] == _at(28, 8)


@pytest.mark.parametrize("minutes", [30, 60, 90])
def test_the_last_start_of_a_day_leaves_room_to_end_before_closing(minutes):
    length = timedelta(minutes=minutes)
    slots = propose(_at(24, 18), USUAL, [], length, MORNING, PHOENIX, USUAL_HOURS).slots
    assert slots[-1] + length == _at(25, 18)


def test_nothing_is_proposed_in_the_past_for_a_dose_that_was_given_long_ago():
    now = _at(26, 9, 10)
    proposal = propose(_at(24, 14, 30), USUAL, [], HOUR, now, PHOENIX, USUAL_HOURS)
    assert proposal.slots == (_at(26, 9, 30),)
    assert not proposal.inside_window


def test_a_therapist_who_is_never_free_gets_no_slot_and_a_sentence():
    forever = [Busy(_at(1, 0), _at(1, 0) + timedelta(days=100))]
    proposal = propose(DOSE, USUAL, forever, HOUR, MORNING, PHOENIX, USUAL_HOURS)
    assert proposal.slots == ()
    assert "Type a time" in proposal.said


def test_the_window_is_the_practices_own():
    proposal = propose(
        DOSE, Thresholds(integration_target_hours=20), [], HOUR, MORNING, PHOENIX, USUAL_HOURS
    )
    assert proposal.slots[-1] == _at(25, 10, 30)


def test_rule_70_slots_are_wall_clock_times_where_clocks_change():
    los_angeles = ZoneInfo("America/Los_Angeles")
    # The clocks go back in the night to Sunday, November 1, 2026.
    hours = OpeningHours(weekdays=frozenset(Weekday))
    dose = datetime(2026, 10, 31, 14, 30, tzinfo=los_angeles).astimezone(UTC)
    slots = propose(dose, USUAL, [], HOUR, dose, los_angeles, hours).slots
    assert slots[0].astimezone(los_angeles).hour == 8
    assert slots[-1] == due_at(dose, USUAL)
    assert slots[-1].astimezone(los_angeles).hour == 13


@pytest.mark.parametrize(
    ("at", "says"),
    [
        (_at(25, 8), None),
        (_at(25, 17), None),
        (_at(25, 17, 30), "opening hours"),
        (_at(25, 7, 30), "opening hours"),
        (_at(25, 23, 30), "opening hours"),
        (_at(28, 10), "opening hours"),
        (_at(25, 10, 30), "another integration"),
        (_at(25, 9), None),
    ],
)
def test_what_is_closed_or_taken_is_not_free(at, says):
    taken = [Busy(_at(25, 10), _at(25, 11))]
    found = not_free(at, HOUR, taken, PHOENIX, USUAL_HOURS)
    assert (found is None) is (says is None)
    assert says is None or says in found


def test_nothing_is_proposed_on_a_day_on_which_the_practice_is_closed():
    closed = Closure(_at(25, 0).date(), _at(26, 12).date(), "Thanksgiving")
    hours = OpeningHours(closures=(closed,))
    proposal = propose(DOSE, USUAL, [], HOUR, MORNING, PHOENIX, hours)
    assert proposal.slots == (_at(27, 8),)
    assert not proposal.inside_window
    assert "(Thanksgiving)" in (not_free(_at(25, 10), HOUR, [], PHOENIX, hours) or "")
    assert not_free(_at(27, 10), HOUR, [], PHOENIX, hours) is None


def test_nothing_is_proposed_while_the_therapist_is_away():
    away = [Busy(_at(25, 0), _at(26, 0), is_away=True)]
    assert propose(DOSE, USUAL, away, HOUR, MORNING, PHOENIX, USUAL_HOURS).slots == (_at(26, 8),)
    said = not_free(_at(25, 10), HOUR, away, PHOENIX, USUAL_HOURS)
    assert said == "when its therapist is away"


@pytest.mark.parametrize(
    "hours",
    [
        USUAL_HOURS,
        OpeningHours(time(0), time(23, 59), frozenset(Weekday)),
        OpeningHours(time(6, 15), time(6, 45), frozenset({Weekday.SUNDAY})),
    ],
)
def test_opening_hours_are_read_as_they_were_stored(hours):
    assert read_hours(hours.stored()) == hours


@pytest.mark.parametrize(
    ("after", "day"),
    [
        (date(2026, 11, 24), date(2026, 11, 25)),
        (date(2026, 11, 25), date(2026, 11, 30)),
        (date(2026, 11, 28), date(2026, 11, 30)),
    ],
)
def test_the_next_open_day_is_neither_a_weekend_nor_a_closed_day(after, day):
    closed = Closure(date(2026, 11, 26), date(2026, 11, 27), "Thanksgiving")
    assert replace(USUAL_HOURS, closures=(closed,)).next_open_day(after) == day


def test_a_practice_that_is_closed_for_weeks_is_looked_at_again_tomorrow():
    closed = Closure(date(2026, 11, 1), date(2027, 3, 1), "Moving")
    hours = replace(USUAL_HOURS, closures=(closed,))
    assert hours.next_open_day(date(2026, 11, 24)) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("minutes", "asked"),
    [(-90, True), (-1, True), (0, True), (29, True), (30, False), (20 * 60, False)],
)
def test_what_begins_in_the_ketamine_session_or_right_after_it_is_asked_about(minutes, asked):
    ends_at = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)
    assert begins_too_soon(ends_at + timedelta(minutes=minutes), ends_at) is asked


def test_where_no_session_is_known_nothing_is_asked():
    assert not begins_too_soon(datetime(2026, 11, 25, 22, 30, tzinfo=UTC), None)
