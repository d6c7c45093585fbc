"""Two keys: what a ketamine session still needs, and of whom, before it is given (domain 1.5).

It is judged from the rows and from the answers to what has to be asked. An answer is about one
session and is never carried to another (rule 29). What a person says was given is recorded all the
same; this judges the plan only.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kapteam.rules.ceiling import CeilingGap
from kapteam.rules.notes import IntentionStage, IntentionStanding
from kapteam.rules.vitals import Pressure, PressureGap
from kapteam.vocabulary import Answer, OrderState, Part, ReadinessItem, Tone

NEAR = timedelta(hours=72)
"""From when on before a session what it lacks is asked for on every list."""
KEYS = {
    ReadinessItem.NOTE: Part.PRESCRIBER,
    ReadinessItem.CLEARANCE: Part.PRESCRIBER,
    ReadinessItem.CONSENT: Part.PRESCRIBER,
    ReadinessItem.ENROLLMENT: Part.PRESCRIBER,
    ReadinessItem.MIND: Part.PRESCRIBER,
    ReadinessItem.PREGNANCY: Part.PRESCRIBER,
    ReadinessItem.CEILING: Part.PRESCRIBER,
    ReadinessItem.DOSE: Part.PRESCRIBER,
    ReadinessItem.WEIGHT: Part.PRESCRIBER,
    ReadinessItem.POSTPONE: Part.PRESCRIBER,
    ReadinessItem.PRESSURE_HIGH: Part.PRESCRIBER,
    ReadinessItem.PRESSURE: Part.PRESCRIBER,
    ReadinessItem.MEDICINES: Part.PRESCRIBER,
    ReadinessItem.BLADDER: Part.PRESCRIBER,
    ReadinessItem.HOME: Part.THERAPIST,
    ReadinessItem.RIDE: Part.THERAPIST,
    ReadinessItem.INTENTION: Part.THERAPIST,
    ReadinessItem.LAST_NOTE: Part.THERAPIST,
    ReadinessItem.FASTING: Part.THERAPIST,
    ReadinessItem.EVENING: Part.THERAPIST,
}
"""Whose key an item belongs to, in the order in which each is said."""
ON_THE_DAY = (
    ReadinessItem.MEDICINES,
    ReadinessItem.PREGNANCY,
    ReadinessItem.MIND,
    ReadinessItem.BLADDER,
    ReadinessItem.FASTING,
    ReadinessItem.EVENING,
)
"""What is asked when the client has come: an answer of the day before says nothing."""
ASKED = (ReadinessItem.RIDE, *ON_THE_DAY)
READ = (ReadinessItem.PRESSURE_HIGH, ReadinessItem.PRESSURE)
"""What a reading says; it is answered only by going ahead all the same."""
DECIDED = (ReadinessItem.LAST_NOTE,)
"""What the rows say and nobody is asked, and somebody may go ahead without (rule 27)."""
LAST_NOTE_FROM = timedelta(hours=24)
"""From when on before a dose the last integration is asked for; before, its own clock says it."""
NEED_A_PRESCRIBER = frozenset(
    {
        ReadinessItem.RIDE,
        ReadinessItem.PREGNANCY,
        ReadinessItem.MIND,
        ReadinessItem.MEDICINES,
        *READ,
    }
)
"""Where only a prescriber may go ahead all the same (rules 24 to 26, domain 1.5: hard)."""
MAY_NOT_APPLY = frozenset({ReadinessItem.PREGNANCY})
_OF_CEILING = {
    CeilingGap.ABOVE: ReadinessItem.CEILING,
    CeilingGap.WEIGH: ReadinessItem.WEIGHT,
}
_OF_PRESSURE = {
    PressureGap.HIGH: ReadinessItem.PRESSURE_HIGH,
    PressureGap.AGAIN: ReadinessItem.PRESSURE,
    PressureGap.NOT_READ: ReadinessItem.PRESSURE,
}
_UNNAMED = "a question of the day"
_SETTLED = frozenset({IntentionStage.SIGNED, IntentionStage.NOT_EXPECTED})
_RED = frozenset(
    {
        ReadinessItem.NOTE,
        ReadinessItem.CLEARANCE,
        ReadinessItem.CONSENT,
        ReadinessItem.ENROLLMENT,
        ReadinessItem.CEILING,
        ReadinessItem.PREGNANCY,
        ReadinessItem.MIND,
        ReadinessItem.PRESSURE_HIGH,
    }
)


@dataclass(frozen=True, slots=True)
class Preparation:
    """What the readiness of one session is judged from.

    `missing_note` is the prescriber's that a high suicide risk asks for first (rule 30), `home_gap`
    what is not known of a session at home; both empty when there is nothing to ask for. `pressure`
    is the last one that was read before the dose. `owes_before`: a dose before still owes its
    integration, or that its note. `answers` are those that count; who may not know what was asked
    is told only that something is to decide. It is `enrolled` wherever its product asks for no
    enrollment (rule 23).
    """

    planned_at: datetime
    at_home: bool
    home_gap: str
    missing_note: str
    cleared: bool
    consented: bool
    enrolled: bool
    ceiling_gap: CeilingGap | None
    pressure: Pressure | None
    pressure_gap: PressureGap | None
    order_state: OrderState
    intention: IntentionStanding
    owes_before: bool
    answers: Mapping[ReadinessItem, Answer]
    names_questions: bool = True


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a session waits for: whose it is, how loud, and in a word what."""

    item: ReadinessItem
    tone: Tone
    what: str

    @property
    def part(self) -> Part:
        """Whose key it keeps from turning."""
        return KEYS[self.item]


