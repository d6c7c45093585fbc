"""Readings of the body: which figures a person can have."""

SYSTOLIC = (60, 260)
DIASTOLIC = (30, 160)
"""Domain 1.4, plausible ranges: outside of them a figure is a slip."""


def check_blood_pressure(systolic: int, diastolic: int) -> str | None:
    """Why nobody has this blood pressure, in mmHg (domain 1.4, rule 36); None if somebody may."""
    if systolic <= diastolic:
        return "The first number is the higher one, for example 128/82."
    if not (SYSTOLIC[0] <= systolic <= SYSTOLIC[1] and DIASTOLIC[0] <= diastolic <= DIASTOLIC[1]):
        return (
            f"Enter {SYSTOLIC[0]} to {SYSTOLIC[1]} over {DIASTOLIC[0]} to {DIASTOLIC[1]}, "
            "for example 128/82."
        )
    return None
