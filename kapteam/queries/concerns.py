"""The page about a client's safety: concerns, who knows of them, and what helps in a crisis."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from kapteam.db.access import visible_clients, visible_episodes, visible_notes
from kapteam.db.concerns import last_seen_at, misses_risk_note, names, unseen_by
from kapteam.db.tables import (
    Absence,
    Client,
    Clinician,
    ClinicianFunction,
    Concern,
    ConcernAddition,
    ConcernSeen,
    Contact,
    Episode,
    EpisodeMember,
    KetamineSession,
    Note,
)
from kapteam.errors import NotFound
from kapteam.queries.client_details import ClientDetails
from kapteam.queries.standing import Asked, Person
from kapteam.rules.concerns import ConcernStanding, clearing_notes, owners
from kapteam.rules.dosing import ends_session
from kapteam.vocabulary import (
    ConcernKind,
    ConcernLevel,
    ContactOutcome,
    Function,
    How,
    NoteKind,
    Part,
    ServiceLine,
    SessionStatus,
)


@dataclass(frozen=True, slots=True)
class OneConcern:
    """One concern as it is kept; `standing` is None once it is cleared."""

    id: str
    version: int
    episode_id: str | None
    kind: ConcernKind
    level: ConcernLevel
    words: str
    plan: str
    place: str
    holds: bool
    raised_by_id: str
    raised_by: str
    raised_at: datetime
    told_by_phone_at: datetime | None
    told_by: str
    closed_at: datetime | None
    closed_by: str
    closed_by_note_id: str | None
    standing: ConcernStanding | None


@dataclass(frozen=True, slots=True)
class Added:
    """What somebody added to the concern that was asked for."""

    author: str
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Knows:
    """Somebody who has seen the concern, and when; `by` covered for them."""

    person_id: str
    name: str
    seen_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ClearingNote:
    """A signed note that may clear the concern."""

    id: str
    kind: NoteKind
    author: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Reachable:
    """Somebody of the team who treats the client, and the numbers to call them or their cover."""

    person: Person
    part: Part
    phone: str
    cover_phone: str
    has_sign_in: bool


@dataclass(frozen=True, slots=True)
class SafetyCourse:
    """A course of care on which a concern may be raised or a note about one be written.

    `misses_note`: a dose on it waits for a prescriber's note about a high suicide risk (rule 30).
    """

    id: str
    service_line: ServiceLine
    is_open: bool
    is_visible: bool
    misses_note: bool


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the client is by their video call or session at home of today, else as was last said.

    `said_at` is when it was said with an open concern; None of today, with whom to call there.
    """

    place: str
    local_emergency: str = ""
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SafetyPlan:
    """What helps the client through a crisis, with who wrote it last; empty while there is none."""

    text: str
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ConcernPage:
    """What the page shows; `concern` is the one that was asked for, `concerns` are all.

    `people` treat the client on an open course. `known_by`, `added` and `notes` are about the one.
    """

    details: ClientDetails
    plan: SafetyPlan
    courses: tuple[SafetyCourse, ...]
    people: tuple[Reachable, ...]
    whereabouts: Whereabouts | None
    concern: OneConcern | None
    concerns: tuple[OneConcern, ...]
    known_by: tuple[Knows, ...]
    added: tuple[Added, ...]
    notes: tuple[ClearingNote, ...]

    @property
    def owners(self) -> frozenset[Function]:
        """Whose function the concern is, or none without one."""
        return _owners(self.concern, self.people)

    @property
    def open_courses(self) -> tuple[SafetyCourse, ...]:
        """Those that the viewer is on."""
        return tuple(one for one in self.courses if one.is_open and one.is_visible)

    @property
    def dose_waits_on(self) -> tuple[Reachable, ...] | None:
        """Rule 30: on whose note a dose waits, whoever cleared what; None while it waits on none.

        It is what is asked about the concern that was asked for: an open high suicide risk.
        """
        is_high_risk = (
            self.concern is not None
            and self.concern.closed_at is None
            and self.concern.kind is ConcernKind.SUICIDE_RISK
            and self.concern.level is ConcernLevel.HIGH
        )
        if not is_high_risk or not any(one.misses_note for one in self.courses):
            return None
        return tuple(one for one in self.people if one.part is Part.PRESCRIBER)

    @property
    def not_seen_by(self) -> tuple[Reachable, ...]:
        """Who has not seen the concern yet: everybody else who treats the client and signs in."""
        if self.concern is None or self.concern.closed_at is not None:
            return ()
        known = {one.person_id for one in self.known_by} | {self.concern.raised_by_id}
        return tuple(one for one in self.people if one.has_sign_in and one.person.id not in known)


