"""Whether the audit log has it already that somebody opened a chart (rule 63)."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, select
from sqlalchemy.orm import Session

from kapteam.db.tables import AuditEvent, Client
from kapteam.queries.standing import Asked


def seen_this_hour(db: Session, asked: Asked, client_id: str) -> bool:
    """Whether the viewer's opening of this client's chart is on record for this hour."""
    return bool(db.scalar(select(is_seen_this_hour(asked, client_id))))


def unseen_this_hour(db: Session, asked: Asked, client_ids: Sequence[str]) -> tuple[str, ...]:
    """Those of these clients whose chart's opening is not on record for this hour."""
    seen = is_seen_this_hour(asked, Client.id)
    return tuple(db.scalars(select(Client.id).where(Client.id.in_(client_ids), ~seen)))


def is_seen_this_hour(
    asked: Asked, client_id: str | SQLColumnExpression[str]
) -> ColumnElement[bool]:
    """The same as a condition, for a statement that reads the client anyway."""
    return exists().where(
        AuditEvent.client_id == client_id,
        AuditEvent.clinician_id == asked.viewer.clinician_id,
        AuditEvent.tag == "client:viewed",
        AuditEvent.at >= asked.now.replace(minute=0, second=0, microsecond=0),
    )
