"""What outcome measures came to."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified


class Score(Identified):
    """One outcome measure as it was taken, for one course of care; never changed, only voided.

    `form` is the wording of the instrument as it then was. `answers` are those to its items in
    order, None in the list for one that was not answered, and None as a whole where only the total
    or the result is known. `total` is in points: None while an answer is missing, and for a measure
    that has a `result`, the rank of its band from 0 on. `critical` is the answer to the item that
    needs somebody by itself, None where that is unknown or there is no such item.

    `taken_at` is when the client answered. `is_day_only`: only its day is known, and `taken_at`
    stands for the place it has in that day (decision 57).
    """

    __tablename__ = "score"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.id"), index=True)
    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"))
    instrument_id: Mapped[str] = mapped_column(String(60))
    form: Mapped[str] = mapped_column(Text)
    answers: Mapped[list[int | None] | None] = mapped_column(JSON(none_as_null=True))
    total: Mapped[int | None]
    result: Mapped[int | None]
    critical: Mapped[int | None]
    is_total_only: Mapped[bool]
    taken_at: Mapped[datetime]
    is_day_only: Mapped[bool]
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index(
            "ix_score_episode_id_instrument_id_taken_at",
            "episode_id",
            "instrument_id",
            "taken_at",
        ),
    )
