"""Who covers for somebody who is away, said once: the conditions on Absence.

What it opens is said in `db.access`; `clinician_id` is the covering one, a value or a column.
"""

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_
from sqlalchemy.orm import InstrumentedAttribute

from kapteam.db.tables import Absence

_Id = str | InstrumentedAttribute[str]
_Instant = datetime | BindParameter[datetime]


def covers(clinician_id: _Id, now: _Instant) -> ColumnElement[bool]:
    """They cover somebody at `now`."""
    return and_(covers_or_will(clinician_id, now), Absence.from_at <= now)


def covers_or_will(clinician_id: _Id, now: _Instant) -> ColumnElement[bool]:
    """They cover somebody at `now`, or will later."""
    return and_(
        Absence.covered_by_id == clinician_id,
        Absence.voided_at.is_(None),
        Absence.until_at > now,
    )
