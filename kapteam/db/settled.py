"""Whether the integration of a dose is done with (for statements over KetamineSession)."""

from sqlalchemy import ColumnElement, and_, exists, or_

from kapteam.db.tables import IntegrationSession, IntegrationSessionFor, KetamineSession, Note
from kapteam.vocabulary import IntegrationKind


def settled() -> ColumnElement[bool]:
    """Whether a dose owes no integration any more: closed, or held and its note signed."""
    return _has_integration(_is_settled())


def settled_here() -> ColumnElement[bool]:
    """The same for the course of the dose, which owes none either once it was handed on."""
    return _has_integration(or_(_is_settled(), IntegrationSession.from_episode_id.is_not(None)))


def _is_settled() -> ColumnElement[bool]:
    return or_(
        IntegrationSession.closed_at.is_not(None),
        and_(IntegrationSession.held_at.is_not(None), note_is_signed()),
    )


def _has_integration(such: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        IntegrationSessionFor.ketamine_session_id == KetamineSession.id,
        IntegrationSession.id == IntegrationSessionFor.integration_session_id,
        IntegrationSession.kind == IntegrationKind.FULL,
        IntegrationSession.dropped_at.is_(None),
        such,
    )


def note_is_signed() -> ColumnElement[bool]:
    """Whether an integration session has its signed note (for statements over that)."""
    return exists().where(
        Note.integration_session_id == IntegrationSession.id,
        Note.signed_at.is_not(None),
        Note.voided_at.is_(None),
    )
