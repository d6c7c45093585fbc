"""What a client set out to do, as it was agreed in signed notes, and what became of it."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kapteam.db.access import visible_notes
from kapteam.db.tables import (
    Clinician,
    CommitmentUpdate,
    Episode,
    IntegrationSessionFor,
    KetamineSession,
    Note,
)
from kapteam.queries.standing import Asked
from kapteam.rules.commitments import Agreed, Commitment, Update, carried, commitments
from kapteam.vocabulary import NoteKind


def carried_forward(db: Session, asked: Asked, episode_id: str) -> tuple[Commitment, ...]:
    """What is looked back on when the next note of a course is written, in two statements.

    Of every signed integration of the course, and of its doses, what is still open; of the last one
    that agreed on something all of it.
    """
    of_its_doses = (
        select(IntegrationSessionFor.integration_session_id)
        .join(KetamineSession, KetamineSession.id == IntegrationSessionFor.ketamine_session_id)
        .where(KetamineSession.episode_id == episode_id)
    )
    rows = db.execute(
        select(
            Note.id,
            Note.body["actions"].as_string().label("actions"),
            Note.body["check_back"].as_string().label("check_back"),
            Note.signed_at,
        )
        .join(Episode, Episode.id == Note.episode_id)
        .where(
            Note.kind == NoteKind.INTEGRATION,
            or_(Note.episode_id == episode_id, Note.integration_session_id.in_(of_its_doses)),
            Note.signed_at.is_not(None),
            Note.voided_at.is_(None),
            visible_notes(asked.viewer, asked.now),
        )
    ).all()
    agreed = [
        Agreed(
            row.id,
            row.actions,
            row.signed_at,
            date.fromisoformat(row.check_back) if row.check_back else None,
        )
        for row in rows
        if row.actions and row.signed_at
    ]
    return carried(commitments(agreed, updates_of(db, [one.note_id for one in agreed])))


def updates_of(db: Session, note_ids: Sequence[str]) -> list[Update]:
    """What was said of the committed actions of these notes, the oldest first; one statement."""
    rows = db.execute(
        select(
            CommitmentUpdate.note_id,
            CommitmentUpdate.line,
            CommitmentUpdate.state,
            CommitmentUpdate.words,
            Clinician.name,
            CommitmentUpdate.at,
        )
        .join(Clinician, Clinician.id == CommitmentUpdate.by_id)
        .where(CommitmentUpdate.note_id.in_(note_ids))
        .order_by(CommitmentUpdate.at, CommitmentUpdate.id)
    )
    return [Update(*row) for row in rows]
