"""What comes first where nobody is in one's care: colleagues, a client, their course of care."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from kapteam.db.access import visible_clients
from kapteam.db.tables import Client, Clinician, Episode
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.standing import Asked


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What is there already.

    `is_alone`: nobody else can sign in. `without_course` are people who have no course yet, the
    first one made first.
    """

    is_alone: bool
    without_course: tuple[ClientName, ...]


def first_steps(db: Session, asked: Asked) -> FirstSteps:
    """For who has nobody in care: two statements."""
    rows = db.execute(
        select(*CLIENT_NAME).where(*has_no_course(asked)).order_by(Client.created_at, Client.id)
    )
    clients: list[Any] = list(rows)
    return FirstSteps(
        is_alone=is_alone(db, asked),
        without_course=tuple(client_named(row.client_id, row) for row in clients),
    )


def is_alone(db: Session, asked: Asked) -> bool:
    """Whether nobody of the practice but the viewer can sign in, or could with their link."""
    others = select(Clinician.id).where(
        Clinician.id != asked.viewer.clinician_id, Clinician.suspended_at.is_(None)
    )
    return not db.scalar(select(others.exists()))


def has_no_course(asked: Asked) -> tuple[ColumnElement[bool], ...]:
    """The conditions on Client: people without a course yet, whom the viewer may see."""
    return (
        Client.merged_into_id.is_(None),
        # In this order: nearly everybody has a course, and is asked for nothing more.
        ~exists().where(Episode.client_id == Client.id),
        visible_clients(asked.viewer, asked.now),
    )
