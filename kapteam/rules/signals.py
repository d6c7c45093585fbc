"""Alerts: what the rows of a course say that needs a human (domain 5, as far as built).

Derived from the rows, never stored; what is stored is that somebody quieted one. A new reading or
another event is another alert (its `mark`), so nothing stays quiet for what came after.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from kapteam import wording
from kapteam.rules.alerts import Quieted, Signal, SignalKind, with_quiet
from kapteam.rules.escalation import Escalation, GivenDose, closer, rising
from kapteam.rules.score_signals import Measures, ScoreFacts, critical_signals, score_signals
from kapteam.rules.thresholds import Thresholds
from kapteam.rules.vitals import Pressure, is_red, must_wait
from kapteam.vocabulary import (
    AdverseEventKind,
    EpisodeState,
    EventSeverity,
    Part,
    Tone,
)

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
LOOKED_UP_BEFORE = timedelta(days=30)
"""Ours: how long before a series began a look-up may be that is still one for this series."""


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
class Prescribing:
    """What is known of a course while ketamine is given on it: cleared, and not on hold.

    When the client was seen for the clearance, when a prescriber last looked anew, and when the
    prescription database was last looked up; `series_began_at` of the running series.
    """

    clearance_id: str
    state: EpisodeState
    decided_at: datetime
    in_person_on: date | None
    looked_up_on: date | None
    evaluated_at: datetime | None
    series_began_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignalFacts:
    """The rows that the alerts of one course are judged from.

    `series` are the doses given in each running series; a prescriber last signed a decision note
    at `decided_at`. `scores` are what outcome measures came to; None where nobody is told of them.
    """

    readings: tuple[LastReading, ...] = ()
    events: tuple[EventFacts, ...] = ()
    challenges: tuple[LeftChallenged, ...] = ()
    prescribing: Prescribing | None = None
    series: tuple[tuple[GivenDose, ...], ...] = ()
    decided_at: datetime | None = None
    quieted: tuple[Quieted, ...] = ()
    scores: ScoreFacts | None = None


def signals(
    facts: SignalFacts,
    thresholds: Thresholds,
    now: datetime,
    today: date,
    measures: Measures | None = None,
) -> tuple[Signal, ...]:
    """The alerts of a course, quieted ones among them, the oldest first.

    `measures` are those of the practice; without them nothing is said of any score.
    """
    found = [
        *(one for row in facts.readings if (one := _of_reading(row, thresholds)) is not None),
        *(one for row in facts.events if (one := _of_event(row, now)) is not None),
        *map(_of_challenge, facts.challenges),
        *_of_doses(facts),
    ]
    if facts.prescribing:
        found += _of_prescribing(facts.prescribing, thresholds, now, today)
    if facts.scores and measures:
        found += critical_signals(facts.scores, measures)
        found += score_signals(facts.scores, measures, now, today)
    return tuple(
        with_quiet(one, facts.quieted, today)
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
    facts = SignalFacts(tuple(newest.values()), tuple(going_on))
    return signals(facts, thresholds, now, now.date())


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


def _of_doses(facts: SignalFacts) -> Iterable[Signal]:
    """Rule 37: a prescriber is asked once, and answers with a decision note."""
    for doses in facts.series:
        up, soon = rising(doses, facts.decided_at), closer(doses, facts.decided_at)
        if up:
            yield _of_escalation(
                SignalKind.RISING,
                up,
                "three rises in a row, or more than half above the first full dose",
                "a lower dose",
            )
        if soon:
            yield _of_escalation(
                SignalKind.CLOSER,
                soon,
                "three intervals in a row, each shorter than the one before",
                "a longer interval",
            )


def _of_escalation(kind: SignalKind, found: Escalation, threshold: str, undone_by: str) -> Signal:
    return Signal(
        kind,
        Tone.AMBER,
        found.session_id,
        found.session_id,
        found.at,
        found.words,
        threshold,
        "doses given in this series; kapteam's default",
        f"a signed decision note of a prescriber, or {undone_by}",
    )


def _of_prescribing(
    known: Prescribing, thresholds: Thresholds, now: datetime, today: date
) -> Iterable[Signal]:
    """What a prescriber looks at from time to time while ketamine is given."""
    if known.in_person_on is None:
        # Domain 7.5: ordered for somebody whom no prescriber has seen in person.
        yield Signal(
            SignalKind.NOT_IN_PERSON,
            Tone.AMBER if IN_PERSON_FROM - today <= IN_PERSON_SOON else Tone.PLAIN,
            "",
            known.clearance_id,
            known.decided_at,
            "not on the clearance",
            f"needed from {wording.full_day(IN_PERSON_FROM)}",
            "end of the rule for telemedicine without one (DEA, 2026)",
            "a clearance that names the day",
        )
    if thresholds.lookup_days and _is_look_up_old(known, thresholds.lookup_days, today):
        on = known.looked_up_on
        yield Signal(
            SignalKind.LOOK_UP,
            Tone.AMBER,
            "",
            known.clearance_id,
            datetime.combine(on, time(12), UTC) if on else known.decided_at,
            f"looked up {wording.full_day(on)}" if on else "never looked up",
            f"every {thresholds.lookup_days} days and for each new series",
            "dated look-ups; how often is a setting of the practice",
            "a look-up",
        )
    seen_at = max(filter(None, (known.decided_at, known.evaluated_at)))
    days = (now - seen_at).days
    every = _review_every(known.state, thresholds)
    if every and days > every:
        yield Signal(
            SignalKind.REVIEW_DUE,
            Tone.AMBER,
            "",
            known.clearance_id,
            seen_at,
            f"{days} days since the last",
            f"every {every} days in {known.state.label.lower()}",
            "what a prescriber signed or held; how often is a setting of the practice",
            "a visit, a session signed for, a review of the series, a decision note or a clearance",
        )


def _is_look_up_old(known: Prescribing, days: int, today: date) -> bool:
    """Domain 5, D12: none yet, too long ago, or of a series before this one."""
    on, began = known.looked_up_on, known.series_began_at
    if on is None or (today - on).days > days:
        return True
    return began is not None and on < (began - LOOKED_UP_BEFORE).date()


def _review_every(state: EpisodeState, thresholds: Thresholds) -> int:
    """Domain 5, D8, in days; 0: the practice does not ask for it."""
    if state is EpisodeState.MAINTENANCE:
        return thresholds.review_maintenance_days
    return thresholds.review_series_days


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
