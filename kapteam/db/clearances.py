"""Which clearance of a course holds: the newest one. Said once, for reads and writes."""

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import aliased

from kapteam.db.tables import Clearance, Episode

# Made once: what is asked of an alias is put together when it is first asked.
_one = aliased(Clearance)


def newest_clearance(course: type[Episode] = Episode) -> ScalarSelect[str]:
    """The id of the clearance that holds, for statements over `course`."""
    return (
        select(_one.id)
        .where(_one.episode_id == course.id)
        .order_by(_one.decided_at.desc(), _one.id.desc())
        .limit(1)
        .correlate(course)
        .scalar_subquery()
    )
