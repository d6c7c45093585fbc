"""What completes a ketamine session: the support that was given, two signatures, the review."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified, index_of_open
from kapteam.db.types import term
from kapteam.vocabulary import IntentionTouched, RecordPart


class SupportRecord(Identified):
    """What support was given in a session; one that another took the place of stays.

    `given` holds values of `Support`, `words` are the client's own, and `touches` and
    `challenge` hold what `rules.session_record` reads.
    """

    __tablename__ = "support_record"

    ketamine_session_id: Mapped[str] = mapped_column(ForeignKey("ketamine_session.id"))
    given: Mapped[list[str]]
    words: Mapped[str] = mapped_column(Text, default="")
    touched: Mapped[IntentionTouched | None] = mapped_column(term(IntentionTouched))
    touches: Mapped[list[dict[str, Any]]]
    challenge: Mapped[dict[str, Any] | None]
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]

    __table_args__ = (
        index_of_open(
            "uq_support_record_that_counts",
            "ketamine_session_id",
            unset="replaced_at",
            unique=True,
        ),
    )


class RecordSignature(Identified):
    """That one part of a session's record is to be signed, and then who signed which text and when.

    Once it is signed nothing of it changes but `changed_at`: that something of the part was changed
    since, for which another signature is asked.
    """

    __tablename__ = "record_signature"

    ketamine_session_id: Mapped[str] = mapped_column(ForeignKey("ketamine_session.id"), index=True)
    part: Mapped[RecordPart] = mapped_column(term(RecordPart))
    asked_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    signed_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    signed_text: Mapped[str] = mapped_column(Text, default="")
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    changed_at: Mapped[datetime | None]

    __table_args__ = (
        index_of_open(
            "uq_record_signature_open",
            "ketamine_session_id",
            "part",
            unset="signed_at",
            unique=True,
        ),
    )


class Reviewed(Identified):
    """That somebody looked at what a course had for the review until an instant."""

    __tablename__ = "reviewed"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    until_at: Mapped[datetime]
    reviewed_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    reviewed_at: Mapped[datetime]
