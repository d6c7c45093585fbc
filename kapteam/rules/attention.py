"""What needs a human on a course of care, judged once and ordered (domain 5, as far as built).

Every reason carries whom it waits on; its words are written in `kapteam.sentences`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kapteam.rules.alerts import Quieted, Signal, with_quiet
from kapteam.rules.asks import AskInShort
from kapteam.rules.concerns import ConcernStanding
from kapteam.rules.contacts import ContactStage, ContactStanding
from kapteam.rules.deadlines import of_clearance, of_concern, of_consent, of_form
from kapteam.rules.dosing import Silence
from kapteam.rules.home_supply import HomeProblem, HomeStanding
from kapteam.rules.integration import IntegrationStage, IntegrationStanding, misses_note_by
from kapteam.rules.monitoring_form import FormStanding
from kapteam.rules.notes import IntentionStanding
from kapteam.rules.pathway import ConsentFacts
from kapteam.rules.readiness import NEAR, Requirement
from kapteam.rules.review_actions import ActionInShort
from kapteam.rules.session_record import PART_OF, to_sign_tone
from kapteam.rules.sign_off import sign_off_tone
from kapteam.rules.waits import AuthorizationFacts, OutsideWaitFacts, Stuck, StuckOn
from kapteam.vocabulary import (
    ClearanceDecision,
    ConsentType,
    ContactKind,
    EpisodeState,
    OutsideParty,
    Part,
    ReadinessItem,
    RecordPart,
    SessionStatus,
    Term,
    Tone,
)

BREACH_SHOWN = timedelta(days=7)
MISSED_TWICE = 2
"""Domain 5, D7: two missed appointments in a row ask whether somebody is out of touch."""


class Reason(Term):
    """Why a course needs somebody, the most pressing first."""

    CONCERN = "concern", "Concern"
    ALERT = "alert", "Alert"
    QUESTION = "question", "Question"
    ACTION = "action", "Agreed in the case review"
    WAS_THIS_GIVEN = "was_this_given", "Was this given?"
    UNCONFIRMED_DOSE = "unconfirmed_dose", "A dose waits for confirmation"
    INTEGRATION_LATE = "integration_late", "Integration late"
    NOT_CLOSED = "not_closed", "Ketamine session not closed"
    WAS_THIS_HELD = "was_this_held", "Was this held?"
    DID_IT_HAPPEN = "did_it_happen", "Did this take place?"
    MISSED_AGAIN = "missed_again", "Missed twice in a row"
    BREACH = "breach", "Given beyond what was allowed"
    CHANGE_TO_CONFIRM = "change_to_confirm", "Change of dose to confirm"
    NOT_CLEARED = "not_cleared", "Booked without clearance"
    NO_CONSENT = "no_consent", "Booked without a consent in date"
    NOT_ENROLLED = "not_enrolled", "Booked without Spravato enrollment"
    ABOVE_CEILING = "above_ceiling", "Ordered above the clearance"
    WEIGH_FIRST = "weigh_first", "Weigh first, cleared by weight"
    DOSE_ON_HOLD = "dose_on_hold", "Booked while on hold"
    DOSE_NOT_ORDERED = "dose_not_ordered", "Dose not ordered"
    INTENTION = "intention", "Intention"
    HOME_UNKNOWN = "home_unknown", "At home, not arranged"
    NOTE_BEFORE_DOSE = "note_before_dose", "No note yet before the dose"
    TO_DECIDE = "to_decide", "To decide before the dose"
    NO_RIDE = "no_ride", "No ride home yet"
    HOME_DIFFERS = "home_differs", "Medicine at home counted differently"
    HOME_OVERDRAWN = "home_overdrawn", "More medicine used at home than arrived"
    HOME_NOT_ARRIVED = "home_not_arrived", "Medicine sent and not arrived"
    HOME_UNEVEN = "home_uneven", "Medicine at home: no whole number of lozenges"
    MONITORING_FORM = "monitoring_form", "Monitoring form"
    CLEARANCE_ENDS = "clearance_ends", "Clearance ends"
    CONSENT_ENDS = "consent_ends", "Consent ends"
    AUTHORIZATION_ENDS = "authorization_ends", "Authorization ends"
    INTEGRATION_NOT_BOOKED = "integration_not_booked", "Integration not booked"
    INTEGRATION_OUTSIDE = "integration_outside", "Integration outside the window"
    LOOK_AGAIN = "look_again", "Look again at the hold"
    CALL_BACK = "call_back", "Call back"
    NOTE_BEFORE_VISIT = "note_before_visit", "No integration note yet before the visit"
    NOTE_TO_FINISH = "note_to_finish", "Integration note to finish"
    SIGN_MEDICAL = "sign_medical", "Record to sign, medical part"
    SIGN_SUPPORT = "sign_support", "Record to sign, support part"
    SIGN_OFF = "sign_off", "Sign off the end of this course"
    CLEARANCE_TO_DECIDE = "clearance_to_decide", "Clearance not decided yet"
    NUMBER_NOT_ORDERED = "number_not_ordered", "Number of sessions not ordered yet"
    NO_DOSE_BOOKED = "no_dose_booked", "Ordered without a date"
    TO_REBOOK = "to_rebook", "To rebook"
    NO_DAY_TO_CALL_BACK = "no_day_to_call_back", "No day to call back"
    SERIES_DONE = "series_done", "Series done, decide"
    OUT_OF_TOUCH = "out_of_touch", "Out of touch"
    NO_NEXT_STEP = "no_next_step", "No next step"


NOTHING_AHEAD = frozenset({Reason.OUT_OF_TOUCH, Reason.TO_REBOOK, Reason.NO_NEXT_STEP})
"""What is said where there is no next step; to rebook also while there is another one."""
_ORDER = {reason: place for place, reason in enumerate(Reason)}
_BEFORE_A_DOSE = (
    Reason.NOT_CLEARED,
    Reason.NO_CONSENT,
    Reason.NOT_ENROLLED,
    Reason.ABOVE_CEILING,
    Reason.WEIGH_FIRST,
    Reason.DOSE_ON_HOLD,
    Reason.DOSE_NOT_ORDERED,
    Reason.INTENTION,
    Reason.HOME_UNKNOWN,
    Reason.NOTE_BEFORE_DOSE,
    Reason.TO_DECIDE,
    Reason.NO_RIDE,
)
_LACKING = {
    ReadinessItem.NOTE: Reason.NOTE_BEFORE_DOSE,
    ReadinessItem.CLEARANCE: Reason.NOT_CLEARED,
    ReadinessItem.CONSENT: Reason.NO_CONSENT,
    ReadinessItem.ENROLLMENT: Reason.NOT_ENROLLED,
    ReadinessItem.CEILING: Reason.ABOVE_CEILING,
    ReadinessItem.DOSE: Reason.DOSE_NOT_ORDERED,
    ReadinessItem.WEIGHT: Reason.WEIGH_FIRST,
    ReadinessItem.HOME: Reason.HOME_UNKNOWN,
    ReadinessItem.RIDE: Reason.NO_RIDE,
    ReadinessItem.INTENTION: Reason.INTENTION,
    ReadinessItem.POSTPONE: Reason.INTENTION,
}
"""Why a course needs somebody when a session lacks this; of an answer it is to decide."""
_OF_HOME = {
    HomeProblem.DIFFERS: (Reason.HOME_DIFFERS, Tone.AMBER),
    HomeProblem.OVERDRAWN: (Reason.HOME_OVERDRAWN, Tone.AMBER),
    HomeProblem.NOT_ARRIVED: (Reason.HOME_NOT_ARRIVED, Tone.AMBER),
    HomeProblem.UNEVEN: (Reason.HOME_UNEVEN, Tone.PLAIN),
}
_TO_SIGN = {
    RecordPart.MEDICAL: Reason.SIGN_MEDICAL,
    RecordPart.SUPPORT: Reason.SIGN_SUPPORT,
}
_DOSING = frozenset({EpisodeState.SERIES, EpisodeState.MAINTENANCE})
_VISITS = frozenset({ContactKind.EVALUATION, ContactKind.FOLLOW_UP})
_LOUD = {Tone.RED: 0, Tone.AMBER: 1}


@dataclass(frozen=True, slots=True)
class Attention:
    """One reason, how loud it is, whom it waits on, and since or until when (an instant or day).

    It waits on either of the two where `waits_on` is None; `person_id` is the one colleague whose
    it is, whatever part they have. `consent` is the one that ends, `times` how often in a row,
    `lacks` what a session ahead waits for, `ended` how the one to rebook ended; `signal` is the
    alert that it is.
    """

    reason: Reason
    tone: Tone
    waits_on: Part | None
    at: datetime | None = None
    subject_id: str = ""
    on: date | None = None
    integration: IntegrationStanding | None = None
    intention: IntentionStanding | None = None
    contact: ContactStanding | None = None
    concern: ConcernStanding | None = None
    consent: ConsentType | None = None
    home: HomeStanding | None = None
    form: FormStanding | None = None
    lacks: Requirement | None = None
    refused: ClearanceDecision | None = None
    times: int = 0
    person_id: str = ""
    wait: OutsideWaitFacts | None = None
    authorization: AuthorizationFacts | None = None
    ended: SessionStatus | None = None
    signal: Signal | None = None
    ask: AskInShort | None = None
    action: ActionInShort | None = None

    @property
    def is_of_client(self) -> bool:
        """Whether it is the client's safety, and so the same on each of their courses."""
        return self.signal is not None and self.signal.is_of_client

    @property
    def order(self) -> tuple[int, int, float, int]:
        """Sort key: loudest first, then the order of reasons, then the oldest.

        What a dose ahead lacks, whatever it is, is ordered by how soon the dose is.
        """
        group = _BEFORE_A_DOSE[0] if self.reason in _BEFORE_A_DOSE else self.reason
        return (
            _LOUD.get(self.tone, 2),
            _ORDER[group],
            self.at.timestamp() if self.at else 0.0,
            _ORDER[self.reason],
        )


