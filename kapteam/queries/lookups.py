"""When the client of a course was looked up in the prescription database."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.access import visible_episodes
from kapteam.db.tables import Clinician, Episode, PrescriptionLookup
from kapteam.queries.standing import Asked


@dataclass(frozen=True, slots=True)
class LookupLine:
    """One look-up; with `voided_at` it was entered in error."""

    id: str
    looked_up_on: date
    recorded_by: str
    recorded_at: datetime
    voided_at: datetime | None
    void_reason: str


def lookups(db: Session, asked: Asked, episode_id: str) -> tuple[LookupLine, ...]:
    """Those of the client of a course that the viewer may see, the newest first; one statement.

    The front desk is told of none.
    """
    if not asked.viewer.reads_notes:
        return ()
    rows = db.execute(
        select(PrescriptionLookup, Clinician.name)
        .join(Episode, Episode.client_id == PrescriptionLookup.client_id)
        .join(Clinician, Clinician.id == PrescriptionLookup.recorded_by_id)
        .where(Episode.id == episode_id, visible_episodes(asked.viewer, asked.now))
        .order_by(PrescriptionLookup.looked_up_on.desc(), PrescriptionLookup.id.desc())
    )
    return tuple(
        LookupLine(one.id, one.looked_up_on, by, one.recorded_at, one.voided_at, one.void_reason)
        for one, by in rows
    )
