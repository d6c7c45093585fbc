"""The thread of a course of care: intention, what happened, integration, next intention."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from kapteam.db.access import is_on_episode, visible_episode_ids, visible_episodes
from kapteam.db.tables import (
    Administration,
    AdverseEvent,
    Client,
    Clinician,
    Episode,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Series,
    SupportRecord,
    Vital,
)
from kapteam.db.types import UtcDateTime
from kapteam.errors import NotFound
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.commitments import updates_of
from kapteam.queries.notes import DoseNotes, NoteLine, notes_of_client
from kapteam.queries.standing import Asked
from kapteam.queries.views import is_seen_this_hour
from kapteam.rules.commitments import Agreed, Commitment, commitments
from kapteam.rules.dosing import ends_session
from kapteam.rules.permissions import check_can_read_notes
from kapteam.rules.series import numbered
from kapteam.rules.session_record import SupportGiven
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import (
    AdverseEventKind,
    How,
    IntegrationCloseReason,
    IntegrationKind,
    ProductRoute,
    ServiceLine,
    SessionStatus,
)


@dataclass(frozen=True, slots=True)
class Happened:
    """What is on record of a session in which something was given; micrograms in all."""

    ug: int
    first_at: datetime
    last_at: datetime
    peak: Pressure | None
    events: tuple[AdverseEventKind, ...]
    support: SupportGiven | None


@dataclass(frozen=True, slots=True)
class Integrated:
    """One integration session of a step: held, closed or still ahead, with its notes that count."""

    id: str
    kind: IntegrationKind
    how: How
    planned_at: datetime | None
    held_at: datetime | None
    closed_at: datetime | None
    close_reason: IntegrationCloseReason | None
    held_by: str
    notes: tuple[NoteLine, ...]

    @property
    def at(self) -> datetime | None:
        """When it was held, else is planned."""
        return self.held_at or self.planned_at


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the thread: about a ketamine session, or about an experience elsewhere.

    `number` of `of` in its series; None where it was never given, and where no number is ordered.
    """

    id: str
    product_route: ProductRoute | None
    status: SessionStatus | None
    number: int | None
    of: int | None
    planned_at: datetime | None
    happened: Happened | None
    intentions: tuple[NoteLine, ...]
    integrations: tuple[Integrated, ...]

    @property
    def at(self) -> datetime | None:
        """By what the thread is ordered."""
        if self.happened:
            return self.happened.first_at
        return self.planned_at or next((one.at for one in self.integrations), None)


@dataclass(frozen=True, slots=True)
class Thread:
    """A course of care as one column, the oldest first, and what the client set out to do.

    `is_member`: the viewer, or whom they cover, is on it.
    """

    episode_id: str
    service_line: ServiceLine
    seen_this_hour: bool
    client: ClientName
    is_member: bool
    steps: tuple[Step, ...]
    commitments: tuple[Commitment, ...]

    @property
    def open(self) -> tuple[Commitment, ...]:
        """What is carried forward, the oldest first."""
        return tuple(one for one in self.commitments if one.is_open)

    def agreed_in(self, note_id: str) -> tuple[Commitment, ...]:
        """The committed actions of one note."""
        return tuple(one for one in self.commitments if one.note_id == note_id)


