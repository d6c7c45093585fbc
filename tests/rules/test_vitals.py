"""Which figures a person can have."""

import pytest

from kapteam.rules.vitals import check_blood_pressure


@pytest.mark.parametrize(
    ("systolic", "diastolic", "says"),
    [
        (128, 82, ""),
        (60, 30, ""),
        (260, 160, ""),
        (61, 60, ""),
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
