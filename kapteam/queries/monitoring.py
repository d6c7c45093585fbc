"""What was seen of a client at a ketamine session, and who is under medicine right now."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, union_all
from sqlalchemy.orm import Session

from kapteam.db.access import visible_episodes
from kapteam.db.tables import (
    Administration,
    AdverseEvent,
    Client,
    Clinician,
    Episode,
    KetamineSession,
    Series,
    Vital,
)
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.standing import Asked
from kapteam.queries.unions import no
from kapteam.rules.dosing import Given
from kapteam.rules.monitoring import (
    DueReading,
    counts_from,
    earliest_out,
    minutes_due,
    next_reading,
)
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import AdverseEventKind, EventSeverity, ProductRoute


@dataclass(frozen=True, slots=True)
class VitalLine:
    """One reading; what was not read is None. Nothing was measured where it `is_observed`."""

    id: str
    taken_at: datetime
    pressure: Pressure | None
    heart_rate: int | None
    oxygen: int | None
    breaths: int | None
    is_observed: bool
    words: str
    recorded_by: str
    recorded_at: datetime
    voided_at: datetime | None
    void_reason: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """Something that befell the client; `resolved_at` None while it goes on."""

    id: str
    kind: AdverseEventKind
    severity: EventSeverity
    is_serious: bool
    words: str
    done: str
    onset_at: datetime
    resolved_at: datetime | None
    recorded_by: str
    recorded_at: datetime
    voided_at: datetime | None
    void_reason: str


Seen = tuple[tuple[VitalLine, ...], tuple[EventLine, ...]]


def seen_of(db: Session, session_id: str) -> Seen:
    """Readings, and events, of a session that the viewer may see, by time; in one statement."""
    vitals = (
        select(
            Vital.id.label("row_id"),
            Vital.taken_at.label("at"),
            Vital.systolic,
            Vital.diastolic,
            Vital.heart_rate,
            Vital.oxygen,
            Vital.breaths,
            Vital.is_observed,
            no(AdverseEvent.kind),
            no(AdverseEvent.severity),
            no(AdverseEvent.is_serious),
            no(AdverseEvent.done),
            no(AdverseEvent.resolved_at),
            Vital.words,
            Clinician.name.label("recorded_by"),
            Vital.recorded_at,
            Vital.voided_at,
            Vital.void_reason,
        )
        .join(Clinician, Clinician.id == Vital.recorded_by_id)
        .where(Vital.ketamine_session_id == session_id)
    )
    events = (
        select(
            AdverseEvent.id,
            AdverseEvent.onset_at,
            no(Vital.systolic),
            no(Vital.diastolic),
            no(Vital.heart_rate),
            no(Vital.oxygen),
            no(Vital.breaths),
            no(Vital.is_observed),
            AdverseEvent.kind,
            AdverseEvent.severity,
            AdverseEvent.is_serious,
            AdverseEvent.done,
            AdverseEvent.resolved_at,
            AdverseEvent.words,
            Clinician.name,
            AdverseEvent.recorded_at,
            AdverseEvent.voided_at,
            AdverseEvent.void_reason,
        )
        .join(Clinician, Clinician.id == AdverseEvent.recorded_by_id)
        .where(AdverseEvent.ketamine_session_id == session_id)
    )
    rows: list[Any] = list(db.execute(union_all(vitals, events).order_by("at", "row_id")).all())
    return (
        tuple(_vital(row) for row in rows if row.kind is None),
        tuple(_event(row) for row in rows if row.kind is not None),
    )


def _vital(row: Any) -> VitalLine:
    return VitalLine(
        row.row_id,
        row.at,
        Pressure(row.systolic, row.diastolic) if row.systolic is not None else None,
        row.heart_rate,
        row.oxygen,
        row.breaths,
        row.is_observed,
        row.words,
        row.recorded_by,
        row.recorded_at,
        row.voided_at,
        row.void_reason,
    )


def _event(row: Any) -> EventLine:
    return EventLine(
        row.row_id,
        row.kind,
        row.severity,
        row.is_serious,
        row.words,
        row.done,
        row.at,
        row.resolved_at,
        row.recorded_by,
        row.recorded_at,
        row.voided_at,
        row.void_reason,
    )


@dataclass(frozen=True, slots=True)
class RightNow:
    """Somebody under medicine: where, which reading is due next, from when on they may go."""

    session_id: str
    client: ClientName
    place: str
    at_home: bool
    product_route: ProductRoute
    due: DueReading | None
    may_leave_at: datetime


def right_now(db: Session, asked: Asked) -> tuple[RightNow, ...]:
    """Who is under medicine of those whom the viewer may see, who may leave first first.

    One statement, and none while nobody is.
    """
    ids = asked.practice.under_medicine
    if not ids:
        return ()
    ours = (
        select(KetamineSession.id)
        .join(Episode, Episode.id == KetamineSession.episode_id)
        .where(KetamineSession.id.in_(sorted(ids)), visible_episodes(asked.viewer, asked.now))
    )
    given = select(
        Administration.ketamine_session_id.label("session_id"),
        Administration.started_at.label("at"),
        Administration.ended_at.label("ended_at"),
        Administration.ug.label("ug"),
    ).where(Administration.ketamine_session_id.in_(ours), Administration.voided_at.is_(None))
    read = select(
        Vital.ketamine_session_id,
        Vital.taken_at,
        no(Administration.ended_at),
        no(Administration.ug),
    ).where(Vital.ketamine_session_id.in_(ours), Vital.voided_at.is_(None))
    both = union_all(given, read).subquery()
    rows = db.execute(
        select(
            KetamineSession.id,
            KetamineSession.place,
            KetamineSession.at_home,
            KetamineSession.readings_due,
            Series.product_route,
            *CLIENT_NAME,
            both.c.at,
            both.c.ended_at,
            both.c.ug,
        )
        .join(Series, Series.id == KetamineSession.series_id)
        .join(Episode, Episode.id == KetamineSession.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .join(both, and_(both.c.session_id == KetamineSession.id))
        .order_by(both.c.at)
    )
    sessions: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        sessions[row.id].append(row)
    found = [_right_now(asked, of_one) for of_one in sessions.values()]
    return tuple(sorted(found, key=lambda one: (one.may_leave_at, one.session_id)))


def _right_now(asked: Asked, rows: list[Any]) -> RightNow:
    first = rows[0]
    given = [Given(row.at, row.ended_at, row.ug) for row in rows if row.ug is not None]
    may_leave_at = earliest_out(given, first.product_route, asked.practice.thresholds)
    # What is under medicine was given something.
    assert may_leave_at is not None
    return RightNow(
        session_id=first.id,
        client=client_named(first.client_id, first),
        place=first.place,
        at_home=first.at_home,
        product_route=first.product_route,
        due=next_reading(
            [row.at for row in rows if row.ug is None],
            counts_from(given, first.product_route),
            minutes_due(first.readings_due, first.product_route),
            may_leave_at,
            is_out=False,
        ),
        may_leave_at=may_leave_at,
    )