def thread(db: Session, asked: Asked, episode_id: str) -> Thread:
    """The thread of one course, in five statements.

    Raises NotAllowed for the front desk, NotFound when there is none or this person may not see it.
    """
    check_can_read_notes(asked.viewer)
    head = db.execute(
        select(
            Episode.service_line,
            is_seen_this_hour(asked, Episode.client_id).label("seen_this_hour"),
            is_on_episode(asked.viewer, asked.now).label("is_member"),
            *CLIENT_NAME,
        )
        .join(Client, Client.id == Episode.client_id)
        .where(Episode.id == episode_id, visible_episodes(asked.viewer, asked.now))
    ).one_or_none()
    if head is None:
        raise NotFound("There is no such course of care, or you are not on it.")
    sessions = _sessions(db, episode_id)
    held = _by_id(_integrations(db, asked, episode_id))
    links: dict[str | None, list[str]] = {
        one_id: [row.ketamine_session_id for row in rows if row.ketamine_session_id]
        for one_id, rows in held.items()
    }
    notes = notes_of_client(db, asked, head.client_id, links)
    of_integration = _notes_of_integrations(notes.by_dose, notes.elsewhere)
    integrated = [_integrated(rows, of_integration) for rows in held.values()]
    numbers = _numbers(sessions)
    steps = [
        _step(
            row,
            numbers.get(row.id),
            notes.of_dose(row.id),
            [one for one in integrated if row.id in links[one.id]],
        )
        for row in sessions
    ]
    steps += [_elsewhere(one) for one in integrated if not links[one.id]]
    agreed = _agreed(note for one in integrated for note in one.notes)
    updates = updates_of(db, [one.note_id for one in agreed])
    return Thread(
        episode_id=episode_id,
        service_line=head.service_line,
        seen_this_hour=head.seen_this_hour,
        client=client_named(head.client_id, head),
        is_member=head.is_member,
        steps=tuple(sorted(steps, key=lambda one: (one.at or asked.now, one.id))),
        commitments=commitments(agreed, updates),
    )


def _sessions(db: Session, episode_id: str) -> list[Any]:
    """The ketamine sessions of a course with what was given, read and recorded in each."""
    last_at = func.max(
        func.coalesce(Administration.ended_at, Administration.started_at), type_=UtcDateTime()
    )
    given = (
        select(
            Administration.ketamine_session_id.label("session_id"),
            func.sum(Administration.ug, type_=Administration.ug.type).label("ug"),
            func.min(Administration.started_at, type_=UtcDateTime()).label("first_at"),
            last_at.label("last_at"),
        )
        .join(KetamineSession, KetamineSession.id == Administration.ketamine_session_id)
        .where(KetamineSession.episode_id == episode_id, Administration.voided_at.is_(None))
        .group_by(Administration.ketamine_session_id)
        .subquery()
    )
    return list(
        db.execute(
            select(
                KetamineSession.id,
                KetamineSession.series_id,
                KetamineSession.status,
                KetamineSession.planned_at,
                Series.product_route,
                Series.ordered_count,
                given.c.ug,
                given.c.first_at,
                given.c.last_at,
                _peak().label("peak"),
                _events().label("events"),
                SupportRecord,
            )
            .join(Series, Series.id == KetamineSession.series_id)
            .outerjoin(given, given.c.session_id == KetamineSession.id)
            .outerjoin(
                SupportRecord,
                (SupportRecord.ketamine_session_id == KetamineSession.id)
                & SupportRecord.replaced_at.is_(None),
            )
            .where(KetamineSession.episode_id == episode_id)
        )
    )


def _peak() -> ColumnElement[str]:
    """The highest pressure of a session, as `162/98`."""
    return (
        select(cast(Vital.systolic, String).concat("/").concat(cast(Vital.diastolic, String)))
        .where(
            Vital.ketamine_session_id == KetamineSession.id,
            Vital.voided_at.is_(None),
            Vital.systolic.is_not(None),
        )
        .order_by(Vital.systolic.desc(), Vital.diastolic.desc(), Vital.id)
        .limit(1)
        .scalar_subquery()
    )


def _events() -> ColumnElement[str]:
    """The kinds of what befell the client in a session."""
    return (
        select(func.aggregate_strings(type_coerce(AdverseEvent.kind, String), ","))
        .where(AdverseEvent.ketamine_session_id == KetamineSession.id)
        .where(AdverseEvent.voided_at.is_(None))
        .scalar_subquery()
    )


