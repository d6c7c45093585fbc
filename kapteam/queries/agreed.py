"""What case reviews left on one course of care: what was decided, agreed and is to be discussed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import union_all
from sqlalchemy.orm import Session

from kapteam.db import case_reviews
from kapteam.db.asks import read_seats
from kapteam.queries.standing import Asked
from kapteam.rules.asks import Seat
from kapteam.rules.review_actions import has_action_now
from kapteam.vocabulary import Part, ReviewDecision


@dataclass(frozen=True, slots=True)
class OpenAction:
    """One open action in full, and by name whose it is now."""

    id: str
    words: str
    owner_id: str
    owner: str
    due_on: date


@dataclass(frozen=True, slots=True)
class OpenMark:
    """What somebody wants to discuss in the next case review, and since when."""

    id: str
    words: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LastDecision:
    """What the last review that decided about the course decided; rule 62: or only proposed."""

    decision: ReviewDecision
    is_proposed: bool
    words: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LeftByReviews:
    """All that is left of them on a course; nothing for the front desk."""

    last: LastDecision | None = None
    actions: tuple[OpenAction, ...] = ()
    marks: tuple[OpenMark, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no review said anything of the course and nobody wants one to."""
        return not (self.last or self.actions or self.marks)


def left_by_reviews(db: Session, asked: Asked, episode_id: str) -> LeftByReviews:
    """What case reviews left on a course that the viewer may see, in one statement."""
    if not asked.viewer.reads_notes:
        return LeftByReviews()
    parts = (
        *case_reviews.selects((episode_id,), in_full=True),
        *case_reviews.selects_of_one(episode_id, asked.now),
    )
    rows = db.execute(union_all(*parts)).all()
    by_kind = {
        what: [row for row in rows if row.what == what]
        for what in (
            case_reviews.ACTION,
            case_reviews.MARK,
            case_reviews.DECIDED,
            case_reviews.SEATS,
        )
    }
    seats, names = read_seats(by_kind[case_reviews.SEATS][0].place)
    actions = (_action(row, seats, names) for row in by_kind[case_reviews.ACTION])
    marks = (OpenMark(row.id, row.place, row.person, row.at) for row in by_kind[case_reviews.MARK])
    return LeftByReviews(
        last=next(map(_decision, by_kind[case_reviews.DECIDED]), None),
        actions=tuple(sorted(actions, key=lambda one: (one.due_on, one.id))),
        marks=tuple(sorted(marks, key=lambda one: one.id)),
    )


def _action(row: Any, seats: Iterable[Seat], names: Mapping[str, str]) -> OpenAction:
    part = Part(row.kind) if row.kind else None
    owner_id = has_action_now(row.person_id, part, seats)
    owner = names.get(owner_id, row.person)
    return OpenAction(row.id, row.place, owner_id, owner, row.until_on)


def _decision(row: Any) -> LastDecision:
    decision = ReviewDecision(row.kind)
    is_proposed = decision is ReviewDecision.DOSE and row.seen_at is None
    return LastDecision(decision, is_proposed, row.place, row.person, row.at)
