"""Outcome measures as the rules judge them: those of a course that were not entered in error."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from kapteam.db.tables import Score
from kapteam.rules.change import Taken

COUNTS: ColumnElement[bool] = Score.voided_at.is_(None)
"""The condition on Score: it was not entered in error."""


def scores_of(db: Session, course_ids: Collection[str]) -> Sequence[Score]:
    """Every score of these courses that counts, as they were taken, in one statement."""
    return db.scalars(
        select(Score)
        .where(Score.episode_id.in_(course_ids), COUNTS)
        .order_by(Score.taken_at, Score.recorded_at, Score.id)
    ).all()


def taken(score: Score) -> Taken:
    """A score as the rules judge it."""
    return Taken(score.id, score.instrument_id, score.total, score.taken_at, score.recorded_at)
