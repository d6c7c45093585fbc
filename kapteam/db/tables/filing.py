"""What was copied into the record that a practice keeps elsewhere."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified

_ONE_SUBJECT = " + ".join(
    f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)"
    for column in ("note_id", "record_signature_id", "review_item_id")
)


class Filing(Identified):
    """That somebody filed a signed note, a signed part of a session's record, or what a case review
    decided about a course of care, elsewhere.

    It is of the text as it was `at`: what is amended, added or confirmed later is to be filed
    again.
    """

    __tablename__ = "filing"

    note_id: Mapped[str | None] = mapped_column(ForeignKey("note.id"), index=True)
    record_signature_id: Mapped[str | None] = mapped_column(
        ForeignKey("record_signature.id"), index=True
    )
    review_item_id: Mapped[str | None] = mapped_column(ForeignKey("review_item.id"), index=True)
    by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))

    __table_args__ = (CheckConstraint(f"{_ONE_SUBJECT} = 1", name="one_subject"),)
