"""The integration clock (domain 3.3, rules 1 to 7 and 12, as product.md amends them)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kapteam.rules.dosing import NOT_CLOSED_AFTER
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import Term, Tone

WAS_THIS_HELD_AFTER = timedelta(hours=1)


class IntegrationStage(Term):
    """Where an integration that is owed or booked stands, the most pressing first."""

    WAS_THIS_HELD = "was_this_held", "Was this held?"
    LATE = "late", "Late"
    NOT_BOOKED = "not_booked", "Not booked"
    BOOKED_OUTSIDE = "booked_outside", "Booked outside the window"
    BOOKED = "booked", "Booked"
    AGREED = "agreed", "Agreed for a day"
    HELD = "held", "Held, note to finish"


@dataclass(frozen=True, slots=True)
class IntegrationFacts:
    """What is known of one integration that is owed, booked or held.

    `last_given_at` is the last administration of what it integrates, None when no clock runs (not
    given yet, already integrated once, or an experience elsewhere: rule 12). `estimated`: nothing
    was recorded, the time is a guess (rule 2). `expected_at` is when a dose that is still ahead is
    expected to end: no clock, but the window of a booking. `due_on` is a date set by hand.
    """

    last_given_at: datetime | None
    estimated: bool = False
    expected_at: datetime | None = None
    planned_at: datetime | None = None
    planned_minutes: int = 60
    due_on: date | None = None
    agreed_for: date | None = None
    held_at: datetime | None = None
    note_signed: bool = False


@dataclass(frozen=True, slots=True)
class IntegrationStanding:
    """The judgement: stage, tone, when it is or was due, and how long since the dose.

    `since` is the time since the last administration; for a held one, from it to the holding.
    `past_hours` is the end of the window in hours, once `since` is past it.
    """

    stage: IntegrationStage
    tone: Tone
    due_at: datetime | None
    since: timedelta | None
    past_hours: int | None
    facts: IntegrationFacts

    @property
    def is_open(self) -> bool:
        """Whether it still has to be held."""
        return self.stage is not IntegrationStage.HELD


def due_at(last_given_at: datetime, thresholds: Thresholds) -> datetime:
    """Rule 1: due is the last administration + 24 h, in absolute hours."""
    return last_given_at + thresholds.target


def earliest_clock(clocks: Iterable[tuple[datetime, bool]]) -> tuple[datetime | None, bool]:
    """Rule 6: of several doses that one session is for, on purpose, the earliest clock counts.

    Linking a later dose quiets nothing. Each is its last administration, and whether that is a
    guess; none of them is no clock.
    """
    return min(clocks, default=(None, False))


def judge(
    facts: IntegrationFacts, thresholds: Thresholds, now: datetime, today: date
) -> IntegrationStanding | None:
    """Where the integration stands at `now`; None once it is held and its note is signed.

    Nothing of it is stored: a corrected dose has another due time at once (rule 5). On time is
    judged by `held_at`; it stays late until held, agreed for a day, or closed (a closed one is
    never asked about). A day agreed for that has passed quiets nothing.
    """
    anchor = facts.last_given_at
    due = due_at(anchor, thresholds) if anchor else None

    def standing(stage: IntegrationStage, tone: Tone) -> IntegrationStanding:
        since = ((facts.held_at or now) - anchor) if anchor else None
        window = thresholds.integration_past_hours
        past = since is not None and since > timedelta(hours=window)
        return IntegrationStanding(stage, tone, due, since, window if past else None, facts)

    if facts.held_at is not None:
        return None if facts.note_signed else standing(IntegrationStage.HELD, Tone.AMBER)
    late = _lateness(facts, thresholds, now, today, due)
    if facts.planned_at and now > facts.planned_at + max(
        WAS_THIS_HELD_AFTER, timedelta(minutes=facts.planned_minutes)
    ):
        return standing(IntegrationStage.WAS_THIS_HELD, late or Tone.AMBER)
    if facts.agreed_for and facts.agreed_for >= today:
        return standing(IntegrationStage.AGREED, Tone.PLAIN)
    if late:
        return standing(IntegrationStage.LATE, late)
    if facts.planned_at is None:
        return standing(IntegrationStage.NOT_BOOKED, Tone.PLAIN)
    window_of = anchor or facts.expected_at
    if window_of and facts.planned_at > due_at(window_of, thresholds):
        return standing(IntegrationStage.BOOKED_OUTSIDE, Tone.AMBER)
    return standing(IntegrationStage.BOOKED, Tone.BLUE)


def misses_note_by(standing: IntegrationStanding, at: datetime, now: datetime) -> bool:
    """Whether there will be no note at `at` of an integration that is owed, as things stand.

    One that is booked to be held until then is in time; before a dose was given none is owed.
    """
    facts = standing.facts
    if facts.held_at is not None:
        return True
    is_booked_before = facts.planned_at is not None and now <= facts.planned_at < at
    return facts.last_given_at is not None and not is_booked_before


def _lateness(
    facts: IntegrationFacts,
    thresholds: Thresholds,
    now: datetime,
    today: date,
    due: datetime | None,
) -> Tone | None:
    if facts.last_given_at and due and now > due:
        red = now > facts.last_given_at + timedelta(hours=thresholds.integration_late_hours)
        return Tone.RED if red else Tone.AMBER
    if not facts.last_given_at and facts.due_on and today > facts.due_on:
        return Tone.AMBER
    return None


def still_in_session(
    held_at: datetime, last_given_at: datetime, out_at: datetime | None
) -> str | None:
    """Rule 7: why a talk at `held_at` was no integration; None if it can be one.

    Until the client is out, or for six hours while nobody recorded it, it is a debrief.
    """
    if out_at is not None:
        if held_at >= out_at:
            return None
        return (
            "By the record the client was still in the ketamine session then. Call it a debrief, "
            "or check the times."
        )
    if held_at - last_given_at >= NOT_CLOSED_AFTER:
        return None
    return (
        "The client is not recorded as out of the ketamine session yet. Record that first, or call "
        "this a debrief."
    )


def held_in_time(held_at: datetime, last_given_at: datetime, thresholds: Thresholds) -> bool:
    """Whether it was held within the target; late note-writing does not count against it."""
    return held_at <= due_at(last_given_at, thresholds)
