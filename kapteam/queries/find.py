"""Find a client: the answer to a phone call is in the result (ux.md 2.6)."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from kapteam.db.access import visible_clients
from kapteam.db.namesakes import namesakes
from kapteam.db.tables import Client, Episode
from kapteam.queries.client_details import ClientDetails
from kapteam.queries.pinned import PINNED, PinnedLine, pinned_of
from kapteam.queries.standing import Asked, CourseStanding, course_standings
from kapteam.rules.folding import digits, fold, read_birth_dates, read_code

MOST = 8
_PHONE = re.compile(r"[\d\s().+/-]{3,}")


@dataclass(frozen=True, slots=True)
class FoundClient:
    """One person, with what a caller asks: next dose, integration, whom to call or to tell."""

    details: ClientDetails
    pinned: PinnedLine
    courses: tuple[CourseStanding, ...]


def find_clients(db: Session, asked: Asked, typed: str) -> tuple[FoundClient, ...]:
    """At most eight people whose name, code, phone or birth date begins as typed.

    Names are folded, so that `lukasz` finds Łukasz; a birth date may be in any order. Empty below
    two characters (rule 68).
    """
    if len(typed.strip()) < 2:
        return ()
    rows = db.execute(
        select(*(getattr(Client, name) for name in ClientDetails.__dataclass_fields__), *PINNED)
        .where(
            visible_clients(asked.viewer, asked.now),
            Client.merged_into_id.is_(None),
            matches(typed),
        )
        .order_by(Client.search_text, Client.id)
        .limit(MOST)
    ).all()
    courses: defaultdict[str, list[CourseStanding]] = defaultdict(list)
    for course in course_standings(db, asked, Episode.client_id.in_([row.id for row in rows])):
        courses[course.client.id].append(course)
    return tuple(
        FoundClient(
            ClientDetails(
                **{name: getattr(row, name) for name in ClientDetails.__dataclass_fields__}
            ),
            pinned_of(row),
            tuple(courses[row.id]),
        )
        for row in rows
    )


def matches(typed: str) -> ColumnElement[bool]:
    """The condition on Client: a name, code, phone or birth date begins as typed (rule 68)."""
    words = [
        Client.search_text.contains(f" {word}", autoescape=True)
        for word in fold(typed).replace(",", " ").split()
    ]
    found = [and_(*words)] if words else []
    code = read_code(typed)
    if code:
        found.append(Client.code == code)
    dates = read_birth_dates(typed)
    if dates:
        found.append(Client.born_on.in_(dates))
    number = digits(typed)
    if len(number) >= 3 and _PHONE.fullmatch(typed.strip()):
        found.append(Client.search_text.contains(number, autoescape=True))
    return or_(false(), *found)


@dataclass(frozen=True, slots=True)
class Namesake:
    """Somebody in care with the same name; the code is empty where the viewer may not see them."""

    code: str
    born_on: date | None


def namesakes_of(
    db: Session, asked: Asked, given_name: str, family_name: str, born_on: date | None
) -> tuple[Namesake, ...]:
    """Who may be the same person as the one that is being entered, in two statements."""
    same = namesakes(db, given_name, family_name, born_on)
    ids = [one.id for one in same]
    seen = set(
        db.scalars(
            select(Client.id).where(Client.id.in_(ids), visible_clients(asked.viewer, asked.now))
        )
    )
    return tuple(
        Namesake(one.code, one.born_on) if one.id in seen else Namesake("", None) for one in same
    )
