"""Whether the row that a form is to make is there already."""

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from kapteam.db import tables
from kapteam.queries.standing import Asked

_MADE_BY_A_FORM = (
    tables.Absence,
    tables.Acknowledgement,
    tables.Administration,
    tables.AdverseEvent,
    tables.Ask,
    tables.AskTurn,
    tables.CaseReview,
    tables.Clearance,
    tables.Client,
    tables.Clinician,
    tables.CommitmentUpdate,
    tables.Concern,
    tables.ConcernAddition,
    tables.Consent,
    tables.Contact,
    tables.DiscussMark,
    tables.EmergencyAccess,
    tables.Episode,
    tables.EpisodeMember,
    tables.Filing,
    tables.Hold,
    tables.HomeSupply,
    tables.HomeTally,
    tables.Inquiry,
    tables.IntegrationSession,
    tables.KetamineSession,
    tables.MonitoringAnswers,
    tables.MonitoringSubmission,
    tables.NoteAddendum,
    tables.NoteAmendment,
    tables.NoteRead,
    tables.OtherMedicine,
    tables.OutsideWait,
    tables.PrescriptionLookup,
    tables.RemsEnrollment,
    tables.ReviewItem,
    tables.Vital,
    tables.Score,
    tables.SeriesReview,
    tables.Reviewed,
    tables.SupportRecord,
    tables.Weight,
)


def is_kept(db: Session, asked: Asked, row_id: str) -> bool:
    """Whether some form has made a row with this id; it says no more of the row than that."""
    return bool(
        db.scalar(select(or_(*(exists().where(table.id == row_id) for table in _MADE_BY_A_FORM))))
    )
