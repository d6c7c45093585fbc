"""What both need to know right before the dose: the last one, what helped, the intention."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, func, select, type_coerce
from sqlalchemy.orm import Session, aliased

from kapteam.db.access import visible_episodes
from kapteam.db.tables import (
    Administration,
    AdverseEvent,
    Client,
    Episode,
    KetamineSession,
    Series,
    SupportRecord,
    Vital,
)
from kapteam.db.types import UtcDateTime
from kapteam.errors import NotFound
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.notes import NoteLine, intentions_of_dose
from kapteam.queries.readiness import AnswerLine, ride_of
from kapteam.queries.standing import Asked
from kapteam.queries.views import is_seen_this_hour
from kapteam.rules.dosing import MayAdd, may_add
from kapteam.rules.session_record import SupportGiven
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import AdverseEventKind, OrderState, ProductRoute

_MISSING = "There is no such ketamine session, or you are not on its course of care."


@dataclass(frozen=True, slots=True)
class LastDose:
    """The dose before this one on the same course: how much, when, and how it went."""

    session_id: str
    product_route: ProductRoute
    ug: int
    last_given_at: datetime
    peak: Pressure | None
    support: SupportGiven | None
    left_early_because: str
    events: tuple[AdverseEventKind, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything of the brief; `last` None before the first dose, `intention` the latest signed."""

    session_id: str
    seen_this_hour: bool
    client: ClientName
    allergies: str | None
    usual_pressure: str | None
    pinned_line: str
    planned_at: datetime
    place: str
    at_home: bool
    people_present: str
    product_route: ProductRoute
    order_state: OrderState
    ordered_ug: int | None
    may_add: MayAdd | None
    last: LastDose | None
    intention: NoteLine | None
    ride: AnswerLine | None


def brief(db: Session, asked: Asked, session_id: str) -> Brief:
    """The brief of one ketamine session, in four statements.

    Raises NotFound when there is none or this person may not see it, NotAllowed for the front desk.
    """
    row = db.execute(
        select(
            KetamineSession,
            Series.product_route,
            Client.allergies,
            Client.usual_pressure,
            Client.pinned_line,
            is_seen_this_hour(asked, Episode.client_id).label("seen_this_hour"),
            *CLIENT_NAME,
        )
        .join(Series, Series.id == KetamineSession.series_id)
        .join(Episode, Episode.id == KetamineSession.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .where(KetamineSession.id == session_id, visible_episodes(asked.viewer, asked.now))
    ).one_or_none()
    if row is None:
        raise NotFound(_MISSING)
    dose = row.KetamineSession
    signed = [one for one in intentions_of_dose(db, asked, session_id) if one.signed_at]
    return Brief(
        session_id=dose.id,
        seen_this_hour=row.seen_this_hour,
        client=client_named(row.client_id, row),
        allergies=row.allergies,
        usual_pressure=row.usual_pressure,
        pinned_line=row.pinned_line,
        planned_at=dose.planned_at,
        place=dose.place,
        at_home=dose.at_home,
        people_present=dose.people_present,
        product_route=row.product_route,
        order_state=dose.order_state,
        ordered_ug=dose.ordered_ug,
        may_add=may_add(dose.may_add_ug, dose.may_add_from_minutes, dose.may_add_to_minutes),
        last=_last_dose(db, dose),
        intention=signed[-1] if signed else None,
        ride=ride_of(db, session_id),
    )


def _last_dose(db: Session, dose: KetamineSession) -> LastDose | None:
    """The last that was given on the course before this session, whatever the series."""
    before, ended_at = aliased(KetamineSession), Administration.ended_at
    last_at = func.max(func.coalesce(ended_at, Administration.started_at), type_=UtcDateTime())
    given = (
        select(
            before.id,
            before.series_id,
            func.sum(Administration.ug, type_=Administration.ug.type).label("ug"),
            last_at.label("last_at"),
        )
        .join(Administration, Administration.ketamine_session_id == before.id)
        .where(
            before.episode_id == dose.episode_id,
            before.id != dose.id,
            before.planned_at < dose.planned_at,
            Administration.voided_at.is_(None),
        )
        .group_by(before.id, before.series_id)
        .order_by(last_at.desc(), before.id)
        .limit(1)
        .subquery()
    )
    found: Any = db.execute(
        select(
            given,
            Series.product_route,
            Vital.systolic,
            Vital.diastolic,
            SupportRecord,
            before.early_out_reason,
            _events_of(given.c.id).label("events"),
        )
        .join(Series, Series.id == given.c.series_id)
        .join(before, before.id == given.c.id)
        .outerjoin(
            Vital,
            (Vital.ketamine_session_id == given.c.id)
            & Vital.voided_at.is_(None)
            & Vital.systolic.is_not(None),
        )
        .outerjoin(
            SupportRecord,
            (SupportRecord.ketamine_session_id == given.c.id) & SupportRecord.replaced_at.is_(None),
        )
        .order_by(Vital.systolic.desc().nulls_last(), Vital.diastolic.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    kept = found.SupportRecord
    return LastDose(
        session_id=found.id,
        product_route=found.product_route,
        ug=found.ug,
        last_given_at=found.last_at,
        peak=Pressure(found.systolic, found.diastolic) if found.systolic is not None else None,
        support=SupportGiven.of(kept.given, kept.words, kept.touched, kept.touches, kept.challenge)
        if kept
        else None,
        left_early_because=found.early_out_reason,
        events=tuple(map(AdverseEventKind, filter(None, (found.events or "").split(",")))),
    )


def _events_of(session_id: ColumnElement[str]) -> ColumnElement[str]:
    """The kinds of what befell the client in that session."""
    return (
        select(func.aggregate_strings(type_coerce(AdverseEvent.kind, String), ","))
        .where(AdverseEvent.ketamine_session_id == session_id, AdverseEvent.voided_at.is_(None))
        .scalar_subquery()
    )
