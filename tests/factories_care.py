"""Situations of care: ketamine sessions ahead, given, unrecorded; integrations owed, booked, held.

Like `tests/factories.py` these write rows: a situation may be one that actions would refuse.
Doses are in micrograms; every builder takes the `db` of a writing block.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.accounts.sign_ins import start_sign_in, viewer_of
from kapteam.db.base import Base
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import (
    Administration,
    AdverseEvent,
    Ask,
    AskTurn,
    Client,
    Episode,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    MonitoringAnswers,
    MonitoringSubmission,
    Note,
    OtherMedicine,
    ReadinessAnswer,
    RecordSignature,
    Score,
    Series,
    SeriesReview,
    SupportRecord,
    Vital,
)
from kapteam.ids import new_id
from kapteam.instruments import instruments
from kapteam.queries.standing import Asked
from kapteam.rules.monitoring_form import CURRENT
from kapteam.rules.permissions import Viewer
from kapteam.rules.scoring import score
from kapteam.vocabulary import (
    AdministrationKind,
    AdverseEventKind,
    Answer,
    AskTurnKind,
    EventSeverity,
    Function,
    How,
    IntegrationKind,
    MedicineRoute,
    NoteKind,
    OrderState,
    Part,
    ProductRoute,
    ReadinessItem,
    RecordPart,
    SessionStatus,
    SubmittedHow,
    Support,
)
from tests.factories import NOW, TODAY, a_client, a_clinician, a_course, a_member, a_practice

_Row = TypeVar("_Row", bound=Base)
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For long tables of bad input: it is refused before either engine hears of it."""


@dataclass(frozen=True, slots=True)
class Care:
    """One client on one course, those who treat them, the front desk, and a stranger to both."""

    database: Database
    prescriber: Viewer
    therapist: Viewer
    nurse: Viewer
    front_desk: Viewer
    stranger: Viewer
    client: Client
    course: Episode

    def do(self, action: Any, viewer: Viewer, *entered: Any, now: datetime = NOW) -> Any:
        """One action, committed."""
        with self.database.writing() as db:
            return action(db, viewer, *entered, now)

    def row(self, table: type[_Row], row_id: str) -> _Row:
        """The row as it now is."""
        with self.database.reading() as db:
            return db.get_one(table, row_id)

    def asked_by(self, who: Viewer, now: datetime = NOW) -> Asked:
        """Who this person is at `now`, freshly signed in: with whom they cover and have opened."""
        with self.database.writing() as db:
            sign_in_id = start_sign_in(db, who.clinician_id, "test", now).sign_in_id
            viewer, practice = viewer_of(db, sign_in_id, now), practice_in_force(db, now)
        assert viewer
        assert practice
        return Asked(viewer, practice, now)

    def rows(self, table: type[_Row], **values: Any) -> list[_Row]:
        """The rows that have these values, in the order of their ids."""
        with self.database.reading() as db:
            return list(db.scalars(select(table).filter_by(**values).order_by("id")))


def a_cared_for_client(database: Database, **course: Any) -> Care:
    """A client on a cleared course with prescriber, therapist and a nurse who covers."""
    with database.writing() as db:
        a_practice(db)
        prescriber = a_clinician(db, Function.PRESCRIBER, credentials="MD")
        therapist = a_clinician(db, Function.THERAPIST, credentials="LCSW")
        nurse = a_clinician(db, Function.NURSE)
        front_desk = a_clinician(db, Function.COORDINATOR)
        stranger = a_clinician(db, Function.PRESCRIBER, Function.THERAPIST, name="Otto Outer")
        client = a_client(db, therapist)
        episode = a_course(
            db,
            client,
            **{"prescriber": prescriber, "therapist": therapist, "cleared": True} | course,
        )
        a_member(db, episode, nurse, Part.COVER)
    return Care(database, prescriber, therapist, nurse, front_desk, stranger, client, episode)


def another_course(db: Session, care: Care, family: str, **columns: Any) -> Episode:
    """A course of care of the same pair with another client; its gate is open."""
    client = a_client(db, care.therapist, family=family)
    usual = {"prescriber": care.prescriber, "therapist": care.therapist, "cleared": True}
    return a_course(db, client, **(usual | columns))