@dataclass(frozen=True, slots=True)
class PlannedDose:
    """What attention asks of one open ketamine session.

    It `is_ahead` until something is recorded or asked about it, also when its time has come.
    """

    id: str
    planned_at: datetime
    is_ahead: bool
    silence: Silence | None
    intention: IntentionStanding
    lacks: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Unkept:
    """The last ketamine session of a course, which was cancelled or missed, and no other since."""

    id: str
    planned_at: datetime
    status: SessionStatus


@dataclass(frozen=True, slots=True)
class ToSign:
    """A part of a ketamine session's record that is asked for a signature, and since when."""

    ketamine_session_id: str
    given_at: datetime
    part: RecordPart
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """What attention asks of one open course of care.

    `misses` is how many appointments in a row nobody came to; `out_of_touch_since` is said where
    nothing with the client is planned (`has_touch_ahead`; to call somebody outside is a next step
    and touches no client), and then instead of there being no next step. `consents` are the newest
    of each type that dosing needs, as far as there is one. `concerns` are the client's.
    `stuck` is where it is, while that is asked. `series_ordered` is 0 without a series
    and None while no prescriber has ordered the number of the one that has `series_dose_id`.
    `authorization` is the one of an insurer that counts. `signals` are its alerts, also those that
    somebody quieted, and `quieted` what was quieted on any course of the client. `forms` are the
    monitoring forms of its Spravato sessions that did not go out as they are. `to_rebook` is said
    while no other ketamine session is booked, instead of what says less. `asks` are the questions
    that are open, each judged for one person. `actions` are what a case review agreed and is open,
    `proposed` a change of dose that was decided there last and that no prescriber has confirmed.
    """

    episode_id: str
    state: EpisodeState
    doses: tuple[PlannedDose, ...]
    integrations: tuple[tuple[str, IntegrationStanding], ...]
    contacts: tuple[tuple[str, ContactStanding], ...]
    unconfirmed: tuple[tuple[str, datetime], ...]
    breaches: tuple[tuple[str, datetime], ...]
    proposed: tuple[tuple[str, datetime], ...]
    to_sign: tuple[ToSign, ...]
    forms: tuple[tuple[str, FormStanding], ...]
    clearance_until_on: date | None
    consents: tuple[ConsentFacts, ...]
    concerns: tuple[tuple[str, ConcernStanding], ...]
    stuck: Stuck | None
    hold_look_again_on: date | None
    on_hold: bool
    series_given: int
    series_booked: int
    series_ordered: int | None
    series_dose_id: str
    has_next_step: bool
    has_touch_ahead: bool
    misses: int
    out_of_touch_since: datetime | None
    waits: tuple[OutsideWaitFacts, ...]
    authorization: AuthorizationFacts | None
    home: HomeStanding | None
    signals: tuple[Signal, ...]
    quieted: tuple[Quieted, ...]
    to_rebook: Unkept | None
    asks: tuple[tuple[str, AskInShort], ...]
    actions: tuple[tuple[str, ActionInShort], ...]


