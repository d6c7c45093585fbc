"""How far a series is, and whether anything of it was given: said once, for reads and writes."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from kapteam.db.tables import Administration, KetamineSession, Series, SeriesReview
from kapteam.db.types import UtcDateTime
from kapteam.rules.dosing import ends_session
from kapteam.rules.series import SeriesCount
from kapteam.vocabulary import SessionStatus

# An alias, because the condition stands in statements over the plain table.
_session = aliased(KetamineSession)
_review = aliased(SeriesReview)
_OPEN = tuple(status for status in SessionStatus if status.is_open)


def has_given(series_id: str | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether a dose of this series was given and not entered in error; a value or a column."""
    return exists().where(
        _session.series_id == series_id,
        Administration.ketamine_session_id == _session.id,
        Administration.voided_at.is_(None),
    )


def counts(series_id: str | InstrumentedAttribute[str]) -> tuple[ColumnElement[Any], ...]:
    """The columns from which `count_of` tells how far a series is, but for its own.

    `given` counts sessions with a dose that was not entered in error, `booked` those to come.
    """
    was_given = exists().where(
        Administration.ketamine_session_id == _session.id, Administration.voided_at.is_(None)
    )
    of_series = select(func.count()).select_from(_session).where(_session.series_id == series_id)
    return (
        of_series.where(was_given).scalar_subquery().label("given"),
        of_series.where(_session.status.in_(_OPEN), ~was_given).scalar_subquery().label("booked"),
        reviewed_before(series_id).label("reviewed_before"),
    )


def place_of(session: type[KetamineSession]) -> ColumnElement[int]:
    """Rule 8: the place in its series of a session that was given or is still to come.

    Counted by when each was given, else is planned, as `rules.series.numbered` does. Of a session
    that was never given it says nothing.
    """

    def at(one: Any) -> ColumnElement[datetime]:
        first_given_at = (
            select(func.min(Administration.started_at, type_=UtcDateTime()))
            .where(Administration.ketamine_session_id == one.id, Administration.voided_at.is_(None))
            .correlate(one)
            .scalar_subquery()
        )
        return func.coalesce(first_given_at, one.planned_at, type_=UtcDateTime())

    is_before = or_(
        at(_session) < at(session), and_(at(_session) == at(session), _session.id <= session.id)
    )
    return (
        select(func.count(_session.id))
        .where(
            _session.series_id == session.series_id,
            _session.status.not_in([one for one in SessionStatus if ends_session(one)]),
            is_before,
        )
        .correlate(session)
        .scalar_subquery()
    )


def reviewed_before(series_id: str | InstrumentedAttribute[str]) -> ColumnElement[int | None]:
    """The number of the session before which a series was reviewed last; None: it never was."""
    return (
        select(func.max(_review.before_number))
        .where(_review.series_id == series_id)
        .scalar_subquery()
    )


def is_last_review(series_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """The condition on SeriesReview for a join: the last one of a series."""
    newest = (
        select(_review.id)
        .where(_review.series_id == series_id)
        .order_by(_review.reviewed_at.desc(), _review.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return SeriesReview.id == newest


def count_of(series: Series, row: Any) -> SeriesCount:
    """How far a series is, from a row with its `counts`."""
    return SeriesCount(
        series.ordered_count, row.given, row.booked, series.review_before, row.reviewed_before
    )


def counted(db: Session, series: Series) -> SeriesCount:
    """How far a series is now, in one statement."""
    return count_of(series, db.execute(select(*counts(series.id))).one())
