"""The pinned line of a client, as every list and the client's page read it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from kapteam.db.tables import Client, Clinician

PINNED = (
    Client.pinned_line,
    Client.pinned_at,
    select(Clinician.name)
    .where(Clinician.id == Client.pinned_by_id)
    .correlate(Client)
    .scalar_subquery()
    .label("pinned_by"),
)
"""What a statement about clients selects for `pinned_of`."""


@dataclass(frozen=True, slots=True)
class PinnedLine:
    """The one line that both members may change, with who did it last; empty when there is none."""

    text: str
    by: str
    at: datetime | None


def pinned_of(row: Any) -> PinnedLine:
    """The line in a row that selected `PINNED`."""
    return PinnedLine(row.pinned_line, row.pinned_by or "", row.pinned_at)
