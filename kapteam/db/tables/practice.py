"""The practice itself: its settings and what was done in it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Base, Identified


class Practice(Base):
    """The one practice of this database (a single row, id `practice`).

    `is_demo`: every person in it is made up, which every page says (rule 71).
    """

    __tablename__ = "practice"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str]
    zone: Mapped[str]
    is_demo: Mapped[bool]
    created_at: Mapped[datetime]


class PracticeSetting(Identified):
    """A threshold or default, append-only: the rule in force on the day judges the day."""

    __tablename__ = "practice_setting"

    key: Mapped[str] = mapped_column(String(60), index=True)
    value: Mapped[str]
    source: Mapped[str]
    set_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    in_force_from: Mapped[datetime]


class ClosedDays(Identified):
    """Days of the practice's calendar, the last one included, on which it is closed."""

    __tablename__ = "closed_days"

    from_on: Mapped[date]
    until_on: Mapped[date] = mapped_column(index=True)
    name: Mapped[str]
    set_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    voided_at: Mapped[datetime | None]


class AuditEvent(Identified):
    """Who did or saw what, and when; append-only by trigger, never with note text.

    `changes` holds old and new values of times, doses and states.
    """

    __tablename__ = "audit_event"

    at: Mapped[datetime] = mapped_column(index=True)
    clinician_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    sign_in_id: Mapped[str | None] = mapped_column(String(36))
    tag: Mapped[str] = mapped_column(String(60))
    client_id: Mapped[str | None] = mapped_column(ForeignKey("client.id"))
    subject_id: Mapped[str | None] = mapped_column(String(36))
    changes: Mapped[dict[str, Any]]

    __table_args__ = (
        Index("ix_audit_event_client_id_at", "client_id", "at"),
        Index("ix_audit_event_clinician_id_at", "clinician_id", "at"),
    )


class Draft(Identified):
    """Text that is not yet part of the record; only its author ever reads it.

    `form` names the form and its subject (`note/<id>`), `field` the field in it.
    """

    __tablename__ = "draft"

    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    form: Mapped[str] = mapped_column(String(120))
    field: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]

    __table_args__ = (
        Index("uq_draft_clinician_id_form_field", "clinician_id", "form", "field", unique=True),
    )
