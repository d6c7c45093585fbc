"""What booking needs to know: the course, its running series, and when a therapist is free."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from kapteam.db.busy import Whose, authorized, busy_therapist, other_sessions
from kapteam.db.spravato import had_spravato
from kapteam.db.tables import Absence, Clinician, Episode, Weight
from kapteam.queries.course import Course, RunningSeries, course
from kapteam.queries.practice import Colleague, team
from kapteam.queries.standing import Asked
from kapteam.queries.weights import WeightLine, is_newest, weight_line
from kapteam.rules.cadence import OtherSession
from kapteam.rules.slots import Proposal, propose
from kapteam.rules.spravato import is_spravato
from kapteam.rules.waits import Authorized
from kapteam.vocabulary import ProductRoute

INTEGRATION_MINUTES = 60


@dataclass(frozen=True, slots=True)
class BookingStart:
    """What the booking form starts from; `had_spravato`: the client, on whatever course."""

    course: Course
    weight: WeightLine | None
    had_spravato: bool
    team: tuple[Colleague, ...]

    @property
    def series(self) -> RunningSeries | None:
        """The course's open series."""
        return self.course.series

    def is_first(self, product_route: ProductRoute | None, *, begins: bool) -> bool:
        """Whether a session by this route is the first that is given, where it `begins` a series.

        Of Spravato the first of the client's (rule 33), of the others the first of its series.
        """
        if is_spravato(product_route):
            return not self.had_spravato
        return begins or not (self.series and self.series.has_given)


def booking_start(db: Session, asked: Asked, episode_id: str) -> BookingStart:
    """Everything for one booking form. Raises NotFound."""
    care = course(db, asked, episode_id)
    row = db.execute(
        select(Weight, had_spravato(Episode.client_id).label("had_spravato"))
        .select_from(Episode)
        .outerjoin(Weight, is_newest(Episode.client_id))
        .where(Episode.id == episode_id)
    ).one()
    return BookingStart(
        course=care,
        weight=weight_line(asked, row.Weight, care.series.started_at if care.series else None),
        had_spravato=row.had_spravato,
        team=team(db, asked),
    )


def free_slots(
    db: Session, asked: Asked, therapist_id: str | None, last_given_at: datetime
) -> Proposal:
    """Free times of a therapist after the last ketamine, given or expected at `last_given_at`."""
    return propose(
        last_given_at,
        asked.practice.thresholds,
        busy_therapist(db, therapist_id, asked.now) if therapist_id else (),
        timedelta(minutes=INTEGRATION_MINUTES),
        asked.now,
        asked.practice.zone,
        asked.practice.hours,
    )


@dataclass(frozen=True, slots=True)
class Around:
    """What the day of one more ketamine session is held against, on a course of care.

    `days` are those of the client's other ones, given or to come, and `elsewhere` those of them
    that are on another course; `visits` are the times of those on this one, of which insurers
    `authorized` so many.
    """

    days: tuple[date, ...]
    elsewhere: tuple[OtherSession, ...]
    visits: tuple[datetime, ...]
    authorized: tuple[Authorized, ...]


def around(
    db: Session, asked: Asked, client_id: str, episode_id: str, besides: tuple[str, ...] = ()
) -> Around:
    """What is around one more session of a course but for those in `besides`: two statements."""
    found = other_sessions(db, Whose(client_id), asked.now, besides=besides)
    zone = asked.practice.zone
    return Around(
        found.days(zone),
        found.elsewhere(episode_id, zone),
        found.of_course(episode_id),
        authorized(db, episode_id),
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
