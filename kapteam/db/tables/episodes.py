"""Courses of care: who is on them, where they stand, and what the gate to dosing reads."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified, Versioned, index_of_open
from kapteam.db.types import Micrograms, term
from kapteam.vocabulary import (
    ClearanceDecision,
    CloseReason,
    ConsentType,
    EpisodeState,
    FinalScores,
    HoldReason,
    Part,
    ServiceLine,
)


class Episode(Versioned):
    """One course of care of one client. `indications` holds values of `Indication`.

    Since `measures_asked_at` outcome measures are asked for where rule 51 asks for none.
    """

    __tablename__ = "episode"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.id"), index=True)
    service_line: Mapped[ServiceLine] = mapped_column(term(ServiceLine))
    indications: Mapped[list[str]]
    state: Mapped[EpisodeState] = mapped_column(term(EpisodeState), index=True)
    state_since: Mapped[datetime]
    expects_intention: Mapped[bool]
    expects_integration: Mapped[bool]
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[CloseReason | None] = mapped_column(term(CloseReason))
    close_note: Mapped[str] = mapped_column(Text, default="")
    measures_asked_at: Mapped[datetime | None]
    measures_asked_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))

    __table_args__ = (index_of_open("ix_episode_client_id_open", "client_id", unset="closed_at"),)


class EpisodeMember(Identified):
    """A clinician's part in a course. Without `clinician_id` the part is held `elsewhere`."""

    __tablename__ = "episode_member"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    clinician_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"), index=True)
    elsewhere: Mapped[str] = mapped_column(default="")
    part: Mapped[Part] = mapped_column(term(Part))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]


class Hold(Identified):
    """A pause beside the state; one at a time, released by somebody with a reason."""

    __tablename__ = "hold"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"))
    reason: Mapped[HoldReason] = mapped_column(term(HoldReason))
    note: Mapped[str] = mapped_column(Text, default="")
    since_at: Mapped[datetime]
    look_again_on: Mapped[date]
    set_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    released_at: Mapped[datetime | None]
    released_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    release_note: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (Index("ix_hold_episode_id_released_at", "episode_id", "released_at"),)


class Ending(Identified):
    """Who ended a course and what was asked then (rule 56); the one of `closed_at` counts.

    `medicine_at_home` is whether the client still has any, None when nobody asked.
    """

    __tablename__ = "ending"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    ended_at: Mapped[datetime]
    ended_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    final_scores: Mapped[FinalScores] = mapped_column(term(FinalScores))
    final_scores_why: Mapped[str] = mapped_column(default="")
    medicine_at_home: Mapped[bool | None]
    medicine_note: Mapped[str] = mapped_column(default="")


class SignOff(Identified):
    """That one of those who treated agrees that a course is over; asked for when it ends.

    It waits on `clinician_id` until it is signed, by that person or by who covers for them.
    """

    __tablename__ = "sign_off"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    part: Mapped[Part] = mapped_column(term(Part))
    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    asked_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    signed_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))

    __table_args__ = (
        index_of_open("ix_sign_off_episode_id_open", "episode_id", unset="signed_at"),
    )


class OutsideExperience(Identified):
    """A psychedelic experience that happened elsewhere, as the client tells it (domain 1.2).

    `happened` may be vague ("summer 2025"). Where the substance came from is never stored. One that
    was entered in error stays beside what took its place (rule 66).
    """

    __tablename__ = "outside_experience"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    substance: Mapped[str]
    happened: Mapped[str]
    circumstances: Mapped[str] = mapped_column(Text, default="")
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="", server_default="")


class Clearance(Identified):
    """A prescriber's medical clearance. Never edited: the newest one of an episode holds.

    `routes` holds values of `ProductRoute`. The ceiling is micrograms in one session or micrograms
    per kg, one of the two. Of `diagnoses` the first is the primary one; `trials` and
    `contraindications` hold what `rules.evaluation` reads, and `despite_reason` why somebody was
    cleared whom one of these rules out.
    """

    __tablename__ = "clearance"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    decision: Mapped[ClearanceDecision] = mapped_column(term(ClearanceDecision))
    routes: Mapped[list[str]]
    ceiling_ug: Mapped[int | None] = mapped_column(Micrograms)
    ceiling_ug_per_kg: Mapped[int | None] = mapped_column(Micrograms)
    diagnoses: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    trials: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    contraindications: Mapped[list[dict[str, Any]]] = mapped_column(
        default=list, server_default="[]"
    )
    despite_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    conditions: Mapped[str] = mapped_column(Text, default="")
    in_person_on: Mapped[date | None]
    valid_until_on: Mapped[date | None]
    decided_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    decided_at: Mapped[datetime]


class Consent(Identified):
    """A signed consent. Never edited but to be revoked or marked as entered in error (rule 66).

    The newest of a type that is not in error holds.
    """

    __tablename__ = "consent"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    type: Mapped[ConsentType] = mapped_column(term(ConsentType))
    form_version: Mapped[str] = mapped_column(String(40), default="")
    signed_on: Mapped[date]
    expires_on: Mapped[date | None]
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    revoked_on: Mapped[date | None]
    revoked_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
