"""What a course of care waits for from someone outside the practice."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Versioned, index_of_open
from kapteam.db.types import term
from kapteam.vocabulary import OutsideParty, WaitOutcome


class OutsideWait(Versioned):
    """One wait; it is over by its `outcome`, on the day `ended_on`.

    `who` is the name of the insurer, the pharmacy or whoever it is. `caller_id` is the colleague
    who calls them. What an insurer authorized has how many `visits` it may be, and from when until
    when, as instants (midnights of the practice, the end not included): a ketamine session is
    counted by the instant at which it was given.
    """

    __tablename__ = "outside_wait"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    kind: Mapped[OutsideParty] = mapped_column(term(OutsideParty))
    who: Mapped[str] = mapped_column(default="")
    since_on: Mapped[date]
    call_back_on: Mapped[date | None]
    caller_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    words: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[WaitOutcome | None] = mapped_column(term(WaitOutcome))
    ended_on: Mapped[date | None]
    visits: Mapped[int | None]
    valid_from_at: Mapped[datetime | None]
    valid_until_at: Mapped[datetime | None]
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]

    __table_args__ = (
        index_of_open("ix_outside_wait_episode_id_open", "episode_id", unset="outcome"),
    )
