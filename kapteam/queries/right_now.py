"""Who is under medicine right now."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, cast, null, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from kapteam.db.access import visible_episodes
from kapteam.db.tables import (
    Administration,
    AdverseEvent,
    Client,
    Episode,
    KetamineSession,
    Series,
    Vital,
)
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.standing import Asked
from kapteam.rules.alerts import Signal
from kapteam.rules.dosing import Given
from kapteam.rules.monitoring import (
    DueReading,
    counts_from,
    earliest_out,
    minutes_due,
    next_reading,
)
from kapteam.rules.signals import EventFacts, SeenReading, in_session
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import ProductRoute


@dataclass(frozen=True, slots=True)
class RightNow:
    """Somebody under medicine: where, which reading is due next, from when on they may go.

    `alerts` are what is loud of their session now.
    """

    session_id: str
    client: ClientName
    place: str
    at_home: bool
    product_route: ProductRoute
    due: DueReading | None
    may_leave_at: datetime
    alerts: tuple[Signal, ...]


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
        Administration.id.label("row_id"),
        _no(Vital.systolic),
        _no(Vital.diastolic),
        _no(Vital.oxygen),
        _no(AdverseEvent.kind),
        _no(AdverseEvent.severity),
        Administration.is_witnessed.label("flag"),
    ).where(Administration.ketamine_session_id.in_(ours), Administration.voided_at.is_(None))
    read = select(
        Vital.ketamine_session_id,
        Vital.taken_at,
        _no(Administration.ended_at),
        _no(Administration.ug),
        Vital.id,
        Vital.systolic,
        Vital.diastolic,
        Vital.oxygen,
        _no(AdverseEvent.kind),
        _no(AdverseEvent.severity),
        Vital.is_observed,
    ).where(Vital.ketamine_session_id.in_(ours), Vital.voided_at.is_(None))
    befell = select(
        AdverseEvent.ketamine_session_id,
        AdverseEvent.onset_at,
        _no(Administration.ended_at),
        _no(Administration.ug),
        AdverseEvent.id,
        _no(Vital.systolic),
        _no(Vital.diastolic),
        _no(Vital.oxygen),
        AdverseEvent.kind,
        AdverseEvent.severity,
        AdverseEvent.is_serious,
    ).where(
        AdverseEvent.ketamine_session_id.in_(ours),
        AdverseEvent.voided_at.is_(None),
        AdverseEvent.resolved_at.is_(None),
    )
    both = union_all(given, read, befell).subquery()
    rows = db.execute(
        select(
            KetamineSession.id,
            KetamineSession.place,
            KetamineSession.at_home,
            KetamineSession.readings_due,
            Series.product_route,
            *CLIENT_NAME,
            *(column for column in both.c if column.key != "session_id"),
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
    readings = [row for row in rows if row.ug is None and row.kind is None]
    events = [row for row in rows if row.kind is not None]
    # What is under medicine was given something.
    assert may_leave_at is not None
    return RightNow(
        session_id=first.id,
        client=client_named(first.client_id, first),
        place=first.place,
        at_home=first.at_home,
        product_route=first.product_route,
        due=next_reading(
            [row.at for row in readings if row.systolic is not None or row.flag],
            counts_from(given, first.product_route),
            minutes_due(first.readings_due, first.product_route),
            may_leave_at,
            is_out=False,
        ),
        may_leave_at=may_leave_at,
        alerts=in_session(
            [SeenReading(row.row_id, row.at, _pressure(row), row.oxygen) for row in readings],
            [
                EventFacts(
                    row.row_id, row.id, row.kind, row.severity, row.flag, row.at, None, is_out=False
                )
                for row in events
            ],
            asked.practice.thresholds,
            asked.now,
        ),
    )


def _pressure(row: Any) -> Pressure | None:
    return Pressure(row.systolic, row.diastolic) if row.systolic is not None else None


def _no(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Nothing, in the place of a column that only another part of the union has."""
    return cast(null(), column.type).label(column.key)
