"""Notes: drafts are in `draft`; from the signature on, text and hash are kept here."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Base, Identified, Versioned, index_of_open
from kapteam.db.types import term
from kapteam.vocabulary import NoteKind


class Note(Versioned):
    """A note of one author: about one session, or, of the other kinds, about the course alone.

    Unsigned, its text lies in the author's drafts and `body` is empty; signing moves it here and
    freezes `signed_text` with its SHA-256 (`content_hash`). Never deleted (rules 18 and 19).
    """

    __tablename__ = "note"

    kind: Mapped[NoteKind] = mapped_column(term(NoteKind))
    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"))
    ketamine_session_id: Mapped[str | None] = mapped_column(
        ForeignKey("ketamine_session.id"), index=True
    )
    integration_session_id: Mapped[str | None] = mapped_column(
        ForeignKey("integration_session.id"), index=True
    )
    author_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"), index=True)
    by_prescriber: Mapped[bool]
    template_version: Mapped[int]
    body: Mapped[dict[str, Any]]
    started_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    signed_text: Mapped[str | None] = mapped_column(Text)
    content_hash: Mapped[str | None] = mapped_column(String(64))
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index("ix_note_episode_id_signed_at", "episode_id", "signed_at"),
        index_of_open("ix_note_author_id_unsigned", "author_id", unset="signed_at"),
    )


class NoteAmendment(Identified):
    """A later change by the author, beside the readable original."""

    __tablename__ = "note_amendment"

    note_id: Mapped[str] = mapped_column(ForeignKey("note.id"), index=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))


class NoteAddendum(Identified):
    """What a colleague adds to a signed note."""

    __tablename__ = "note_addendum"

    note_id: Mapped[str] = mapped_column(ForeignKey("note.id"), index=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))


class NoteRead(Identified):
    """That a colleague read a signed note, with a few words if they like; it is no signature."""

    __tablename__ = "note_read"

    note_id: Mapped[str] = mapped_column(ForeignKey("note.id"))
    reader_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    at: Mapped[datetime]
    comment: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("uq_note_read_note_id_reader_id", "note_id", "reader_id", unique=True),)


class NoteWords(Base):
    """What search knows of one signed note and of what was added to it: its words, folded.

    `number` is the second in which it was signed, since 1970, or the next that is free: a later
    note has a higher one. Course and author are those of the note, which never change, so that
    what somebody may not read is passed over without reading it. Each engine keeps its full-text
    index of `text`, which nothing else reads (db/note_index.py).
    """

    __tablename__ = "note_words"

    # SQLite takes a key for the number of a row only by this very name of its type.
    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    note_id: Mapped[str] = mapped_column(ForeignKey("note.id"), unique=True)
    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"))
    author_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"), index=True)
    text: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index("ix_note_words_episode_id_author_id", "episode_id", "author_id"),
        # Which note it is and whose, the newest first, without reading its words.
        Index(
            "ix_note_words_number_note_id_episode_id_author_id",
            "number",
            "note_id",
            "episode_id",
            "author_id",
        ),
    )
