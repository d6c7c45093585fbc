"""Emergency access, for administrators: who opened whom, when, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.tables import Client, Clinician, EmergencyAccess
from kapteam.queries.standing import Asked
from kapteam.rules.permissions import check_can_administer

SHOWN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class EmergencyLine:
    """One client opened to one clinician; `ended_at` is None unless it was ended early."""

    id: str
    clinician_id: str
    who: str
    code: str
    reason: str
    from_at: datetime
    until_at: datetime
    ended_at: datetime | None


def emergency_accesses(db: Session, asked: Asked) -> tuple[EmergencyLine, ...]:
    """Those of the last 90 days, the newest first. Raises NotAllowed (administrators only)."""
    check_can_administer(asked.viewer)
    rows = db.execute(
        select(
            EmergencyAccess.id,
            EmergencyAccess.clinician_id,
            Clinician.name.label("who"),
            Client.code,
            EmergencyAccess.reason,
            EmergencyAccess.from_at,
            EmergencyAccess.until_at,
            EmergencyAccess.ended_at,
        )
        .join(Clinician, Clinician.id == EmergencyAccess.clinician_id)
        .join(Client, Client.id == EmergencyAccess.client_id)
        .where(EmergencyAccess.from_at > asked.now - SHOWN)
        .order_by(EmergencyAccess.from_at.desc(), EmergencyAccess.id.desc())
    )
    return tuple(EmergencyLine(**row._mapping) for row in rows)
