"""What more than one side reads of Spravato: since when somebody is enrolled, what went out."""

from datetime import date

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from kapteam.db.tables import KetamineSession, MonitoringSubmission, RemsEnrollment


def enrolled_on(client_id: InstrumentedAttribute[str]) -> ScalarSelect[date]:
    """Since which day the client is enrolled, of what was not entered in error."""
    return (
        select(func.min(RemsEnrollment.enrolled_on))
        .where(RemsEnrollment.client_id == client_id, RemsEnrollment.voided_at.is_(None))
        .correlate(client_id.class_)
        .scalar_subquery()
    )


def is_submitted() -> ColumnElement[bool]:
    """Whether the monitoring form of a KetamineSession went out."""
    return (
        exists()
        .where(
            MonitoringSubmission.ketamine_session_id == KetamineSession.id,
            MonitoringSubmission.voided_at.is_(None),
        )
        .correlate(KetamineSession)
    )
