"""What was copied into the record that a practice keeps elsewhere."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified


class Filing(Identified):
    """That somebody filed a signed note, or a signed part of a session's record, elsewhere.

    It is of the text as it was `at`: what is amended or added later is to be filed again.
    """

    __tablename__ = "filing"

    note_id: Mapped[str | None] = mapped_column(ForeignKey("note.id"), index=True)
    record_signature_id: Mapped[str | None] = mapped_column(
        ForeignKey("record_signature.id"), index=True
    )
    by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))

    __table_args__ = (
        CheckConstraint("(note_id IS NULL) <> (record_signature_id IS NULL)", name="one_subject"),
    )
