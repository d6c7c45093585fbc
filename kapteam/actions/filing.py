"""Saying that what was signed or decided was copied into the record kept elsewhere."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.saving import already_saved
from kapteam.db.access import visible_episodes, visible_notes
from kapteam.db.audit import record
from kapteam.db.tables import (
    CaseReview,
    Episode,
    Filing,
    KetamineSession,
    Note,
    RecordSignature,
    ReviewItem,
)
from kapteam.errors import NotFound
from kapteam.rules.permissions import Viewer, check_can_read_notes

_MISSING = "There is nothing signed here, or you are not on its course of care."


@dataclass(frozen=True, slots=True)
class FilingEntered:
    """A signed note, a signed part of a session or a review's decision was filed.

    One of the three ids says which; `id` is minted by the form.
    """

    id: str
    note_id: str | None = None
    record_signature_id: str | None = None
    review_item_id: str | None = None

    @property
    def subject_ids(self) -> tuple[str, ...]:
        """What was filed; good with a single one."""
        ids = (self.note_id, self.record_signature_id, self.review_item_id)
        return tuple(one for one in ids if one)


@dataclass(frozen=True, slots=True)
class FilingTakenBack:
    """Which filing was marked by mistake."""

    filing_id: str


def mark_filed(db: Session, viewer: Viewer, entered: FilingEntered, now: datetime) -> None:
    """Keep that what is signed or decided was filed as it reads now.

    Raises NotAllowed (the front desk), NotFound (nothing that is signed and counts, a case review
    that has not ended).
    """
    check_can_read_notes(viewer)
    client_id = _client_of(db, viewer, entered, now)
    if already_saved(db, Filing, entered.id):
        return
    db.add(
        Filing(
            id=entered.id,
            note_id=entered.note_id,
            record_signature_id=entered.record_signature_id,
            review_item_id=entered.review_item_id,
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
        subject_id=entered.subject_ids[0],
    )


def take_filing_back(db: Session, viewer: Viewer, entered: FilingTakenBack, now: datetime) -> None:
    """Say that it was not filed after all; a second press changes nothing.

    Raises NotAllowed (the front desk), NotFound.
    """
    check_can_read_notes(viewer)
    filing = db.scalar(select(Filing).where(Filing.id == entered.filing_id).with_for_update())
    if filing is None:
        raise NotFound(_MISSING)
    filed = FilingEntered(
        filing.id, filing.note_id, filing.record_signature_id, filing.review_item_id
    )
    client_id = _client_of(db, viewer, filed, now)
    if filing.undone_at is not None:
        return
    filing.undone_at, filing.undone_by_id = now, viewer.clinician_id
    record(
        db,
        "filing:taken_back",
        viewer,
        now,
        client_id=client_id,
        subject_id=filed.subject_ids[0],
    )


def _client_of(db: Session, viewer: Viewer, filed: FilingEntered, now: datetime) -> str:
    """Whose it is, where this person may read it and it is signed, or its case review has ended."""
    if len(filed.subject_ids) != 1:
        raise NotFound(_MISSING)
    of_note = (
        select(Episode.client_id)
        .join(Note, Note.episode_id == Episode.id)
        .where(
            Note.id == filed.note_id,
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
            RecordSignature.id == filed.record_signature_id,
            RecordSignature.signed_at.is_not(None),
            visible_episodes(viewer, now),
        )
    )
    of_decision = (
        select(Episode.client_id)
        .join(ReviewItem, ReviewItem.episode_id == Episode.id)
        .join(CaseReview, CaseReview.id == ReviewItem.case_review_id)
        .where(
            ReviewItem.id == filed.review_item_id,
            ReviewItem.decided_at.is_not(None),
            CaseReview.ended_at.is_not(None),
            visible_episodes(viewer, now),
        )
    )
    if filed.note_id:
        client_id = db.scalar(of_note)
    else:
        client_id = db.scalar(of_part if filed.record_signature_id else of_decision)
    if client_id is None:
        raise NotFound(_MISSING)
    return client_id
