"""Writing the audit log: always in the transaction of the thing itself."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from kapteam.db.tables import AuditEvent
from kapteam.ids import new_id
from kapteam.rules.permissions import Viewer


def record(
    db: Session,
    tag: str,
    by: Viewer | None,
    now: datetime,
    *,
    client_id: str | None = None,
    subject_id: str | None = None,
    **changes: Any,
) -> None:
    """Add one audit event.

    `tag` reads `noun:verb` (`note:signed`). `changes` are old and new times, doses and states,
    never note text. Nothing is committed here: without its event the thing itself is not saved.
    """
    db.add(
        AuditEvent(
            id=new_id(),
            at=now,
            clinician_id=by.clinician_id if by else None,
            sign_in_id=by.sign_in_id if by else None,
            tag=tag,
            client_id=client_id,
            subject_id=subject_id,
            changes={key: _plain(value) for key, value in changes.items()},
        )
    )


def is_written_in(db: Session, since: datetime) -> bool:
    """Whether anyone did more after `since` than sign in and look."""
    written = exists().where(
        AuditEvent.at > since,
        AuditEvent.tag != "client:viewed",
        AuditEvent.tag.not_like("signin:%"),
    )
    return bool(db.scalar(select(written)))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
