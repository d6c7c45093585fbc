"""Case reviews that were held: their items, what was decided and agreed, who confirmed it.

Like `tests/factories_care.py` these write rows; every builder takes the `db` of a writing block.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kapteam.db.tables import Action, CaseReview, CaseReviewMember, Episode, ReviewItem
from kapteam.ids import new_id
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import ReviewDecision
from tests.factories import NOW, TODAY

BEGAN, ENDED = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
"""Tuesday, November 24, 2026, 12:30 pm to 1:30 pm in Phoenix."""
_LATE = "Integration late, was due Mon Nov 23"
REASONS = [{"words": _LATE, "for_others": _LATE, "tone": "red"}]
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
) -> CaseReview:
    """A case review of an hour that these people held, and which of them confirmed its minutes."""
    review = CaseReview(
        id=new_id(),
        started_by_id=members[0].clinician_id,
        started_at=started_at,
        minutes=60,
        ended_at=ended_at,
        ended_by_id=members[0].clinician_id if ended_at else None,
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
    usual = {"reasons": REASONS, "facts": FACTS if by else []}
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
        decided_at=review.started_at + timedelta(minutes=10) if by else None,
        decided_by_id=by.clinician_id if by else None,
        confirmed_at=BEGAN if confirmed_by else None,
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
    action = Action(
        id=new_id(),
        review_item_id=item.id,
        episode_id=item.episode_id,
        words=words,
        owner_id=owner.clinician_id,
        due_on=due_on,
        agreed_at=BEGAN,
        agreed_by_id=owner.clinician_id,
        **values,
    )
    db.add(action)
    db.flush()
    return action
