"""Until when each of the two looked at what a course had for the review; for reads and writes.

Like a session's record it takes both: what one of them decided is not put away by that one alone.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kapteam.db.tables import ClinicianFunction, EpisodeMember, Reviewed
from kapteam.db.types import UtcDateTime
from kapteam.vocabulary import Function, Part

# Aliases, because these conditions stand in statements over the plain tables.
_reviewed, _function, _member = (
    aliased(Reviewed),
    aliased(ClinicianFunction),
    aliased(EpisodeMember),
)
FUNCTION_OF = {Part.PRESCRIBER: Function.PRESCRIBER, Part.THERAPIST: Function.THERAPIST}


def reviewed_until(
    episode_id: InstrumentedAttribute[str], part: Part
) -> ColumnElement[datetime | None]:
    """Until when somebody with the function of that part said that it was reviewed."""
    return _latest(episode_id, _is_of(part))


def reviewed_for(
    episode_id: InstrumentedAttribute[str], part: Part, now: datetime | BindParameter[datetime]
) -> ColumnElement[datetime | None]:
    """The same; where nobody here has that part, until when anybody said so."""
    return _latest(episode_id, or_(_is_of(part), ~has_part(episode_id, part, now)))


def has_part(
    episode_id: InstrumentedAttribute[str], part: Part, now: datetime | BindParameter[datetime]
) -> ColumnElement[bool]:
    """Whether a clinician of the practice has that part in the course at `now`."""
    return exists().where(
        _member.episode_id == episode_id,
        _member.part == part,
        _member.clinician_id.is_not(None),
        _member.from_at <= now,
        or_(_member.until_at.is_(None), _member.until_at > now),
    )


def _is_of(part: Part) -> ColumnElement[bool]:
    return exists().where(
        _function.clinician_id == _reviewed.reviewed_by_id,
        _function.function == FUNCTION_OF[part],
    )


def _latest(
    episode_id: InstrumentedAttribute[str], by_whom: ColumnElement[bool]
) -> ColumnElement[Any]:
    return (
        select(func.max(_reviewed.until_at, type_=UtcDateTime()))
        .where(_reviewed.episode_id == episode_id, by_whom)
        .correlate(episode_id.class_)
        .scalar_subquery()
    )
