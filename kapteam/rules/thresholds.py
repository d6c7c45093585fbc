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


_LABEL_DELAYS = "the Spravato label: weigh a delay above 140 over 90"
_HOLDS = "kapteam's default; clinics hold from 140/90, 150/90 or 160/100"
_REVIEWS = "kapteam's default; programs review every 30 days, and quarterly in maintenance"
_COMES_BACK = (
    "kapteam's default; a registry of collaborative care calls a review overdue after one month, "
    "two while relapse is prevented"
)
_CRISIS = "kapteam's default; the level that is called a hypertensive crisis"

# Rule 64; domain 3.3 (windows after a dose); product.md, Intention; rule 28; rules 24 and 40;
# domain 1.4 (pressure, oxygen); domain 5, D8 and D12; HIPAA as in domain 7.
THRESHOLDS: Mapping[str, Threshold] = {
    "idle_minutes": Threshold(
        "Lock the screen after",
        15,
        "minutes without activity",
        1,
        60,
        "kapteam's default; HIPAA asks for automatic logoff (45 CFR 164.312)",
    ),
    "shared_idle_minutes": Threshold(
        "Lock a screen that two share after",
        10,
        "minutes without activity, and never later than any other",
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
    "pressure_again_systolic": Threshold(
        "Read again before a dose from, upper", 140, "mmHg", 100, 250, _LABEL_DELAYS
    ),
    "pressure_again_diastolic": Threshold(
        "Read again before a dose from, lower", 90, "mmHg", 60, 150, _LABEL_DELAYS
    ),
    "pressure_hold_systolic": Threshold(
        "No dose without a prescriber's word from, upper", 160, "mmHg", 100, 250, _HOLDS
    ),
    "pressure_hold_diastolic": Threshold(
        "No dose without a prescriber's word from, lower", 100, "mmHg", 60, 150, _HOLDS
    ),
    "pressure_red_systolic": Threshold(
        "Red during a session from, upper", 180, "mmHg", 120, 250, _CRISIS
    ),
    "pressure_red_diastolic": Threshold(
        "Red during a session from, lower", 110, "mmHg", 70, 150, _CRISIS
    ),
    "oxygen_floor": Threshold(
        "Oxygen is low below",
        92,
        "%",
        80,
        99,
        "kapteam's default; a protocol for infusions acts below 90 %",
    ),
    "observation_minutes": Threshold(
        "A client stays at least",
        60,
        "minutes after the last dose, Spravato apart",
        0,
        360,
        "kapteam's default; an injection wears off within about 60 minutes",
    ),
    "lookup_days": Threshold(
        "Look up the prescription database again after",
        90,
        "days, and for each new series; 0: never",
        0,
        366,
        "practice policy; Arizona's law (A.R.S. 36-2606) names opioids and benzodiazepines",
    ),
    "review_series_days": Threshold(
        "A prescriber reviews a series every", 30, "days; 0: never", 0, 366, _REVIEWS
    ),
    "review_maintenance_days": Threshold(
        "A prescriber reviews maintenance every", 90, "days; 0: never", 0, 366, _REVIEWS
    ),
    "case_review_days": Threshold(
        "A case review comes back to everybody after", 28, "days", 7, 366, _COMES_BACK
    ),
    "case_review_maintenance_days": Threshold(
        "A case review comes back to maintenance after", 60, "days", 7, 366, _COMES_BACK
    ),
    "case_review_minutes": Threshold(
        "A case review takes",
        60,
        "minutes",
        10,
        240,
        "kapteam's default; teams that review whole caseloads meet for one to two hours a week",
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
    shared_idle_minutes: int = THRESHOLDS["shared_idle_minutes"].default
    integration_target_hours: int = THRESHOLDS["integration_target_hours"].default
    integration_late_hours: int = THRESHOLDS["integration_late_hours"].default
    integration_past_hours: int = THRESHOLDS["integration_past_hours"].default
    intention_due_hours: int = THRESHOLDS["intention_due_hours"].default
    intention_fresh_days: int = THRESHOLDS["intention_fresh_days"].default
    pressure_again_systolic: int = THRESHOLDS["pressure_again_systolic"].default
    pressure_again_diastolic: int = THRESHOLDS["pressure_again_diastolic"].default
    pressure_hold_systolic: int = THRESHOLDS["pressure_hold_systolic"].default
    pressure_hold_diastolic: int = THRESHOLDS["pressure_hold_diastolic"].default
    pressure_red_systolic: int = THRESHOLDS["pressure_red_systolic"].default
    pressure_red_diastolic: int = THRESHOLDS["pressure_red_diastolic"].default
    oxygen_floor: int = THRESHOLDS["oxygen_floor"].default
    observation_minutes: int = THRESHOLDS["observation_minutes"].default
    lookup_days: int = THRESHOLDS["lookup_days"].default
    review_series_days: int = THRESHOLDS["review_series_days"].default
    review_maintenance_days: int = THRESHOLDS["review_maintenance_days"].default
    case_review_days: int = THRESHOLDS["case_review_days"].default
    case_review_maintenance_days: int = THRESHOLDS["case_review_maintenance_days"].default
    case_review_minutes: int = THRESHOLDS["case_review_minutes"].default
    everyone_sees_caseload: int = THRESHOLDS["everyone_sees_caseload"].default

    def rest(self, *, is_shared: bool, in_review: bool = False) -> timedelta:
        """How long a signed-in browser may rest before it locks.

        Shorter where two are at it, unless they talk about clients in a case review.
        """
        minutes = self.idle_minutes
        if is_shared and not in_review:
            minutes = min(minutes, self.shared_idle_minutes)
        return timedelta(minutes=minutes)

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
    for which in ("systolic", "diastolic"):
        levels = [getattr(together, f"pressure_{one}_{which}") for one in ("again", "hold", "red")]
        if not levels[0] < levels[1] < levels[2]:
            raise ValueError(
                "The levels of blood pressure go up: read again, no dose, red during a session. "
                f"They would be {levels[0]}, {levels[1]} and {levels[2]}."
            )
    return value
