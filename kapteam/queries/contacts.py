"""Calls and messages: what colleagues want one to know, and the page of one contact."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from kapteam.db.access import visible_clients, visible_episodes
from kapteam.db.tables import Client, Clinician, Contact, Episode, EpisodeMember
from kapteam.errors import NotFound
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.practice import Colleague, team
from kapteam.queries.standing import Asked, Person
from kapteam.rules.permissions import Away
from kapteam.vocabulary import (
    ContactKind,
    ContactOutcome,
    EpisodeState,
    Function,
    How,
    ServiceLine,
)

_ALL = 200
_LAST = 3
# Made once: what is asked of an alias is put together when it is first asked.
_member = aliased(EpisodeMember)
_who_is_told = aliased(Clinician)


@dataclass(frozen=True, slots=True)
class Told:
    """What a colleague wants the viewer to know: whose call or message, when, what was said."""

    id: str
    client: ClientName
    kind: ContactKind
    from_client: bool
    outcome: ContactOutcome
    happened_at: datetime
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class PastContact:
    """One of a client's last contacts; `words` are empty where the viewer may not read them."""

    id: str
    kind: ContactKind
    from_client: bool
    outcome: ContactOutcome
    happened_at: datetime
    words: str
    person: Person


@dataclass(frozen=True, slots=True)
class OneContact:
    """One contact as it is kept, for its own page."""

    id: str
    episode_id: str | None
    version: int
    kind: ContactKind
    from_client: bool
    how: How | None
    place: str
    local_emergency: str
    with_id: str
    person: str
    planned_at: datetime | None
    planned_minutes: int | None
    happened_at: datetime | None
    outcome: ContactOutcome | None
    words: str
    tell: str
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenCourse:
    """A course on which something can be planned, and who is on it now."""

    id: str
    service_line: ServiceLine
    state: EpisodeState
    member_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class ContactPage:
    """What the page about a client's contacts shows; `contact` is the one that was asked for.

    `all_of_them` are the newest 200 that the viewer may see.
    """

    client: ClientName
    phone: str
    courses: tuple[OpenCourse, ...]
    contact: OneContact | None
    all_of_them: tuple[OneContact, ...]
    team: tuple[Colleague, ...]

    @property
    def may_know(self) -> dict[str, str]:
        """Whom one may tell of a call, by id: who treats this client, and the front desk."""
        members = frozenset[str]().union(*(course.member_ids for course in self.courses))
        return {
            one.id: one.name
            for one in self.team
            if one.suspended_at is None
            and (one.id in members or Function.COORDINATOR in one.functions)
        }


def told_to(db: Session, asked: Asked) -> tuple[Told, ...]:
    """What colleagues told the viewer, or whom the viewer covers, and nobody has seen yet.

    The newest first, in one statement.
    """
    viewer = asked.viewer
    mine = [viewer.clinician_id, *(one.clinician_id for one in viewer.covers)]
    return _told(db, asked, Contact.tell_id.in_(mine), Contact.told_at.is_(None))


def told_while_away(db: Session, asked: Asked, away: Away) -> tuple[Told, ...]:
    """What colleagues told the viewer in days away, which whoever covered has seen for them."""
    return _told(
        db,
        asked,
        Contact.tell_id == asked.viewer.clinician_id,
        Contact.told_at >= away.from_at,
        Contact.told_at < min(away.until_at, asked.now),
    )


def _told(db: Session, asked: Asked, *which: ColumnElement[bool]) -> tuple[Told, ...]:
    rows = db.execute(
        select(
            Contact.id,
            *CLIENT_NAME,
            Contact.kind,
            Contact.from_client,
            Contact.outcome,
            Contact.happened_at,
            Contact.words,
            Clinician.name,
        )
        .join(Client, Client.id == Contact.client_id)
        .join(Clinician, Clinician.id == Contact.with_id)
        .where(
            *which,
            Contact.happened_at.is_not(None),
            Contact.outcome != ContactOutcome.IN_ERROR,
            visible_clients(asked.viewer, asked.now),
        )
        .order_by(Contact.happened_at.desc(), Contact.id.desc())
    )
    return tuple(
        Told(
            row.id,
            client_named(row.client_id, row),
            row.kind,
            row.from_client,
            row.outcome,
            row.happened_at,
            row.words,
            row.name,
        )
        for row in rows
    )