def an_ask(
    db: Session,
    course: Episode,
    by: Viewer,
    of: Viewer,
    *,
    asked_at: datetime = NOW - timedelta(hours=1),
    due_at: datetime = NOW + timedelta(hours=2),
    **values: Any,
) -> Ask:
    """A question of an hour ago that waits for an answer, or whatever `values` make of it."""

    def part(who: Viewer) -> Part:
        return Part.PRESCRIBER if who.is_prescriber else Part.THERAPIST

    usual = {"words": "162/98 at 40 min, hold next?"}
    one = Ask(
        id=new_id(),
        episode_id=course.id,
        asked_by_id=by.clinician_id,
        by_part=part(by),
        asked_of_id=of.clinician_id,
        of_part=part(of),
        asked_at=asked_at,
        due_at=due_at,
        **(usual | values),
    )
    db.add(one)
    db.flush()
    return one


def an_answered_ask(
    db: Session,
    course: Episode,
    by: Viewer,
    of: Viewer,
    *,
    asked: str = "162/98 at 40 min, hold next?",
    words: str = "Yes, hold it.",
) -> Ask:
    """A question that was answered half an hour ago, and the answer not read yet."""
    answered_at = NOW - timedelta(minutes=30)
    one = an_ask(db, course, by, of, words=asked, answered_at=answered_at, version=2)
    db.add(
        AskTurn(
            id=new_id(),
            ask_id=one.id,
            kind=AskTurnKind.ANSWERED,
            by_id=of.clinician_id,
            at=answered_at,
            words=words,
        )
    )
    db.flush()
    return one


def a_series(
    db: Session,
    course: Episode,
    *,
    product_route: ProductRoute = ProductRoute.INTRAMUSCULAR,
    ordered_count: int | None = 6,
    review_before: int | None = None,
    started_at: datetime = NOW - timedelta(days=20),
    is_maintenance: bool = False,
) -> Series:
    """An open series."""
    series = Series(
        id=new_id(),
        episode_id=course.id,
        product_route=product_route,
        ordered_count=ordered_count,
        review_before=review_before,
        started_at=started_at,
        is_maintenance=is_maintenance,
    )
    db.add(series)
    db.flush()
    return series


def a_series_review(
    db: Session, series: Series, by: Viewer, *, before: int = 4, words: str = "Goes on as it is."
) -> SeriesReview:
    """That the pair reviewed a series before the session of that number, an hour ago."""
    review = SeriesReview(
        id=new_id(),
        series_id=series.id,
        before_number=before,
        words=words,
        reviewed_by_id=by.clinician_id,
        reviewed_at=NOW - timedelta(hours=1),
    )
    db.add(review)
    db.flush()
    return review


def a_ketamine_session(
    db: Session,
    course: Episode,
    *,
    planned_at: datetime = NOW + timedelta(days=1),
    series: Series | None = None,
    status: SessionStatus = SessionStatus.PLANNED,
    ordered_ug: int | None = 70_000,
    may_add_ug: int | None = None,
    ride: str = "Ngozi Okafor, 602-555-0177",
) -> KetamineSession:
    """A ketamine session of two hours, its dose ordered unless `ordered_ug` is None.

    It belongs to the course's newest series, or begins one. While it is planned somebody takes the
    client home, unless `ride` is empty.
    """
    series = series or db.scalar(
        select(Series).where(Series.episode_id == course.id).order_by(Series.started_at.desc())
    )
    session = KetamineSession(
        id=new_id(),
        episode_id=course.id,
        series_id=(series or a_series(db, course)).id,
        status=status,
        planned_at=planned_at,
        planned_minutes=120,
        place="Room 2",
        order_state=OrderState.ORDERED if ordered_ug else OrderState.NONE,
        ordered_ug=ordered_ug,
        may_add_ug=may_add_ug,
        ordered_by_id=course.opened_by_id if ordered_ug else None,
        ordered_at=NOW - timedelta(days=5) if ordered_ug else None,
        created_by_id=course.opened_by_id,
        created_at=NOW - timedelta(days=5),
    )
    db.add(session)
    db.flush()
    if ride and status is SessionStatus.PLANNED:
        an_answer(db, session, ReadinessItem.RIDE, words=ride)
    return session


