"""What a plan for the rest of a series has to fit into."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from kapteam.clock import day_of
from kapteam.db.busy import SessionTime, Whose, authorized, away, busy_therapist, other_sessions
from kapteam.queries.course import Course
from kapteam.queries.standing import Asked
from kapteam.rules.cadence import OtherSession
from kapteam.rules.planning import Surroundings
from kapteam.rules.waits import Authorized
from kapteam.vocabulary import Part


@dataclass(frozen=True, slots=True)
class PlanStart:
    """The last session of the series, given or to come, and what is around the ones after it.

    `elsewhere` are the client's sessions on other courses; `visits` the times of those on this one,
    of which insurers `authorized` so many.
    """

    last: SessionTime | None
    last_on: date | None
    around: Surroundings
    elsewhere: tuple[OtherSession, ...]
    visits: tuple[datetime, ...]
    authorized: tuple[Authorized, ...]


def plan_start(
    db: Session, asked: Asked, care: Course, place: str | None, therapist_id: str | None
) -> PlanStart:
    """Where the plan of a course with a running series starts, in four statements.

    `place` is None while nobody typed one: then it is where the last session of the series was.
    """
    series = care.series
    assert series is not None
    prescriber = care.member(Part.PRESCRIBER)
    prescriber_id = prescriber.clinician_id if prescriber else None
    whose = Whose(care.client.id, place, prescriber_id, series.id)
    sessions = other_sessions(db, whose, asked.now)
    zone = asked.practice.zone
    names = {one.clinician_id: one.name for one in care.members if one.clinician_id}
    people = {one: names[one] for one in (prescriber_id, therapist_id) if one in names}
    last = next((one for one in reversed(sessions.theirs) if one.series_id == series.id), None)
    return PlanStart(
        last=last,
        last_on=day_of(last.planned_at, zone) if last else None,
        around=Surroundings(
            now=asked.now,
            zone=zone,
            hours=asked.practice.hours,
            thresholds=asked.practice.thresholds,
            cadence=asked.practice.cadences.of(series.product_route),
            taken=(*sessions.taken, *away(db, people, asked.now)),
            therapist_busy=tuple(
                busy_therapist(db, therapist_id, asked.now) if therapist_id else ()
            ),
            other_days=sessions.days(zone),
        ),
        elsewhere=sessions.elsewhere(care.id, zone),
        visits=sessions.of_course(care.id),
        authorized=authorized(db, care.id),
    )