def last_contacts(db: Session, asked: Asked, client_id: str) -> tuple[PastContact, ...]:
    """The last contacts that were had with a client whom the viewer may see, the newest first.

    In one statement.
    """
    rows = db.execute(
        _contacts()
        .where(
            Contact.client_id == client_id,
            Contact.happened_at.is_not(None),
            Contact.outcome != ContactOutcome.IN_ERROR,
            _is_visible(asked),
        )
        .limit(_LAST)
    )
    return tuple(
        PastContact(
            id=one.id,
            kind=one.kind,
            from_client=one.from_client,
            outcome=one.outcome,
            happened_at=one.happened_at,
            words=_readable_words(one, asked),
            person=Person(one.with_id, one.person),
        )
        for one in rows
    )


def contact_page(db: Session, asked: Asked, *, code: str = "", contact_id: str = "") -> ContactPage:
    """The contacts of a client, found by the code or by one contact of theirs: four statements.

    Raises NotFound when there is none or the viewer may not see it; the two read the same.
    """
    which = Client.code == code
    if contact_id:
        which = Client.id.in_(
            select(Contact.client_id)
            .outerjoin(Episode, Episode.id == Contact.episode_id)
            .where(Contact.id == contact_id, _is_visible(asked))
        )
    row = db.execute(
        select(*CLIENT_NAME, Client.phone).where(which, visible_clients(asked.viewer, asked.now))
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such client or contact, or you are not on a course of theirs.")
    found = tuple(
        _one(one, asked)
        for one in db.execute(
            _contacts().where(Contact.client_id == row.client_id, _is_visible(asked)).limit(_ALL)
        )
    )
    return ContactPage(
        client=client_named(row.client_id, row),
        phone=row.phone,
        courses=_courses(db, asked, row.client_id),
        contact=next((one for one in found if one.id == contact_id), None),
        all_of_them=found,
        team=team(db, asked),
    )


def _courses(db: Session, asked: Asked, client_id: str) -> tuple[OpenCourse, ...]:
    heads: dict[str, tuple[ServiceLine, EpisodeState]] = {}
    members: defaultdict[str, set[str]] = defaultdict(set)
    for row in db.execute(
        select(Episode.id, Episode.service_line, Episode.state, _member.clinician_id)
        .outerjoin(
            _member,
            and_(
                _member.episode_id == Episode.id,
                _member.from_at <= asked.now,
                or_(_member.until_at.is_(None), _member.until_at > asked.now),
            ),
        )
        .where(
            Episode.client_id == client_id,
            Episode.closed_at.is_(None),
            visible_episodes(asked.viewer, asked.now),
        )
        .order_by(Episode.opened_at, Episode.id)
    ):
        heads[row.id] = row.service_line, row.state
        members[row.id] |= {row.clinician_id} - {None}
    return tuple(OpenCourse(id_, *head, frozenset(members[id_])) for id_, head in heads.items())


def _is_visible(asked: Asked) -> ColumnElement[bool]:
    """What was logged is open with the client; what was planned, with its course."""
    return or_(Contact.episode_id.is_(None), visible_episodes(asked.viewer, asked.now))


def _contacts() -> Select[tuple[object, ...]]:
    return (
        select(
            *(
                getattr(Contact, name)
                for name in OneContact.__dataclass_fields__
                if name not in {"person", "tell"}
            ),
            Clinician.name.label("person"),
            _who_is_told.name.label("tell"),
        )
        .outerjoin(Episode, Episode.id == Contact.episode_id)
        .join(Clinician, Clinician.id == Contact.with_id)
        .outerjoin(_who_is_told, _who_is_told.id == Contact.tell_id)
        .order_by(
            Contact.outcome.is_not(None),
            Contact.happened_at.desc(),
            Contact.planned_at,
            Contact.id.desc(),
        )
    )


def _one(row: Any, asked: Asked) -> OneContact:
    values = {name: getattr(row, name) for name in OneContact.__dataclass_fields__}
    return OneContact(**(values | {"words": _readable_words(row, asked), "tell": row.tell or ""}))


def _readable_words(row: Any, asked: Asked) -> str:
    """What was said on the telephone everybody reads who may answer it; the rest is the team's."""
    return row.words if row.planned_at is None or asked.viewer.reads_notes else ""
