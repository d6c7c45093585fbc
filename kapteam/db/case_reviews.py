"""What case reviews left on a course of care: actions, what to discuss, when it was reviewed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kapteam.db.matters import matter
from kapteam.db.tables import Action, CaseReview, Clinician, DiscussMark, Episode, ReviewItem
from kapteam.db.types import UtcDateTime

ACTION, MARK = "action", "discuss_mark"
_SHOWN = 300
# Aliases, because these conditions stand in statements over the plain tables.
_item, _review, _later = aliased(ReviewItem), aliased(CaseReview), aliased(ReviewItem)


def selects(wanted: Any) -> tuple[Select[Any], ...]:
    """The open actions of the `wanted` courses, due on `until_on`, and what is to be discussed.

    Whose action it is, or who wants to discuss it, stands in `person_id` and `person`, the words in
    `place`.
    """
    return (
        matter(
            ACTION,
            Action.episode_id,
            id=Action.id,
            at=Action.agreed_at,
            until_on=Action.due_on,
            person_id=Action.owner_id,
            person=Clinician.name,
            place=func.substr(Action.words, 1, _SHOWN),
        )
        .join(Clinician, Clinician.id == Action.owner_id)
        .where(Action.episode_id.in_(wanted), Action.ended_at.is_(None)),
        matter(
            MARK,
            DiscussMark.episode_id,
            id=DiscussMark.id,
            at=DiscussMark.marked_at,
            person_id=DiscussMark.marked_by_id,
            person=Clinician.name,
            place=func.substr(DiscussMark.words, 1, _SHOWN),
        )
        .join(Clinician, Clinician.id == DiscussMark.marked_by_id)
        .where(DiscussMark.episode_id.in_(wanted), DiscussMark.settled_at.is_(None)),
    )


def last_reviewed_at(
    episode_id: InstrumentedAttribute[str],
) -> ColumnElement[datetime | None]:
    """When a case review last decided about a course."""
    return (
        select(func.max(_item.decided_at, type_=UtcDateTime()))
        .where(_item.episode_id == episode_id)
        .correlate(episode_id.class_)
        .scalar_subquery()
    )


def newest_decided(course: type[Episode]) -> ScalarSelect[str]:
    """The id of the item in which a case review last decided, for statements over `course`."""
    one = aliased(ReviewItem)
    return (
        select(one.id)
        .where(one.episode_id == course.id, one.decided_at.is_not(None))
        .order_by(one.decided_at.desc(), one.id.desc())
        .limit(1)
        .correlate(course)
        .scalar_subquery()
    )


def was_not_reached(episode_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether a review ended before it came to a course, and none has decided about it since."""
    decided_since = exists().where(
        _later.episode_id == episode_id, _later.decided_at > _review.started_at
    )
    return exists().where(
        _item.episode_id == episode_id,
        _item.decided_at.is_(None),
        _item.dropped_at.is_(None),
        and_(_review.id == _item.case_review_id, _review.ended_at.is_not(None)),
        ~decided_since,
    )