def an_answer(
    db: Session,
    session: KetamineSession,
    item: ReadinessItem,
    answer: Answer = Answer.FINE,
    *,
    words: str = "",
) -> ReadinessAnswer:
    """What was answered before a ketamine session, by who booked it."""
    answered = ReadinessAnswer(
        id=new_id(),
        ketamine_session_id=session.id,
        item=item,
        answer=answer,
        words=words,
        answered_by_id=session.created_by_id,
        answered_at=NOW - timedelta(hours=1),
    )
    db.add(answered)
    db.flush()
    return answered


def an_administration(
    db: Session,
    session: KetamineSession,
    *,
    started_at: datetime,
    ended_at: datetime | None = None,
    ug: int = 70_000,
    kind: AdministrationKind = AdministrationKind.DOSE,
    told_by: Viewer | None = None,
) -> Administration:
    """One giving of ketamine; with `told_by` on that prescriber's word and not confirmed yet."""
    row = Administration(
        id=new_id(),
        ketamine_session_id=session.id,
        kind=kind,
        ug=ug,
        started_at=started_at,
        ended_at=ended_at,
        given_by_id=session.created_by_id,
        recorded_at=started_at,
        told_by_id=told_by.clinician_id if told_by else None,
    )
    db.add(row)
    db.flush()
    return row


def another_medicine(
    db: Session, session: KetamineSession, *, given_at: datetime, **columns: Any
) -> OtherMedicine:
    """Ondansetron 4 mg."""
    usual = {"name": "ondansetron", "dose": "4 mg", "route": MedicineRoute.SUBLINGUAL}
    row = OtherMedicine(
        id=new_id(),
        ketamine_session_id=session.id,
        given_at=given_at,
        given_by_id=session.created_by_id,
        is_witnessed=False,
        recorded_at=given_at,
        **(usual | columns),
    )
    db.add(row)
    db.flush()
    return row


def a_vital(db: Session, session: KetamineSession, *, taken_at: datetime, **columns: Any) -> Vital:
    """A reading: 128/82, with nothing else read."""
    usual = {"systolic": 128, "diastolic": 82, "is_observed": False}
    row = Vital(
        id=new_id(),
        ketamine_session_id=session.id,
        taken_at=taken_at,
        recorded_by_id=session.created_by_id,
        recorded_at=taken_at,
        **(usual | columns),
    )
    db.add(row)
    db.flush()
    return row


def a_score(
    db: Session,
    course: Episode,
    by: Viewer,
    *,
    instrument_id: str = "phq-9",
    total: int | None = None,
    answers: Sequence[int | None] | None = None,
    result: int | None = None,
    taken_at: datetime = NOW - timedelta(hours=1),
    **columns: Any,
) -> Score:
    """An outcome measure: with `answers` what they come to, else a total alone, or a result."""
    instrument = instruments()[instrument_id]
    scored = None if answers is None else score(instrument, answers)
    usual = {"is_day_only": False, "recorded_at": taken_at}
    row = Score(
        id=new_id(),
        client_id=course.client_id,
        episode_id=course.id,
        instrument_id=instrument_id,
        form=instrument.form,
        answers=None if answers is None else list(answers),
        total=scored.total if scored else total,
        result=result,
        critical=scored.critical_answer if scored else None,
        is_total_only=total is not None,
        taken_at=taken_at,
        recorded_by_id=by.clinician_id,
        **(usual | columns),
    )
    db.add(row)
    db.flush()
    return row


def an_event(
    db: Session, session: KetamineSession, *, onset_at: datetime, **columns: Any
) -> AdverseEvent:
    """Mild nausea that goes on."""
    usual = {
        "kind": AdverseEventKind.NAUSEA,
        "severity": EventSeverity.MILD,
        "is_serious": False,
    }
    row = AdverseEvent(
        id=new_id(),
        ketamine_session_id=session.id,
        onset_at=onset_at,
        recorded_by_id=session.created_by_id,
        recorded_at=onset_at,
        **(usual | columns),
    )
    db.add(row)
    db.flush()
    return row


def a_support_record(
    db: Session, session: KetamineSession, by: Viewer, **columns: Any
) -> SupportRecord:
    """What support a therapist recorded of a session: presence."""
    row = SupportRecord(
        id=new_id(),
        ketamine_session_id=session.id,
        recorded_by_id=by.clinician_id,
        recorded_at=NOW,
        **({"given": [Support.PRESENCE.value], "words": "", "touches": []} | columns),
    )
    db.add(row)
    db.flush()
    return row


