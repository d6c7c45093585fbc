"""Courses of care at random, with whatever Outcomes counts of them."""

from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from kapteam.db.tables import Episode
from kapteam.instruments import instruments
from kapteam.rules.change import primary_measure
from kapteam.vocabulary import EpisodeState, Indication, ProductRoute
from tests.factories import NOW
from tests.factories_care import Care, a_given_session, a_score, a_series, another_course

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_random_course(
    db: Session, care: Care, chance: Random, number: int, zone: ZoneInfo
) -> Episode:
    """One or two series at random, with scores around them: also two a day, gaps, other forms."""
    course = another_course(db, care, f"Random{number}")
    treated = chance.sample(list(Indication), chance.randint(1, 2))
    course.indications = [one.value for one in treated]
    by = primary_measure(treated, instruments()) or "phq-9"
    first_at = begun_at = NOW - chance.randint(60, 400) * DAY - chance.randint(0, 24) * HOUR
    for number_of_it in range(chance.randint(1, 2)):
        a_series(
            db,
            course,
            product_route=chance.choice(list(ProductRoute)),
            ordered_count=chance.choice([None, 2, 6]),
            started_at=begun_at,
            is_maintenance=number_of_it == 1 and chance.random() < 0.3,
        )
        for _ in range(chance.randint(1, 9)):
            a_given_session(db, course, given_at=begun_at)
            begun_at += chance.choice([3, 7]) * DAY + chance.randint(0, 12) * HOUR
        begun_at += 14 * DAY
    if chance.random() < 0.3:
        course.state, course.closed_at = EpisodeState.CLOSED, NOW - HOUR
    elif chance.random() < 0.3:
        course.state = EpisodeState.MAINTENANCE
        course.state_since = NOW - chance.randint(1, 300) * DAY
    for _ in range(chance.randint(0, 40)):
        one = instruments()[chance.choice([by, by, by, "pcl-5-week", "phq-9"])]
        at = first_at + chance.randint(-40, 120) * DAY + chance.randint(0, 23) * HOUR
        at = min(at, NOW - 30 * HOUR)
        for _ in range(chance.choice([1, 1, 2])):
            total = chance.choice(
                [None, one.minimum, one.maximum, chance.randint(one.minimum, one.maximum)]
            )
            a_score(
                db,
                course,
                care.therapist,
                instrument_id=one.id,
                total=total,
                # As on the last hour before midnight, and the first after it.
                taken_at=at.astimezone(zone).replace(hour=chance.choice([0, 9, 23]))
                if chance.random() < 0.3
                else at,
                recorded_at=at + chance.randint(0, 5) * HOUR,
                voided_at=NOW if chance.random() < 0.1 else None,
            )
    return course
