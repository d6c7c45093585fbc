"""One integration session, or one that is owed, with what its forms start from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.access import visible_episodes
from kapteam.db.tables import Clinician, Episode, IntegrationSession, KetamineSession
from kapteam.errors import NotFound
from kapteam.queries.booking import busy_therapists
from kapteam.queries.course import CourseHead, Member, course_head, experiences, members
from kapteam.queries.practice import Colleague, team
from kapteam.queries.standing import (
    Asked,
    CourseStanding,
    DoseLine,
    IntegrationLine,
    course_standings,
)
from kapteam.rules.slots import Busy
from kapteam.vocabulary import IntegrationCloseReason, IntegrationKind, ServiceLine


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

    course: CourseHead
    members: tuple[Member, ...]
    experience_id: str | None
    standing: CourseStanding | None
    line: IntegrationLine | None
    kept: KeptIntegration | None
    settled: SettledIntegration | None
    doses: tuple[DoseLine, ...]
    others: tuple[DoseLine, ...]
    team: tuple[Colleague, ...]
    busy: dict[str, tuple[Busy, ...]]


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
    found = _episode_of(db, asked, integration_id, ketamine_session_id, episode_id)
    standings = course_standings(db, asked, Episode.id == found)
    standing = standings[0] if standings else None
    lines = standing.integrations if standing else ()
    line = next(
        (
            one
            for one in lines
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
    doses = line.doses if line else _named(standing, ketamine_session_id)
    head = course_head(db, asked, found)
    return IntegrationPage(
        course=head,
        members=members(db, found, asked.now),
        experience_id=_experience(db, head),
        standing=standing,
        line=line,
        kept=_kept(db, line.id) if line and line.id else None,
        settled=_settled(db, asked, integration_id) if integration_id and line is None else None,
        doses=doses,
        others=_others(standing, doses),
        team=team(db, asked),
        busy=busy_therapists(db, asked),
    )


def _experience(db: Session, head: CourseHead) -> str | None:
    """The experience elsewhere that the course is about, where it is about one."""
    told = () if head.service_line is ServiceLine.KAP else experiences(db, head.id)
    return next((one.id for one in told if one.voided_at is None), None)


def _named(standing: CourseStanding | None, ketamine_session_id: str) -> tuple[DoseLine, ...]:
    """The session ahead that nobody booked an integration for yet."""
    doses = standing.doses if standing else ()
    return tuple(dose for dose in doses if dose.id == ketamine_session_id)


def _others(standing: CourseStanding | None, doses: tuple[DoseLine, ...]) -> tuple[DoseLine, ...]:
    """The doses of the course that no integration session stands for, these aside."""
    if standing is None:
        return ()
    full = [line for line in standing.integrations if line.kind is IntegrationKind.FULL]
    taken = {dose.id for line in full if line.id for dose in line.doses}
    owed = [dose for line in full if not line.id for dose in line.doses]
    found = {dose.id: dose for dose in (*owed, *standing.doses) if dose.owes_integration}
    here = {dose.id for dose in doses}
    return tuple(dose for id_, dose in found.items() if id_ not in taken | here)


def _episode_of(
    db: Session, asked: Asked, integration_id: str, ketamine_session_id: str, episode_id: str
) -> str:
    statement = select(Episode.id).where(visible_episodes(asked.viewer, asked.now))
    if integration_id:
        statement = statement.join(
            IntegrationSession, IntegrationSession.episode_id == Episode.id
        ).where(IntegrationSession.id == integration_id)
    elif ketamine_session_id:
        statement = statement.join(KetamineSession, KetamineSession.episode_id == Episode.id).where(
            KetamineSession.id == ketamine_session_id
        )
    else:
        statement = statement.where(Episode.id == episode_id)
    found = db.scalar(statement)
    if found is None:
        raise NotFound("There is no such integration session, or you are not on its course.")
    return found


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
