"""When a reading is due, from when on a client may leave, and what is entered late."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from kapteam.rules.dosing import Given
from kapteam.rules.monitoring import (
    DueReading,
    ReadingStage,
    counts_from,
    earliest_out,
    is_entered_late,
    minutes_due,
    next_reading,
    out_too_early,
    read_again_after,
    read_due,
)
from kapteam.rules.signals import SeenReading, in_session
from kapteam.rules.thresholds import Thresholds
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import ProductRoute

AT = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
USUAL = (15, 30, 45, 60)
DOSE = Given(AT, None, 70_000)
DEVICES = tuple(Given(AT + place * 5 * MINUTE, None, 28_000) for place in range(3))


def _next(taken, *, given=True, out=False, minutes=USUAL, stays=60):
    found = next_reading(
        [AT + one * MINUTE for one in taken],
        AT if given else None,
        minutes,
        AT + stays * MINUTE if given else None,
        is_out=out,
    )
    if found is None:
        return None
    return found.stage if found.minutes is None else found.minutes


@pytest.mark.parametrize(
    ("taken", "due"),
    [
        ([], ReadingStage.BEFORE),
        ([-10], None),
    ],
)
def test_before_the_dose_one_reading_is_due(taken, due):
    assert _next(taken, given=False) is due


@pytest.mark.parametrize(
    ("taken", "due"),
    [
        # One before the dose answers for none after it.
        ([-10], 15),
        ([], 15),
        ([10], 30),
        ([9], 15),
        ([16], 30),
        # What was missed is not made up for.
        ([31], 45),
        ([15, 30, 45], 60),
        # The last of them is near enough to the earliest time of leaving to be that one as well.
        ([15, 30, 45, 60], None),
        ([15, 30, 45, 55], None),
    ],
)
def test_a_reading_answers_for_those_that_were_due_before_it(taken, due):
    assert _next(taken) == due


def _read(minutes: int, **figures) -> SeenReading:
    usual = {"pressure": None, "oxygen": None}
    return SeenReading(str(minutes), AT + minutes * MINUTE, **(usual | figures))


@pytest.mark.parametrize(
    ("readings", "minutes", "is_oxygen"),
    [
        ([], None, False),
        ([_read(20, pressure=Pressure(179, 109))], None, False),
        ([_read(20, pressure=Pressure(185, 112))], 30, False),
        ([_read(20, oxygen=86)], 30, True),
        ([_read(20, oxygen=92)], None, False),
        # The next one that is as it should be settles it; another red one is read once more.
        ([_read(20, pressure=Pressure(185, 112)), _read(29, pressure=Pressure(150, 90))], None, 0),
        ([_read(20, pressure=Pressure(185, 112)), _read(29, pressure=Pressure(181, 90))], 39, 0),
        # A pressure says nothing of the oxygen that was low.
        ([_read(20, oxygen=86), _read(25, pressure=Pressure(128, 82))], 30, True),
    ],
)
def test_what_is_red_is_read_again_in_ten_minutes(readings, minutes, is_oxygen):
    found = read_again_after(in_session(readings, (), Thresholds(), AT))
    assert (found and found.at) == (None if minutes is None else AT + minutes * MINUTE)
    assert bool(found and found.is_oxygen) is bool(is_oxygen)


@pytest.mark.parametrize(
    ("red_minutes", "due"),
    [
        # Before what the order has next, never after it.
        (16, ReadingStage.AGAIN),
        (25, 30),
        (None, 30),
    ],
)
def test_it_comes_before_what_the_order_has_next_and_never_puts_that_off(red_minutes, due):
    red = (
        None
        if red_minutes is None
        else DueReading(ReadingStage.AGAIN, AT + (red_minutes + 10) * MINUTE)
    )
    found = next_reading([AT + 16 * MINUTE], AT, USUAL, AT + 60 * MINUTE, is_out=False, red=red)
    assert (found.stage if found.minutes is None else found.minutes) == due


def test_before_they_leave_one_is_due_that_is_not_long_before():
    assert _next([15, 30, 45, 60], stays=90) is ReadingStage.LEAVING
    assert _next([15, 30, 45, 60, 76], stays=90) is None
    assert _next([], minutes=()) is ReadingStage.LEAVING


@pytest.mark.parametrize("taken", [[], [15], [-10, 15, 30]])
def test_nothing_is_due_of_who_is_out(taken):
    assert _next(taken, out=True) is None


@for_all(
    taken=st.lists(st.integers(-60, 400), max_size=8),
    minutes=st.lists(st.integers(1, 300), max_size=6, unique=True).map(tuple),
    stays=st.integers(0, 300),
)
def test_a_reading_right_at_its_time_always_answers_for_it(taken, minutes, stays):
    found = _next(taken, minutes=minutes, stays=stays)
    at = {ReadingStage.LEAVING: stays}.get(found, found)
    if at is not None:
        assert _next([*taken, at], minutes=minutes, stays=stays) != found


@pytest.mark.parametrize("route", list(ProductRoute))
def test_as_ordered_else_as_is_usual_for_the_product(route):
    assert minutes_due("20 40", route) == (20, 40)
    # None between is an order as well.
    assert minutes_due("", route) == ()
    injected = {ProductRoute.INTRAVENOUS, ProductRoute.INTRAMUSCULAR, ProductRoute.SUBCUTANEOUS}
    nasal = {ProductRoute.ESKETAMINE_NASAL: (40,)}
    assert minutes_due(None, route) == (USUAL if route in injected else nasal.get(route, ()))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("15, 30,60", "15 30 60"), ("60 15 15", "15 60"), ("", ""), (" 40 ", "40"), ("480", "480")],
)
def test_minutes_as_typed(typed, kept):
    assert read_due(typed) == kept


@pytest.mark.parametrize(
    "typed", ["a", "15 min", "-5", "0", "481", "1000", "1.5", " ".join(map(str, range(1, 14)))]
)
def test_minutes_that_cannot_be_are_refused_with_a_sentence(typed):
    with pytest.raises(ValueError, match=r"^Enter "):
        read_due(typed)


def test_rule_38_of_spravato_all_counts_from_the_last_device():
    assert counts_from(DEVICES, ProductRoute.ESKETAMINE_NASAL) == AT + 10 * MINUTE
    assert earliest_out(
        DEVICES, ProductRoute.ESKETAMINE_NASAL, Thresholds(observation_minutes=0)
    ) == AT + timedelta(minutes=130)
    # Of other products from the first dose, and the practice says how long they stay.
    boosted = (DOSE, Given(AT + 15 * MINUTE, None, 20_000))
    assert counts_from(boosted, ProductRoute.INTRAMUSCULAR) == AT
    assert earliest_out(boosted, ProductRoute.INTRAMUSCULAR, Thresholds()) == AT + 75 * MINUTE


def test_nothing_given_is_no_time_to_leave():
    assert earliest_out((), ProductRoute.ORAL, Thresholds()) is None
    assert counts_from((), ProductRoute.ORAL) is None
    assert out_too_early(AT, (), ProductRoute.ORAL, Thresholds()) is None


@pytest.mark.parametrize(
    ("route", "given", "out", "says"),
    [
        (ProductRoute.INTRAMUSCULAR, (DOSE,), 59, "Out 59 min after the last dose"),
        (ProductRoute.INTRAMUSCULAR, (DOSE,), 60, ""),
        # Before the dose is a contradiction, and said elsewhere.
        (ProductRoute.INTRAMUSCULAR, (DOSE,), -1, ""),
        # Three devices: two hours from the first are not enough.
        (ProductRoute.ESKETAMINE_NASAL, DEVICES, 128, "Out 1 hr 58 min after the last dose"),
        (ProductRoute.ESKETAMINE_NASAL, DEVICES, 130, ""),
        # An infusion's end counts.
        (
            ProductRoute.INTRAVENOUS,
            (Given(AT, AT + 40 * MINUTE, 45_000),),
            99,
            "Out 59 min after the last dose",
        ),
    ],
)
def test_rule_40_who_leaves_early_is_asked_about(route, given, out, says):
    found = out_too_early(AT + out * MINUTE, given, route, Thresholds())
    assert (found or "").replace("\N{NO-BREAK SPACE}", " ").startswith(says)
    assert bool(found) is bool(says)


@pytest.mark.parametrize("zone", ["America/Phoenix", "America/New_York", "Europe/Berlin"])
def test_two_hours_are_two_hours_also_in_the_night_of_the_clock_change(zone):
    # 1:30 am on the day the clocks go back in most of the country; Phoenix has no such night.
    at = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    leaves = earliest_out((Given(at, None, 28_000),), ProductRoute.ESKETAMINE_NASAL, Thresholds())
    assert leaves is not None
    assert leaves - at == timedelta(hours=2)


@pytest.mark.parametrize(("hours", "late"), [(0, False), (24, False), (24.1, True), (200, True)])
def test_what_is_recorded_more_than_a_day_later_is_entered_late(hours, late):
    assert is_entered_late(AT, AT + timedelta(hours=hours)) is late


def test_the_words_of_a_due_reading_carry_no_time_of_their_own_before_the_dose():
    assert next_reading([], None, USUAL, None, is_out=False) == DueReading(
        ReadingStage.BEFORE, None
    )
