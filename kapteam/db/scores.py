"""Which outcome measures count, and a score as the rules judge it."""

from sqlalchemy import ColumnElement

from kapteam.db.tables import Score
from kapteam.rules.change import Taken

COUNTS: ColumnElement[bool] = Score.voided_at.is_(None)
"""The condition on Score: it was not entered in error."""


def taken(score: Score) -> Taken:
    """A score as the rules judge it."""
    return Taken(score.id, score.instrument_id, score.total, score.taken_at, score.recorded_at)
