"""People who called."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from kapteam.db.tables import Client, Inquiry
from kapteam.errors import NotFound
from kapteam.queries.standing import Asked
from kapteam.rules.permissions import check_can_book
from kapteam.vocabulary import InquiryOutcome, ServiceLine, StopQuestion

PAGE = 25


@dataclass(frozen=True, slots=True)
class InquiryLine:
    """One inquiry; `client_code` once it became a client.

    `answers` are those to the stop questions, in their order; None is "not asked".
    """

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
    answers: tuple[bool | None, ...]

    def answer(self, question: StopQuestion) -> bool | None:
        """The answer to one of the stop questions."""
        return self.answers[list(StopQuestion).index(question)]


@dataclass(frozen=True, slots=True)
class Inquiries:
    """Every open inquiry, one page of the `settled` ones, and how many of those there are."""

    open: tuple[InquiryLine, ...]
    settled: tuple[InquiryLine, ...]
    settled_count: int

    @property
    def pages(self) -> int:
        """How many pages of settled ones there are; at least one."""
        return max(1, -(-self.settled_count // PAGE))


_is_open = or_(
    Inquiry.outcome.is_(None),
    and_(Inquiry.outcome == InquiryOutcome.PROCEED, Inquiry.client_id.is_(None)),
)
"""Whether it waits for somebody: no outcome yet, or a client still to be made of it."""


def inquiries(db: Session, asked: Asked, number: int = 1) -> Inquiries:
    """Every open inquiry and a page, counted from 1, of the settled ones, in three statements.

    Those without an outcome first, then the newest call.
    """
    check_can_book(asked.viewer)
    ordered = _select().order_by(Inquiry.outcome.is_not(None), Inquiry.called_at.desc(), Inquiry.id)
    settled = ordered.where(~_is_open).limit(PAGE).offset((number - 1) * PAGE)
    count = select(func.count()).select_from(Inquiry).where(~_is_open)
    return Inquiries(
        tuple(map(_line, db.execute(ordered.where(_is_open)))),
        tuple(map(_line, db.execute(settled))),
        db.scalar(count) or 0,
    )


def inquiry(db: Session, asked: Asked, inquiry_id: str) -> InquiryLine:
    """One inquiry. Raises NotFound."""
    check_can_book(asked.viewer)
    row = db.execute(_select().where(Inquiry.id == inquiry_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such inquiry.")
    return _line(row)


def _line(row: Any) -> InquiryLine:
    known = len(row) - len(StopQuestion)
    return InquiryLine(*(*row[:known], tuple(row[known:])))


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
        *(getattr(Inquiry, one.value) for one in StopQuestion),
    ).outerjoin(Client, Client.id == Inquiry.client_id)
    return statement