def end_of_days(now: datetime, days: int) -> datetime:
    """Rule 10: the next `days` days are as many times 24 hours from now, later today included."""
    return now + timedelta(days=days)


def attend(facts: CourseFacts, now: datetime, today: date) -> tuple[Attention, ...]:
    """Every reason why this course needs somebody, in order.

    Rule 57: a hold quiets what a dose needs, never a concern, a question, a due integration or the
    form of a dose that was given; that a dose is booked all the same is said instead. A breach
    (rule 35) stands for a week, so that the next case review meets it.
    """
    found = [one for one in attend_deadlines(facts, today) if one.signal and not one.signal.quiet]
    found += [
        Attention(Reason.ALERT, one.tone, one.part, one.at, one.mark, signal=one)
        for one in facts.signals
        if not one.quiet
    ]
    found += attend_asks(facts.asks)
    found += attend_actions(facts.actions, today)
    found += [
        Attention(Reason.UNCONFIRMED_DOSE, Tone.RED, Part.PRESCRIBER, at, subject_id)
        for subject_id, at in facts.unconfirmed
    ]
    found += [
        Attention(Reason.BREACH, Tone.AMBER, Part.PRESCRIBER, at, subject_id)
        for subject_id, at in facts.breaches
        if now - at < BREACH_SHOWN
    ]
    found += [
        Attention(Reason.CHANGE_TO_CONFIRM, Tone.AMBER, Part.PRESCRIBER, at, subject_id)
        for subject_id, at in facts.proposed
    ]
    found += attend_records(facts.to_sign, now)
    for dose in facts.doses:
        found += _of_dose(dose, facts.on_hold, now)
    for subject_id, standing in facts.integrations:
        found += _of_integration(subject_id, standing)
    found += _of_visits(facts, now)
    found += [
        Attention(Reason.DID_IT_HAPPEN, one.tone, one.part, one.planned_at, subject_id, contact=one)
        for subject_id, one in facts.contacts
        if one.stage is ContactStage.DID_IT_HAPPEN
    ]
    if facts.home:
        found += [
            Attention(reason, tone, Part.PRESCRIBER, home=facts.home)
            for reason, tone in map(_OF_HOME.__getitem__, facts.home.problems)
        ]
    if facts.misses >= MISSED_TWICE:
        found.append(Attention(Reason.MISSED_AGAIN, Tone.AMBER, Part.THERAPIST, times=facts.misses))
    if facts.on_hold:
        if facts.hold_look_again_on and facts.hold_look_again_on <= today:
            found.append(Attention(Reason.LOOK_AGAIN, Tone.AMBER, Part.PRESCRIBER))
    else:
        found += _of_course(facts, today)
    return tuple(sorted(found, key=lambda one: one.order))


