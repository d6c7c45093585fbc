"""People who called, and people in care."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Base, Identified, Versioned
from kapteam.db.types import term
from kapteam.vocabulary import InquiryOutcome, ServiceLine


class Inquiry(Versioned):
    """Somebody who called; never counted as a client. `held_at` is the free consultation.

    The five stop questions are asked in it; None is "not asked".
    """

    __tablename__ = "inquiry"

    name: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    service_wanted: Mapped[ServiceLine | None] = mapped_column(term(ServiceLine))
    concern: Mapped[str] = mapped_column(Text, default="")
    called_at: Mapped[datetime]
    held_at: Mapped[datetime | None]
    psychosis_or_mania: Mapped[bool | None]
    heart_or_blood_pressure: Mapped[bool | None]
    pregnancy: Mapped[bool | None]
    other_treatment: Mapped[bool | None]
    in_danger: Mapped[bool | None]
    outcome: Mapped[InquiryOutcome | None] = mapped_column(term(InquiryOutcome))
    outcome_note: Mapped[str] = mapped_column(Text, default="")
    client_id: Mapped[str | None] = mapped_column(ForeignKey("client.id"), unique=True)
    created_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    created_at: Mapped[datetime]


class Client(Versioned):
    """A person in care, known by a code (K-014) as well as a name.

    `search_text` is folded by `rules.folding`. `allergies`, `medications` and `conditions`: None
    with no date is "not asked", the empty text with a date is "none". `usual_pressure` is what
    their blood pressure usually is (`128/82`), None is "not asked"; so is `voicemail_ok` None.
    """

    __tablename__ = "client"

    code: Mapped[str] = mapped_column(String(12), unique=True)
    family_name: Mapped[str]
    given_name: Mapped[str]
    preferred_name: Mapped[str] = mapped_column(default="")
    pronouns: Mapped[str] = mapped_column(default="")
    born_on: Mapped[date | None]
    phone: Mapped[str] = mapped_column(default="")
    emergency_name: Mapped[str] = mapped_column(default="")
    emergency_relation: Mapped[str] = mapped_column(default="")
    emergency_phone: Mapped[str] = mapped_column(default="")
    may_be_told: Mapped[str] = mapped_column(Text, default="")
    voicemail_ok: Mapped[bool | None]
    allergies: Mapped[str | None] = mapped_column(Text)
    allergies_asked_on: Mapped[date | None]
    medications: Mapped[str | None] = mapped_column(Text)
    medications_asked_on: Mapped[date | None]
    conditions: Mapped[str | None] = mapped_column(Text)
    conditions_asked_on: Mapped[date | None]
    usual_pressure: Mapped[str | None] = mapped_column(String(7))
    usual_pressure_asked_on: Mapped[date | None]
    pinned_line: Mapped[str] = mapped_column(default="")
    pinned_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    pinned_at: Mapped[datetime | None]
    safety_plan: Mapped[str] = mapped_column(Text, default="", server_default="")
    safety_plan_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    safety_plan_at: Mapped[datetime | None]
    search_text: Mapped[str] = mapped_column(Text)
    merged_into_id: Mapped[str | None] = mapped_column(ForeignKey("client.id"))
    created_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    created_at: Mapped[datetime]


class PrescriptionLookup(Identified):
    """That somebody looked a client up in the prescription database on a day; never edited.

    In Arizona that is the CSPMP. What was found there is not kept.
    """

    __tablename__ = "prescription_lookup"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.id"), index=True)
    looked_up_on: Mapped[date]
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="")


class Weight(Identified):
    """What a client weighed on a day, in grams. One entered in error stays and counts nowhere."""

    __tablename__ = "weight"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.id"), index=True)
    grams: Mapped[int]
    measured_on: Mapped[date]
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))


class ChartLook(Base):
    """When one clinician had a client's page before them last, and in the visit before that.

    It says what on the page is new to them, and nobody but them; who opened a chart is in the audit
    log.
    """

    __tablename__ = "chart_look"

    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.id"), primary_key=True)
    looked_at: Mapped[datetime]
    before_at: Mapped[datetime | None]
