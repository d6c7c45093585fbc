"""An address of every page, about people of the demo practice."""

from collections.abc import Callable

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from kapteam.db.tables import (
    AdverseEvent,
    Ask,
    Client,
    Concern,
    Contact,
    Episode,
    EpisodeMember,
    Inquiry,
    IntegrationSession,
    KetamineSession,
    MonitoringSubmission,
    Note,
    OutsideWait,
)
from kapteam.demo import THERAPIST_ID
from kapteam.demo.people import BIRDSONG, COSTELLO, MARCHETTI, NAKAMURA, OKAFOR, demo_id
from kapteam.vocabulary import NoteKind, SessionStatus

_courses = select(EpisodeMember.episode_id).where(EpisodeMember.clinician_id == THERAPIST_ID)


def _course(db: Session) -> str:
    return _one(db, select(Episode.id).where(Episode.client_id == OKAFOR.id))


def _ended(db: Session, client_id: str) -> str:
    return _one(
        db,
        select(Episode.id).where(Episode.client_id == client_id, Episode.closed_at.is_not(None)),
    )


def _code(db: Session, client_id: str) -> str:
    return _one(db, select(Client.code).where(Client.id == client_id))


def _dose(db: Session, status: SessionStatus) -> str:
    return _one(
        db,
        select(KetamineSession.id).where(
            KetamineSession.episode_id.in_(_courses), KetamineSession.status == status
        ),
    )


def _open_inquiry(db: Session) -> str:
    return _one(db, select(Inquiry.id).where(Inquiry.outcome.is_(None)))


def _integration_to_come(db: Session) -> str:
    return _one(
        db,
        select(IntegrationSession.id).where(
            IntegrationSession.episode_id.in_(_courses),
            IntegrationSession.planned_at.is_not(None),
            IntegrationSession.held_at.is_(None),
            IntegrationSession.closed_at.is_(None),
            IntegrationSession.dropped_at.is_(None),
        ),
    )


def _to_plan(db: Session) -> str:
    return _one(db, select(Episode.id).where(Episode.client_id == MARCHETTI.id))


def _at_home(db: Session) -> str:
    return _one(db, select(KetamineSession.episode_id).where(KetamineSession.at_home))


def _contact(db: Session) -> str:
    return _one(
        db,
        select(Contact.id).where(Contact.episode_id.in_(_courses), Contact.outcome.is_(None)),
    )


def _concern(db: Session) -> str:
    return _one(db, select(Concern.id).where(Concern.client_id == BIRDSONG.id))


def _answered_question(db: Session) -> str:
    return _one(db, select(Ask.id).where(Ask.answered_at.is_not(None)))


def _wait(db: Session) -> str:
    return _one(
        db,
        select(OutsideWait.id).where(
            OutsideWait.episode_id.in_(_courses), OutsideWait.outcome.is_(None)
        ),
    )


def _course_that_waits(db: Session) -> str:
    return db.get_one(OutsideWait, _wait(db)).episode_id


def _note(db: Session, kind: NoteKind, *, signed: bool) -> str:
    is_unsigned = Note.signed_at.is_(None)
    return _one(
        db,
        select(Note.id).where(
            Note.author_id == THERAPIST_ID,
            Note.kind == kind,
            ~is_unsigned if signed else is_unsigned,
        ),
    )


def _watched(db: Session) -> str:
    """A session with readings and an event."""
    return _one(db, select(AdverseEvent.ketamine_session_id))


def _spravato(db: Session) -> str:
    """A session with Spravato whose monitoring form went out."""
    return _one(db, select(MonitoringSubmission.ketamine_session_id))


def _spravato_course(db: Session) -> str:
    return db.get_one(KetamineSession, _spravato(db)).episode_id


def _one(db: Session, ids: Select[tuple[str]]) -> str:
    """The last one, which has the most to show."""
    return max(db.scalars(ids).all())


def is_prescribers(name: str) -> bool:
    """Whether a page is the prescriber's: they administer, and who has Spravato has no therapist.

    The others are opened as the therapist.
    """
    return name.startswith("practice") or name.endswith("with Spravato")


