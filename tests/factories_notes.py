"""Signed notes that are found by what they say."""

from datetime import datetime

from kapteam.db.note_index import index_note
from kapteam.db.tables import Episode
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import NoteKind
from tests.factories import NOW
from tests.factories_care import Care, a_signed_note


def a_written_note(
    care: Care,
    text: str = "",
    *,
    by: Viewer | None = None,
    course: Episode | None = None,
    kind: NoteKind = NoteKind.GENERAL,
    version: int = 1,
    signed_at: datetime = NOW,
    **body: str,
) -> str:
    """A note of the therapist or of somebody else, signed and indexed; returns its id.

    A general note says `text`; one of another kind what `body` says by the keys of its template.
    """
    with care.database.writing() as db:
        note = a_signed_note(
            db,
            course or care.course,
            by or care.therapist,
            kind,
            signed_at=signed_at,
            version=version,
            body={"text": text} | body if text else body,
        )
        index_note(db, note.id)
    return note.id
