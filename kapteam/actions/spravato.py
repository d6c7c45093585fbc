"""What only Spravato asks for: enrollment, the lots of devices, and the monitoring form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.entered_in_error import VoidRowEntered, mark_void, void_of_client
from kapteam.actions.ketamine_sessions import read_lot
from kapteam.actions.loading import (
    administrations,
    ketamine_session,
    practice_zone,
    product_route,
)
from kapteam.actions.saving import SAVED_MEANWHILE, already_saved
from kapteam.actions.session_record import changed_since
from kapteam.actions.submissions import judge_submission, submission_of
from kapteam.clock import day_of
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.spravato import session_facts
from kapteam.db.tables import (
    Administration,
    Episode,
    KetamineSession,
    MonitoringAnswers,
    MonitoringSubmission,
    RemsEnrollment,
)
from kapteam.errors import Conflict, NotAllowed
from kapteam.rules.entered import Entered
from kapteam.rules.monitoring_form import CURRENT, fingerprint, missing, read_ready_minutes
from kapteam.rules.permissions import (
    Viewer,
    check_can_answer_monitoring,
    check_can_record_session,
)
from kapteam.rules.spravato import is_spravato
from kapteam.vocabulary import RecordPart, SubmittedHow, WatchedMedicine

LONGEST_NUMBER = 60
_OF_SPRAVATO_ONLY = "This is asked for sessions with Spravato only."


@dataclass(frozen=True, slots=True)
class EnrollmentEntered:
    """That the client of a course is enrolled; `id` is minted by the form.

    `number` is what the practice knows it by, and may stay empty.
    """

    id: str
    episode_id: str
    enrolled_on: date | None
    number: str


@dataclass(frozen=True, slots=True)
class LotEntered:
    """The lot of a device that was given without one."""

    administration_id: str
    lot: str


@dataclass(frozen=True, slots=True)
class MonitoringAnswersEntered:
    """A prescriber's answers for the form; None: not answered. `id` is minted by the form.

    `ready_minutes` as typed, and `replaces` the id of the answers that the form showed.
    """

    id: str
    ketamine_session_id: str
    medicines: Mapping[WatchedMedicine, bool | None]
    before_is_acceptable: bool | None
    leaving_is_acceptable: bool | None
    ready_minutes: str
    looked_for_events: bool | None
    replaces: str


@dataclass(frozen=True, slots=True)
class SubmissionEntered:
    """That the form of a session went out; `id` is minted by the form.

    `missing_reason` says why with something missing, where something is.
    """

    id: str
    ketamine_session_id: str
    submitted_on: date | None
    how: SubmittedHow | None
    missing_reason: str = ""


def record_enrollment(
    db: Session, viewer: Viewer, entered: EnrollmentEntered, now: datetime
) -> None:
    """Keep that a client is enrolled in the Spravato REMS since a day.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    check_can_record_session(viewer)
    course = visible_episode(db, viewer, entered.episode_id, now)
    if already_saved(db, RemsEnrollment, entered.id):
        return
    form = Entered()
    today = day_of(now, practice_zone(db, now))
    on = form.past_day("enrolled_on", entered.enrolled_on, today)
    number = form.line("number", entered.number, "The enrollment number")
    form.need(
        "number",
        len(number) <= LONGEST_NUMBER,
        f"An enrollment number has at most {LONGEST_NUMBER} characters.",
    )
    form.done()
    db.add(
        RemsEnrollment(
            id=entered.id,
            client_id=course.client_id,
            enrolled_on=on,
            number=number,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "enrollment:recorded",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=entered.id,
        enrolled_on=on,
    )


def void_enrollment(db: Session, viewer: Viewer, entered: VoidRowEntered, now: datetime) -> None:
    """Mark an enrollment as entered in error; it stays readable (rule 66).

    Raises NotAllowed, NotFound, Invalid (`void_reason`).
    """
    check_can_record_session(viewer)
    row = void_of_client(db, viewer, RemsEnrollment, entered, now)
    if row is not None:
        record(
            db,
            "enrollment:voided",
            viewer,
            now,
            client_id=row.client_id,
            subject_id=row.id,
            enrolled_on=row.enrolled_on,
        )


def record_lot(db: Session, viewer: Viewer, entered: LotEntered, now: datetime) -> None:
    """Keep the lot of a device that was given without one; another one is a correction.

    Raises NotAllowed, NotFound, Invalid (`lot`).
    """
    check_can_record_session(viewer)
    session_id = db.scalar(
        select(Administration.ketamine_session_id).where(
            Administration.id == entered.administration_id
        )
    )
    session, course = _of_spravato(db, viewer, session_id or "", now)
    row = db.get_one(Administration, entered.administration_id, populate_existing=True)
    form = Entered()
    lot = read_lot(form, "lot", entered.lot)
    form.need("lot", bool(lot), "Enter the lot that stands on the device.")
    form.done()
    if row.voided_at is not None:
        raise NotAllowed("This was marked as entered in error already.")
    if row.lot == lot:
        return
    if row.lot:
        raise NotAllowed("Its lot is recorded already. Correct the dose in the full record.")
    row.lot = lot
    record(
        db,
        "administration:lot",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        administration_id=row.id,
        lot=lot,
        **changed_since(db, session, RecordPart.MEDICAL, now),
    )


def answer_monitoring(
    db: Session, viewer: Viewer, entered: MonitoringAnswersEntered, now: datetime
) -> None:
    """Keep a prescriber's answers for the form of a session, in the place of those before.

    Not once it went out: what was sent is what was answered then, unless it is to be sent again.
    Raises NotAllowed, NotFound, Invalid by field, Conflict.
    """
    check_can_answer_monitoring(viewer)
    session, course = _of_spravato(db, viewer, entered.ketamine_session_id, now)
    if already_saved(db, MonitoringAnswers, entered.id):
        return
    sent = submission_of(db, session.id)
    if sent is not None and sent.changed_at is None:
        raise NotAllowed(
            "The form went out with the answers that there were. Mark that as entered in error "
            "first."
        )
    form = Entered()
    for one in CURRENT.medicines:
        form.need(
            f"medicines.{one.value}",
            entered.medicines.get(one) is not None,
            f"{one.label}: say yes or no.",
        )
    for name in ("before_is_acceptable", "leaving_is_acceptable", "looked_for_events"):
        form.need(name, getattr(entered, name) is not None, "Say yes or no.")
    minutes = form.read("ready_minutes", read_ready_minutes, entered.ready_minutes)
    form.done()
    before = db.scalar(
        select(MonitoringAnswers).where(
            MonitoringAnswers.ketamine_session_id == session.id,
            MonitoringAnswers.replaced_at.is_(None),
        )
    )
    if (before.id if before else "") != entered.replaces:
        raise Conflict(SAVED_MEANWHILE)
    if before is not None:
        before.replaced_at = now
        db.flush()
    db.add(
        MonitoringAnswers(
            id=entered.id,
            ketamine_session_id=session.id,
            medicines={one.value: entered.medicines[one] for one in CURRENT.medicines},
            before_is_acceptable=entered.before_is_acceptable,
            leaving_is_acceptable=entered.leaving_is_acceptable,
            ready_minutes=minutes,
            looked_for_events=entered.looked_for_events,
            answered_by_id=viewer.clinician_id,
            answered_at=now,
        )
    )
    record(
        db,
        "monitoring_form:answered",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
    )
    judge_submission(db, session, now)


def submit_monitoring(
    db: Session, viewer: Viewer, entered: SubmissionEntered, now: datetime
) -> None:
    """Keep that the monitoring form of a session went out (rule 39), and what it said and lacked.

    Not before the client is out, and not again unless what it says has changed since. Raises
    NotAllowed, NotFound, Invalid by field.
    """
    check_can_record_session(viewer)
    session, course = _of_spravato(db, viewer, entered.ketamine_session_id, now)
    if already_saved(db, MonitoringSubmission, entered.id):
        return
    zone = practice_zone(db, now)
    given = administrations(db, session.id)
    if not given:
        raise NotAllowed("Nothing was given in this session, so it has no monitoring form.")
    if session.discharged_at is None:
        raise NotAllowed("The client is not out yet. The form goes out once they left.")
    before = submission_of(db, session.id)
    if before is not None and before.changed_at is None:
        raise NotAllowed("The form of this session is marked as submitted already.")
    facts = session_facts(db, session)
    lacks = ", ".join(missing(CURRENT, facts, now))
    form = Entered()
    on = form.past_day("submitted_on", entered.submitted_on, day_of(now, zone))
    form.need(
        "submitted_on",
        on is None or on >= day_of(given[0].started_at, zone),
        "This is before the session. Check the day.",
    )
    form.need("how", entered.how is not None, "Choose how it went out.")
    why = form.text("missing_reason", entered.missing_reason, "The reason")
    form.need("missing_reason", not lacks or bool(why), f"Missing: {lacks}. Say why.")
    form.done()
    if before is not None:
        before.replaced_at = now
        db.flush()
    db.add(
        MonitoringSubmission(
            id=entered.id,
            ketamine_session_id=session.id,
            form_version=CURRENT.version,
            submitted_on=on,
            how=entered.how,
            submitted_by_id=viewer.clinician_id,
            recorded_at=now,
            content_hash=fingerprint(CURRENT, facts),
            missing=lacks,
            missing_reason=why if lacks else "",
        )
    )
    record(
        db,
        "monitoring_form:submitted",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        submitted_on=on,
        how=entered.how,
        form_version=CURRENT.version,
        missing=lacks,
        again=before is not None,
    )


def void_submission(db: Session, viewer: Viewer, entered: VoidRowEntered, now: datetime) -> None:
    """Mark as entered in error that a form went out; it is due again (rules 39 and 66).

    Where it was the second one, the one before it counts again. Raises NotAllowed, NotFound,
    Invalid (`void_reason`).
    """
    check_can_record_session(viewer)
    session_id = db.scalar(
        select(MonitoringSubmission.ketamine_session_id).where(
            MonitoringSubmission.id == entered.row_id
        )
    )
    session, course = _of_spravato(db, viewer, session_id or "", now)
    row = db.get_one(MonitoringSubmission, entered.row_id, populate_existing=True)
    if mark_void(row, viewer, entered, now):
        record(
            db,
            "monitoring_form:voided",
            viewer,
            now,
            client_id=course.client_id,
            subject_id=session.id,
            submitted_on=row.submitted_on,
        )
        if row.replaced_at is None:
            _bring_back(db, session, now)


def _bring_back(db: Session, session: KetamineSession, now: datetime) -> None:
    """The form that went out last before one that did not go out is the one that counts again."""
    db.flush()
    last = db.scalar(
        select(MonitoringSubmission)
        .where(
            MonitoringSubmission.ketamine_session_id == session.id,
            MonitoringSubmission.voided_at.is_(None),
        )
        .order_by(MonitoringSubmission.replaced_at.desc())
        .limit(1)
    )
    if last is not None:
        last.replaced_at = None
        db.flush()
        judge_submission(db, session, now)


def record_form_printed(
    db: Session, viewer: Viewer, ketamine_session_id: str, version: int, now: datetime
) -> None:
    """Note that this person printed the form of a session, by which version.

    The caller hands it out only after this is committed. Raises NotAllowed, NotFound.
    """
    check_can_record_session(viewer)
    session, course = _of_spravato(db, viewer, ketamine_session_id, now)
    record(
        db,
        "monitoring_form:printed",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=session.id,
        form_version=version,
    )


def _of_spravato(
    db: Session, viewer: Viewer, session_id: str, now: datetime
) -> tuple[KetamineSession, Episode]:
    """A session with Spravato and its course; rule 41: no other one has any of this."""
    session, course = ketamine_session(db, viewer, session_id, now)
    if not is_spravato(product_route(db, session)):
        raise NotAllowed(_OF_SPRAVATO_ONLY)
    return session, course