def attend_deadlines(facts: CourseFacts, today: date) -> Iterator[Attention]:
    """Concerns, forms, and what ends of clearance and consents: each an alert, quieted or not.

    What a dose needs is not asked for before one is given on the course, nor on hold.
    """
    part = Part.PRESCRIBER

    def known(one: Signal) -> Signal:
        return with_quiet(one, facts.quieted, today)

    for subject_id, concern in facts.concerns:
        one = known(of_concern(subject_id, concern))
        yield Attention(
            Reason.CONCERN, one.tone, one.part, one.at, subject_id, concern=concern, signal=one
        )
    for subject_id, form in facts.forms:
        if due := of_form(subject_id, form, today):
            yield Attention(
                Reason.MONITORING_FORM,
                due.tone,
                part,
                subject_id=subject_id,
                on=form.due_on,
                form=form,
                signal=known(due),
            )
    if facts.on_hold or facts.state not in _DOSING:
        return
    until = facts.clearance_until_on
    if ends := of_clearance(facts.episode_id, until, today):
        yield Attention(Reason.CLEARANCE_ENDS, ends.tone, part, on=until, signal=known(ends))
    for consent in facts.consents:
        if ends := of_consent(facts.episode_id, consent, today):
            yield Attention(
                Reason.CONSENT_ENDS,
                ends.tone,
                part,
                on=consent.revoked_on or consent.expires_on,
                consent=consent.type,
                signal=known(ends),
            )


