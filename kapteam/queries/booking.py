"""What booking needs to know: the course, its running series, and when a therapist is free."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, null, select, union_all
from sqlalchemy.orm import Session, aliased

from kapteam.db.series import has_given
from kapteam.db.tables import Absence, Clinician, Episode, IntegrationSession, Series, Weight
from kapteam.queries.course import Course, course
from kapteam.queries.practice import Colleague, team
from kapteam.queries.standing import Asked
from kapteam.queries.weights import WeightLine, is_newest, weight_line
from kapteam.rules.series import goes_on
from kapteam.rules.slots import Busy, Proposal, propose
from kapteam.vocabulary import ProductRoute

INTEGRATION_MINUTES = 60
_LOOK_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class RunningSeries:
    """The course's open series; it `goes_on` unless maintenance began since (rule 8).

    `ordered` is None until a prescriber orders a number; `has_given` once a dose of it was given.
    """

    product_route: ProductRoute
    ordered: int | None
    goes_on: bool
    has_given: bool


@dataclass(frozen=True, slots=True)
class BookingStart:
    """What the booking form starts from."""

    course: Course
    series: RunningSeries | None
    weight: WeightLine | None
    team: tuple[Colleague, ...]


def booking_start(db: Session, asked: Asked, episode_id: str) -> BookingStart:
    """Everything for one booking form. Raises NotFound."""
    care = course(db, asked, episode_id)
    row = db.execute(
        select(
            Series.product_route,
            Series.ordered_count,
            Series.started_at,
            has_given(Series.id).label("has_given"),
            Weight,
        )
        .select_from(Episode)
        .outerjoin(Series, and_(Series.episode_id == Episode.id, Series.ended_at.is_(None)))
        .outerjoin(Weight, is_newest(Episode.client_id))
        .where(Episode.id == episode_id)
        .order_by(Series.started_at.desc(), Series.id.desc())
        .limit(1)
    ).one()
    runs = row.product_route is not None
    return BookingStart(
        course=care,
        series=RunningSeries(
            row.product_route,
            row.ordered_count,
            goes_on=goes_on(row.started_at, care.state, care.state_since),
            has_given=row.has_given,
        )
        if runs
        else None,
        weight=weight_line(asked, row.Weight, row.started_at),
        team=team(db, asked),
    )


def free_slots(
    db: Session, asked: Asked, therapist_id: str | None, last_given_at: datetime
) -> Proposal:
    """Free times of a therapist after the last ketamine, given or expected at `last_given_at`."""
    return propose(
        last_given_at,
        asked.practice.thresholds,
        _busy(db, asked, therapist_id) if therapist_id else (),
        timedelta(minutes=INTEGRATION_MINUTES),
        asked.now,
        asked.practice.zone,
        asked.practice.hours,
    )


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody is away until then; who covers is None where nobody does."""

    until_at: datetime
    covered_by_id: str | None


def away_after(
    db: Session, asked: Asked, therapist_id: str, last_given_at: datetime
) -> Away | None:
    """Whether a therapist is away when an integration after this ketamine could first be."""
    open_times = free_slots(db, asked, None, last_given_at).slots
    if not open_times:
        return None
    row = db.execute(
        select(Absence.until_at, Absence.covered_by_id)
        .where(
            Absence.clinician_id == therapist_id,
            Absence.voided_at.is_(None),
            Absence.from_at <= open_times[0],
            Absence.until_at > open_times[0],
        )
        .limit(1)
    ).one_or_none()
    return row and Away(row.until_at, row.covered_by_id)


@dataclass(frozen=True, slots=True)
class AwayThen:
    """Somebody who is away at a time, until when, and who covers all of it, by name."""

    clinician_id: str
    until_at: datetime
    cover: str


def away_at(
    db: Session, asked: Asked, clinician_ids: tuple[str, ...], at: datetime
) -> tuple[AwayThen, ...]:
    """Who of these people is away at that time, by name."""
    away, cover = aliased(Clinician), aliased(Clinician)
    rows = db.execute(
        select(Absence.clinician_id, Absence.until_at, cover.name.label("cover"))
        .join(away, away.id == Absence.clinician_id)
        .outerjoin(cover, and_(cover.id == Absence.covered_by_id, cover.suspended_at.is_(None)))
        .where(
            Absence.clinician_id.in_(clinician_ids),
            Absence.voided_at.is_(None),
            Absence.from_at <= at,
            Absence.until_at > at,
        )
        .order_by(away.name, away.id)
    )
    return tuple(AwayThen(row.clinician_id, row.until_at, row.cover or "") for row in rows)


def _busy(db: Session, asked: Asked, therapist_id: str) -> list[Busy]:
    """What a therapist has ahead, as times only: days away, and no client of a session in it."""
    away = select(
        Absence.from_at.label("from_at"),
        Absence.until_at.label("until_at"),
        null().label("minutes"),
    ).where(
        Absence.clinician_id == therapist_id,
        Absence.voided_at.is_(None),
        Absence.until_at > asked.now,
    )
    booked = select(
        IntegrationSession.planned_at, null(), IntegrationSession.planned_minutes
    ).where(
        IntegrationSession.therapist_id == therapist_id,
        IntegrationSession.planned_at >= asked.now - timedelta(hours=12),
        IntegrationSession.planned_at < asked.now + _LOOK_AHEAD,
        IntegrationSession.held_at.is_(None),
        IntegrationSession.closed_at.is_(None),
        IntegrationSession.dropped_at.is_(None),
    )
    rows: Iterable[Any] = db.execute(union_all(away, booked))
    return [
        Busy(row.from_at, row.until_at, is_away=True)
        if row.until_at
        else Busy(row.from_at, row.from_at + timedelta(minutes=row.minutes))
        for row in rows
    ]
