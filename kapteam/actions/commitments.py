"""Saying what became of what a client set out to do."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.saving import already_saved
from kapteam.db.access import is_on, visible_notes
from kapteam.db.audit import record
from kapteam.db.tables import CommitmentUpdate, Episode, Note
from kapteam.errors import NotAllowed, NotFound
from kapteam.rules.commitments import lines_of
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_update_commitment
from kapteam.vocabulary import CommitmentState, NoteKind


@dataclass(frozen=True, slots=True)
class CommitmentEntered:
    """What became of one line of a note's committed actions; `id` is minted by the form."""

    id: str
    note_id: str
    line: int
    state: CommitmentState | None
    words: str


def update_commitment(
    db: Session, viewer: Viewer, entered: CommitmentEntered, now: datetime
) -> None:
    """Keep what became of a committed action; the newest word counts, the earlier ones stay.

    Raises NotAllowed, NotFound (no such action of a signed note that counts), Invalid by field.
    """
    check_can_update_commitment(viewer)
    found = db.execute(
        select(Note.body, Note.episode_id, Episode.client_id)
        .join(Episode, Episode.id == Note.episode_id)
        .where(
            Note.id == entered.note_id,
            Note.kind == NoteKind.INTEGRATION,
            Note.signed_at.is_not(None),
            Note.voided_at.is_(None),
            visible_notes(viewer, now),
        )
        .with_for_update(of=Note)
    ).one_or_none()
    if found is None or not 0 <= entered.line < len(lines_of(found.body.get("actions", ""))):
        raise NotFound("There is no such committed action, or you are not on its course of care.")
    if not is_on(db, viewer, found.episode_id, now):
        raise NotAllowed("Only who is on this course can say what became of it.")
    if already_saved(db, CommitmentUpdate, entered.id):
        return
    form = Entered()
    form.need("state", entered.state is not None, "Choose what became of it.")
    words = form.line("words", entered.words, "How it went")
    form.done()
    db.add(
        CommitmentUpdate(
            id=entered.id,
            note_id=entered.note_id,
            line=entered.line,
            state=entered.state,
            words=words,
            by_id=viewer.clinician_id,
            at=now,
        )
    )
    record(
        db,
        "commitment:updated",
        viewer,
        now,
        client_id=found.client_id,
        subject_id=entered.note_id,
        line=entered.line,
        state=entered.state,
    )
