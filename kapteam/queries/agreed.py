"""What case reviews left on one course of care: what was decided, agreed and is to be discussed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select

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

    case_review_id: str
    item_id: str
    version: int
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


def review_selects(asked: Asked, episode_id: str) -> tuple[Select[Any], ...]:
    """What case reviews left on a course, as parts of a statement that asks for more."""
    if not asked.viewer.reads_notes:
        return ()
    return (
        *case_reviews.selects((episode_id,), in_full=True),
        *case_reviews.selects_of_one(episode_id, asked.now),
    )


def left_by_reviews(asked: Asked, rows: Iterable[Any]) -> LeftByReviews:
    """The rows of `review_selects`; others among them are passed over."""
    if not asked.viewer.reads_notes:
        return LeftByReviews()
    by_kind: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_kind[row.what].append(row)
    seats, names = read_seats(next((row.place for row in by_kind[case_reviews.SEATS]), ""))
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
    return LastDecision(
        case_review_id=row.how,
        item_id=row.id,
        version=row.number,
        decision=decision,
        is_proposed=is_proposed,
        words=row.place,
        by=row.person,
        at=row.at,
    )
