"""Concerns that a clinician raises by hand: who has seen one, what was added, what cleared it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Base, Identified, Versioned, index_of_open
from kapteam.db.types import term
from kapteam.vocabulary import ConcernKind, ConcernLevel


class Concern(Versioned):
    """Something about a client's safety, open until a signed note of its owner clears it.

    It is the client's; `episode_id` is the course on which it was raised, if there was one. With
    `holds` the next dose was held. `place` is where the client said then that they are. The
    colleague was told by telephone at `told_by_phone_at`.
    """

    __tablename__ = "concern"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.id"), index=True)
    episode_id: Mapped[str | None] = mapped_column(ForeignKey("episode.id"))
    kind: Mapped[ConcernKind] = mapped_column(term(ConcernKind))
    level: Mapped[ConcernLevel] = mapped_column(term(ConcernLevel))
    words: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[str] = mapped_column(default="", server_default="")
    holds: Mapped[bool]
    raised_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    raised_at: Mapped[datetime]
    told_by_phone_at: Mapped[datetime | None]
    told_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    closed_by_note_id: Mapped[str | None] = mapped_column(ForeignKey("note.id"))

    __table_args__ = (index_of_open("ix_concern_client_id_open", "client_id", unset="closed_at"),)


class ConcernSeen(Base):
    """That a clinician has seen a concern; `seen_by_id` is who said so, they or who covers them."""

    __tablename__ = "concern_seen"

    concern_id: Mapped[str] = mapped_column(ForeignKey("concern.id"), primary_key=True)
    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"), primary_key=True)
    seen_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    seen_at: Mapped[datetime]


class ConcernAddition(Identified):
    """What somebody added to a concern."""

    __tablename__ = "concern_addition"

    concern_id: Mapped[str] = mapped_column(ForeignKey("concern.id"), index=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    at: Mapped[datetime]
    words: Mapped[str] = mapped_column(Text)
