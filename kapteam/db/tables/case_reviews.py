"""Case reviews: the meeting, one course of care in it, who does what by when, what to discuss."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified, Versioned, index_of_open
from kapteam.db.types import term
from kapteam.vocabulary import ActionEnd, ReviewDecision


class CaseReview(Versioned):
    """One meeting, planned for as many minutes, of those who are its members."""

    __tablename__ = "case_review"

    started_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    started_at: Mapped[datetime]
    minutes: Mapped[int]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))

    __table_args__ = (index_of_open("ix_case_review_running", "id", unset="ended_at"),)


class CaseReviewMember(Identified):
    """Who holds a case review, and when they confirmed its minutes."""

    __tablename__ = "case_review_member"

    case_review_id: Mapped[str] = mapped_column(ForeignKey("case_review.id"))
    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"), index=True)
    confirmed_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_case_review_member_case_review_id_clinician_id",
            "case_review_id",
            "clinician_id",
            unique=True,
        ),
    )


class ReviewItem(Versioned):
    """One course of care in a case review, in the place that it has on the agenda.

    `reasons` are why it is there, as they read when the review began: `words`, what of them is
    `for_others` in the room, and `tone`. Which was `opened` last, the highest number, is in front
    of both. `facts` are what both saw when they decided: `label`, `words` and `tone`. A change of
    dose that no prescriber decided is proposed until one confirmed it (rule 62). What is `typed` is
    kept at once, whoever types, and counted by `typed_version`; with the decision it becomes its
    `words`.
    """

    __tablename__ = "review_item"

    case_review_id: Mapped[str] = mapped_column(ForeignKey("case_review.id"))
    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    position: Mapped[int]
    reasons: Mapped[list[dict[str, Any]]]
    is_steady: Mapped[bool]
    added_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    opened: Mapped[int] = mapped_column(default=0)
    dropped_at: Mapped[datetime | None]
    dropped_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    decision: Mapped[ReviewDecision | None] = mapped_column(term(ReviewDecision))
    words: Mapped[str] = mapped_column(Text, default="")
    typed: Mapped[str] = mapped_column(Text, default="")
    typed_version: Mapped[int] = mapped_column(default=0)
    typed_at: Mapped[datetime | None]
    typed_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    facts: Mapped[list[dict[str, Any]]]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))

    __table_args__ = (
        Index(
            "uq_review_item_case_review_id_episode_id",
            "case_review_id",
            "episode_id",
            unique=True,
        ),
    )


class Action(Versioned):
    """What one person does by a day, agreed in a case review.

    `agreed_owner_id` is whose it was when it was agreed; it may be handed on with the course.
    """

    __tablename__ = "action"

    review_item_id: Mapped[str] = mapped_column(ForeignKey("review_item.id"), index=True)
    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"))
    words: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    agreed_owner_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    due_on: Mapped[date]
    agreed_at: Mapped[datetime]
    agreed_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    ended_as: Mapped[ActionEnd | None] = mapped_column(term(ActionEnd))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))

    __table_args__ = (index_of_open("ix_action_episode_id_open", "episode_id", unset="ended_at"),)


class DiscussMark(Identified):
    """Somebody wants to talk about a course of care in the next case review.

    It stands until a review decided about the course, or whoever set it takes it back.
    """

    __tablename__ = "discuss_mark"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"))
    words: Mapped[str] = mapped_column(Text)
    marked_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    marked_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))

    __table_args__ = (
        index_of_open("ix_discuss_mark_episode_id_open", "episode_id", unset="settled_at"),
    )
