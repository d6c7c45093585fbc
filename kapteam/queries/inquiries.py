"""People who called."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.tables import Client, Inquiry
from kapteam.errors import NotFound
from kapteam.queries.standing import Asked
from kapteam.rules.permissions import check_can_book
from kapteam.vocabulary import InquiryOutcome, ServiceLine


@dataclass(frozen=True, slots=True)
class InquiryLine:
    """One inquiry; `client_code` once it became a client."""

    id: str
    version: int
    name: str
    phone: str
    service_wanted: ServiceLine | None
    concern: str
    called_at: datetime
    held_at: datetime | None
    outcome: InquiryOutcome | None
    outcome_note: str
    client_code: str | None


def inquiries(db: Session, asked: Asked) -> tuple[InquiryLine, ...]:
    """Every inquiry, those without an outcome first, then the newest call."""
    check_can_book(asked.viewer)
    rows = db.execute(
        _select().order_by(Inquiry.outcome.is_not(None), Inquiry.called_at.desc(), Inquiry.id)
    )
    return tuple(InquiryLine(*row) for row in rows)


def inquiry(db: Session, asked: Asked, inquiry_id: str) -> InquiryLine:
    """One inquiry. Raises NotFound."""
    check_can_book(asked.viewer)
    row = db.execute(_select().where(Inquiry.id == inquiry_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such inquiry.")
    return InquiryLine(*row)


def _select() -> Any:
    statement: Any = select(
        Inquiry.id,
        Inquiry.version,
        Inquiry.name,
        Inquiry.phone,
        Inquiry.service_wanted,
        Inquiry.concern,
        Inquiry.called_at,
        Inquiry.held_at,
        Inquiry.outcome,
        Inquiry.outcome_note,
        Client.code,
    ).outerjoin(Client, Client.id == Inquiry.client_id)
    return statement
