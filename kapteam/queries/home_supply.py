"""The medicine that a client keeps at home: everything that was said of it, and where it stands."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from kapteam.db.access import visible_episodes
from kapteam.db.tables import Clinician, Episode, HomeCount, HomeReturn, HomeSupply
from kapteam.queries import home_rows
from kapteam.queries.standing import Asked, CourseHead, course_sessions, home_standing
from kapteam.rules.home_supply import HomeStanding

_MISSING = "There is no such course of care, or you are not on it."


@dataclass(frozen=True, slots=True)
class Shipment:
    """Lozenges that were sent; in micrograms each."""

    id: str
    version: int
    lozenges: int
    ug_each: int
    pharmacy: str
    sent_on: date
    arrived_on: date | None


@dataclass(frozen=True, slots=True)
class Told:
    """A count or a return: how many, when, who recorded it, and the words."""

    id: str
    lozenges: int
    at: datetime
    by: str
    words: str


@dataclass(frozen=True, slots=True)
class HomeSupplyPage:
    """What the page about the medicine at home of one course shows, the newest first.

    Of counts and the words about them the front desk sees nothing.
    """

    course: CourseHead
    standing: HomeStanding | None
    shipments: tuple[Shipment, ...]
    counts: tuple[Told, ...]
    returns: tuple[Told, ...]


def home_of(db: Session, asked: Asked, episode_id: str) -> HomeStanding | None:
    """Where the medicine at home of one course stands, in one statement."""
    wanted = select(Episode.id).where(
        Episode.id == episode_id, visible_episodes(asked.viewer, asked.now)
    )
    rows = db.execute(union_all(*home_rows.selects(wanted)))
    return home_standing(asked, home_rows.facts_of(rows))


def home_supply_page(db: Session, asked: Asked, episode_id: str) -> HomeSupplyPage:
    """The medicine at home of one course.

    Raises NotFound when there is none or this person may not see it; the two read the same.
    """
    head = course_sessions(db, asked, Episode.id == episode_id, _MISSING).course
    reads = asked.viewer.reads_notes
    shipments = db.scalars(
        select(HomeSupply)
        .where(HomeSupply.episode_id == episode_id)
        .order_by(HomeSupply.sent_on.desc(), HomeSupply.id.desc())
    )
    return HomeSupplyPage(
        course=head,
        standing=home_of(db, asked, episode_id),
        shipments=tuple(
            Shipment(
                one.id,
                one.version,
                one.lozenges,
                one.ug_each,
                one.pharmacy,
                one.sent_on,
                one.arrived_on,
            )
            for one in shipments
        ),
        counts=_told(db, HomeCount, HomeCount.counted_at, HomeCount.counted_by_id, episode_id)
        if reads
        else (),
        returns=_told(db, HomeReturn, HomeReturn.returned_at, HomeReturn.recorded_by_id, episode_id)
        if reads
        else (),
    )


def _told(db: Session, table: Any, at: Any, by: Any, episode_id: str) -> tuple[Told, ...]:
    words = HomeCount.words if table is HomeCount else HomeReturn.reason
    rows = db.execute(
        select(table.id, table.lozenges, at, Clinician.name, words)
        .join(Clinician, Clinician.id == by)
        .where(table.episode_id == episode_id)
        .order_by(at.desc(), table.id.desc())
    )
    return tuple(Told(*row) for row in rows)
