"""The browsers at which somebody's PIN works."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.accounts.pins import TRIES
from kapteam.accounts.tokens import hash_token
from kapteam.db.tables import PinBrowser
from kapteam.queries.standing import Asked


@dataclass(frozen=True, slots=True)
class PinBrowserLine:
    """One browser; `rests` after five wrong tries, `is_here` when it is the one that asks."""

    id: str
    device: str
    set_at: datetime
    until_at: datetime
    rests: bool
    is_here: bool


def pin_browsers(
    db: Session, asked: Asked, clinician_id: str, token: str = ""
) -> tuple[PinBrowserLine, ...]:
    """Where this person's PIN works now, the last one set first.

    `token` is that of the browser that asks.
    """
    here = hash_token(token)
    rows = db.scalars(
        select(PinBrowser)
        .where(PinBrowser.clinician_id == clinician_id, PinBrowser.until_at > asked.now)
        .order_by(PinBrowser.set_at.desc(), PinBrowser.id)
    )
    return tuple(
        PinBrowserLine(
            row.id,
            row.device,
            row.set_at,
            row.until_at,
            row.tries >= TRIES,
            row.token_hash == here,
        )
        for row in rows
    )
