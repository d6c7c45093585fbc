"""What more than one side reads of Spravato: since when somebody is enrolled, what went out."""

from datetime import date

from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from kapteam.db.tables import (
    Administration,
    AdverseEvent,
    Client,
    Episode,
    KetamineSession,
    MonitoringAnswers,
    MonitoringSubmission,
    RemsEnrollment,
    Series,
    Vital,
)
from kapteam.rules.monitoring_form import Answered, Event, SessionFacts
from kapteam.rules.spravato import Device, Figures, Watched
from kapteam.vocabulary import ProductRoute, WatchedMedicine

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


def submission_counts() -> ColumnElement[bool]:
    """Whether a MonitoringSubmission is the one of its session: not in error, nor sent again."""
    return and_(
        MonitoringSubmission.voided_at.is_(None), MonitoringSubmission.replaced_at.is_(None)
    )


def is_submitted() -> ColumnElement[bool]:
    """Whether the monitoring form of a KetamineSession went out."""
    return _went_out()


def is_as_submitted() -> ColumnElement[bool]:
    """Whether it went out and what it says is recorded the same to this day."""
    return _went_out(MonitoringSubmission.changed_at.is_(None))


def _went_out(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        exists()
        .where(
            MonitoringSubmission.ketamine_session_id == KetamineSession.id,
            submission_counts(),
            *which,
        )
        .correlate(KetamineSession)
    )


def session_facts(db: Session, session: KetamineSession) -> SessionFacts:
    """What a form says of a session with Spravato, as it is recorded now."""
    devices = db.scalars(
        select(Administration)
        .where(Administration.ketamine_session_id == session.id, Administration.voided_at.is_(None))
        .order_by(Administration.started_at, Administration.id)
    )
    vitals = db.scalars(
        select(Vital).where(Vital.ketamine_session_id == session.id, Vital.voided_at.is_(None))
    )
    events = db.scalars(
        select(AdverseEvent).where(
            AdverseEvent.ketamine_session_id == session.id, AdverseEvent.voided_at.is_(None)
        )
    )
    answers = db.scalar(
        select(MonitoringAnswers).where(
            MonitoringAnswers.ketamine_session_id == session.id,
            MonitoringAnswers.replaced_at.is_(None),
        )
    )
    born_on, enrolled = db.execute(
        select(Client.born_on, enrolled_on(Client.id))
        .join(Episode, Episode.client_id == Client.id)
        .where(Episode.id == session.episode_id)
    ).one()
    return SessionFacts(
        watched=Watched(
            tuple(Device(one.started_at, one.ug, one.lot) for one in devices),
            tuple(Figures(one.taken_at, one.pressure, one.oxygen) for one in vitals),
            session.discharged_at,
        ),
        events=tuple(
            Event(one.kind, one.is_serious, one.words, one.done, one.onset_at, one.resolved_at)
            for one in events
        ),
        early_out_reason=session.early_out_reason,
        stopped_at=session.stopped_at,
        stop_reason=session.end_reason,
        answered=answered(answers) if answers else None,
        enrolled_on=enrolled,
        born_on=born_on,
    )


def answered(kept: MonitoringAnswers) -> Answered:
    """A prescriber's answers as the rules take them."""
    return Answered(
        {WatchedMedicine(name): bool(so) for name, so in kept.medicines.items()},
        kept.before_is_acceptable,
        kept.leaving_is_acceptable,
        kept.ready_minutes,
        kept.looked_for_events,
    )