def concern_page(db: Session, asked: Asked, *, code: str = "", concern_id: str = "") -> ConcernPage:
    """The safety of a client, found by the code or by one concern of theirs: seven statements.

    Raises NotFound when there is none or the viewer may not see it; the two read the same.
    """
    which = Client.code == code
    if concern_id:
        which = Client.id.in_(select(Concern.client_id).where(Concern.id == concern_id))
    plan_by = aliased(Clinician)
    row = db.execute(
        select(
            *(getattr(Client, name) for name in ClientDetails.__dataclass_fields__),
            Client.safety_plan,
            Client.safety_plan_at,
            plan_by.name.label("safety_plan_by"),
        )
        .outerjoin(plan_by, plan_by.id == Client.safety_plan_by_id)
        .where(which, visible_clients(asked.viewer, asked.now))
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such client or concern, or you are not on a course of theirs.")
    concerns = _concerns(db, asked, row.id)
    concern = next((one for one in concerns if one.id == concern_id), None)
    courses, people = _people(db, asked, row.id)
    return ConcernPage(
        details=ClientDetails(
            **{name: getattr(row, name) for name in ClientDetails.__dataclass_fields__}
        ),
        plan=SafetyPlan(row.safety_plan, row.safety_plan_by or "", row.safety_plan_at),
        courses=courses,
        people=people,
        whereabouts=_whereabouts(db, asked, row.id) or _said_with(concerns),
        concern=concern,
        concerns=concerns,
        known_by=_known_by(db, concern_id),
        added=_added(db, concern_id),
        notes=_notes(db, asked, concern, row.id, _owners(concern, people)),
    )


def _concerns(db: Session, asked: Asked, client_id: str) -> tuple[OneConcern, ...]:
    """Open ones first, then the newest first."""
    raised, told, closed = aliased(Clinician), aliased(Clinician), aliased(Clinician)
    rows = db.execute(
        select(
            Concern,
            raised.name.label("raised_by"),
            told.name.label("told_by"),
            closed.name.label("closed_by"),
            unseen_by(asked.now).label("unseen_by"),
            last_seen_at().label("seen_at"),
        )
        .join(raised, raised.id == Concern.raised_by_id)
        .outerjoin(told, told.id == Concern.told_by_id)
        .outerjoin(closed, closed.id == Concern.closed_by_id)
        .where(Concern.client_id == client_id)
        .order_by(Concern.closed_at.is_not(None), Concern.raised_at.desc(), Concern.id.desc())
    )
    return tuple(_one(row) for row in rows)


def _one(row: Any) -> OneConcern:
    one: Concern = row.Concern
    standing = ConcernStanding(
        one.kind,
        one.level,
        one.raised_at,
        row.raised_by,
        names(row.unseen_by),
        None if row.unseen_by else row.seen_at,
    )
    return OneConcern(
        id=one.id,
        version=one.version,
        episode_id=one.episode_id,
        kind=one.kind,
        level=one.level,
        words=one.words,
        plan=one.plan,
        place=one.place,
        holds=one.holds,
        raised_by_id=one.raised_by_id,
        raised_by=row.raised_by,
        raised_at=one.raised_at,
        told_by_phone_at=one.told_by_phone_at,
        told_by=row.told_by or "",
        closed_at=one.closed_at,
        closed_by=row.closed_by or "",
        closed_by_note_id=one.closed_by_note_id,
        standing=standing if one.closed_at is None else None,
    )


def _people(
    db: Session, asked: Asked, client_id: str
) -> tuple[tuple[SafetyCourse, ...], tuple[Reachable, ...]]:
    """The client's courses, open ones first, and who is on the open ones now."""
    member, cover = aliased(EpisodeMember), aliased(Clinician)
    courses: dict[str, SafetyCourse] = {}
    people: dict[str, Reachable] = {}
    for row in db.execute(
        select(
            Episode.id,
            Episode.service_line,
            Episode.closed_at,
            visible_episodes(asked.viewer, asked.now).label("is_visible"),
            misses_risk_note().label("misses_note"),
            member.clinician_id,
            member.elsewhere,
            member.part,
            Clinician.name,
            Clinician.phone,
            Clinician.suspended_at,
            Absence.until_at.label("away_until"),
            cover.name.label("cover"),
            cover.phone.label("cover_phone"),
        )
        .outerjoin(
            member,
            and_(
                member.episode_id == Episode.id,
                member.from_at <= asked.now,
                or_(member.until_at.is_(None), member.until_at > asked.now),
            ),
        )
        .outerjoin(Clinician, Clinician.id == member.clinician_id)
        .outerjoin(
            Absence,
            and_(
                Absence.clinician_id == member.clinician_id,
                Absence.from_at <= asked.now,
                Absence.until_at > asked.now,
                Absence.voided_at.is_(None),
            ),
        )
        .outerjoin(cover, cover.id == Absence.covered_by_id)
        .where(Episode.client_id == client_id)
        .order_by(
            Episode.closed_at.is_not(None), Episode.opened_at, Episode.id, member.from_at, member.id
        )
    ):
        is_open = row.closed_at is None
        misses_note = is_open and row.service_line is ServiceLine.KAP and row.misses_note
        courses[row.id] = SafetyCourse(
            row.id, row.service_line, is_open, row.is_visible, misses_note
        )
        if is_open and row.part is not None:
            name = row.name or row.elsewhere
            people.setdefault(
                row.clinician_id or name,
                Reachable(
                    Person(row.clinician_id, name, row.away_until, row.cover or ""),
                    row.part,
                    row.phone or "",
                    row.cover_phone or "",
                    row.clinician_id is not None and row.suspended_at is None,
                ),
            )
    return tuple(courses.values()), tuple(people.values())


def _whereabouts(db: Session, asked: Asked, client_id: str) -> Whereabouts | None:
    """Where the client is today by the last video contact or session at home of the day."""
    midnight = datetime.combine(asked.today, time(), asked.practice.zone)

    def today(of: type[Contact | KetamineSession], *conditions: ColumnElement[bool]) -> Any:
        return (
            select(of.place, of.local_emergency, of.planned_at.label("at"))
            .join(Episode, Episode.id == of.episode_id)
            .where(
                Episode.client_id == client_id,
                of.place != "",
                of.planned_at >= midnight,
                of.planned_at < midnight + timedelta(days=1),
                visible_episodes(asked.viewer, asked.now),
                *conditions,
            )
        )

    by_video = today(
        Contact,
        Contact.how == How.VIDEO,
        or_(Contact.outcome.is_(None), Contact.outcome == ContactOutcome.HELD),
    )
    at_home = today(
        KetamineSession,
        KetamineSession.at_home.is_(True),
        KetamineSession.status.in_([one for one in SessionStatus if not ends_session(one)]),
    )
    found = union_all(by_video, at_home).subquery()
    row = db.execute(
        select(found.c.place, found.c.local_emergency).order_by(found.c.at.desc()).limit(1)
    ).one_or_none()
    return Whereabouts(row.place, row.local_emergency) if row else None


def _said_with(concerns: Iterable[OneConcern]) -> Whereabouts | None:
    """Where the client was by the newest open concern that says so."""
    told = (one for one in concerns if one.place and one.closed_at is None)
    return next((Whereabouts(one.place, said_at=one.raised_at) for one in told), None)


def _known_by(db: Session, concern_id: str) -> tuple[Knows, ...]:
    by = aliased(Clinician)
    rows = db.execute(
        select(
            ConcernSeen.clinician_id,
            ConcernSeen.seen_by_id,
            ConcernSeen.seen_at,
            Clinician.name,
            by.name.label("by"),
        )
        .join(Clinician, Clinician.id == ConcernSeen.clinician_id)
        .join(by, by.id == ConcernSeen.seen_by_id)
        .where(ConcernSeen.concern_id == concern_id)
        .order_by(ConcernSeen.seen_at, ConcernSeen.clinician_id)
    )
    return tuple(
        Knows(
            row.clinician_id,
            row.name,
            row.seen_at,
            "" if row.seen_by_id == row.clinician_id else row.by,
        )
        for row in rows
    )


def _added(db: Session, concern_id: str) -> tuple[Added, ...]:
    rows = db.execute(
        select(Clinician.name, ConcernAddition.at, ConcernAddition.words)
        .join(Clinician, Clinician.id == ConcernAddition.author_id)
        .where(ConcernAddition.concern_id == concern_id)
        .order_by(ConcernAddition.at, ConcernAddition.id)
    )
    return tuple(Added(row.name, row.at, row.words) for row in rows)


def _owners(concern: OneConcern | None, people: Iterable[Reachable]) -> frozenset[Function]:
    if concern is None:
        return frozenset()
    treats = any(one.part is Part.PRESCRIBER and one.has_sign_in for one in people)
    return owners(concern.kind, has_prescriber=treats)


def _notes(
    db: Session,
    asked: Asked,
    concern: OneConcern | None,
    client_id: str,
    owning: frozenset[Function],
) -> tuple[ClearingNote, ...]:
    """The notes that may clear it (`rules.concerns.does_not_clear`), the newest first."""
    kinds: Iterable[NoteKind] = clearing_notes(concern.kind) if concern else ()
    after = concern.raised_at if concern else asked.now
    by_an_owner = (
        select(ClinicianFunction.clinician_id)
        .where(
            ClinicianFunction.clinician_id == Note.author_id,
            ClinicianFunction.function.in_(owning),
        )
        .exists()
    )
    rows = db.execute(
        select(Note.id, Note.kind, Note.signed_at, Clinician.name)
        .join(Episode, Episode.id == Note.episode_id)
        .join(Clinician, Clinician.id == Note.author_id)
        .where(
            Episode.client_id == client_id,
            Note.kind.in_(kinds),
            Note.signed_at > after,
            Note.voided_at.is_(None),
            by_an_owner,
            visible_notes(asked.viewer, asked.now),
        )
        .order_by(Note.signed_at.desc(), Note.id.desc())
    )
    return tuple(ClearingNote(row.id, row.kind, row.name, row.signed_at) for row in rows)