def a_signature(
    db: Session,
    session: KetamineSession,
    part: RecordPart,
    by: Viewer | None = None,
    **columns: Any,
) -> RecordSignature:
    """That a part of a session's record is to be signed, or was by somebody."""
    usual = {"signed_at": NOW, "signed_by_id": by.clinician_id} if by else {}
    row = RecordSignature(
        id=new_id(),
        ketamine_session_id=session.id,
        part=part,
        asked_at=NOW - timedelta(hours=1),
        **({"signed_text": "", "content_hash": ""} | usual | columns),
    )
    db.add(row)
    db.flush()
    return row


def a_spravato_session(
    db: Session,
    course: Episode,
    *,
    last_at: datetime,
    devices: int = 3,
    lot: str = "",
    ordered_ug: int = 84_000,
    out_at: datetime | None = None,
) -> KetamineSession:
    """A session with so many devices five minutes apart, the last one at `last_at`.

    Closed with `out_at`, when the client was out; else it goes on.
    """
    series = a_series(db, course, product_route=ProductRoute.ESKETAMINE_NASAL)
    first_at = last_at - timedelta(minutes=5 * (devices - 1))
    session = a_ketamine_session(
        db,
        course,
        series=series,
        planned_at=first_at,
        status=SessionStatus.COMPLETED if out_at else SessionStatus.STARTED,
        ordered_ug=ordered_ug,
    )
    for number in range(devices):
        an_administration(
            db,
            session,
            started_at=first_at + timedelta(minutes=5 * number),
            ug=28_000,
            kind=AdministrationKind.DEVICE,
        ).lot = lot
    if out_at:
        session.discharged_at = session.closed_at = out_at
        session.closed_by_id = course.opened_by_id
    db.flush()
    return session


def some_monitoring_answers(db: Session, session: KetamineSession) -> MonitoringAnswers:
    """No other medicine, readings acceptable, ready after 75 minutes."""
    row = MonitoringAnswers(
        id=new_id(),
        ketamine_session_id=session.id,
        medicines={one.value: False for one in CURRENT.medicines},
        before_is_acceptable=True,
        leaving_is_acceptable=True,
        ready_minutes=75,
        looked_for_events=True,
        answered_by_id=session.created_by_id,
        answered_at=NOW,
    )
    db.add(row)
    db.flush()
    return row


def a_submission(
    db: Session, session: KetamineSession, *, form_version: int = CURRENT.version, **columns: Any
) -> MonitoringSubmission:
    """The session's monitoring form went out online, today."""
    usual = {"submitted_on": TODAY, "how": SubmittedHow.ONLINE, "recorded_at": NOW}
    row = MonitoringSubmission(
        id=new_id(),
        ketamine_session_id=session.id,
        form_version=form_version,
        submitted_by_id=session.created_by_id,
        **(usual | columns),
    )
    db.add(row)
    db.flush()
    return row


def a_given_session(
    db: Session,
    course: Episode,
    *,
    given_at: datetime,
    boosted_at: datetime | None = None,
    status: SessionStatus = SessionStatus.COMPLETED,
    ug: int = 70_000,
) -> KetamineSession:
    """A session whose dose was given at `given_at`, with `boosted_at` 20 mg more then."""
    session = a_ketamine_session(
        db, course, planned_at=given_at, status=status, ordered_ug=ug, may_add_ug=20_000
    )
    an_administration(db, session, started_at=given_at, ug=ug)
    if boosted_at is not None:
        an_administration(
            db, session, started_at=boosted_at, ug=20_000, kind=AdministrationKind.BOOSTER
        )
    if not status.is_open:
        session.closed_at, session.closed_by_id = given_at + timedelta(hours=2), course.opened_by_id
    db.flush()
    return session


def an_unrecorded_session(db: Session, course: Episode) -> KetamineSession:
    """A session planned for yesterday, of which nobody recorded anything."""
    return a_ketamine_session(db, course, planned_at=NOW - timedelta(days=1))


def an_overdue_integration(db: Session, course: Episode, *, hours: int = 50) -> KetamineSession:
    """A dose given `hours` ago whose integration nobody booked."""
    return a_given_session(db, course, given_at=NOW - timedelta(hours=hours))


