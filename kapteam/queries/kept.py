"""Whether the row that a form is to make is there already."""

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from kapteam.db.tables import (
    Clearance,
    Client,
    Clinician,
    Consent,
    Episode,
    EpisodeMember,
    Hold,
    Inquiry,
    IntegrationSession,
    KetamineSession,
    NoteAddendum,
    NoteAmendment,
)
from kapteam.queries.standing import Asked

_MADE_BY_A_FORM = (
    Clearance,
    Client,
    Clinician,
    Consent,
    Episode,
    EpisodeMember,
    Hold,
    Inquiry,
    IntegrationSession,
    KetamineSession,
    NoteAddendum,
    NoteAmendment,
)


def is_kept(db: Session, asked: Asked, row_id: str) -> bool:
    """Whether some form has made a row with this id; it says no more of the row than that."""
    return bool(
        db.scalar(select(or_(*(exists().where(table.id == row_id) for table in _MADE_BY_A_FORM))))
    )
