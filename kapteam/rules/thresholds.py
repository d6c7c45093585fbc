"""The practice's thresholds: what each is for, its default and where the default comes from."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Threshold:
    """One setting of the practice: its label, default (in `unit`), bounds and source."""

    label: str
    default: int
    unit: str
    least: int
    most: int
    source: str

    @property
    def is_yes_or_no(self) -> bool:
        """Whether it is switched on (1) or off (0) rather than counted."""
        return (self.least, self.most) == (0, 1)


# Rule 64; domain 3.3 (windows after a dose); product.md, Intention; rule 28; HIPAA as in domain 7.
THRESHOLDS: Mapping[str, Threshold] = {
    "idle_minutes": Threshold(
        "Lock the screen after",
        15,
        "minutes without activity",
        1,
        60,
        "kapteam's default; HIPAA asks for automatic logoff (45 CFR 164.312)",
    ),
    "integration_target_hours": Threshold(
        "Integration target",
        24,
        "hours after the last dose",
        1,
        72,
        "kapteam's default; KAP practices call the first 24 hours ideal",
    ),
    "integration_late_hours": Threshold(
        "Integration turns red",
        48,
        "hours after the last dose",
        2,
        168,
        "kapteam's default; the window named most often is 24 to 72 hours",
    ),
    "integration_past_hours": Threshold(
        "Integration is past the window",
        72,
        "hours after the last dose",
        3,
        336,
        "the end of the window named most often, 24 to 72 hours; it is still held then",
    ),
    "intention_due_hours": Threshold(
        "Intention note is due", 72, "hours before the dose", 1, 336, "kapteam's default"
    ),
    "intention_fresh_days": Threshold(
        "Confirm an intention older than", 7, "days", 1, 60, "kapteam's default"
    ),
    "everyone_sees_caseload": Threshold(
        "Everyone sees the whole caseload",
        0,
        "",
        0,
        1,
        "kapteam's default: each sees the clients of their own courses of care",
    ),
}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The values in force. Hours, days and minutes as named."""

    idle_minutes: int = THRESHOLDS["idle_minutes"].default
    integration_target_hours: int = THRESHOLDS["integration_target_hours"].default
    integration_late_hours: int = THRESHOLDS["integration_late_hours"].default
    integration_past_hours: int = THRESHOLDS["integration_past_hours"].default
    intention_due_hours: int = THRESHOLDS["intention_due_hours"].default
    intention_fresh_days: int = THRESHOLDS["intention_fresh_days"].default
    everyone_sees_caseload: int = THRESHOLDS["everyone_sees_caseload"].default

    @property
    def idle(self) -> timedelta:
        """How long a signed-in browser may rest before it locks."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def target(self) -> timedelta:
        """From the last administration to the moment integration is due."""
        return timedelta(hours=self.integration_target_hours)


def in_force(stored: Iterable[tuple[str, str]]) -> Thresholds:
    """The thresholds from stored (key, value) pairs, oldest first; unknown keys are ignored."""
    known = {field.name for field in fields(Thresholds)}
    return Thresholds(**{key: int(value) for key, value in stored if key in known})


def read_value(key: str, text: str, beside: Thresholds) -> int:
    """The value typed for one threshold, in its unit, given the ones it will stand beside.

    Raises ValueError with a sentence: no whole number, out of bounds, or an integration that would
    turn red or leave its window before it is due.
    """
    threshold = THRESHOLDS[key]
    if not re.fullmatch(r"\d{1,6}", text.strip(), re.ASCII):
        raise ValueError("Enter a whole number.")
    value = int(text)
    if not threshold.least <= value <= threshold.most:
        raise ValueError(f"Enter a number from {threshold.least} to {threshold.most}.")
    together = replace(beside, **{key: value})
    if together.integration_late_hours <= together.integration_target_hours:
        raise ValueError(
            "An integration is late only after its target: "
            f"target {together.integration_target_hours} hours, "
            f"late {together.integration_late_hours} hours."
        )
    if together.integration_past_hours <= together.integration_late_hours:
        raise ValueError(
            "The window ends only after an integration is late: "
            f"late {together.integration_late_hours} hours, "
            f"end of the window {together.integration_past_hours} hours."
        )
    return value
