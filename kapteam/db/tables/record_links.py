"""What was signed or given, one line for each, tied to the line before; and what checks found."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Base, Identified


class RecordLink(Base):
    """One line of `rules.record_links`, never changed; the text columns say what was tied.

    `position` counts from 1 without a gap. No line points to its row: whether that is there is what
    a check finds out.
    """

    __tablename__ = "record_link"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[str] = mapped_column(String(36), index=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    linked_at: Mapped[str] = mapped_column(String(40))
    key_name: Mapped[str] = mapped_column(String(8))
    mac: Mapped[str] = mapped_column(String(64))


class RecordCheck(Identified):
    """A check of the list: how many lines it went through, and what was wrong first.

    `finding` is the sentence as it was said then, empty when nothing was wrong; `checked_by_id` is
    None of the check of the night.
    """

    __tablename__ = "record_check"

    at: Mapped[datetime] = mapped_column(index=True)
    checked_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    lines: Mapped[int]
    finding: Mapped[str] = mapped_column(Text)
