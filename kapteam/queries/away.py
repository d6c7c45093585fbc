"""Who is away when and who covers, and the days on which the practice is closed.

Also one's own days away: who has what falls into them, and afterwards what happened meanwhile.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, desc, literal, null, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from kapteam.db.access import is_on_episode, visible_clients
from kapteam.db.tables import (
    Absence,
    AuditEvent,
    Client,
    Clinician,
    ClosedDays,
    Episode,
    EpisodeMember,
)
from kapteam.errors import NotFound
from kapteam.queries.audit_log import TAGS, LogLine, What
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.practice import Colleague, team
from kapteam.queries.standing import (
    Asked,
    ContactLine,
    CoursePlans,
    DoseLine,
    IntegrationLine,
    Person,
    course_plans,
)
from kapteam.rules.away import (
    INTEGRATES,
    Need,
    Substitute,
    needs_of_contact,
    needs_of_dose,
    who_has,
)
from kapteam.rules.permissions import Away, can_set_days_away
from kapteam.vocabulary import Function, Part

_TREAT = (Function.PRESCRIBER, Function.THERAPIST)
_TOLD = (What.CLIENTS, What.SESSIONS, What.NOTES, What.EMERGENCY)
_MOST = 500
_JUST_ENDED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AbsenceLine:
    """Days away that are not over. `uncovered` are the functions that nobody covers meanwhile.

    `cover_away` is when the one who covers is away too, from and until, where that is so.
    """

    id: str
    clinician_id: str
    name: str
    functions: frozenset[Function]
    from_at: datetime
    until_at: datetime
    covered_by_id: str | None
    cover: str
    cover_away: tuple[datetime, datetime] | None
    uncovered: tuple[Function, ...]
    is_now: bool


@dataclass(frozen=True, slots=True)
class ClosedLine:
    """Days on which the practice is closed, the last one included."""

    id: str
    from_on: date
    until_on: date
    name: str


def covered_until_now(db: Session, asked: Asked) -> tuple[str, ...]:
    """Whom the viewer covered until some time of the last day, by name; in one statement."""
    return tuple(
        db.scalars(
            select(Clinician.name)
            .join(Absence, Absence.clinician_id == Clinician.id)
            .where(
                Absence.covered_by_id == asked.viewer.clinician_id,
                Absence.voided_at.is_(None),
                Absence.until_at <= asked.now,
                Absence.until_at > asked.now - _JUST_ENDED,
            )
            .distinct()
            .order_by(Clinician.name)
        )
    )


def absences(db: Session, asked: Asked, colleagues: Iterable[Colleague]) -> tuple[AbsenceLine, ...]:
    """All days away that are not over, the nearest first."""
    known = {one.id: one for one in colleagues}
    rows: Sequence[Any] = db.execute(
        select(
            Absence.id,
            Absence.clinician_id,
            Absence.from_at,
            Absence.until_at,
            Absence.covered_by_id,
        )
        .where(Absence.voided_at.is_(None), Absence.until_at > asked.now)
        .order_by(Absence.from_at, Absence.id)
    ).all()
    found = []
    for row in rows:
        away, cover = known[row.clinician_id], known.get(row.covered_by_id)
        if cover is not None and cover.suspended_at is not None:
            cover = None
        covered = cover.functions if cover else frozenset()
        found.append(
            AbsenceLine(
                row.id,
                away.id,
                away.name,
                away.functions,
                row.from_at,
                row.until_at,
                row.covered_by_id,
                cover.name if cover else "",
                _away_too(row, rows) if cover else None,
                tuple(one for one in _TREAT if one in away.functions and one not in covered),
                row.from_at <= asked.now,
            )
        )
    return tuple(found)


def own_absences(
    db: Session, asked: Asked, colleagues: Iterable[Colleague]
) -> tuple[AbsenceLine, ...]:
    """The viewer's days away that are not over, the nearest first."""
    me = asked.viewer.clinician_id
    return tuple(one for one in absences(db, asked, colleagues) if one.clinician_id == me)


def absence_to_change(
    db: Session, asked: Asked, colleagues: Iterable[Colleague], absence_id: str
) -> AbsenceLine:
    """Days away that are not over: the viewer's own, to an administrator anybody's.

    Raises NotFound.
    """
    found = next((one for one in absences(db, asked, colleagues) if one.id == absence_id), None)
    if found is None or not can_set_days_away(asked.viewer, found.clinician_id):
        raise NotFound("There are no such days away of yours, or they are over.")
    return found


