"""What the form over a client starts from."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.access import visible_clients
from kapteam.db.tables import Client
from kapteam.errors import NotFound
from kapteam.queries.client_names import ClientName, client_named
from kapteam.queries.standing import Asked


@dataclass(frozen=True, slots=True)
class ClientDetails:
    """Every field of a client as it is kept; see `db.tables.Client`."""

    id: str
    code: str
    version: int
    family_name: str
    given_name: str
    preferred_name: str
    pronouns: str
    born_on: date | None
    phone: str
    emergency_name: str
    emergency_relation: str
    emergency_phone: str
    may_be_told: str
    voicemail_ok: bool | None
    allergies: str | None
    allergies_asked_on: date | None
    medications: str | None
    medications_asked_on: date | None
    conditions: str | None
    conditions_asked_on: date | None
    usual_pressure: str | None
    usual_pressure_asked_on: date | None

    @property
    def name(self) -> ClientName:
        """What a banner says about whom this is."""
        return client_named(self.id, self)


def client_details(db: Session, asked: Asked, code: str) -> ClientDetails:
    """The client with this code.

    Raises NotFound when there is none or this person may not see it; the two read the same.
    """
    row = db.execute(
        select(
            Client.id,
            Client.code,
            Client.version,
            Client.family_name,
            Client.given_name,
            Client.preferred_name,
            Client.pronouns,
            Client.born_on,
            Client.phone,
            Client.emergency_name,
            Client.emergency_relation,
            Client.emergency_phone,
            Client.may_be_told,
            Client.voicemail_ok,
            Client.allergies,
            Client.allergies_asked_on,
            Client.medications,
            Client.medications_asked_on,
            Client.conditions,
            Client.conditions_asked_on,
            Client.usual_pressure,
            Client.usual_pressure_asked_on,
        ).where(Client.code == code.strip().upper(), visible_clients(asked.viewer, asked.now))
    ).one_or_none()
    if row is None:
        raise NotFound("There is no client with this code, or you are not on one of their courses.")
    return ClientDetails(**row._mapping)
