"""Alerts: what the rows of sessions say that needs a human (domain 5: S2 and S3, as far as built).

Derived from the rows, never stored; what is stored is that somebody quieted one. A new reading or
another event is another alert (its `mark`), so nothing stays quiet for what came after.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from kapteam import wording
from kapteam.rules.thresholds import Thresholds
from kapteam.rules.vitals import Pressure, is_red, must_wait
from kapteam.vocabulary import AdverseEventKind, EventSeverity, Part, Term, Tone

LOOKED_BACK = timedelta(days=30)
"""Ours: what nobody answered for as long was answered elsewhere."""
SERIOUS_SHOWN = timedelta(days=7)
"""A serious event stands until the next weekly review has met it, also once it is over."""
LEFT_OPEN = timedelta(hours=6)
"""From when on nobody is in the session any more, whether somebody said so or not."""
IN_PERSON_FROM = date(2027, 1, 1)
"""Until the day before, Schedule III medicine may be prescribed without one (domain 7.5)."""
IN_PERSON_SOON = timedelta(days=60)
"""Ours: time enough to see everybody."""
QUIET_DAYS = {Tone.RED: 1, Tone.AMBER: 30}
"""Rule 72: what is red is quieted until the next day at most."""


class SignalKind(Term):
    """What an alert is about."""

    PRESSURE = "pressure", "Blood pressure"
    OXYGEN = "oxygen", "Oxygen"
    EVENT = "event", "Event"
    CHALLENGE = "challenge", "Challenging experience"
    NOT_IN_PERSON = "not_in_person", "No evaluation in person on record"


@dataclass(frozen=True, slots=True)
class LastReading:
    """The newest figure of a course: `pressure`, or `oxygen` in %, and whether a dose was given."""

    id: str
    session_id: str
    taken_at: datetime
    was_given: bool
    pressure: Pressure | None = None
    oxygen: int | None = None


@dataclass(frozen=True, slots=True)
class SeenReading:
    """One reading of a session, as far as it can be an alert."""

    id: str
    taken_at: datetime
    pressure: Pressure | None
    oxygen: int | None


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What befell a client; it goes on until `resolved_at`. `is_out`: the client has left."""

    id: str
    session_id: str
    kind: AdverseEventKind
    severity: EventSeverity
    is_serious: bool
    onset_at: datetime
    resolved_at: datetime | None
    is_out: bool


@dataclass(frozen=True, slots=True)
class LeftChallenged:
    """A support record that says that a challenging experience was not over when they left."""

    id: str
    session_id: str
    recorded_at: datetime
    intensity: int


@dataclass(frozen=True, slots=True)
class Cleared:
    """The clearance of a course in which ketamine is given, and when the client was seen for it."""

    id: str
    decided_at: datetime
    in_person_on: date | None


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

    `part` is whose it is, `mark` names the row it stands for; `quiet` while somebody quieted it.
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
    part: Part = Part.PRESCRIBER
    quiet: Quieted | None = None

    @property
    def is_reading(self) -> bool:
        """Whether it is of a figure that was read."""
        return self.kind in {SignalKind.PRESSURE, SignalKind.OXYGEN}

    @property
    def mark(self) -> str:
        """What a quieting is about: this row as loud as it is, and no other."""
        return f"{self.kind.value}/{self.row_id}/{self.tone.value}"


def signals(
    readings: Iterable[LastReading],
    events: Iterable[EventFacts],
    challenges: Iterable[LeftChallenged],
    cleared: Cleared | None,
    quieted: Iterable[Quieted],
    thresholds: Thresholds,
    now: datetime,
    today: date,
) -> tuple[Signal, ...]:
    """The alerts of a course, quieted ones among them, the oldest first."""
    found = [
        *(one for reading in readings if (one := _of_reading(reading, thresholds)) is not None),
        *(one for event in events if (one := _of_event(event, now)) is not None),
        *map(_of_challenge, challenges),
        *_of_clearance(cleared, today),
    ]
    resting = {one.mark: one for one in quieted if today <= one.until_on}
    return tuple(
        replace(one, quiet=resting.get(one.mark))
        for one in sorted(found, key=lambda one: (one.at, one.row_id))
    )