def attend_ended(part: Part, asked_at: datetime, now: datetime) -> Attention:
    """Rule 56: what is left of a course that ended is that one of the two signs it off."""
    tone = sign_off_tone(asked_at, now)
    return Attention(Reason.SIGN_OFF, tone, part, asked_at, subject_id=part.value)


def attend_records(to_sign: Iterable[ToSign], now: datetime) -> list[Attention]:
    """The records that wait for a signature, each with whose it is; a hold quiets none."""
    return [
        Attention(
            _TO_SIGN[one.part],
            to_sign_tone(one.asked_at, now),
            PART_OF[one.part],
            one.given_at,
            one.ketamine_session_id,
        )
        for one in to_sign
    ]


def attend_asks(asks: Iterable[tuple[str, AskInShort]]) -> list[Attention]:
    """The questions that are open, each with whose turn it is.

    Neither a hold nor the end of the course quiets one: somebody asked.
    """
    return [
        Attention(
            Reason.QUESTION,
            one.standing.tone,
            None,
            one.standing.at,
            ask_id,
            person_id=one.standing.waits_on,
            ask=one,
        )
        for ask_id, one in asks
    ]


def attend_actions(actions: Iterable[tuple[str, ActionInShort]], today: date) -> list[Attention]:
    """What a case review agreed, until somebody said what became of it; a hold quiets none."""
    return [
        Attention(
            Reason.ACTION,
            one.tone(today),
            None,
            None,
            action_id,
            on=one.due_on,
            person_id=one.owner_id,
            action=one,
        )
        for action_id, one in actions
    ]


def _of_dose(dose: PlannedDose, on_hold: bool, now: datetime) -> list[Attention]:
    if dose.silence is Silence.WAS_THIS_GIVEN:
        return [
            Attention(Reason.WAS_THIS_GIVEN, Tone.RED, Part.PRESCRIBER, dose.planned_at, dose.id)
        ]
    if dose.silence is Silence.NOT_CLOSED:
        return [Attention(Reason.NOT_CLOSED, Tone.AMBER, Part.PRESCRIBER, dose.planned_at, dose.id)]
    if not dose.is_ahead:
        return []
    near = dose.planned_at - now <= NEAR
    if on_hold:
        booked = Attention(
            Reason.DOSE_ON_HOLD, Tone.AMBER, Part.PRESCRIBER, dose.planned_at, dose.id
        )
        return [booked] if near else []
    found = []
    for one in dose.lacks:
        # An intention has its own time from which it is asked for.
        is_intention = _LACKING.get(one.item) is Reason.INTENTION
        if near or is_intention:
            found.append(
                Attention(
                    _LACKING.get(one.item, Reason.TO_DECIDE),
                    one.tone,
                    one.part,
                    dose.planned_at,
                    dose.id,
                    intention=dose.intention if is_intention else None,
                    lacks=one,
                )
            )
    return found


_INTEGRATION_REASONS = {
    IntegrationStage.LATE: Reason.INTEGRATION_LATE,
    IntegrationStage.WAS_THIS_HELD: Reason.WAS_THIS_HELD,
    IntegrationStage.NOT_BOOKED: Reason.INTEGRATION_NOT_BOOKED,
    IntegrationStage.BOOKED_OUTSIDE: Reason.INTEGRATION_OUTSIDE,
    IntegrationStage.HELD: Reason.NOTE_TO_FINISH,
}


def _of_integration(subject_id: str, standing: IntegrationStanding) -> list[Attention]:
    reason = _INTEGRATION_REASONS.get(standing.stage)
    if reason is None:
        return []
    at = standing.facts.held_at or standing.due_at
    return [Attention(reason, standing.tone, Part.THERAPIST, at, subject_id, integration=standing)]


