"""Which clearance of a course holds: the newest one. Said once, for reads and writes."""

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import aliased

from kapteam.db.tables import Clearance, Episode


def newest_clearance(course: type[Episode] = Episode) -> ScalarSelect[str]:
    """The id of the clearance that holds, for statements over `course`."""
    one = aliased(Clearance)
    return (
        select(one.id)
        .where(one.episode_id == course.id)
        .order_by(one.decided_at.desc(), one.id.desc())
        .limit(1)
        .correlate(course)
        .scalar_subquery()
    )
