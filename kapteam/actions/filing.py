"""Saying that what was signed was copied into the record that the practice keeps elsewhere."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.saving import already_saved
from kapteam.db.access import visible_episodes, visible_notes
from kapteam.db.audit import record
from kapteam.db.tables import Episode, Filing, KetamineSession, Note, RecordSignature
from kapteam.errors import NotFound
from kapteam.rules.permissions import Viewer, check_can_read_notes

_MISSING = "There is nothing signed here, or you are not on its course of care."


@dataclass(frozen=True, slots=True)
class FilingEntered:
    """A signed note, or a signed part of a session, was filed; `id` is minted by the form."""

    id: str
    note_id: str | None = None
    record_signature_id: str | None = None


@dataclass(frozen=True, slots=True)
class FilingTakenBack:
    """Which filing was marked by mistake."""

    filing_id: str


def mark_filed(db: Session, viewer: Viewer, entered: FilingEntered, now: datetime) -> None:
    """Keep that what is signed was filed as it reads now.

    Raises NotAllowed (the front desk), NotFound (nothing that is signed and counts).
    """
    check_can_read_notes(viewer)
    client_id = _client_of(db, viewer, entered.note_id, entered.record_signature_id, now)
    if already_saved(db, Filing, entered.id):
        return
    db.add(
        Filing(
            id=entered.id,
            note_id=entered.note_id,
            record_signature_id=entered.record_signature_id,
            by_id=viewer.clinician_id,
            at=now,
        )
    )
    record(
        db,
        "filing:marked",
        viewer,
        now,
        client_id=client_id,
        subject_id=entered.note_id or entered.record_signature_id or "",
    )


def take_filing_back(db: Session, viewer: Viewer, entered: FilingTakenBack, now: datetime) -> None:
    """Say that it was not filed after all; a second press changes nothing.

    Raises NotAllowed (the front desk), NotFound.
    """
    check_can_read_notes(viewer)
    filing = db.scalar(select(Filing).where(Filing.id == entered.filing_id).with_for_update())
    if filing is None:
        raise NotFound(_MISSING)
    client_id = _client_of(db, viewer, filing.note_id, filing.record_signature_id, now)
    if filing.undone_at is not None:
        return
    filing.undone_at, filing.undone_by_id = now, viewer.clinician_id
    record(
        db,
        "filing:taken_back",
        viewer,
        now,
        client_id=client_id,
        subject_id=filing.note_id or filing.record_signature_id or "",
    )


def _client_of(
    db: Session, viewer: Viewer, note_id: str | None, signature_id: str | None, now: datetime
) -> str:
    """Whose it is, where this person may read it and it is signed."""
    of_note = (
        select(Episode.client_id)
        .join(Note, Note.episode_id == Episode.id)
        .where(
            Note.id == note_id,
            Note.signed_at.is_not(None),
            Note.voided_at.is_(None),
            visible_notes(viewer, now),
        )
    )
    of_part = (
        select(Episode.client_id)
        .join(KetamineSession, KetamineSession.episode_id == Episode.id)
        .join(RecordSignature, RecordSignature.ketamine_session_id == KetamineSession.id)
        .where(
            RecordSignature.id == signature_id,
            RecordSignature.signed_at.is_not(None),
            visible_episodes(viewer, now),
        )
    )
    client_id = db.scalar(of_note if note_id else of_part)
    if client_id is None or (note_id and signature_id):
        raise NotFound(_MISSING)
    return client_id