PAGES: dict[str, Callable[[Session], str]] = {
    "today": lambda db: "/",
    "caseload": lambda db: "/caseload",
    "ketamine_sessions": lambda db: "/ketamine_sessions?ketamine_sessions_days=28+days",
    "integration": lambda db: "/integration",
    "notes": lambda db: "/notes",
    "case_review": lambda db: "/case_review",
    "case_review minutes": lambda db: f"/case_review?id={demo_id('case review')}",
    "outcomes": lambda db: "/outcomes",
    "inquiries": lambda db: "/inquiries",
    "practice": lambda db: "/practice",
    "practice colleague": lambda db: f"/practice?colleague={THERAPIST_ID}",
    "practice turning off": lambda db: f"/practice?colleague={THERAPIST_ID}&do=turn_off",
    "practice away": lambda db: "/practice?practice_show=Days+away",
    "practice thresholds": lambda db: "/practice?practice_show=Thresholds",
    "practice log": lambda db: "/practice?practice_show=Who+did+what",
    "client": lambda db: f"/client?client={_code(db, OKAFOR.id)}",
    "client with a long name": lambda db: f"/client?client={_code(db, NAKAMURA.id)}",
    "client with a risk note": lambda db: f"/client?client={_code(db, BIRDSONG.id)}",
    "client_edit": lambda db: f"/client_edit?client={_code(db, OKAFOR.id)}",
    "inquiry": lambda db: f"/inquiry?id={_open_inquiry(db)}",
    "episode": lambda db: f"/episode?id={_course(db)}",
    "episode that ended": lambda db: f"/episode?id={_ended(db, COSTELLO.id)}",
    "episode to open again": lambda db: f"/episode?client={_code(db, COSTELLO.id)}",
    "episode to open": lambda db: f"/episode?client={_code(db, OKAFOR.id)}",
    "clearance": lambda db: f"/clearance?episode={_course(db)}",
    "consent": lambda db: f"/consent?episode={_course(db)}",
    "booking": lambda db: f"/booking?episode={_course(db)}",
    "series_plan": lambda db: f"/series_plan?episode={_to_plan(db)}",
    "ketamine_session": lambda db: f"/ketamine_session?id={_dose(db, SessionStatus.PLANNED)}",
    "live_session": lambda db: f"/live_session?id={_dose(db, SessionStatus.PLANNED)}",
    "brief": lambda db: f"/brief?id={_dose(db, SessionStatus.PLANNED)}",
    "live_session watched": lambda db: f"/live_session?id={_watched(db)}",
    "ketamine_session given": (
        lambda db: f"/ketamine_session?id={_dose(db, SessionStatus.COMPLETED)}"
    ),
    "ketamine_session with Spravato": lambda db: f"/ketamine_session?id={_spravato(db)}",
    "live_session with Spravato": lambda db: f"/live_session?id={_spravato(db)}",
    "clearance with Spravato": lambda db: f"/clearance?episode={_spravato_course(db)}",
    "integration_session": lambda db: f"/integration_session?id={_integration_to_come(db)}",
    "note": lambda db: f"/note?id={_note(db, NoteKind.INTENTION, signed=False)}",
    "filing": lambda db: "/filing",
    "filing of a note": lambda db: f"/filing?note={_note(db, NoteKind.INTEGRATION, signed=True)}",
    "thread": lambda db: f"/thread?episode={_course(db)}",
    "home_supply": lambda db: f"/home_supply?episode={_at_home(db)}",
    "score": lambda db: f"/score?episode={_course(db)}",
    "scores": lambda db: f"/scores?client={_code(db, OKAFOR.id)}",
    "contact": lambda db: f"/contact?client={_code(db, OKAFOR.id)}",
    "contact planned": lambda db: f"/contact?id={_contact(db)}",
    "away of oneself": lambda db: "/away",
    "away of oneself, cover": lambda db: f"/away?id={demo_id('absence/3')}&do=cover",
    "away": lambda db: f"/away?id={demo_id('absence/3')}",
    "concern": lambda db: f"/concern?client={_code(db, OKAFOR.id)}",
    "concern raised": lambda db: f"/concern?id={_concern(db)}",
    "ask": lambda db: f"/ask?episode={_course(db)}",
    "ask answered": lambda db: f"/ask?id={_answered_question(db)}",
    "wait": lambda db: f"/wait?episode={_course_that_waits(db)}",
    "wait to end": lambda db: f"/wait?id={_wait(db)}&do=end",
    "emergency": lambda db: "/emergency",
    "note signed": lambda db: f"/note?id={_note(db, NoteKind.INTEGRATION, signed=True)}",
}