def _of_visits(facts: CourseFacts, now: datetime) -> list[Attention]:
    """That the client sees the prescriber next without the note of an integration that is owed.

    Said to both: one writes it, the other may ask for it or look at the client before it is there.
    """
    visits = [
        (contact.planned_at, subject_id, contact)
        for subject_id, contact in facts.contacts
        if contact.kind in _VISITS
        and contact.part is Part.PRESCRIBER
        and now < contact.planned_at <= now + NEAR
    ]
    for at, subject_id, contact in sorted(visits, key=lambda visit: visit[:2])[:1]:
        if any(misses_note_by(standing, at, now) for _, standing in facts.integrations):
            return [
                Attention(
                    Reason.NOTE_BEFORE_VISIT,
                    Tone.AMBER,
                    Part.THERAPIST,
                    at,
                    subject_id,
                    contact=contact,
                )
            ]
    return []


def _of_course(facts: CourseFacts, today: date) -> list[Attention]:
    found = []
    dosing = facts.state in _DOSING
    if facts.stuck and facts.stuck.on is StuckOn.CLEARANCE:
        found.append(
            Attention(
                Reason.CLEARANCE_TO_DECIDE,
                Tone.PLAIN,
                Part.PRESCRIBER,
                refused=facts.stuck.refused,
            )
        )
    found += _of_waits(facts, today, dosing=dosing)
    again = facts.to_rebook if dosing or facts.state is EpisodeState.PREPARATION else None
    if again:
        found.append(
            Attention(
                Reason.TO_REBOOK,
                Tone.PLAIN if facts.has_next_step else Tone.AMBER,
                None,
                again.planned_at,
                again.id,
                ended=again.status,
            )
        )
    found += _of_series(facts, dosing and not again)
    since = facts.out_of_touch_since
    if since and not facts.has_touch_ahead:
        found.append(Attention(Reason.OUT_OF_TOUCH, Tone.AMBER, Part.THERAPIST, since))
    elif not facts.has_next_step and not again:
        found.append(Attention(Reason.NO_NEXT_STEP, Tone.AMBER, Part.THERAPIST))
    return found


def _of_waits(facts: CourseFacts, today: date, *, dosing: bool) -> list[Attention]:
    """Whom to call back, and an authorization that ends before a new one is asked for."""
    found = []
    for one in facts.waits:
        is_due = one.is_due(today)
        if is_due or one.is_forgotten(today):
            found.append(
                Attention(
                    Reason.CALL_BACK if is_due else Reason.NO_DAY_TO_CALL_BACK,
                    Tone.AMBER if is_due else Tone.PLAIN,
                    Part.THERAPIST,
                    subject_id=one.id,
                    person_id=one.caller_id,
                    wait=one,
                )
            )
    known = facts.authorization
    needed = dosing or any(dose.is_ahead for dose in facts.doses)
    tone = known.tone(today, needed=needed) if known else None
    is_asked_for = any(one.kind is OutsideParty.INSURER for one in facts.waits)
    if known and tone and not (tone is Tone.AMBER and is_asked_for):
        found.append(
            Attention(
                Reason.AUTHORIZATION_ENDS,
                tone,
                Part.THERAPIST,
                subject_id=known.id,
                person_id=known.caller_id,
                authorization=known,
            )
        )
    return found


def _of_series(facts: CourseFacts, dosing: bool) -> list[Attention]:
    """What its number of sessions asks of the prescriber, first of all that there is one."""
    ordered = facts.series_ordered
    if ordered is None:
        if not facts.series_dose_id:
            return []
        return [
            Attention(
                Reason.NUMBER_NOT_ORDERED,
                Tone.PLAIN,
                Part.PRESCRIBER,
                subject_id=facts.series_dose_id,
            )
        ]
    found = []
    if dosing and facts.has_next_step and facts.series_booked == 0 and facts.series_given < ordered:
        found.append(Attention(Reason.NO_DOSE_BOOKED, Tone.PLAIN, Part.PRESCRIBER))
    if facts.state is EpisodeState.SERIES and 0 < ordered <= facts.series_given:
        found.append(Attention(Reason.SERIES_DONE, Tone.AMBER, Part.PRESCRIBER))
    return found
