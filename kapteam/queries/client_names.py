"""Who a row is about: the name of a client as statements select it and rows carry it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.tables import Client

CLIENT_NAME = (
    Client.id.label("client_id"),
    Client.code,
    Client.family_name,
    Client.given_name,
    Client.preferred_name,
    Client.born_on,
)
"""What a statement about clients selects for `client_named`."""


@dataclass(frozen=True, slots=True)
class ClientName:
    """Who a row is about; screens render it through `sentences.client_name` only."""

    id: str
    code: str
    family: str
    given: str
    preferred: str
    born_on: date | None


def client_named(client_id: str, row: Any) -> ClientName:
    """The name in a row that selected `CLIENT_NAME`, or in a `Client`."""
    return ClientName(
        client_id,
        row.code,
        row.family_name,
        row.given_name,
        row.preferred_name,
        row.born_on,
    )


def client_of(db: Session, client_id: str) -> ClientName:
    """The name of a client who is there, and whom the caller may tell of; one statement."""
    return client_named(
        client_id, db.execute(select(*CLIENT_NAME).where(Client.id == client_id)).one()
    )
