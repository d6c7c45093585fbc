"""What more than one side reads of Spravato: since when somebody is enrolled, what went out."""

from datetime import date

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kapteam.db.tables import (
    Administration,
    Episode,
    KetamineSession,
    MonitoringSubmission,
    RemsEnrollment,
    Series,
)
from kapteam.vocabulary import ProductRoute

# Aliases, because the condition stands in statements over the plain tables.
_course, _session = aliased(Episode), aliased(KetamineSession)
_series, _device = aliased(Series), aliased(Administration)


def had_spravato(client_id: str | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Rule 33: whether the client was ever given any, on whatever course; a value or a column."""
    return exists().where(
        _course.client_id == client_id,
        _session.episode_id == _course.id,
        _series.id == _session.series_id,
        _series.product_route == ProductRoute.ESKETAMINE_NASAL,
        _device.ketamine_session_id == _session.id,
        _device.voided_at.is_(None),
    )


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
