"""What booking needs to know: the course, its running series, and who is busy when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.tables import Absence, Clinician, IntegrationSession, Series
from kapteam.queries.course import Course, course
from kapteam.queries.practice import Colleague, team
from kapteam.queries.standing import Asked
from kapteam.rules.series import goes_on
from kapteam.rules.slots import Busy, Proposal, propose
from kapteam.vocabulary import ProductRoute

INTEGRATION_MINUTES = 60
_LOOK_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class RunningSeries:
    """The course's open series; it `goes_on` unless maintenance began since (rule 8).

    `ordered` is None until a prescriber orders a number.
    """

    product_route: ProductRoute
    ordered: int | None
    goes_on: bool


@dataclass(frozen=True, slots=True)
class BookingStart:
    """What the booking form starts from. `busy` is by clinician's id."""

    course: Course
    series: RunningSeries | None
    team: tuple[Colleague, ...]
    busy: dict[str, tuple[Busy, ...]]


def booking_start(db: Session, asked: Asked, episode_id: str) -> BookingStart:
    """Everything for one booking form. Raises NotFound."""
    care = course(db, asked, episode_id)
    row = db.execute(
        select(Series.product_route, Series.ordered_count, Series.started_at)
        .where(Series.episode_id == episode_id, Series.ended_at.is_(None))
        .order_by(Series.started_at.desc(), Series.id.desc())
        .limit(1)
    ).one_or_none()
    return BookingStart(
        course=care,
        series=row
        and RunningSeries(
            row.product_route,
            row.ordered_count,
            goes_on=goes_on(row.started_at, care.state, care.state_since),
        ),
        team=team(db, asked),
        busy=busy_therapists(db, asked),
    )


def busy_therapists(db: Session, asked: Asked) -> dict[str, tuple[Busy, ...]]:
    """What every clinician has ahead, for free times only: no client in it.

    Integration sessions and days away.
    """
    found: dict[str, list[Busy]] = {}
    rows = db.execute(
        select(
            IntegrationSession.therapist_id,
            IntegrationSession.planned_at,
            IntegrationSession.planned_minutes,
        )
        .join(Clinician, Clinician.id == IntegrationSession.therapist_id)
        .where(
            IntegrationSession.planned_at >= asked.now - timedelta(hours=12),
            IntegrationSession.planned_at < asked.now + _LOOK_AHEAD,
            IntegrationSession.held_at.is_(None),
            IntegrationSession.closed_at.is_(None),
            IntegrationSession.dropped_at.is_(None),
        )
    )
    for row in rows:
        until = row.planned_at + timedelta(minutes=row.planned_minutes)
        found.setdefault(row.therapist_id, []).append(Busy(row.planned_at, until))
    away = db.execute(
        select(Absence.clinician_id, Absence.from_at, Absence.until_at).where(
            Absence.voided_at.is_(None), Absence.until_at > asked.now
        )
    )
    for clinician_id, from_at, until_at in away:
        found.setdefault(clinician_id, []).append(Busy(from_at, until_at, is_away=True))
    return {clinician: tuple(times) for clinician, times in found.items()}


def free_slots(
    asked: Asked,
    busy: dict[str, tuple[Busy, ...]],
    therapist_id: str | None,
    last_given_at: datetime,
) -> Proposal:
    """Free times of a therapist after the last ketamine, given or expected at `last_given_at`."""
    return propose(
        last_given_at,
        asked.practice.thresholds,
        busy.get(therapist_id or "", ()),
        timedelta(minutes=INTEGRATION_MINUTES),
        asked.now,
        asked.practice.zone,
        asked.practice.hours,
    )
