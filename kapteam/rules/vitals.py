"""Readings of the body: which figures a person can have, and what the figures say."""

from dataclasses import dataclass
from enum import Enum, auto

from kapteam import wording
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import Tone
from kapteam.wording import Phrase

SYSTOLIC = (60, 260)
DIASTOLIC = (30, 160)
HEART_RATE = (30, 220)
OXYGEN = (50, 100)
BREATHS = (4, 60)
"""Domain 1.4, plausible ranges: outside of them a figure is a slip."""
LEAST_APART = 10
"""Ours, mmHg: the upper and the lower number of whoever can be read are at least so far apart."""
NEAR_SYSTOLIC, NEAR_DIASTOLIC = 20, 10
"""Ours, mmHg: as much above one's own before the dose is near it again."""


@dataclass(frozen=True, slots=True)
class Pressure:
    """A blood pressure in mmHg."""

    systolic: int
    diastolic: int

    def reaches(self, systolic: int, diastolic: int) -> bool:
        """Whether one of the two is at this level or above."""
        return self.systolic >= systolic or self.diastolic >= diastolic

    def __str__(self) -> str:
        return wording.blood_pressure(self.systolic, self.diastolic)


def check_blood_pressure(systolic: int, diastolic: int) -> str | None:
    """Why nobody has this blood pressure, in mmHg (domain 1.4, rule 36); None if somebody may."""
    if systolic <= diastolic:
        return "The first number is the higher one, for example 128/82."
    if not (SYSTOLIC[0] <= systolic <= SYSTOLIC[1] and DIASTOLIC[0] <= diastolic <= DIASTOLIC[1]):
        return (
            f"Enter {SYSTOLIC[0]} to {SYSTOLIC[1]} over {DIASTOLIC[0]} to {DIASTOLIC[1]}, "
            "for example 128/82."
        )
    if systolic - diastolic < LEAST_APART:
        return f"The upper number is at least {LEAST_APART} above the lower one; check both."
    return None


def read_figure(bounds: tuple[int, int], text: str) -> int | None:
    """A whole number as typed, None where nothing was; a percent sign may stand behind it.

    Raises ValueError with a sentence: no whole number, or one that nobody has (rule 36).
    """
    typed = text.replace(wording.NBSP, " ").strip().removesuffix("%").strip()
    return _within(bounds, typed, ", or leave it empty") if typed else None


def read_needed_figure(bounds: tuple[int, int], text: str) -> int:
    """The same of a number that is not left out; nothing typed is a ValueError as well."""
    return _within(bounds, text.strip(), "")


def _within(bounds: tuple[int, int], typed: str, otherwise: str) -> int:
    least, most = bounds
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 3):
        raise ValueError(f"Enter a whole number from {least} to {most}{otherwise}.")
    if not least <= int(typed) <= most:
        raise ValueError(f"Enter a number from {least} to {most}. Check the figure.")
    return int(typed)


def must_wait(pressure: Pressure, thresholds: Thresholds) -> bool:
    """Rule 24: whether no dose is given at this pressure without a prescriber's word."""
    return pressure.reaches(thresholds.pressure_hold_systolic, thresholds.pressure_hold_diastolic)


def read_again(pressure: Pressure, thresholds: Thresholds) -> bool:
    """Rule 24: whether it is read once more before the dose; a normal one settles it."""
    return pressure.reaches(thresholds.pressure_again_systolic, thresholds.pressure_again_diastolic)


def is_red(pressure: Pressure, thresholds: Thresholds) -> bool:
    """Whether it is red at any time of a session (product.md, alerts)."""
    return pressure.reaches(thresholds.pressure_red_systolic, thresholds.pressure_red_diastolic)


def is_near(pressure: Pressure, own: Pressure) -> bool:
    """Whether somebody is back near what they had before the dose."""
    return (
        pressure.systolic - own.systolic <= NEAR_SYSTOLIC
        and pressure.diastolic - own.diastolic <= NEAR_DIASTOLIC
    )


def given_at(pressure: Pressure, thresholds: Thresholds) -> str | None:
    """Rule 24: what a dose is asked about that was given at this pressure all the same."""
    if not must_wait(pressure, thresholds):
        return None
    level = Pressure(thresholds.pressure_hold_systolic, thresholds.pressure_hold_diastolic)
    return f"Blood pressure before it was {pressure}; from {level} on a prescriber decides."


class PressureGap(Enum):
    """What the pressure before a dose still asks for."""

    NOT_READ = auto()
    AGAIN = auto()
    HIGH = auto()


def pressure_gap(
    pressure: Pressure | None, *, has_arrived: bool, thresholds: Thresholds
) -> PressureGap | None:
    """Rule 24: what the last pressure before a dose asks for; None once it is as it should be.

    Who has not come yet cannot be read; a normal reading settles the one before it.
    """
    if pressure is None:
        return PressureGap.NOT_READ if has_arrived else None
    if must_wait(pressure, thresholds):
        return PressureGap.HIGH
    return PressureGap.AGAIN if read_again(pressure, thresholds) else None


def judge_pressure(pressure: Pressure, *, is_given: bool, thresholds: Thresholds) -> Phrase | None:
    """What a pressure says before the dose, or since it; None where it says nothing."""
    if is_red(pressure, thresholds):
        level = Pressure(thresholds.pressure_red_systolic, thresholds.pressure_red_diastolic)
        return Phrase(f"{level} or above", Tone.RED, "error")
    if is_given:
        return None
    if must_wait(pressure, thresholds):
        return Phrase("no dose without a prescriber's word", Tone.RED, "error")
    if read_again(pressure, thresholds):
        return Phrase("read again before the dose", Tone.AMBER, "replay")
    return None


def judge_oxygen(oxygen: int, own: int | None, thresholds: Thresholds) -> Phrase | None:
    """What an oxygen saturation says, in %, beside one's `own` before the dose.

    Below the practice's floor it is red, but for who was no better before the dose.
    """
    if oxygen >= thresholds.oxygen_floor:
        return None
    is_own = own is not None and oxygen >= own
    text = f"below {thresholds.oxygen_floor}{wording.NBSP}%"
    return Phrase(
        f"{text}, as before the dose" if is_own else text,
        Tone.AMBER if is_own else Tone.RED,
        "error",
    )
