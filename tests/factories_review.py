"""Case reviews that were held, what they decided and agreed, and what is to be discussed.

Like `tests/factories_care.py` these write rows; every builder takes the `db` of a writing block.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kapteam.db.tables import (
    Action,
    CaseReview,
    CaseReviewMember,
    DiscussMark,
    Episode,
    ReviewItem,
)
from kapteam.ids import new_id
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import ReviewDecision
from tests.factories import NOW, TODAY

BEGAN, ENDED = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
"""Tuesday, November 24, 2026, 12:30 pm to 1:30 pm in Phoenix."""
_LATE = "Integration late, was due Mon Nov 23"
REASONS = [{"words": _LATE, "for_others": _LATE, "tone": "red"}]
WEEK = timedelta(days=7)
FACTS = [
    {"label": "Stage", "words": "Series, 2 of 6", "tone": "plain"},
    {"label": "Score", "words": "PHQ-9 18 to 14", "tone": "plain"},
]


def a_review(
    db: Session,
    *members: Viewer,
    started_at: datetime = BEGAN,
    ended_at: datetime | None = ENDED,
    confirmed_by: tuple[Viewer, ...] = (),
    **values: Any,
) -> CaseReview:
    """A case review of an hour that these people held, and which of them confirmed its minutes."""
    usual = {"ended_by_id": members[0].clinician_id if ended_at else None}
    review = CaseReview(
        id=new_id(),
        started_by_id=members[0].clinician_id,
        started_at=started_at,
        minutes=60,
        ended_at=ended_at,
        **(usual | values),
    )
    db.add(review)
    db.flush()
    for one in members:
        db.add(
            CaseReviewMember(
                id=new_id(),
                case_review_id=review.id,
                clinician_id=one.clinician_id,
                confirmed_at=NOW if one in confirmed_by else None,
            )
        )
    db.flush()
    return review


def an_item(
    db: Session,
    review: CaseReview,
    course: Episode,
    by: Viewer | None = None,
    *,
    decision: ReviewDecision = ReviewDecision.CONTINUE,
    words: str = "",
    confirmed_by: Viewer | None = None,
    dropped_by: Viewer | None = None,
    **values: Any,
) -> ReviewItem:
    """The last item of a review's agenda: what `by` entered as decided, else nothing yet."""
    number = select(func.count()).where(ReviewItem.case_review_id == review.id)
    usual = {
        "reasons": REASONS,
        "facts": FACTS if by else [],
        "decided_at": review.started_at + timedelta(minutes=10) if by else None,
        "confirmed_at": BEGAN if confirmed_by else None,
    }
    item = ReviewItem(
        id=new_id(),
        case_review_id=review.id,
        episode_id=course.id,
        position=db.scalar(number),
        is_steady=False,
        dropped_at=BEGAN if dropped_by else None,
        dropped_by_id=dropped_by.clinician_id if dropped_by else None,
        decision=decision if by else None,
        words=words,
        decided_by_id=by.clinician_id if by else None,
        confirmed_by_id=confirmed_by.clinician_id if confirmed_by else None,
        **(usual | values),
    )
    db.add(item)
    db.flush()
    return item


def an_agreed_action(
    db: Session,
    item: ReviewItem,
    owner: Viewer,
    *,
    words: str = "Call the cardiologist",
    due_on: date = TODAY + timedelta(days=6),
    **values: Any,
) -> Action:
    """What somebody does by a day, agreed about an item."""
    usual = {
        "agreed_at": BEGAN,
        "agreed_by_id": owner.clinician_id,
        "agreed_owner_id": owner.clinician_id,
    }
    action = Action(
        id=new_id(),
        review_item_id=item.id,
        episode_id=item.episode_id,
        words=words,
        owner_id=owner.clinician_id,
        due_on=due_on,
        **(usual | values),
    )
    db.add(action)
    db.flush()
    return action


def a_case_review(
    db: Session, *members: Viewer, at: datetime = NOW - WEEK, **values: Any
) -> CaseReview:
    """A review of a week ago that ended after an hour, or whatever `values` make of it."""
    usual = {"ended_at": at + timedelta(hours=1)}
    return a_review(db, *members, started_at=at, **(usual | values))


def a_decision(
    db: Session,
    course: Episode,
    by: Viewer,
    *,
    decision: ReviewDecision | None = ReviewDecision.CONTINUE,
    at: datetime = NOW - WEEK,
    review: CaseReview | None = None,
    **values: Any,
) -> ReviewItem:
    """What a review decided about a course; with no decision it did not come to it."""
    review = review or a_case_review(db, by, at=at)
    if decision is None:
        return an_item(db, review, course, **values)
    return an_item(db, review, course, by, decision=decision, decided_at=at, **values)


def an_action(
    db: Session,
    course: Episode,
    owner: Viewer,
    *,
    due_on: date = TODAY + timedelta(days=2),
    item: ReviewItem | None = None,
    **values: Any,
) -> Action:
    """What somebody does in two days, agreed a week ago, or whatever `values` make of it."""
    item = item or a_decision(db, course, owner)
    agreed = {"agreed_at": NOW - WEEK} | values
    return an_agreed_action(db, item, owner, due_on=due_on, **agreed)


def a_mark(db: Session, course: Episode, by: Viewer, **values: Any) -> DiscussMark:
    """A wish of yesterday to discuss a course in the next review."""
    usual = {"words": "Sleep since the second dose", "marked_at": NOW - timedelta(days=1)}
    one = DiscussMark(
        id=new_id(), episode_id=course.id, marked_by_id=by.clinician_id, **(usual | values)
    )
    db.add(one)
    db.flush()
    return one
