"""Medicine that a client keeps at home: what was sent, what was counted, what came back."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified, Versioned
from kapteam.db.types import Micrograms


class HomeSupply(Versioned):
    """Lozenges of one strength that a pharmacy sent to the client; at home from `arrived_on` on."""

    __tablename__ = "home_supply"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    lozenges: Mapped[int]
    ug_each: Mapped[int] = mapped_column(Micrograms)
    pharmacy: Mapped[str]
    sent_on: Mapped[date]
    arrived_on: Mapped[date | None]
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]


class HomeCount(Identified):
    """How many lozenges the client showed, to whom and when."""

    __tablename__ = "home_count"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    lozenges: Mapped[int]
    counted_at: Mapped[datetime]
    words: Mapped[str] = mapped_column(Text, default="")
    counted_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]


class HomeReturn(Identified):
    """Lozenges that left the client's home unused, returned or destroyed, and why."""

    __tablename__ = "home_return"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    lozenges: Mapped[int]
    returned_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