def _away_too(row: Any, rows: Iterable[Any]) -> tuple[datetime, datetime] | None:
    """When the one who covers these days is away within them; the first time."""
    for one in rows:
        is_theirs = one.clinician_id == row.covered_by_id
        if is_theirs and one.from_at < row.until_at and one.until_at > row.from_at:
            return one.from_at, one.until_at
    return None


def closed_days(db: Session, asked: Asked) -> tuple[ClosedLine, ...]:
    """All closed days that are not over, the nearest first."""
    rows = db.execute(
        select(ClosedDays.id, ClosedDays.from_on, ClosedDays.until_on, ClosedDays.name)
        .where(ClosedDays.voided_at.is_(None), ClosedDays.until_on >= asked.today)
        .order_by(ClosedDays.from_on, ClosedDays.id)
    )
    return tuple(ClosedLine(**row._mapping) for row in rows)


@dataclass(frozen=True, slots=True)
class MeanwhileRow:
    """One thing that falls into days away: a ketamine session, an integration or a contact.

    `at` is when it is planned, of an integration that is not booked when it is due. `needs` says
    who has each part of it that the absent one would have had.
    """

    at: datetime
    course: CoursePlans
    needs: tuple[Need, ...]
    dose: DoseLine | None = None
    line: IntegrationLine | None = None
    contact: ContactLine | None = None

    @property
    def key(self) -> str:
        """What names the row."""
        if self.dose:
            return self.dose.id
        return self.line.key if self.line else self.contact.id if self.contact else ""


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Everything of one's own that falls into one's days away, by time; how many courses do not."""

    away: Away
    rows: tuple[MeanwhileRow, ...]
    other_courses: int
    team: tuple[Colleague, ...]


@dataclass(frozen=True, slots=True)
class SinceLine:
    """One thing that a colleague did for a client of one's own while one was away."""

    client: ClientName
    line: LogLine


def own_days_away(asked: Asked, absence_id: str) -> Away:
    """The viewer's days away with this id. Raises NotFound, also when they are somebody else's."""
    found = next((one for one in asked.viewer.away if one.id == absence_id), None)
    if found is None:
        raise NotFound("There are no such days away of yours, or you have been back for a week.")
    return found


def while_away(db: Session, asked: Asked, absence_id: str) -> Meanwhile:
    """Who is dosed, seen and called while the viewer is away, and who has each of it.

    Eight statements, whatever the size. Raises NotFound.
    """
    away = own_days_away(asked, absence_id)
    me = asked.viewer.clinician_id
    alone = replace(asked.viewer, covers=())
    courses = course_plans(db, asked, is_on_episode(alone, asked.now))
    everybody = team(db, asked)
    covers = _covers(db, away, [one.episode_id for one in courses], everybody)
    rows = [
        row
        for course in courses
        for row in _rows_of(course, me, away, covers[course.episode_id] + covers[""])
    ]
    busy = {row.course.episode_id for row in rows}
    return Meanwhile(
        away,
        tuple(sorted(rows, key=lambda row: (row.at, row.key))),
        len({one.episode_id for one in courses} - busy),
        everybody,
    )


def _covers(
    db: Session, away: Away, episode_ids: list[str], everybody: Iterable[Colleague]
) -> defaultdict[str, list[Substitute]]:
    """Who covers each course by id, the newest first; under the empty id, who covers them all."""
    known = {one.id: one for one in everybody if one.suspended_at is None}
    days_off = select(
        literal("").label("episode_id"),
        Absence.id.label("id"),
        Absence.clinician_id,
        Absence.covered_by_id,
        Absence.from_at.label("from_at"),
        Absence.until_at,
    ).where(
        Absence.voided_at.is_(None),
        Absence.from_at < away.until_at,
        Absence.until_at > away.from_at,
    )
    of_courses = select(
        EpisodeMember.episode_id,
        EpisodeMember.id,
        EpisodeMember.clinician_id,
        cast(null(), String),
        EpisodeMember.from_at,
        EpisodeMember.until_at,
    ).where(
        EpisodeMember.episode_id.in_(episode_ids),
        EpisodeMember.part == Part.COVER,
        EpisodeMember.from_at < away.until_at,
        or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > away.from_at),
    )
    # Together, because to ask twice takes longer than to tell so few rows apart.
    rows: Sequence[Any] = db.execute(
        union_all(days_off, of_courses).order_by(desc("from_at"), desc("id"))
    ).all()
    absences: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in rows:
        if not row.episode_id:
            absences[row.clinician_id].append((row.from_at, row.until_at))
    spans = [
        (row.episode_id, row.clinician_id, row.from_at, row.until_at)
        for row in rows
        if row.episode_id
    ]
    spans += [
        ("", row.covered_by_id, away.from_at, away.until_at) for row in rows if row.id == away.id
    ]
    found: defaultdict[str, list[Substitute]] = defaultdict(list)
    for episode_id, who, from_at, until_at in spans:
        if who in known:
            one = known[who]
            found[episode_id].append(
                Substitute(
                    one.name,
                    one.functions,
                    from_at,
                    until_at or away.until_at,
                    tuple(absences[who]),
                )
            )
    return found


