"""Series of ketamine sessions, and what was ordered and given in each."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified, Versioned, index_of_open
from kapteam.db.types import Micrograms, term
from kapteam.vocabulary import (
    AdministrationKind,
    Answer,
    MedicineRoute,
    OrderState,
    ProductRoute,
    ReadinessItem,
    SessionStatus,
)


class Series(Versioned):
    """A run of ketamine sessions by one product and route; booking the first one makes it.

    `ordered_count` is None until a prescriber orders how many (rule 15). Before the session of the
    number `review_before` both who treat look back; None where no prescriber asked for it.
    `is_maintenance`: it began in maintenance, and goes on with what the one before it came to.
    """

    __tablename__ = "series"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    product_route: Mapped[ProductRoute] = mapped_column(term(ProductRoute))
    ordered_count: Mapped[int | None]
    review_before: Mapped[int | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    is_maintenance: Mapped[bool] = mapped_column(server_default=false())


class SeriesReview(Identified):
    """That those who treat looked back at a series, before the session of this number."""

    __tablename__ = "series_review"

    series_id: Mapped[str] = mapped_column(ForeignKey("series.id"), index=True)
    before_number: Mapped[int]
    words: Mapped[str] = mapped_column(Text)
    reviewed_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    reviewed_at: Mapped[datetime]


class KetamineSession(Versioned):
    """One appointment at which ketamine is given, with the order for it.

    `ordered_ug` is a proposal while `order_state` says so, and `order_reason` why it is beyond what
    is usual. `ceiling_reason` says why a prescriber ordered it above the clearance's ceiling, and
    `number_reason` why the session was booked beyond the number ordered. What may be added, may be
    once, from and to so many minutes after the dose (None: at any time). `readings_due` are the
    minutes after the dose at which the order wants blood pressure read (`15 30 60`); None: as is
    usual for the product. `planned_minutes` is the whole appointment. `end_reason` says why it was
    cancelled, missed or not given; `breach_reason` why it was given although planning would have
    refused it; `no_integration_reason` why it was booked or closed without an integration,
    `early_out_reason` why the client left before the time that this product asks for. With
    `at_home`, `place` is where the client is, `people_present` who is with them and
    `local_emergency` whom to call there.
    """

    __tablename__ = "ketamine_session"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"))
    series_id: Mapped[str] = mapped_column(ForeignKey("series.id"), index=True)
    status: Mapped[SessionStatus] = mapped_column(term(SessionStatus))
    planned_at: Mapped[datetime] = mapped_column(index=True)
    planned_minutes: Mapped[int]
    place: Mapped[str] = mapped_column(default="")
    people_present: Mapped[str] = mapped_column(default="")
    at_home: Mapped[bool] = mapped_column(default=False, server_default=false())
    local_emergency: Mapped[str] = mapped_column(default="", server_default="")
    order_state: Mapped[OrderState] = mapped_column(term(OrderState))
    ordered_ug: Mapped[int | None] = mapped_column(Micrograms)
    may_add_ug: Mapped[int | None] = mapped_column(Micrograms)
    may_add_from_minutes: Mapped[int | None]
    may_add_to_minutes: Mapped[int | None]
    ordered_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    ordered_at: Mapped[datetime | None]
    order_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    readings_due: Mapped[str | None] = mapped_column(String(60))
    ceiling_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    number_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    arrived_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    discharged_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    end_reason: Mapped[str] = mapped_column(Text, default="")
    breach_reason: Mapped[str] = mapped_column(Text, default="")
    no_integration_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    early_out_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    created_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_ketamine_session_episode_id_planned_at", "episode_id", "planned_at"),
    )


class ReadinessAnswer(Identified):
    """What was answered before a ketamine session; one that another took the place of stays.

    `words` are who takes the client home, what is amiss, or why they go ahead all the same.
    """

    __tablename__ = "readiness_answer"

    ketamine_session_id: Mapped[str] = mapped_column(ForeignKey("ketamine_session.id"))
    item: Mapped[ReadinessItem] = mapped_column(term(ReadinessItem))
    answer: Mapped[Answer] = mapped_column(term(Answer))
    words: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    answered_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]

    __table_args__ = (
        index_of_open(
            "uq_readiness_answer_that_counts",
            "ketamine_session_id",
            "item",
            unset="replaced_at",
            unique=True,
        ),
    )


class Administration(Identified):
    """One giving of ketamine: a dose, a booster, a device. An infusion's end counts.

    `told_by_id` is the prescriber on whose word somebody else gave it beyond or without an order;
    it stays unconfirmed until `confirmed_at`. `is_witnessed`: it was taken before the eyes of
    `given_by_id`, who gives no medicine.
    """

    __tablename__ = "administration"

    ketamine_session_id: Mapped[str] = mapped_column(ForeignKey("ketamine_session.id"), index=True)
    kind: Mapped[AdministrationKind] = mapped_column(term(AdministrationKind))
    ug: Mapped[int] = mapped_column(Micrograms)
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    lot: Mapped[str] = mapped_column(String(60), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    given_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    is_witnessed: Mapped[bool] = mapped_column(default=False, server_default=false())
    recorded_at: Mapped[datetime]
    told_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    confirmed_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    confirmed_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="")


class OtherMedicine(Identified):
    """A medicine other than ketamine that was given at a session: ondansetron, clonidine.

    It is no part of the dose: no clock runs from it and no total counts it. `dose` is a number with
    its unit, in words (`4 mg`, `1 tablet`). `is_witnessed` as of an Administration.
    """

    __tablename__ = "other_medicine"

    ketamine_session_id: Mapped[str] = mapped_column(ForeignKey("ketamine_session.id"), index=True)
    name: Mapped[str]
    dose: Mapped[str]
    route: Mapped[MedicineRoute] = mapped_column(term(MedicineRoute))
    given_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    given_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    is_witnessed: Mapped[bool]
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="")
