"""What a client answered that needs somebody, for the head of every page about them (rule 42)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import union_all
from sqlalchemy.orm import Session

from kapteam.db.signal_rows import OF_CRITICAL, critical_selects, facts_of
from kapteam.instruments import measures_of
from kapteam.queries.standing import Asked
from kapteam.rules.alerts import Signal
from kapteam.rules.signals import signals


def critical_alerts(db: Session, asked: Asked, client_id: str) -> tuple[Signal, ...]:
    """The critical answers of a client that nobody cleared, nor knows with a plan that still holds.

    Of every course of care, those that ended among them: it is the client's safety, which is open
    to whoever may open the client. In one statement; the front desk is told of none, in no
    statement.
    """
    if not asked.viewer.reads_notes:
        return ()
    return critical_of(asked, db.execute(union_all(*critical_selects(client_id))).all())


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
        measures_of(practice, practice.zone),
    )
    return tuple(one for one in found if not one.quiet)
