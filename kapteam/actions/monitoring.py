"""What is seen of a client under medicine: readings, events, who is in the room.

What a person says they saw is kept if it is physically possible. An empty time is this moment.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.entered_in_error import VoidRowEntered, void_row
from kapteam.actions.loading import administrations, ketamine_session, practice_zone
from kapteam.actions.readiness import lapse_answer
from kapteam.actions.saving import SAVED_MEANWHILE, already_saved
from kapteam.actions.session_record import changed_since
from kapteam.db.audit import record
from kapteam.db.tables import AdverseEvent, KetamineSession, Vital
from kapteam.errors import Conflict, NotAllowed, Unchanged
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_record_session
from kapteam.rules.recording import not_of_visit, not_possible
from kapteam.rules.vitals import BREATHS, HEART_RATE, OXYGEN, check_blood_pressure, read_figure
from kapteam.vocabulary import AdverseEventKind, EventSeverity, ReadinessItem, RecordPart


@dataclass(frozen=True, slots=True)
class VitalEntered:
    """One reading as typed: pressure in mmHg (`128/82`), beats and breaths per minute, SpO2 in %.

    `id` is minted by the form. `is_observed` says that nothing was measured and the client was
    looked at.
    """

    id: str
    ketamine_session_id: str
    pressure: str
    heart_rate: str
    oxygen: str
    breaths: str
    words: str
    taken_on: date | None = None
    taken_time: str = ""
    is_observed: bool = False


@dataclass(frozen=True, slots=True)
class EventEntered:
    """Something that befell the client; `id` is minted by the form.

    `what` is the value of an AdverseEventKind, `words` say what was seen and `done` what was done
    about it.
    """

    id: str
    ketamine_session_id: str
    what: str | None
    severity: EventSeverity | None
    is_serious: bool
    words: str
    done: str
    onset_on: date | None = None
    onset_time: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedEntered:
    """When an event was over."""

    adverse_event_id: str
    resolved_on: date | None = None
    resolved_time: str = ""


@dataclass(frozen=True, slots=True)
class PresentEntered:
    """Who is in the room; `seen` is what the form showed."""

    ketamine_session_id: str
    people_present: str
    seen: str


def record_vital(db: Session, viewer: Viewer, entered: VitalEntered, now: datetime) -> None:
    """Keep a reading, or that the client was observed instead, whatever became of the session.

    One before the dose is judged anew: an earlier word to go ahead was about another reading
    (rule 24). Raises NotAllowed, NotFound, Invalid by field.
    """
    check_can_record_session(viewer)
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    if already_saved(db, Vital, entered.id):
        return
    form = Entered()
    systolic, diastolic = _pressure(form, entered)
    heart_rate = form.read("heart_rate", partial(read_figure, HEART_RATE), entered.heart_rate)
    oxygen = form.read("oxygen", partial(read_figure, OXYGEN), entered.oxygen)
    breaths = form.read("breaths", partial(read_figure, BREATHS), entered.breaths)
    words = form.text("words", entered.words, "What was seen")
    typed = any((entered.pressure, entered.heart_rate, entered.oxygen, entered.breaths))
    form.need(
        "pressure",
        entered.is_observed or typed,
        "Enter what was read, or press “Skipped, observed”.",
    )
    form.need(
        "pressure",
        not (entered.is_observed and typed),
        "Something was read: save the reading, or empty the fields.",
    )
    taken_at = _when(db, form, "taken", session, entered.taken_on, entered.taken_time, now)
    form.done()
    doses = administrations(db, session.id)
    if systolic is not None and not doses:
        for item in (ReadinessItem.PRESSURE, ReadinessItem.PRESSURE_HIGH):
            lapse_answer(db, session, item, now)
    db.add(
        Vital(
            id=entered.id,
            ketamine_session_id=session.id,
            taken_at=taken_at,
            systolic=systolic,
            diastolic=diastolic,
            heart_rate=heart_rate,
            oxygen=oxygen,
            breaths=breaths,
            is_observed=entered.is_observed,
            words=words,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "vital:recorded",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        taken_at=taken_at,
        **changed_since(db, session, RecordPart.MEDICAL, now),
    )


def void_vital(db: Session, viewer: Viewer, entered: VoidRowEntered, now: datetime) -> None:
    """Mark a reading as entered in error; it stays readable (rule 66).

    Raises NotAllowed, NotFound, Invalid (`void_reason`).
    """
    voided = void_row(db, viewer, Vital, entered, now)
    if voided is not None:
        row, session, course = voided
        record(
            db,
            "vital:voided",
            viewer,
            now,
            client_id=course.client_id,
            subject_id=row.ketamine_session_id,
            taken_at=row.taken_at,
            **changed_since(db, session, RecordPart.MEDICAL, now),
        )


def record_event(db: Session, viewer: Viewer, entered: EventEntered, now: datetime) -> None:
    """Keep what befell the client, whatever became of the session.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    check_can_record_session(viewer)
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    if already_saved(db, AdverseEvent, entered.id):
        return
    form = Entered()
    kind = AdverseEventKind(entered.what) if entered.what in set(AdverseEventKind) else None
    form.need("what", kind is not None, "Choose what it was.")
    form.need("severity", entered.severity is not None, "Choose how bad it was.")
    words = form.text(
        "words",
        entered.words,
        "What was seen",
        required=kind is AdverseEventKind.OTHER,
    )
    done = form.text("done", entered.done, "What was done")
    onset_at = _when(db, form, "onset", session, entered.onset_on, entered.onset_time, now)
    form.done()
    db.add(
        AdverseEvent(
            id=entered.id,
            ketamine_session_id=session.id,
            kind=kind,
            severity=entered.severity,
            is_serious=entered.is_serious,
            words=words,
            done=done,
            onset_at=onset_at,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "adverse_event:recorded",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        kind=kind,
        severity=entered.severity,
        onset_at=onset_at,
        **changed_since(db, session, RecordPart.MEDICAL, now),
    )


def resolve_event(db: Session, viewer: Viewer, entered: ResolvedEntered, now: datetime) -> None:
    """Say when an event was over. Said before, it stays as it was said.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    check_can_record_session(viewer)
    session_id = db.scalar(
        select(AdverseEvent.ketamine_session_id).where(AdverseEvent.id == entered.adverse_event_id)
    )
    session, course = ketamine_session(db, viewer, session_id or "", now)
    row = db.get_one(AdverseEvent, entered.adverse_event_id, populate_existing=True)
    if row.voided_at is not None:
        raise NotAllowed("This was marked as entered in error.")
    if row.resolved_at is not None:
        return
    form = Entered()
    at = _when(db, form, "resolved", session, entered.resolved_on, entered.resolved_time, now)
    form.need(
        "resolved_time",
        at is None or at >= row.onset_at,
        "By these times it was over before it began. Check the time.",
    )
    form.done()
    row.resolved_at = at
    record(
        db,
        "adverse_event:resolved",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        kind=row.kind,
        resolved_at=at,
        **changed_since(db, session, RecordPart.MEDICAL, now),
    )


def void_event(db: Session, viewer: Viewer, entered: VoidRowEntered, now: datetime) -> None:
    """Mark an event as entered in error; it stays readable (rule 66).

    Raises NotAllowed, NotFound, Invalid (`void_reason`).
    """
    voided = void_row(db, viewer, AdverseEvent, entered, now)
    if voided is not None:
        row, session, course = voided
        record(
            db,
            "adverse_event:voided",
            viewer,
            now,
            client_id=course.client_id,
            subject_id=row.ketamine_session_id,
            kind=row.kind,
            severity=row.severity,
            onset_at=row.onset_at,
            **changed_since(db, session, RecordPart.MEDICAL, now),
        )


def say_who_is_present(db: Session, viewer: Viewer, entered: PresentEntered, now: datetime) -> None:
    """Say who is in the room, in place of what stood there.

    Two people record at once and each Save moves the session's version on, so what counts here is
    what the form showed. Raises NotAllowed, NotFound, Invalid, Unchanged, Conflict.
    """
    check_can_record_session(viewer)
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    form = Entered()
    people = form.line("people_present", entered.people_present, "Who is present")
    form.done()
    if session.people_present == people:
        if people == entered.seen:
            raise Unchanged
        return
    if session.people_present != entered.seen:
        raise Conflict(
            SAVED_MEANWHILE,
            theirs={"people_present": session.people_present},
            mine={"people_present": people},
        )
    session.people_present = people
    session.version += 1
    record(
        db,
        "ketamine_session:present",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
    )


def _pressure(form: Entered, entered: VitalEntered) -> tuple[int | None, int | None]:
    if not entered.pressure.strip():
        return None, None
    pressure = form.read("pressure", wording.read_blood_pressure, entered.pressure)
    if pressure is None:
        return None, None
    problem = check_blood_pressure(*pressure)
    form.need("pressure", problem is None, problem or "")
    return pressure


def _when(
    db: Session,
    form: Entered,
    name: str,
    session: KetamineSession,
    on: date | None,
    typed: str,
    now: datetime,
) -> datetime | None:
    """When it was so: this minute unless a time was typed, and at the visit.

    Doses are kept to the minute as well: a reading of the same minute is none after the dose.
    """
    zone: ZoneInfo = practice_zone(db, now)
    field = f"{name}_time"
    if not typed.strip():
        return now.replace(second=0, microsecond=0)
    day = on or now.astimezone(zone).date()
    at = form.moment(field, day, typed, zone, day_field=f"{name}_on")
    if at is None:
        return None
    doses = administrations(db, session.id)
    began_at = doses[0].started_at if doses else session.planned_at
    problem = not_possible(at, now) or not_of_visit(at, began_at)
    form.need(field, problem is None, problem or "")
    return at
