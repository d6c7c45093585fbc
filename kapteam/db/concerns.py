"""Who has to see a concern, and what a high one waits for: said once, for reads and writes."""

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import aliased

from kapteam.db.tables import (
    Clinician,
    ClinicianFunction,
    Concern,
    ConcernSeen,
    Episode,
    EpisodeMember,
    Note,
)
from kapteam.rules.concerns import NOTES_AFTER_HIGH_RISK
from kapteam.vocabulary import ConcernKind, ConcernLevel, Function, Part

Instant = datetime | BindParameter[datetime]

# Aliases, because these conditions stand in statements over the plain tables.
_member, _course, _who = aliased(EpisodeMember), aliased(Episode), aliased(Clinician)
_noted = aliased(Episode)


def has_to_see(now: Instant) -> Select[str | None]:
    """The ids of whoever else is on an open course of a concern's client and can sign in."""
    return select(_member.clinician_id).distinct().where(*_others(now))


def unseen_by(now: Instant) -> ColumnElement[str | None]:
    """Which of them have not seen it: their names, a line each (`names`); over Concern."""
    seen = (
        select(ConcernSeen.concern_id)
        .where(
            ConcernSeen.concern_id == Concern.id,
            ConcernSeen.clinician_id == _who.id,
        )
        .correlate(Concern, _who)
        .exists()
    )
    waited_for = select(_member.id).where(*_others(now)).correlate(Concern, _who).exists()
    return (
        select(func.aggregate_strings(_who.name, "\n"))
        .where(waited_for, ~seen)
        .correlate(Concern)
        .scalar_subquery()
    )


def names(lines: str | None) -> tuple[str, ...]:
    """The names of `unseen_by`, in order."""
    return tuple(sorted((lines or "").split("\n"))) if lines else ()


def has_prescriber(now: Instant) -> ColumnElement[bool]:
    """Whether a prescriber of the practice treats the client; for statements over Concern."""
    return (
        select(_member.id)
        .where(*_treating(now), _member.part == Part.PRESCRIBER)
        .correlate(Concern)
        .exists()
    )


def _others(now: Instant) -> tuple[ColumnElement[bool], ...]:
    return (*_treating(now), _member.clinician_id != Concern.raised_by_id)


def _treating(now: Instant) -> tuple[ColumnElement[bool], ...]:
    return (
        _course.client_id == Concern.client_id,
        _course.closed_at.is_(None),
        _member.episode_id == _course.id,
        _member.from_at <= now,
        or_(_member.until_at.is_(None), _member.until_at > now),
        _who.id == _member.clinician_id,
        _who.suspended_at.is_(None),
    )


def last_seen_at() -> ColumnElement[datetime]:
    """When somebody saw it last; for statements over Concern."""
    return (
        select(func.max(ConcernSeen.seen_at, type_=ConcernSeen.seen_at.type))
        .where(ConcernSeen.concern_id == Concern.id)
        .correlate(Concern)
        .scalar_subquery()
    )


def misses_risk_note() -> ColumnElement[bool]:
    """Rule 30: an open high suicide risk, and no note of a prescriber since; over Episode."""
    noted = exists().where(
        Note.episode_id == _noted.id,
        _noted.client_id == Concern.client_id,
        Note.kind.in_(NOTES_AFTER_HIGH_RISK),
        Note.signed_at > Concern.raised_at,
        Note.voided_at.is_(None),
        ClinicianFunction.clinician_id == Note.author_id,
        ClinicianFunction.function == Function.PRESCRIBER,
    )
    return exists().where(
        Concern.client_id == Episode.client_id,
        Concern.closed_at.is_(None),
        Concern.kind == ConcernKind.SUICIDE_RISK,
        Concern.level == ConcernLevel.HIGH,
        ~noted,
    )
