"""What a case review leaves behind: decisions, actions, and what is to be discussed."""

from datetime import date, datetime, timedelta
from typing import Any

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

WEEK = timedelta(days=7)


def a_case_review(
    db: Session, *members: Viewer, at: datetime = NOW - WEEK, **values: Any
) -> CaseReview:
    """A review of a week ago that ended after an hour."""
    usual = {"ended_at": at + timedelta(hours=1), "ended_by_id": members[0].clinician_id}
    one = CaseReview(
        id=new_id(),
        started_by_id=members[0].clinician_id,
        started_at=at,
        minutes=60,
        **(usual | values),
    )
    db.add(one)
    db.flush()
    for member in members:
        member_id = member.clinician_id
        db.add(CaseReviewMember(id=new_id(), case_review_id=one.id, clinician_id=member_id))
    db.flush()
    return one


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
    usual = {
        "position": 0,
        "reasons": [],
        "is_steady": False,
        "facts": [],
        "words": "",
        "decided_at": at if decision else None,
        "decided_by_id": by.clinician_id if decision else None,
    }
    one = ReviewItem(
        id=new_id(),
        case_review_id=review.id,
        episode_id=course.id,
        decision=decision,
        **(usual | values),
    )
    db.add(one)
    db.flush()
    return one


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
    usual = {
        "words": "Call the cardiologist",
        "agreed_at": NOW - WEEK,
        "agreed_by_id": owner.clinician_id,
    }
    one = Action(
        id=new_id(),
        review_item_id=item.id,
        episode_id=course.id,
        owner_id=owner.clinician_id,
        due_on=due_on,
        **(usual | values),
    )
    db.add(one)
    db.flush()
    return one


def a_mark(db: Session, course: Episode, by: Viewer, **values: Any) -> DiscussMark:
    """A wish of yesterday to discuss a course in the next review."""
    usual = {"words": "Sleep since the second dose", "marked_at": NOW - timedelta(days=1)}
    one = DiscussMark(
        id=new_id(), episode_id=course.id, marked_by_id=by.clinician_id, **(usual | values)
    )
    db.add(one)
    db.flush()
    return one