def _integrations(db: Session, asked: Asked, episode_id: str) -> list[Any]:
    """The integration sessions of the course or of its doses, a row a thing it integrates."""
    linked = (
        select(IntegrationSessionFor.integration_session_id)
        .join(KetamineSession, KetamineSession.id == IntegrationSessionFor.ketamine_session_id)
        .where(KetamineSession.episode_id == episode_id)
    )
    return list(
        db.execute(
            select(
                IntegrationSession.id,
                IntegrationSession.kind,
                IntegrationSession.how,
                IntegrationSession.planned_at,
                IntegrationSession.held_at,
                IntegrationSession.closed_at,
                IntegrationSession.close_reason,
                Clinician.name,
                IntegrationSessionFor.ketamine_session_id,
            )
            .outerjoin(
                IntegrationSessionFor,
                IntegrationSessionFor.integration_session_id == IntegrationSession.id,
            )
            .outerjoin(
                Clinician,
                Clinician.id
                == func.coalesce(IntegrationSession.held_by_id, IntegrationSession.therapist_id),
            )
            .where(
                or_(IntegrationSession.episode_id == episode_id, IntegrationSession.id.in_(linked)),
                IntegrationSession.episode_id.in_(visible_episode_ids(asked.viewer, asked.now)),
                IntegrationSession.dropped_at.is_(None),
            )
            .order_by(IntegrationSession.id, IntegrationSessionFor.id)
        )
    )


def _by_id(rows: Iterable[Any]) -> Mapping[str, list[Any]]:
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.id].append(row)
    return found


def _notes_of_integrations(
    by_dose: Mapping[str, DoseNotes], elsewhere: Iterable[NoteLine]
) -> Mapping[str | None, list[NoteLine]]:
    """The notes of each integration session; that of several doses stands once."""
    lines = {note.id: note for one in by_dose.values() for note in one.integrations}
    lines |= {note.id: note for note in elsewhere}
    found: defaultdict[str | None, list[NoteLine]] = defaultdict(list)
    for note in sorted(lines.values(), key=lambda one: (one.started_at, one.id)):
        found[note.integration_session_id].append(note)
    return found


def _integrated(rows: list[Any], notes: Mapping[str | None, list[NoteLine]]) -> Integrated:
    row = rows[0]
    return Integrated(
        row.id,
        row.kind,
        row.how,
        row.planned_at,
        row.held_at,
        row.closed_at,
        row.close_reason,
        row.name or "",
        tuple(notes.get(row.id, ())),
    )


def _numbers(sessions: Iterable[Any]) -> Mapping[str, int]:
    """Rule 8: the place of each session in its series."""
    series: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in sessions:
        if not ends_session(row.status):
            series[row.series_id].append((row.first_at or row.planned_at, row.id))
    return {id_: number for places in series.values() for id_, number in numbered(places).items()}


def _step(row: Any, number: int | None, notes: DoseNotes, integrated: list[Integrated]) -> Step:
    kept = row.SupportRecord
    happened = None
    if row.ug is not None:
        happened = Happened(
            row.ug,
            row.first_at,
            row.last_at,
            Pressure(*map(int, row.peak.split("/"))) if row.peak else None,
            tuple(map(AdverseEventKind, filter(None, (row.events or "").split(",")))),
            SupportGiven.of(kept.given, kept.words, kept.touched, kept.touches, kept.challenge)
            if kept
            else None,
        )
    return Step(
        row.id,
        row.product_route,
        row.status,
        number,
        row.ordered_count,
        row.planned_at,
        happened,
        notes.intentions,
        tuple(sorted(integrated, key=_by_time)),
    )


def _by_time(one: Integrated) -> tuple[bool, float, str]:
    return one.at is None, one.at.timestamp() if one.at else 0.0, one.id


def _elsewhere(one: Integrated) -> Step:
    return Step(one.id, None, None, None, None, None, None, (), (one,))


def _agreed(notes: Iterable[NoteLine]) -> list[Agreed]:
    """The committed actions of each signed note, once, however many doses it is about."""
    found = {}
    for note in notes:
        if note.signed_at is not None and note.answer("actions"):
            found[note.id] = Agreed(
                note.id, note.answer("actions"), note.signed_at, note.day("check_back")
            )
    return list(found.values())
