"""Marking a row as entered in error; it stays readable (rule 66)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.loading import ketamine_session
from kapteam.db.access import visible_client
from kapteam.db.tables import (
    AdverseEvent,
    Episode,
    KetamineSession,
    OtherMedicine,
    PrescriptionLookup,
    RemsEnrollment,
    Vital,
)
from kapteam.errors import NotAllowed, NotFound
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_record_session

_OfClient = TypeVar("_OfClient", PrescriptionLookup, RemsEnrollment)
_Row = TypeVar("_Row", OtherMedicine, Vital, AdverseEvent)


class Voidable(Protocol):
    """A row that may be void: when, by whom and why."""

    voided_at: Any
    voided_by_id: Any
    void_reason: Any


@dataclass(frozen=True, slots=True)
class VoidRowEntered:
    """Which row was entered in error, and why."""

    row_id: str
    void_reason: str


def void_row(
    db: Session, viewer: Viewer, table: type[_Row], entered: VoidRowEntered, now: datetime
) -> tuple[_Row, KetamineSession, Episode] | None:
    """The row, now void, its session and course; None when it was void for this reason before.

    Raises NotAllowed, NotFound, Invalid (`void_reason`).
    """
    check_can_record_session(viewer)
    session_id = db.scalar(select(table.ketamine_session_id).where(table.id == entered.row_id))
    session, course = ketamine_session(db, viewer, session_id or "", now)
    row = db.get_one(table, entered.row_id, populate_existing=True)
    return (row, session, course) if mark_void(row, viewer, entered, now) else None


def void_of_client(
    db: Session, viewer: Viewer, table: type[_OfClient], entered: VoidRowEntered, now: datetime
) -> _OfClient | None:
    """The row about a client, now void; None when it was void for this reason before.

    Raises NotAllowed, NotFound, Invalid (`void_reason`).
    """
    row = db.get(table, entered.row_id)
    if row is None:
        raise NotFound("There is no such row, or you do not treat this client.")
    visible_client(db, viewer, row.client_id, now)
    db.refresh(row, with_for_update=True)
    return row if mark_void(row, viewer, entered, now) else None


def mark_void(row: Voidable, viewer: Viewer, entered: VoidRowEntered, now: datetime) -> bool:
    """Mark a row that is locked for it; False when it was marked for this reason before.

    Raises NotAllowed when it was for another one, Invalid (`void_reason`).
    """
    form = Entered()
    reason = form.text("void_reason", entered.void_reason, "The reason", required=True)
    form.done()
    if row.voided_at is not None:
        if row.void_reason == reason:
            return False
        raise NotAllowed("This was marked as entered in error already.")
    row.voided_at, row.voided_by_id, row.void_reason = now, viewer.clinician_id, reason
    return True
