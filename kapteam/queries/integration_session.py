"""One integration session, or one that is owed, with what its forms start from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from kapteam.db.tables import Clinician, Episode, IntegrationSession, KetamineSession
from kapteam.queries.course import experiences
from kapteam.queries.practice import Colleague, team
from kapteam.queries.standing import (
    Asked,
    CourseHead,
    CourseSessions,
    DoseLine,
    IntegrationLine,
    course_sessions,
)
from kapteam.vocabulary import IntegrationCloseReason, IntegrationKind, ServiceLine

_MISSING = "There is no such integration session, or you are not on its course."


@dataclass(frozen=True, slots=True)
class SettledIntegration:
    """An integration session that is over: held, closed or taken back."""

    kind: IntegrationKind
    held_at: datetime | None
    held_by: str | None
    closed_at: datetime | None
    close_reason: IntegrationCloseReason | None
    close_note: str
    dropped_at: datetime | None
    drop_reason: str


@dataclass(frozen=True, slots=True)
class KeptIntegration:
    """What is kept of one that is still open: where, with whom, and why a day was agreed.

    `therapist_id` None is somebody elsewhere.
    """

    place: str
    therapist_id: str | None
    agreed_reason: str


@dataclass(frozen=True, slots=True)
class IntegrationPage:
    """What the page of one integration shows.

    `line` is what is still open of it (None: a new one, or settled), `kept` what its row says of it
    (None while no row stands for the debt); `settled` is how it ended. `doses` are what it
    integrates, `others` what it may integrate as well, on purpose (rule 6).
    """

    of_course: CourseSessions
    experience_id: str | None
    line: IntegrationLine | None
    kept: KeptIntegration | None
    settled: SettledIntegration | None
    doses: tuple[DoseLine, ...]
    others: tuple[DoseLine, ...]
    team: tuple[Colleague, ...]

    @property
    def course(self) -> CourseHead:
        """Whose course it is, and where it stands."""
        return self.of_course.course


def integration_page(
    db: Session,
    asked: Asked,
    *,
    integration_id: str = "",
    ketamine_session_id: str = "",
    episode_id: str = "",
) -> IntegrationPage:
    """The integration named by its own id, by the ketamine session that owes it, or a new one.

    Raises NotFound when there is none or this person may not see it; the two read the same.
    """
    which = _course_of(integration_id, ketamine_session_id, episode_id)
    of_course = course_sessions(db, asked, which, _MISSING)
    line = next(
        (
            one
            for one in of_course.integrations
            if (integration_id and one.id == integration_id)
            # A debrief is found by its own id only: by its dose one asks for what is owed.
            or (
                ketamine_session_id
                and one.kind is IntegrationKind.FULL
                and any(dose.id == ketamine_session_id for dose in one.doses)
            )
        ),
        None,
    )
    # Else the session ahead that nobody booked an integration for yet.
    named = tuple(dose for dose in of_course.doses if dose.id == ketamine_session_id)
    doses = line.doses if line else named
    return IntegrationPage(
        of_course=of_course,
        experience_id=_experience(db, of_course.course),
        line=line,
        kept=_kept(db, line.id) if line and line.id else None,
        settled=_settled(db, asked, integration_id) if integration_id and line is None else None,
        doses=doses,
        others=_others(of_course, doses),
        team=team(db, asked),
    )


def _experience(db: Session, head: CourseHead) -> str | None:
    """The experience elsewhere that the course is about, where it is about one."""
    told = () if head.service_line is ServiceLine.KAP else experiences(db, head.id)
    return next((one.id for one in told if one.voided_at is None), None)


def _others(of_course: CourseSessions, doses: tuple[DoseLine, ...]) -> tuple[DoseLine, ...]:
    """The doses of the course that no integration session stands for, these aside."""
    full = [line for line in of_course.integrations if line.kind is IntegrationKind.FULL]
    taken = {dose.id for line in full if line.id for dose in line.doses}
    owed = [dose for line in full if not line.id for dose in line.doses]
    found = {dose.id: dose for dose in (*owed, *of_course.doses) if dose.owes_integration}
    here = {dose.id for dose in doses}
    return tuple(dose for id_, dose in found.items() if id_ not in taken | here)


def _course_of(
    integration_id: str, ketamine_session_id: str, episode_id: str
) -> ColumnElement[bool]:
    """Which course it is, as a condition on Episode."""
    if integration_id:
        of = select(IntegrationSession.episode_id).where(IntegrationSession.id == integration_id)
    elif ketamine_session_id:
        of = select(KetamineSession.episode_id).where(KetamineSession.id == ketamine_session_id)
    else:
        return Episode.id == episode_id
    return Episode.id == of.correlate(None).scalar_subquery()


def _kept(db: Session, integration_id: str) -> KeptIntegration:
    row = db.execute(
        select(
            IntegrationSession.place,
            IntegrationSession.therapist_id,
            IntegrationSession.agreed_reason,
        ).where(IntegrationSession.id == integration_id)
    ).one()
    return KeptIntegration(**row._mapping)


def _settled(db: Session, asked: Asked, integration_id: str) -> SettledIntegration:
    row = db.execute(
        select(
            IntegrationSession.kind,
            IntegrationSession.held_at,
            Clinician.name.label("held_by"),
            IntegrationSession.closed_at,
            IntegrationSession.close_reason,
            IntegrationSession.close_note,
            IntegrationSession.dropped_at,
            IntegrationSession.drop_reason,
        )
        .outerjoin(Clinician, Clinician.id == IntegrationSession.held_by_id)
        .where(IntegrationSession.id == integration_id)
    ).one()
    hidden: dict[str, Any] = {} if asked.viewer.reads_notes else {"close_note": ""}
    return SettledIntegration(**{**row._mapping, **hidden})
