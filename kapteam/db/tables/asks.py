"""Questions from one who treats a client to the other, and what was said to them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified, Versioned, index_of_open
from kapteam.db.types import term
from kapteam.vocabulary import AskTurnKind, Part


class Ask(Versioned):
    """One question about a client, open until who asked has read the answer.

    `by_part` and `of_part` are the parts that the two had then: who has that part later has the
    question too. It is about one ketamine session, integration session or note, or about the course
    itself. One about medicine use raised the concern that it names. `answered_at` is the newest
    answer; asked again, there is none.
    """

    __tablename__ = "ask"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    asked_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    by_part: Mapped[Part] = mapped_column(term(Part))
    asked_of_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    of_part: Mapped[Part] = mapped_column(term(Part))
    ketamine_session_id: Mapped[str | None] = mapped_column(ForeignKey("ketamine_session.id"))
    integration_session_id: Mapped[str | None] = mapped_column(ForeignKey("integration_session.id"))
    note_id: Mapped[str | None] = mapped_column(ForeignKey("note.id"))
    concern_id: Mapped[str | None] = mapped_column(ForeignKey("concern.id"))
    words: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        index_of_open("ix_ask_episode_id_open", "episode_id", unset=("settled_at", "voided_at")),
    )


class AskTurn(Identified):
    """What somebody said to a question: an answer, that it was read, or the question again."""

    __tablename__ = "ask_turn"

    ask_id: Mapped[str] = mapped_column(ForeignKey("ask.id"), index=True)
    kind: Mapped[AskTurnKind] = mapped_column(term(AskTurnKind))
    by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    at: Mapped[datetime]
    words: Mapped[str] = mapped_column(Text, default="")
