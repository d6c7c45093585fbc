"""People in care who may be the same person: the same name, and no other birth date."""

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kapteam.db.tables import Client
from kapteam.rules.folding import fold


def namesakes(db: Session, given_name: str, family_name: str, born_on: date | None) -> list[Client]:
    """The clients with this name, as folded, whose birth date is the same or not known.

    Of the whole practice, whoever asks: a second chart for one person is a danger to that person.
    """
    name = fold(f"{given_name} {family_name}")
    if not name:
        return []
    same_day = [] if born_on is None else [or_(Client.born_on == born_on, Client.born_on.is_(None))]
    found = db.scalars(
        select(Client)
        .where(
            Client.search_text.contains(f" {name} ", autoescape=True),
            Client.merged_into_id.is_(None),
            *same_day,
        )
        .order_by(Client.code)
    )
    return [one for one in found if fold(f"{one.given_name} {one.family_name}") == name]