def an_integration_session(
    db: Session,
    course: Episode,
    *sessions: KetamineSession,
    therapist: Viewer | None = None,
    planned_at: datetime | None = None,
    held_at: datetime | None = None,
    kind: IntegrationKind = IntegrationKind.FULL,
    **columns: Any,
) -> IntegrationSession:
    """An integration session for these ketamine sessions, held if `held_at` is given."""
    integration = IntegrationSession(
        id=new_id(),
        episode_id=course.id,
        therapist_id=therapist.clinician_id if therapist else None,
        kind=kind,
        how=How.IN_PERSON,
        planned_at=planned_at,
        planned_minutes=60,
        held_at=held_at,
        held_by_id=(therapist.clinician_id if therapist else course.opened_by_id)
        if held_at
        else None,
        created_by_id=course.opened_by_id,
        created_at=NOW - timedelta(days=5),
        **columns,
    )
    db.add(integration)
    db.flush()
    link_integration(db, integration, sessions)
    return integration


def link_integration(
    db: Session, integration: IntegrationSession, sessions: Iterable[KetamineSession]
) -> None:
    """Link an integration session to these ketamine sessions as well."""
    db.add_all(
        IntegrationSessionFor(
            id=new_id(), integration_session_id=integration.id, ketamine_session_id=one.id
        )
        for one in sessions
    )
    db.flush()


def a_booked_pair(
    db: Session,
    course: Episode,
    *,
    therapist: Viewer | None = None,
    dose_at: datetime = NOW + timedelta(days=1),
    integration_at: datetime = NOW + timedelta(days=2),
) -> tuple[KetamineSession, IntegrationSession]:
    """A ketamine session ahead and its integration session the day after."""
    session = a_ketamine_session(db, course, planned_at=dose_at)
    return session, an_integration_session(
        db, course, session, therapist=therapist, planned_at=integration_at
    )


def a_signed_intention(
    db: Session,
    session: KetamineSession,
    by: Viewer,
    *,
    signed_at: datetime = NOW,
    ready: str = "Ready",
    by_prescriber: bool = False,
    **answers: str,
) -> Note:
    """The signed intention note of a ketamine session; `answers` by the keys of its template."""
    note = Note(
        id=new_id(),
        kind=NoteKind.INTENTION,
        episode_id=session.episode_id,
        ketamine_session_id=session.id,
        author_id=by.clinician_id,
        by_prescriber=by_prescriber,
        template_version=1,
        body={"intention": "To rest.", "ready": ready, **answers},
        started_at=signed_at,
        signed_at=signed_at,
        signed_text="To rest.",
        content_hash="0" * 64,
    )
    db.add(note)
    db.flush()
    return note


def a_signed_integration(
    db: Session,
    session: KetamineSession,
    by: Viewer,
    *,
    held_at: datetime = NOW - timedelta(hours=1),
    actions: str = "Walk to the river by Sunday.\n- Call her sister",
    course: Episode | None = None,
    **answers: str,
) -> Note:
    """An integration of this ketamine session, held, with its signed note and what was agreed.

    `course` where that is another one than the session's.
    """
    course = course or db.get_one(Episode, session.episode_id)
    integration = an_integration_session(db, course, session, therapist=by, held_at=held_at)
    body = {"safety": "Asked. None.", "recap": "A door, and light behind it."}
    body |= {"revisited": "Partly met", "actions": actions, **answers}
    note = Note(
        id=new_id(),
        kind=NoteKind.INTEGRATION,
        episode_id=course.id,
        integration_session_id=integration.id,
        author_id=by.clinician_id,
        by_prescriber=False,
        template_version=3,
        body=body,
        started_at=held_at,
        signed_at=held_at + timedelta(minutes=50),
        signed_text="\n\n".join(body.values()),
        content_hash="0" * 64,
    )
    db.add(note)
    db.flush()
    return note


def a_signed_note(
    db: Session,
    course: Episode,
    by: Viewer,
    kind: NoteKind = NoteKind.RISK,
    *,
    signed_at: datetime | None = NOW,
    version: int = 1,
    body: Mapping[str, str] | None = None,
) -> Note:
    """A note about the course, signed unless `signed_at` is None; `body` as its template has it."""
    note = Note(
        id=new_id(),
        kind=kind,
        episode_id=course.id,
        author_id=by.clinician_id,
        by_prescriber=False,
        template_version=version,
        body=dict(body or {}),
        started_at=signed_at or NOW,
        signed_at=signed_at,
        signed_text="Spoke with her. Safe tonight.",
        content_hash="0" * 64,
    )
    db.add(note)
    db.flush()
    return note
