"""What became of what a client set out to do."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified
from kapteam.db.types import term
from kapteam.vocabulary import CommitmentState


class CommitmentUpdate(Identified):
    """That somebody said what became of one committed action of a signed integration note.

    `line` counts from 0 among its actions (`rules.commitments`). Never changed; the newest counts.
    """

    __tablename__ = "commitment_update"

    note_id: Mapped[str] = mapped_column(ForeignKey("note.id"), index=True)
    line: Mapped[int]
    state: Mapped[CommitmentState] = mapped_column(term(CommitmentState))
    words: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    at: Mapped[datetime]
