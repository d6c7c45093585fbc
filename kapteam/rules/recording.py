"""What may be planned, what may have happened, and what of it went beyond what was allowed.

Planning may be refused; what a person says happened is accepted if it is physically possible, and a
breach is kept with its reason (product.md, the core arc 5).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kapteam import wording
from kapteam.vocabulary import ConsentType

PLANNED_AT_MOST = timedelta(days=366)
LATE = timedelta(days=7)
EARLY = timedelta(hours=2)
LONG_AFTER = timedelta(hours=12)
LONGEST_VISIT = timedelta(days=1)


def not_plannable(at: datetime, now: datetime) -> str | None:
    """Why nothing can be planned for `at`; None if it can."""
    if at <= now:
        return "This time has passed. Choose one still to come."
    if at - now > PLANNED_AT_MOST:
        return "This is more than a year ahead. Check the day."
    return None


def not_possible(at: datetime, now: datetime) -> str | None:
    """Why nothing can have happened at `at` (rule 36); None if it can."""
    if at > now:
        return "This time is in the future. Enter when it happened."
    return None


def not_of_visit(at: datetime, began_at: datetime) -> str | None:
    """Why something given at `at` is no part of a session; None if it may be.

    `began_at` is its first dose, else its plan. No visit is longer than a day, so the day is wrong.
    """
    if abs(at - began_at) <= LONGEST_VISIT:
        return None
    return "This is more than a day away from the session. Check the day."


def entered_late(at: datetime, recorded_at: datetime) -> str | None:
    """Why a dose given at `at` asks for a reason: it is recorded a week later, or more."""
    if recorded_at - at <= LATE:
        return None
    return f"This is entered {(recorded_at - at).days} days after it was given."


def off_plan(given_at: datetime, planned_at: datetime) -> str | None:
    """Why a dose given at `given_at` asks for a reason: hours before its plan, or long after it.

    A slip of am or pm, or of the day. The integration clock runs from it, so a wrong time makes
    what is in time late, or hides it.
    """
    if planned_at - given_at > EARLY:
        return f"This is {wording.duration(planned_at - given_at)} before the planned time."
    if given_at - planned_at > LONG_AFTER:
        return f"This is {wording.duration(given_at - planned_at)} after the planned time."
    return None


def out_of_order(
    arrived_at: datetime | None,
    first_given_at: datetime | None,
    last_given_at: datetime | None,
    stopped_at: datetime | None,
    discharged_at: datetime | None,
) -> dict[str, str]:
    """Sentences for times of one ketamine session that contradict each other (domain 2).

    Arrival, first dose, last dose, stop, out; passing midnight is no contradiction (rule 9), more
    than a day is.
    """
    problems = {}
    if arrived_at and first_given_at and arrived_at > first_given_at:
        problems["arrived"] = "By these times the client arrived after the first dose. Check both."
    elif arrived_at and first_given_at and first_given_at - arrived_at > LONGEST_VISIT:
        problems["arrived"] = (
            "By these times the client arrived more than a day before the first dose. Check both."
        )
    if stopped_at and last_given_at and stopped_at < last_given_at:
        problems["stopped"] = "By these times it was stopped before the last dose. Check both."
    if discharged_at:
        if last_given_at and discharged_at < last_given_at:
            problems["discharged"] = (
                "By these times the client left before the last dose. Check both."
            )
        elif last_given_at and discharged_at - last_given_at > LONGEST_VISIT:
            problems["discharged"] = (
                "By these times the client left more than a day after the last dose. Check both."
            )
        elif stopped_at and discharged_at < stopped_at:
            problems["discharged"] = "By these times the client left before the stop. Check both."
        elif arrived_at and discharged_at < arrived_at:
            problems["discharged"] = "By these times the client left before arriving. Check both."
    return problems


def breaches(
    *,
    missing_clearance: str | None,
    missing_consents: Sequence[ConsentType],
    on_hold: bool,
    above_ceiling: str | None,
    beyond_order: str | None,
    entered_late: str | None = None,
    high_pressure: str | None = None,
    not_enrolled: str | None = None,
) -> tuple[str, ...]:
    """What of a recorded dose went beyond what was allowed, a sentence each.

    Rules 21 and 35, and rules 22 to 24: what was to be refused is recorded once it happened.
    """
    found = []
    if missing_clearance:
        found.append(f"Missing on that day: {missing_clearance}.")
    if missing_consents:
        which = wording.listed([f"“{one.label}”" for one in missing_consents])
        kind = "consent" if len(missing_consents) == 1 else "consents"
        found.append(f"Not in date on that day: {kind} {which}.")
    if on_hold:
        found.append("The course was on hold.")
    asked = (not_enrolled, high_pressure, above_ceiling, beyond_order, entered_late)
    return (*found, *filter(None, asked))
