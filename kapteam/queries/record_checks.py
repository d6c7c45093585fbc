"""What the last check of the signed records came to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.tables import RecordCheck
from kapteam.queries.standing import Asked
from kapteam.rules.backups import is_late
from kapteam.rules.permissions import check_can_administer


@dataclass(frozen=True, slots=True)
class LastCheck:
    """When signed records were checked last, how many lines, and what was wrong (empty: nothing).

    `is_late`: a day has passed since.
    """

    at: datetime
    lines: int
    finding: str
    is_late: bool


def last_check(db: Session, asked: Asked) -> LastCheck | None:
    """The last check, in one statement; None before the first.

    Raises NotAllowed (administrators only).
    """
    check_can_administer(asked.viewer)
    row = db.scalar(
        select(RecordCheck).order_by(RecordCheck.at.desc(), RecordCheck.id.desc()).limit(1)
    )
    if row is None:
        return None
    return LastCheck(row.at, row.lines, row.finding, is_late(row.at, asked.now))
