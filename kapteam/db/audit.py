"""The audit log: written in the transaction of the thing itself; what was saved last is its end."""

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from kapteam.db.tables import AuditEvent
from kapteam.ids import new_id
from kapteam.rules.permissions import Viewer

_LAST = 20
_LOOKING = (
    "client:viewed",
    "day_sheet:printed",
    "brief:printed",
    "case_review:printed",
    "case_review:copied",
)
_is_writing = and_(AuditEvent.tag.not_in(_LOOKING), AuditEvent.tag.not_like("signin:%"))
LAST_WRITTEN = select(AuditEvent.id).where(_is_writing).order_by(AuditEvent.id.desc()).limit(_LAST)
"""The ids of the last few events that are more than a sign-in or a look."""


def record(
    db: Session,
    tag: str,
    by: Viewer | None,
    now: datetime,
    *,
    client_id: str | None = None,
    subject_id: str | None = None,
    **changes: Any,
) -> AuditEvent:
    """Add one audit event, and return it.

    `tag` reads `noun:verb` (`note:signed`). `changes` are old and new times, doses and states,
    never note text. Nothing is committed here: without its event the thing itself is not saved.
    """
    event = AuditEvent(
        id=new_id(),
        at=now,
        clinician_id=by.clinician_id if by else None,
        sign_in_id=by.sign_in_id if by else None,
        tag=tag,
        client_id=client_id,
        subject_id=subject_id,
        changes={key: _plain(value) for key, value in changes.items()},
    )
    db.add(event)
    return event


def is_written_in(db: Session, since: datetime) -> bool:
    """Whether anyone did more after `since` than sign in and look."""
    return bool(db.scalar(select(exists().where(AuditEvent.at > since, _is_writing))))


def change_token(db: Session) -> str:
    """Another word as soon as anything was saved, in one statement; it tells nothing but that."""
    return token_of(db.scalars(LAST_WRITTEN))


def token_of(last_written: Iterable[str]) -> str:
    """The change token, made of the ids of the last few events.

    Not of the newest alone: of two transactions at once on a server the one that began first, whose
    event sorts first, may be the last to be seen.
    """
    return blake2b("".join(sorted(last_written)).encode(), digest_size=8).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