def _rows_of(
    course: CoursePlans, me: str, away: Away, covers: list[Substitute]
) -> Iterable[MeanwhileRow]:
    """What of a course falls into the days away of the absent one, and who has it.

    What is their own, and what was given to somebody who is not on the course for good.
    """

    def is_then(at: datetime) -> bool:
        return away.from_at <= at < away.until_at

    def needs(at: datetime, whose: Person | None, functions: frozenset[Function]) -> Need:
        if whose is not None and whose.id != me:
            return Need(functions, whose.name)
        return who_has(at, functions, covers)

    people = ((Part.PRESCRIBER, course.prescriber), (Part.THERAPIST, course.therapist))
    mine = [part for part, person in people if person and person.id == me]
    for dose in course.doses:
        at = dose.planned_at
        if mine and is_then(at) and dose.last_given_at is None:
            lacks = tuple(who_has(at, one, covers) for one in needs_of_dose(mine))
            yield MeanwhileRow(at, course, lacks, dose=dose)
    regulars = {person.id for _, person in people if person} - {me}
    for line in course.integrations:
        when = line.standing.facts.planned_at or line.standing.due_at
        is_others = line.therapist is not None and line.therapist.id in regulars
        if line.standing.is_open and when and is_then(when) and not is_others:
            need = needs(when, line.therapist, INTEGRATES)
            yield MeanwhileRow(when, course, (need,), line=line)
    for contact in course.contacts:
        at = contact.standing.planned_at
        if is_then(at) and contact.person.id not in regulars:
            need = needs(at, contact.person, needs_of_contact(contact.standing.kind))
            yield MeanwhileRow(at, course, (need,), contact=contact)


def since_away(db: Session, asked: Asked, absence_id: str) -> tuple[SinceLine, ...]:
    """What colleagues did for the viewer's clients in their days away, the newest first.

    In one statement, at most 500 lines. Raises NotFound.
    """
    away = own_days_away(asked, absence_id)
    about, theirs = aliased(Clinician), aliased(EpisodeMember)
    tags = [tag for what in _TOLD for tag in TAGS[what]]
    rows = db.execute(
        select(
            AuditEvent.id,
            AuditEvent.at,
            Clinician.name.label("who"),
            AuditEvent.tag,
            about.name.label("about"),
            AuditEvent.changes,
            *CLIENT_NAME,
        )
        .join(Client, Client.id == AuditEvent.client_id)
        .outerjoin(Clinician, Clinician.id == AuditEvent.clinician_id)
        .outerjoin(about, about.id == AuditEvent.subject_id)
        .where(
            AuditEvent.at >= away.from_at,
            AuditEvent.at <= min(away.until_at, asked.now),
            or_(
                AuditEvent.clinician_id.is_(None),
                AuditEvent.clinician_id != asked.viewer.clinician_id,
            ),
            or_(*(AuditEvent.tag.like(one) for one in tags)),
            Client.id.in_(
                select(Episode.client_id)
                .join(theirs, theirs.episode_id == Episode.id)
                .where(
                    theirs.clinician_id == asked.viewer.clinician_id,
                    theirs.from_at <= away.until_at,
                    or_(theirs.until_at.is_(None), theirs.until_at > away.from_at),
                )
            ),
            visible_clients(asked.viewer, asked.now),
        )
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(_MOST)
    )
    return tuple(
        SinceLine(
            client_named(row.client_id, row),
            LogLine(row.id, row.at, row.who, row.tag, row.code, row.about, row.changes),
        )
        for row in rows
    )