def in_session(
    readings: Iterable[SeenReading],
    events: Iterable[EventFacts],
    thresholds: Thresholds,
    now: datetime,
) -> tuple[Signal, ...]:
    """What is loud in a session while it goes on: its newest figures, and what befell the client.

    `readings` by time.
    """
    newest: dict[SignalKind, LastReading] = {}
    for one in readings:
        if one.pressure is not None:
            newest[SignalKind.PRESSURE] = LastReading(
                one.id, "", one.taken_at, was_given=True, pressure=one.pressure
            )
        if one.oxygen is not None:
            newest[SignalKind.OXYGEN] = LastReading(
                one.id, "", one.taken_at, was_given=True, oxygen=one.oxygen
            )
    going_on = [one for one in events if one.resolved_at is None]
    return signals(newest.values(), going_on, (), None, (), thresholds, now, now.date())


def may_be_quiet_until(tone: Tone, today: date) -> date:
    """The last day until which an alert as loud as this may be quieted (rule 72)."""
    return today + timedelta(days=QUIET_DAYS.get(tone, QUIET_DAYS[Tone.AMBER]))


def _of_reading(reading: LastReading, thresholds: Thresholds) -> Signal | None:
    """The newest reading counts: a normal one clears the one before it."""
    if reading.pressure is not None:
        if is_red(reading.pressure, thresholds):
            tone = Tone.RED
            level = Pressure(thresholds.pressure_red_systolic, thresholds.pressure_red_diastolic)
        elif not reading.was_given and must_wait(reading.pressure, thresholds):
            # What holds a dose is still so after nothing was given.
            tone = Tone.AMBER
            level = Pressure(thresholds.pressure_hold_systolic, thresholds.pressure_hold_diastolic)
        else:
            return None
        kind, value, threshold = SignalKind.PRESSURE, str(reading.pressure), f"from {level}"
    elif reading.oxygen is not None and reading.oxygen < thresholds.oxygen_floor:
        kind, tone = SignalKind.OXYGEN, Tone.RED
        value = f"{reading.oxygen}{wording.NBSP}%"
        threshold = f"below {thresholds.oxygen_floor}{wording.NBSP}%"
    else:
        return None
    return Signal(
        kind,
        tone,
        reading.session_id,
        reading.id,
        reading.taken_at,
        value,
        threshold,
        "reading at a session; the level is a setting of the practice",
        "the next normal reading",
    )


def _of_challenge(one: LeftChallenged) -> Signal:
    """Domain 5, D11: somebody went home with it, and somebody has to ask after them."""
    return Signal(
        SignalKind.CHALLENGE,
        Tone.AMBER,
        one.session_id,
        one.id,
        one.recorded_at,
        f"{one.intensity} of 10, not over when they left",
        "any that was not over",
        "support record of a session",
        "recording in the support that it is over",
        Part.THERAPIST,
    )


def _of_clearance(cleared: Cleared | None, today: date) -> Iterable[Signal]:
    """Domain 7.5: ketamine was ordered for somebody whom no prescriber has seen in person."""
    if cleared is None or cleared.in_person_on is not None:
        return
    yield Signal(
        SignalKind.NOT_IN_PERSON,
        Tone.AMBER if IN_PERSON_FROM - today <= IN_PERSON_SOON else Tone.PLAIN,
        "",
        cleared.id,
        cleared.decided_at,
        "not on the clearance",
        f"needed from {wording.full_day(IN_PERSON_FROM)}",
        "end of the rule for telemedicine without one (DEA, 2026)",
        "a clearance that names the day",
    )


def _of_event(event: EventFacts, now: datetime) -> Signal | None:
    if event.resolved_at is not None:
        if not event.is_serious or now - event.onset_at >= SERIOUS_SHOWN:
            return None
        tone, clears = Tone.AMBER, "a week after it began"
    else:
        is_loud = event.is_serious or event.severity is EventSeverity.SEVERE
        is_left_open = event.is_out or now - event.onset_at >= LEFT_OPEN
        if not (is_loud or is_left_open):
            return None
        tone, clears = Tone.RED if is_loud else Tone.AMBER, "saying when it was over"
    serious = ", serious" if event.is_serious else ""
    over = ", over" if event.resolved_at else ", goes on"
    return Signal(
        SignalKind.EVENT,
        tone,
        event.session_id,
        event.id,
        event.onset_at,
        f"{event.kind.label}, {event.severity.label.lower()}{serious}{over}",
        "any that is serious or severe, or not over when the client left",
        "event at a session",
        clears,
    )
