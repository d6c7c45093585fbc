"""Medicine that a client keeps at home: what was sent, what was counted, what came back."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified, Versioned
from kapteam.db.types import Micrograms, term
from kapteam.vocabulary import Tally


class HomeSupply(Versioned):
    """Lozenges of one strength that a pharmacy sent to the client; at home from `arrived_on` on.

    One that was entered in error stays readable (rule 66), as do counts and returns.
    """

    __tablename__ = "home_supply"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    lozenges: Mapped[int]
    ug_each: Mapped[int] = mapped_column(Micrograms)
    pharmacy: Mapped[str]
    sent_on: Mapped[date]
    arrived_on: Mapped[date | None]
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="", server_default="")


class HomeTally(Identified):
    """Lozenges that the client showed, or that left their home unused, and the words about it."""

    __tablename__ = "home_tally"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    kind: Mapped[Tally] = mapped_column(term(Tally))
    lozenges: Mapped[int]
    at: Mapped[datetime]
    words: Mapped[str] = mapped_column(Text, default="")
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
