"""What a client answered that needs somebody, for the head of every page about them (rule 42)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import case, literal, union_all
from sqlalchemy.orm import Session

from kapteam.db.matters import matter
from kapteam.db.signal_rows import OF_CRITICAL, critical_selects, facts_of
from kapteam.instruments import measures_of
from kapteam.queries.standing import Asked
from kapteam.queries.views import is_seen_this_hour, seen_this_hour
from kapteam.rules.alerts import LONGEST_QUIET, Signal
from kapteam.rules.signals import signals

_SEEN = "seen"


def critical_alerts(db: Session, asked: Asked, client_id: str) -> tuple[Signal, ...]:
    """The critical answers of a client that nobody cleared, nor knows with a plan that still holds.

    Of every course of care, those that ended among them: it is the client's safety, which is open
    to whoever may open the client. In one statement; the front desk is told of none, in no
    statement.
    """
    if not asked.viewer.reads_notes:
        return ()
    parts = critical_selects(client_id, asked.now - LONGEST_QUIET)
    return critical_of(asked, db.execute(union_all(*parts)).all())


def seen_and_critical(db: Session, asked: Asked, client_id: str) -> tuple[bool, tuple[Signal, ...]]:
    """Whether the viewer opened this chart this hour, and the same answers; in one statement."""
    if not asked.viewer.reads_notes:
        return seen_this_hour(db, asked, client_id), ()
    seen = matter(
        _SEEN, literal(client_id), number=case((is_seen_this_hour(asked, client_id), 1), else_=0)
    )
    parts = critical_selects(client_id, asked.now - LONGEST_QUIET)
    rows = db.execute(union_all(*parts, seen)).all()
    is_seen = any(row.number for row in rows if row.what == _SEEN)
    return is_seen, critical_of(asked, rows)


def critical_of(asked: Asked, rows: Iterable[Any]) -> tuple[Signal, ...]:
    """The same from the rows of `critical_selects`; others among them are passed over."""
    if not asked.viewer.reads_notes:
        return ()
    practice = asked.practice
    scores = [row for row in rows if row.what in OF_CRITICAL]
    found = signals(
        facts_of(scores),
        practice.thresholds,
        asked.now,
        asked.today,
        measures_of(practice.measures, practice.zone, names_only=asked.viewer.hides_names),
    )
    return tuple(one for one in found if not one.quiet)
