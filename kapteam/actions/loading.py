"""What actions on a course of care load before they change it.

Every one of them first locks the course, so that two Saves of one course never overlap and the rows
below it need no lock of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from kapteam.actions.practice import the_practice
from kapteam.clock import day_of
from kapteam.db.access import visible_episode
from kapteam.db.tables import (
    Administration,
    Clearance,
    Clinician,
    ClinicianFunction,
    Episode,
    EpisodeMember,
    Hold,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Series,
)
from kapteam.rules.ceiling import Ceiling
from kapteam.rules.dosing import Given, ends_session, estimated_last_given_at, last_given_at
from kapteam.rules.entered import Entered
from kapteam.rules.home_supply import AT_HOME
from kapteam.rules.pathway import ClearanceFacts, missing_clearance
from kapteam.rules.permissions import Viewer
from kapteam.rules.recording import not_plannable
from kapteam.vocabulary import Function, Part, ProductRoute


@dataclass(frozen=True, slots=True)
class DoseEnd:
    """When the last ketamine of a session was given, or is expected to be, and the client out.

    `at` is None for a session that ended without a dose, `out_at` until it is recorded. `ends_at`
    is when they are out or are planned to be.
    """

    ketamine_session_id: str
    at: datetime | None
    out_at: datetime | None = None
    ends_at: datetime | None = None


def practice_zone(db: Session, now: datetime) -> ZoneInfo:
    """The practice's zone. Raises NotFound before set-up."""
    return the_practice(db, now).zone


def may_know(db: Session, clinician_id: str, now: datetime, *courses: ColumnElement[bool]) -> bool:
    """Whether a colleague's sign-in is on, and they are on such a course or the front desk.

    `courses` are conditions on Episode.
    """
    on_a_course = exists().where(
        *courses,
        EpisodeMember.episode_id == Episode.id,
        EpisodeMember.clinician_id == clinician_id,
        EpisodeMember.from_at <= now,
        or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
    )
    at_the_desk = exists().where(
        ClinicianFunction.clinician_id == clinician_id,
        ClinicianFunction.function == Function.COORDINATOR,
    )
    known = db.scalar(
        select(Clinician.id).where(
            Clinician.id == clinician_id,
            Clinician.suspended_at.is_(None),
            or_(on_a_course, at_the_desk),
        )
    )
    return known is not None


def ketamine_session(
    db: Session, viewer: Viewer, ketamine_session_id: str, now: datetime
) -> tuple[KetamineSession, Episode]:
    """The ketamine session and its course, locked for a change.

    Raises NotFound when there is none or this person may not see it; the two read the same.
    """
    episode_id = db.scalar(
        select(KetamineSession.episode_id).where(KetamineSession.id == ketamine_session_id)
    )
    course = visible_episode(db, viewer, episode_id or "", now)
    return db.get_one(KetamineSession, ketamine_session_id, populate_existing=True), course


def product_route(db: Session, session: KetamineSession) -> ProductRoute:
    """The product and route of a ketamine session."""
    return db.get_one(Series, session.series_id).product_route


def administrations(db: Session, ketamine_session_id: str) -> list[Administration]:
    """What was given in a session and not entered in error, in the order of giving."""
    return list(
        db.scalars(
            select(Administration)
            .where(
                Administration.ketamine_session_id == ketamine_session_id,
                Administration.voided_at.is_(None),
            )
            .order_by(Administration.started_at, Administration.id)
        )
    )


def given(rows: Iterable[Administration]) -> list[Given]:
    """The administrations as the rules of dosing take them."""
    return [Given(one.started_at, one.ended_at, one.ug, one.kind) for one in rows]


def dose_end(db: Session, session: KetamineSession) -> DoseEnd:
    """When the last ketamine of this session was given, or is expected to be (rules 2 and 4)."""
    last = last_given_at(given(administrations(db, session.id)))
    if last is None and not ends_session(session.status):
        last = estimated_last_given_at(session.planned_at, product_route(db, session))
    planned_end = session.planned_at + timedelta(minutes=session.planned_minutes)
    ends_at = session.discharged_at or planned_end
    return DoseEnd(session.id, last, session.discharged_at, ends_at if last else None)


