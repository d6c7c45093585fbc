"""What only Spravato asks for: enrollment, and what goes out after every session with it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified, index_of_open
from kapteam.db.types import term
from kapteam.vocabulary import SubmittedHow


class RemsEnrollment(Identified):
    """That a client is enrolled in the Spravato REMS since a day; never edited.

    `number` is what the practice knows the enrollment by; it may be empty.
    """

    __tablename__ = "rems_enrollment"

    client_id: Mapped[str] = mapped_column(ForeignKey("client.id"), index=True)
    enrolled_on: Mapped[date]
    number: Mapped[str] = mapped_column(String(60), default="")
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="")


class MonitoringAnswers(Identified):
    """What a prescriber answered for the monitoring form of a session; the newest ones count.

    `medicines` holds yes or no for each class of medicine that was asked about. `ready_minutes` is
    how long after the first device the client would have been ready to leave; None: not answered.
    `looked_for_events`: somebody watched for the events that the form names; None: not asked then.
    """

    __tablename__ = "monitoring_answers"

    ketamine_session_id: Mapped[str] = mapped_column(ForeignKey("ketamine_session.id"))
    medicines: Mapped[dict[str, Any]]
    before_is_acceptable: Mapped[bool]
    leaving_is_acceptable: Mapped[bool]
    ready_minutes: Mapped[int | None]
    looked_for_events: Mapped[bool | None]
    answered_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    answered_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]

    __table_args__ = (
        index_of_open(
            "uq_monitoring_answers_that_count",
            "ketamine_session_id",
            unset="replaced_at",
            unique=True,
        ),
    )


class MonitoringSubmission(Identified):
    """That the monitoring form of a session went out: on which day, how, and by whom.

    `form_version` is the version of the form it was filled in by, `content_hash` names what it said
    (`rules.monitoring_form.fingerprint`; empty: sent before that was kept), and `changed_at` since
    when the record says something else. `missing` is what it lacked when it went out, in few words,
    and `missing_reason` why. One that was sent again has its `replaced_at`. One at a time counts.
    """

    __tablename__ = "monitoring_submission"

    ketamine_session_id: Mapped[str] = mapped_column(ForeignKey("ketamine_session.id"))
    form_version: Mapped[int]
    submitted_on: Mapped[date]
    how: Mapped[SubmittedHow] = mapped_column(term(SubmittedHow))
    submitted_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    content_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")
    missing: Mapped[str] = mapped_column(Text, default="", server_default="")
    missing_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    changed_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        index_of_open(
            "uq_monitoring_submission_that_counts",
            "ketamine_session_id",
            unset=("voided_at", "replaced_at"),
            unique=True,
        ),
    )
