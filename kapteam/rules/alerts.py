"""What an alert is: what it is about, how loud, whose, and how long it may rest."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from kapteam.vocabulary import Part, Term, Tone

QUIET_DAYS = {Tone.RED: 1, Tone.AMBER: 30}
"""Rule 72: what is red is quieted until the next day at most."""

LONGEST_QUIET = timedelta(days=max(QUIET_DAYS.values()) + 2)
"""None from longer ago still holds: the day it was made, its last one, and a change of clocks."""

KNOWN_FOR = timedelta(days=7)
"""Ours: how far ahead the day of a plan is offered; until then somebody has met them again."""


class SignalKind(Term):
    """What an alert is about."""

    PRESSURE = "pressure", "Blood pressure"
    OXYGEN = "oxygen", "Oxygen"
    EVENT = "event", "Event"
    CHALLENGE = "challenge", "Challenging experience"
    RISING = "rising", "Dose rises"
    CLOSER = "closer", "Doses closer together"
    REVIEW_DUE = "review_due", "Prescriber's review due"
    LOOK_UP = "look_up", "Prescription database"
    NOT_IN_PERSON = "not_in_person", "No evaluation in person on record"
    CONCERN = "concern", "Concern"
    FORM = "form", "Monitoring form"
    CLEARANCE = "clearance", "Clearance"
    CONSENT = "consent", "Consent"
    CRITICAL = "critical", "Critical answer"
    WORSE = "worse", "Reliably worse"
    SLIPPING = "slipping", "Slipping"
    NOT_BETTER = "not_better", "Not better"
    CANNOT_JUDGE = "cannot_judge", "Cannot judge yet"
    NO_BASELINE = "no_baseline", "No baseline"
    OVERDUE = "overdue", "Overdue"


_OF_SCORES = frozenset(
    {
        SignalKind.CRITICAL,
        SignalKind.WORSE,
        SignalKind.SLIPPING,
        SignalKind.NOT_BETTER,
        SignalKind.CANNOT_JUDGE,
        SignalKind.NO_BASELINE,
        SignalKind.OVERDUE,
    }
)


@dataclass(frozen=True, slots=True)
class Quieted:
    """That somebody looked at the alert with this mark and lets it rest until that day."""

    mark: str
    until_on: date
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Signal:
    """One alert: its value beside the threshold and the source of that, since when, what clears it.

    `part` is whose it is, None where it is of both who treat; `mark` names the row it stands for;
    `quiet` while somebody quieted it; it cannot rest while it `must_be_seen_by` somebody, by name.
    `measure_id` is the outcome measure that would answer it.
    """

    kind: SignalKind
    tone: Tone
    session_id: str
    row_id: str
    at: datetime
    value: str
    threshold: str
    source: str
    clears: str
    part: Part | None = Part.PRESCRIBER
    quiet: Quieted | None = None
    must_be_seen_by: tuple[str, ...] = ()
    measure_id: str = ""

    @property
    def is_reading(self) -> bool:
        """Whether it is of a figure that was read."""
        return self.kind in {SignalKind.PRESSURE, SignalKind.OXYGEN}

    @property
    def is_critical(self) -> bool:
        """Whether somebody answered what needs somebody by itself."""
        return self.kind is SignalKind.CRITICAL

    @property
    def is_of_client(self) -> bool:
        """Whether it is the client's safety, and so the same on each of their courses."""
        return self.is_critical or self.kind is SignalKind.CONCERN

    @property
    def is_dated(self) -> bool:
        """Whether its value says a day, the last on which something is in time or in date."""
        return self.kind in {SignalKind.FORM, SignalKind.CLEARANCE, SignalKind.CONSENT}

    @property
    def is_of_scores(self) -> bool:
        """Whether it is of outcome measures, which have a day rather than a time."""
        return self.kind in _OF_SCORES

    @property
    def mark(self) -> str:
        """What a quieting is about: this row as loud as it is, and no other.

        A critical answer stays known for as long as it does not rise (product.md), which makes it
        another row.
        """
        if self.is_critical:
            return f"{self.kind.value}/{self.row_id}"
        return f"{self.kind.value}/{self.row_id}/{self.tone.value}"


def with_quiet(one: Signal, quieted: Iterable[Quieted], today: date) -> Signal:
    """The alert with what somebody said that lets it rest, as long as that holds.

    It does not while a colleague has yet to see it, one who came to the course since as well.
    """
    if one.must_be_seen_by:
        return one
    resting = (each for each in quieted if each.mark == one.mark and today <= each.until_on)
    quiet = next(resting, None)
    return one if quiet is one.quiet else replace(one, quiet=quiet)


def may_be_quiet_until(one: Signal, today: date) -> date:
    """The last day until which an alert may be quieted (rule 72).

    A critical answer rests as long as what is amber: it is known, and the day is that of its plan
    (product.md).
    """
    tone = Tone.AMBER if one.is_critical else one.tone
    return today + timedelta(days=QUIET_DAYS.get(tone, QUIET_DAYS[Tone.AMBER]))