def waits_for(session: Preparation, now: datetime) -> tuple[Requirement, ...]:
    """What the session waits for now, the most pressing first.

    Not what is only asked later: its intention before it is due, the ride until three days before,
    the questions of the day.
    """
    items = dict(_open(session, now))
    return tuple(Requirement(item, tone_of(item), items[item]) for item in KEYS if item in items)


def tone_of(item: ReadinessItem) -> Tone:
    """How loud it is that this is not as it should be."""
    return Tone.RED if item in _RED else Tone.AMBER


def is_ready(session: Preparation, now: datetime) -> bool:
    """Whether it waits for nothing and all that is known before the day is known (rule 25)."""
    return (
        not waits_for(session, now)
        and session.intention.stage in _SETTLED
        and (session.at_home or _has_a_ride(session))
    )


def still_to_ask(answered: Collection[ReadinessItem]) -> tuple[ReadinessItem, ...]:
    """The questions of the day that nobody has answered for this session."""
    return tuple(item for item in KEYS if item in ON_THE_DAY and item not in answered)


def decides(item: ReadinessItem, *, prescribes: bool) -> bool:
    """Whether somebody may go ahead although the answer is not as it should be."""
    return prescribes or item not in NEED_A_PRESCRIBER


def possible_answers(item: ReadinessItem) -> tuple[Answer, ...]:
    """What may be answered. Nobody says that there is no ride: that is said by leaving it open.

    Of what the rows say there is nothing to answer but to go ahead, and of the rest of them not
    that either: a dose that is given without clearance, consent or order is a breach (rule 35).
    """
    if item in (*DECIDED, *READ):
        return (Answer.GO_AHEAD,)
    if item not in ASKED:
        return ()
    found = [Answer.FINE, Answer.GO_AHEAD]
    if item is not ReadinessItem.RIDE:
        found.insert(1, Answer.NOT_FINE)
    if item in MAY_NOT_APPLY:
        found.insert(1, Answer.NOT_NEEDED)
    return tuple(found)


def needs_words(item: ReadinessItem, answer: Answer) -> bool:
    """Whether an answer says nothing without words: who drives, what is amiss, why all the same."""
    is_amiss = answer in {Answer.NOT_FINE, Answer.GO_AHEAD}
    return is_amiss or (item is ReadinessItem.RIDE and answer is Answer.FINE)


def _open(session: Preparation, now: datetime) -> Iterable[tuple[ReadinessItem, str]]:
    stage = session.intention.stage
    if session.missing_note:
        yield ReadinessItem.NOTE, session.missing_note
    if not session.cleared:
        yield ReadinessItem.CLEARANCE, ReadinessItem.CLEARANCE.label
    if not session.consented:
        yield ReadinessItem.CONSENT, ReadinessItem.CONSENT.label
    if not session.enrolled:
        yield ReadinessItem.ENROLLMENT, ReadinessItem.ENROLLMENT.label
    if session.order_state is not OrderState.ORDERED:
        yield ReadinessItem.DOSE, ReadinessItem.DOSE.label
    if session.ceiling_gap:
        item = _OF_CEILING[session.ceiling_gap]
        yield item, item.label
    if stage is IntentionStage.POSTPONE:
        yield ReadinessItem.POSTPONE, ReadinessItem.POSTPONE.label
    elif session.intention.tone is Tone.AMBER:
        yield ReadinessItem.INTENTION, ReadinessItem.INTENTION.label
    if session.home_gap:
        yield ReadinessItem.HOME, session.home_gap
    is_near = session.planned_at - now <= NEAR
    if is_near and not session.at_home and not _has_a_ride(session):
        yield ReadinessItem.RIDE, ReadinessItem.RIDE.label
    if _asks_for_last(session, now) and ReadinessItem.LAST_NOTE not in session.answers:
        yield ReadinessItem.LAST_NOTE, ReadinessItem.LAST_NOTE.label
    for item, answer in session.answers.items():
        if answer is Answer.NOT_FINE:
            yield item, item.label if session.names_questions else _UNNAMED
    if session.pressure_gap:
        item = _OF_PRESSURE[session.pressure_gap]
        if item not in session.answers:
            yield item, _of_pressure(session) if session.names_questions else _UNNAMED


def _of_pressure(session: Preparation) -> str:
    """What the pressure asks for: `blood pressure`, `blood pressure again`, with what was read."""
    label = ReadinessItem.PRESSURE.label
    if session.pressure_gap is PressureGap.HIGH:
        return f"{label} {session.pressure}"
    return label if session.pressure_gap is PressureGap.NOT_READ else f"{label} again"


def _asks_for_last(session: Preparation, now: datetime) -> bool:
    """Rule 27: whether the last integration keeps this session waiting; softly, either may decide.

    Within a day of the dose: of twice a week the one before is integrated in between.
    """
    return session.owes_before and session.planned_at - now < LAST_NOTE_FROM


def _has_a_ride(session: Preparation) -> bool:
    return ReadinessItem.RIDE in session.answers
