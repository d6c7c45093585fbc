"""Who sits on a course of care now, and its questions as rows of a statement that asks for more."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    String,
    case,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from kapteam.db.matters import matter
from kapteam.db.tables import Ask, Clinician, EpisodeMember
from kapteam.rules.asks import AskFacts, Seat
from kapteam.vocabulary import Part

ASK = "ask"
_SHOWN = 200
_BETWEEN = "\x1f"
"""Between what one line says: nobody can type it into a name."""
# Aliases, because the condition stands in statements over the plain tables.
_member, _who = aliased(EpisodeMember), aliased(Clinician)
_by, _of = aliased(Clinician), aliased(Clinician)


def select_open(wanted: Any) -> Select[Any]:
    """The questions of the `wanted` courses whose answer nobody has read yet.

    Who asked stands in `how` and `person`, who was asked in `person_id` and `emergency`, the parts
    that they had in `kind` and `level`, the first words in `place`; `at` is when it is due.
    """
    return (
        matter(
            ASK,
            Ask.episode_id,
            id=Ask.id,
            kind=type_coerce(Ask.by_part, String),
            level=type_coerce(Ask.of_part, String),
            at=Ask.due_at,
            seen_at=Ask.answered_at,
            person_id=Ask.asked_of_id,
            person=_by.name,
            number=case((Ask.concern_id.is_not(None), 1), else_=0),
            how=Ask.asked_by_id,
            place=func.substr(Ask.words, 1, _SHOWN),
            emergency=_of.name,
        )
        .join(_by, _by.id == Ask.asked_by_id)
        .join(_of, _of.id == Ask.asked_of_id)
        .where(Ask.episode_id.in_(wanted), Ask.settled_at.is_(None), Ask.voided_at.is_(None))
    )


def facts_of(row: Any) -> AskFacts:
    """One row of `select_open`."""
    return AskFacts(
        asked_by=Seat(row.how, Part(row.kind)),
        asked_of=Seat(row.person_id, Part(row.level)),
        due_at=row.at,
        answered_at=row.seen_at,
        settled_at=None,
    )


def seats_of(db: Session, episode_id: str, now: datetime) -> tuple[Seat, ...]:
    """Who is on a course at `now` and can sign in, each with their part."""
    return read_seats(db.scalar(select(seats(episode_id, now))))[0]


def seats(episode_id: Any, now: datetime | BindParameter[datetime]) -> ColumnElement[str | None]:
    """The same of a value or a column, as one text for `read_seats`."""
    one: ColumnElement[str] = type_coerce(_member.part, String)
    for part in (_member.clinician_id, _who.name):
        one = one.concat(_BETWEEN).concat(part)
    return (
        select(func.aggregate_strings(one, "\n"))
        .join(_who, _who.id == _member.clinician_id)
        .where(
            _member.episode_id == episode_id,
            _member.from_at <= now,
            or_(_member.until_at.is_(None), _member.until_at > now),
            _who.suspended_at.is_(None),
        )
        .scalar_subquery()
    )


def read_seats(text: str | None) -> tuple[tuple[Seat, ...], dict[str, str]]:
    """What `seats` says, and the names by id."""
    lines = [one.split(_BETWEEN) for one in (text or "").split("\n") if one]
    found = tuple(Seat(clinician_id, Part(part)) for part, clinician_id, _ in lines)
    return found, {clinician_id: name for _, clinician_id, name in lines}
