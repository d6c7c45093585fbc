"""Every touch besides ketamine and integration sessions: planned, held, or a call that came."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Versioned, index_of_open
from kapteam.db.types import term
from kapteam.vocabulary import ContactKind, ContactOutcome, How


class Contact(Versioned):
    """One touch. What is planned belongs to a course; what was logged may be the client's alone.

    It is settled by its `outcome`. `happened_at` is when people met, spoke, wrote, or failed to;
    None while it lies ahead and of what was cancelled. `place` and `local_emergency` say where the
    client is on a video call, and whom to call there. `tell_id` is the colleague who is to know of
    it, until `told_at`.
    """

    __tablename__ = "contact"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.id"), index=True)
    episode_id: Mapped[str | None] = mapped_column(ForeignKey("episode.id"))
    kind: Mapped[ContactKind] = mapped_column(term(ContactKind))
    from_client: Mapped[bool] = mapped_column(default=False)
    how: Mapped[How | None] = mapped_column(term(How))
    place: Mapped[str] = mapped_column(default="")
    local_emergency: Mapped[str] = mapped_column(default="")
    with_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    planned_at: Mapped[datetime | None]
    planned_minutes: Mapped[int | None]
    happened_at: Mapped[datetime | None]
    outcome: Mapped[ContactOutcome | None] = mapped_column(term(ContactOutcome))
    words: Mapped[str] = mapped_column(Text, default="")
    tell_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    told_at: Mapped[datetime | None]
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_contact_episode_id_happened_at", "episode_id", "happened_at"),
        index_of_open("ix_contact_episode_id_ahead", "episode_id", unset="outcome"),
        index_of_open("ix_contact_tell_id_untold", "tell_id", unset="told_at"),
    )