def linked_ends(db: Session, integration_session_id: str) -> list[DoseEnd]:
    """The ends of every dose that an integration session integrates."""
    linked = db.scalars(
        select(KetamineSession)
        .join(
            IntegrationSessionFor,
            IntegrationSessionFor.ketamine_session_id == KetamineSession.id,
        )
        .where(IntegrationSessionFor.integration_session_id == integration_session_id)
        .order_by(KetamineSession.id)
    )
    return [dose_end(db, one) for one in linked.all()]


def clearance_at(db: Session, episode_id: str, at: datetime) -> ClearanceFacts | None:
    """The newest clearance of a course that was decided by `at`."""
    row = db.scalar(
        select(Clearance)
        .where(Clearance.episode_id == episode_id, Clearance.decided_at <= at)
        .order_by(Clearance.decided_at.desc(), Clearance.id.desc())
        .limit(1)
    )
    if row is None:
        return None
    return ClearanceFacts(
        row.decision,
        frozenset(ProductRoute(route) for route in row.routes),
        Ceiling.of(row.ceiling_ug, row.ceiling_ug_per_kg),
        row.valid_until_on,
    )


@dataclass(frozen=True, slots=True)
class Prescriber:
    """Who decides what only a prescriber does; `id` is None for somebody elsewhere, or nobody."""

    id: str | None
    name: str


def prescriber_of(db: Session, course: Episode, now: datetime) -> Prescriber:
    """Whom of a course one asks for what a prescriber decides; `a prescriber` while it has none."""
    row = db.execute(
        select(
            EpisodeMember.clinician_id,
            func.coalesce(Clinician.name, EpisodeMember.elsewhere).label("name"),
        )
        .outerjoin(Clinician, Clinician.id == EpisodeMember.clinician_id)
        .where(
            EpisodeMember.episode_id == course.id,
            EpisodeMember.part == Part.PRESCRIBER,
            EpisodeMember.from_at <= now,
            or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
        )
        .order_by(EpisodeMember.from_at.desc(), EpisodeMember.id.desc())
        .limit(1)
    ).one_or_none()
    return Prescriber(row.clinician_id, row.name) if row else Prescriber(None, "a prescriber")


def is_on_hold(db: Session, episode_id: str, at: datetime) -> bool:
    """Whether the course was on hold at `at`."""
    holds = db.scalars(select(Hold).where(Hold.episode_id == episode_id, Hold.since_at <= at))
    return any(hold.released_at is None or hold.released_at > at for hold in holds)


def integrations_of(db: Session, ketamine_session_id: str) -> list[IntegrationSession]:
    """The integration sessions linked to a ketamine session whose booking was not taken back."""
    return list(
        db.scalars(
            select(IntegrationSession)
            .join(
                IntegrationSessionFor,
                IntegrationSessionFor.integration_session_id == IntegrationSession.id,
            )
            .where(
                IntegrationSessionFor.ketamine_session_id == ketamine_session_id,
                IntegrationSession.dropped_at.is_(None),
            )
            .order_by(IntegrationSession.planned_at, IntegrationSession.id)
        )
    )


def functions_of(db: Session, clinician_id: str) -> frozenset[Function]:
    """What somebody of the team does in the practice; nothing, when there is no such person."""
    held = select(ClinicianFunction.function).where(ClinicianFunction.clinician_id == clinician_id)
    return frozenset(db.scalars(held))


def read_plan(
    form: Entered,
    prefix: str,
    on: date | None,
    typed: str,
    zone: ZoneInfo,
    now: datetime,
) -> datetime | None:
    """The instant of the fields `{prefix}on` and `{prefix}time`, which has to lie ahead."""
    at = form.moment(f"{prefix}time", on, typed, zone, day_field=f"{prefix}on")
    problem = not_plannable(at, now) if at else None
    if problem:
        form.refuse(f"{prefix}time", problem)
        return None
    return at


def need_lozenge(form: Entered, route: ProductRoute | None, *, at_home: bool) -> None:
    """Domain 1.3: no other ketamine is taken at home."""
    form.need("at_home", not at_home or route in AT_HOME, "Only a lozenge is taken at home.")


def need_clearance(
    form: Entered,
    field: str,
    clearance: ClearanceFacts | None,
    route: ProductRoute | None,
    at: datetime,
    zone: ZoneInfo,
) -> None:
    """Rule 21: refuse `field` when that route, or any, is not cleared on the day of `at`."""
    problem = missing_clearance(clearance, route, day_of(at, zone))
    form.need(field, problem is None, f"Needed first: {problem}.")
