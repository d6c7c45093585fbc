"""Integration sessions: booked, held, agreed for a day, or closed with a reason."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified, Versioned
from kapteam.db.types import term
from kapteam.vocabulary import How, IntegrationCloseReason, IntegrationKind


class IntegrationSession(Versioned):
    """The session afterwards. What it integrates is in `integration_session_for`.

    It is settled by `held_at` (kind full) or `closed_at`; `dropped_at` takes a booking back and
    leaves the debt. `due_on` is set by hand for psychedelic integration (rule 12).
    `from_episode_id` is the course that ended and whose doses it integrates, where therapy went on.
    """

    __tablename__ = "integration_session"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    from_episode_id: Mapped[str | None] = mapped_column(ForeignKey("episode.id"), index=True)
    therapist_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"), index=True)
    kind: Mapped[IntegrationKind] = mapped_column(term(IntegrationKind))
    how: Mapped[How] = mapped_column(term(How))
    place: Mapped[str] = mapped_column(default="")
    planned_at: Mapped[datetime | None] = mapped_column(index=True)
    planned_minutes: Mapped[int]
    due_on: Mapped[date | None]
    agreed_for: Mapped[date | None]
    agreed_reason: Mapped[str] = mapped_column(Text, default="")
    held_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    held_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    close_reason: Mapped[IntegrationCloseReason | None] = mapped_column(
        term(IntegrationCloseReason)
    )
    close_note: Mapped[str] = mapped_column(Text, default="")
    dropped_at: Mapped[datetime | None]
    drop_reason: Mapped[str] = mapped_column(Text, default="")
    created_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    created_at: Mapped[datetime]


class IntegrationSessionFor(Identified):
    """What an integration session integrates: one ketamine session or one outside experience."""

    __tablename__ = "integration_session_for"

    integration_session_id: Mapped[str] = mapped_column(
        ForeignKey("integration_session.id"), index=True
    )
    ketamine_session_id: Mapped[str | None] = mapped_column(
        ForeignKey("ketamine_session.id"), index=True
    )
    outside_experience_id: Mapped[str | None] = mapped_column(ForeignKey("outside_experience.id"))

    __table_args__ = (
        CheckConstraint(
            "(ketamine_session_id IS NULL) <> (outside_experience_id IS NULL)", name="one_subject"
        ),
    )
