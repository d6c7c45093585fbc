"""What was seen of a client under medicine: readings, and what befell them."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kapteam.db.base import Identified
from kapteam.db.types import term
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import AdverseEventKind, EventSeverity


class Vital(Identified):
    """One reading at a session: pressure in mmHg, heartbeats and breaths per minute, SpO2 in %.

    What was not read is None. `is_observed`: nothing was measured, the client was looked at, and
    `words` say what was seen.
    """

    __tablename__ = "vital"

    ketamine_session_id: Mapped[str] = mapped_column(ForeignKey("ketamine_session.id"), index=True)
    taken_at: Mapped[datetime]
    systolic: Mapped[int | None]
    diastolic: Mapped[int | None]
    heart_rate: Mapped[int | None]
    oxygen: Mapped[int | None]
    breaths: Mapped[int | None]
    is_observed: Mapped[bool]
    words: Mapped[str] = mapped_column(Text, default="")
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="")

    @property
    def pressure(self) -> Pressure | None:
        """The blood pressure that was read."""
        if self.systolic is None or self.diastolic is None:
            return None
        return Pressure(self.systolic, self.diastolic)


class AdverseEvent(Identified):
    """Something that befell the client, from `onset_at` until `resolved_at` (None: it goes on).

    `words` say what was seen and `done` what was done about it.
    """

    __tablename__ = "adverse_event"

    ketamine_session_id: Mapped[str] = mapped_column(ForeignKey("ketamine_session.id"), index=True)
    kind: Mapped[AdverseEventKind] = mapped_column(term(AdverseEventKind))
    severity: Mapped[EventSeverity] = mapped_column(term(EventSeverity))
    is_serious: Mapped[bool]
    words: Mapped[str] = mapped_column(Text, default="")
    done: Mapped[str] = mapped_column(Text, default="")
    onset_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    recorded_by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    voided_by_id: Mapped[str | None] = mapped_column(ForeignKey("clinician.id"))
    void_reason: Mapped[str] = mapped_column(Text, default="")


class Acknowledgement(Identified):
    """That somebody looked at an alert and lets it rest until the end of `until_on`, and why.

    `mark` says which alert: the kind, the row it stands for and how loud it was. Never changed;
    the newest of a mark counts.
    """

    __tablename__ = "acknowledgement"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    mark: Mapped[str] = mapped_column(String(80))
    until_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[str] = mapped_column(ForeignKey("clinician.id"))
    at: Mapped[datetime]
