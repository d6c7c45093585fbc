"""Which figures a person can have, and what they say."""

import pytest

from kapteam.rules.thresholds import Thresholds, read_value
from kapteam.rules.vitals import (
    BREATHS,
    HEART_RATE,
    OXYGEN,
    Pressure,
    check_blood_pressure,
    is_near,
    judge_oxygen,
    judge_pressure,
    must_wait,
    read_again,
    read_figure,
    read_needed_figure,
)
from kapteam.vocabulary import Tone

USUAL = Thresholds()


@pytest.mark.parametrize(
    ("systolic", "diastolic", "says"),
    [
        (128, 82, ""),
        (60, 30, ""),
        (260, 160, ""),
        (70, 60, ""),
        (126, 116, ""),
        (126, 117, "The upper number is at least 10 above the lower one; check both."),
        (126, 125, "The upper number is at least 10 above the lower one; check both."),
        (80, 120, "The first number is the higher one"),
        (120, 120, "The first number is the higher one"),
        (261, 80, "Enter 60 to 260 over 30 to 160"),
        (59, 40, "Enter 60 to 260"),
        (200, 161, "Enter 60 to 260"),
        (120, 29, "Enter 60 to 260"),
    ],
)
def test_rule_36_a_blood_pressure_that_nobody_has_is_refused(systolic, diastolic, says):
    said = check_blood_pressure(systolic, diastolic)
    assert said is None if not says else says in said


@pytest.mark.parametrize(
    ("bounds", "typed", "kept"),
    [
        (OXYGEN, "98", 98),
        (OXYGEN, "98 %", 98),
        (OXYGEN, "100%", 100),
        (HEART_RATE, " 72 ", 72),
        (BREATHS, "4", 4),
        # Nothing was read: that is no 0.
        (OXYGEN, "", None),
        (HEART_RATE, "  ", None),
    ],
)
def test_a_figure_as_typed(bounds, typed, kept):
    assert read_figure(bounds, typed) == kept


@pytest.mark.parametrize(
    ("bounds", "typed"),
    [
        (OXYGEN, "101"),
        (OXYGEN, "49"),
        (OXYGEN, "-98"),
        (OXYGEN, "9.8"),
        (OXYGEN, "nan"),
        (OXYGEN, "0"),
        (HEART_RATE, "29"),
        (HEART_RATE, "221"),
        (HEART_RATE, "\N{ARABIC-INDIC DIGIT SEVEN}0"),
        (BREATHS, "61"),
        (BREATHS, "sixteen"),
    ],
)
def test_rule_36_a_figure_that_nobody_has_is_refused_with_a_sentence(bounds, typed):
    with pytest.raises(ValueError, match=r"^Enter a (whole )?number from "):
        read_figure(bounds, typed)


@pytest.mark.parametrize("typed", ["", "  ", "7.5", "seven", "-1", "11", "5%"])
def test_a_figure_that_is_needed_never_offers_to_leave_it_empty(typed):
    with pytest.raises(ValueError, match=r"^Enter a (whole )?number from 0 to 10") as refused:
        read_needed_figure((0, 10), typed)
    assert "empty" not in str(refused.value)
    assert [read_needed_figure((0, 10), one) for one in ("0", " 10 ")] == [0, 10]


@pytest.mark.parametrize(
    ("pressure", "tone", "waits", "again"),
    [
        (Pressure(139, 89), None, False, False),
        (Pressure(140, 80), Tone.AMBER, False, True),
        (Pressure(120, 90), Tone.AMBER, False, True),
        (Pressure(159, 99), Tone.AMBER, False, True),
        (Pressure(160, 80), Tone.RED, True, True),
        (Pressure(130, 100), Tone.RED, True, True),
        (Pressure(180, 90), Tone.RED, True, True),
    ],
)
def test_rule_24_before_a_dose(pressure, tone, waits, again):
    found = judge_pressure(pressure, is_given=False, thresholds=USUAL)
    assert (found.tone if found else None) is tone
    assert must_wait(pressure, USUAL) is waits
    assert read_again(pressure, USUAL) is again


@pytest.mark.parametrize(
    ("pressure", "tone"),
    [
        # Ketamine raises it: what would hold a dose is no alarm during one.
        (Pressure(160, 100), None),
        (Pressure(179, 109), None),
        (Pressure(180, 80), Tone.RED),
        (Pressure(150, 110), Tone.RED),
    ],
)
def test_during_a_session_it_is_red_from_its_own_level_on(pressure, tone):
    found = judge_pressure(pressure, is_given=True, thresholds=USUAL)
    assert (found.tone if found else None) is tone


@pytest.mark.parametrize(
    ("oxygen", "own", "tone"),
    [
        (92, None, None),
        (91, None, Tone.RED),
        (91, 97, Tone.RED),
        # Who had no more before the dose is no worse for it.
        (91, 91, Tone.AMBER),
        (90, 91, Tone.RED),
    ],
)
def test_low_oxygen_beside_one_s_own_before_the_dose(oxygen, own, tone):
    found = judge_oxygen(oxygen, own, USUAL)
    assert (found.tone if found else None) is tone


def test_a_practice_has_its_own_levels():
    strict = Thresholds(pressure_hold_systolic=150, oxygen_floor=95)
    assert must_wait(Pressure(150, 80), strict)
    assert judge_oxygen(94, None, strict)


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("pressure_again_systolic", "160"),
        ("pressure_hold_systolic", "180"),
        ("pressure_hold_diastolic", "90"),
        ("pressure_red_diastolic", "100"),
    ],
)
def test_the_levels_keep_their_order(key, typed):
    with pytest.raises(ValueError, match="The levels of blood pressure go up"):
        read_value(key, typed, USUAL)


@pytest.mark.parametrize(
    ("pressure", "near"),
    [
        (Pressure(148, 92), True),
        (Pressure(149, 92), False),
        (Pressure(148, 93), False),
        (Pressure(100, 60), True),
    ],
)
def test_near_one_s_own_again(pressure, near):
    assert is_near(pressure, Pressure(128, 82)) is near
