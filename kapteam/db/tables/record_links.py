"""What was signed or given, one line for each, tied to the line before."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Base


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
