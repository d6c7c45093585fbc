"""Who is away when and who covers, and the days on which the practice is closed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.tables import Absence, ClosedDays
from kapteam.queries.practice import Colleague
from kapteam.queries.standing import Asked
from kapteam.vocabulary import Function

_TREAT = (Function.PRESCRIBER, Function.THERAPIST)


@dataclass(frozen=True, slots=True)
class AbsenceLine:
    """Days away that are not over. `uncovered` are the functions that nobody covers meanwhile.

    `cover_away` is when the one who covers is away too, from and until, where that is so.
    """

    id: str
    name: str
    from_at: datetime
    until_at: datetime
    cover: str
    cover_away: tuple[datetime, datetime] | None
    uncovered: tuple[Function, ...]
    is_now: bool


@dataclass(frozen=True, slots=True)
class ClosedLine:
    """Days on which the practice is closed, the last one included."""

    id: str
    from_on: date
    until_on: date
    name: str


def absences(db: Session, asked: Asked, colleagues: Iterable[Colleague]) -> tuple[AbsenceLine, ...]:
    """All days away that are not over, the nearest first."""
    known = {one.id: one for one in colleagues}
    rows: Sequence[Any] = db.execute(
        select(
            Absence.id,
            Absence.clinician_id,
            Absence.from_at,
            Absence.until_at,
            Absence.covered_by_id,
        )
        .where(Absence.voided_at.is_(None), Absence.until_at > asked.now)
        .order_by(Absence.from_at, Absence.id)
    ).all()
    found = []
    for row in rows:
        away, cover = known[row.clinician_id], known.get(row.covered_by_id)
        if cover is not None and cover.suspended_at is not None:
            cover = None
        covered = cover.functions if cover else frozenset()
        found.append(
            AbsenceLine(
                row.id,
                away.name,
                row.from_at,
                row.until_at,
                cover.name if cover else "",
                _away_too(row, rows) if cover else None,
                tuple(one for one in _TREAT if one in away.functions and one not in covered),
                row.from_at <= asked.now,
            )
        )
    return tuple(found)


def _away_too(row: Any, rows: Iterable[Any]) -> tuple[datetime, datetime] | None:
    """When the one who covers these days is away within them; the first time."""
    for one in rows:
        is_theirs = one.clinician_id == row.covered_by_id
        if is_theirs and one.from_at < row.until_at and one.until_at > row.from_at:
            return one.from_at, one.until_at
    return None


def closed_days(db: Session, asked: Asked) -> tuple[ClosedLine, ...]:
    """All closed days that are not over, the nearest first."""
    rows = db.execute(
        select(ClosedDays.id, ClosedDays.from_on, ClosedDays.until_on, ClosedDays.name)
        .where(ClosedDays.voided_at.is_(None), ClosedDays.until_on >= asked.today)
        .order_by(ClosedDays.from_on, ClosedDays.id)
    )
    return tuple(ClosedLine(**row._mapping) for row in rows)
