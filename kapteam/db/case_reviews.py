"""What case reviews left on a course of care: actions, what to discuss, when it was reviewed."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    and_,
    exists,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kapteam.db.asks import seats
from kapteam.db.matters import matter
from kapteam.db.tables import (
    Action,
    CaseReview,
    Clinician,
    DiscussMark,
    Episode,
    EpisodeMember,
    ReviewItem,
)
from kapteam.db.types import UtcDateTime
from kapteam.vocabulary import ReviewDecision

ACTION, MARK, PROPOSED = "action", "discuss_mark", "proposed"
DECIDED, SEATS = "decided", "seats"
SHOWN = 300
"""How many letters of an action or a mark lists read."""
# Aliases, because these conditions stand in statements over the plain tables.
_item, _review = aliased(ReviewItem), aliased(CaseReview)
_later, _later_review = aliased(ReviewItem), aliased(CaseReview)
_member = aliased(EpisodeMember)
# Made once: what is asked of an alias is put together when it is first asked.
_one = aliased(ReviewItem)


def selects(wanted: Any, *, in_full: bool = False) -> tuple[Select[Any], ...]:
    """The open actions of the `wanted` courses, due on `until_on`, and what is to be discussed.

    As lists show them, which is how they begin, or `in_full`. Also the item in which a change of
    dose was decided last, `at` when, while no prescriber has confirmed it (rule 62).

    Whose action it is, or who wants to discuss it, stands in `person_id` and `person`, the part in
    the course that the owner has or had last in `kind`, the words in `place`.
    """

    def words(of: InstrumentedAttribute[str]) -> Any:
        return of if in_full else func.substr(of, 1, SHOWN)

    return (
        matter(
            ACTION,
            Action.episode_id,
            id=Action.id,
            kind=_part_of_owner(),
            at=Action.agreed_at,
            until_on=Action.due_on,
            person_id=Action.owner_id,
            person=Clinician.name,
            place=words(Action.words),
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
            place=words(DiscussMark.words),
        )
        .join(Clinician, Clinician.id == DiscussMark.marked_by_id)
        .where(DiscussMark.episode_id.in_(wanted), DiscussMark.settled_at.is_(None)),
        matter(
            PROPOSED,
            ReviewItem.episode_id,
            id=ReviewItem.id,
            at=ReviewItem.decided_at,
        ).where(
            ReviewItem.episode_id.in_(wanted),
            ReviewItem.decision == ReviewDecision.DOSE,
            ReviewItem.confirmed_at.is_(None),
            ~_decided_again(),
        ),
    )


def _decided_again() -> ColumnElement[bool]:
    """Whether a later decision about the course stands in an item's place."""
    return (
        exists()
        .where(
            _item.episode_id == ReviewItem.episode_id,
            _item.decided_at > ReviewItem.decided_at,
        )
        .correlate(ReviewItem)
    )


def selects_of_one(episode_id: str, now: datetime) -> tuple[Select[Any], ...]:
    """What was decided about a course last, and in `place` who is on it at `now` (`asks.seats`).

    The decision stands in `kind`, of which review in `how`, by whom in `person`, when in `at`, when
    a prescriber confirmed it in `seen_at`, its words in `place`, the item's version in `number`.
    """
    newest = (
        select(_item.id)
        .where(_item.episode_id == episode_id, _item.decided_at.is_not(None))
        .order_by(_item.decided_at.desc(), _item.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        matter(
            DECIDED,
            ReviewItem.episode_id,
            id=ReviewItem.id,
            kind=type_coerce(ReviewItem.decision, String),
            how=ReviewItem.case_review_id,
            at=ReviewItem.decided_at,
            person=Clinician.name,
            seen_at=ReviewItem.confirmed_at,
            number=ReviewItem.version,
            place=ReviewItem.words,
        )
        .join(Clinician, Clinician.id == ReviewItem.decided_by_id)
        .where(ReviewItem.id == newest),
        matter(SEATS, literal(episode_id), place=seats(episode_id, now)),
    )


def _part_of_owner() -> ColumnElement[str | None]:
    """None for who never had a part in the course."""
    return (
        select(type_coerce(_member.part, String))
        .where(
            _member.episode_id == Action.episode_id,
            _member.clinician_id == Action.owner_id,
        )
        .order_by(_member.from_at.desc(), _member.id.desc())
        .limit(1)
        .correlate(Action)
        .scalar_subquery()
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
    return (
        select(_one.id)
        .where(_one.episode_id == course.id, _one.decided_at.is_not(None))
        .order_by(_one.decided_at.desc(), _one.id.desc())
        .limit(1)
        .correlate(course)
        .scalar_subquery()
    )


def was_not_reached(episode_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether the last review that a course was in ended before it came to it."""
    # Said outright: SQLAlchemy correlates a part within a part with the nearest one alone.
    met_again = (
        exists()
        .where(
            _later.episode_id == _item.episode_id,
            _later_review.id == _later.case_review_id,
            _later_review.started_at > _review.started_at,
        )
        .correlate(_item, _review)
    )
    return exists().where(
        _item.episode_id == episode_id,
        _item.decided_at.is_(None),
        _item.dropped_at.is_(None),
        and_(_review.id == _item.case_review_id, _review.ended_at.is_not(None)),
        ~met_again,
    )
