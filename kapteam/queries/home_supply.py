"""The medicine that a client keeps at home: everything that was said of it, and where it stands."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from kapteam.db import home_rows
from kapteam.db.access import visible_episodes
from kapteam.db.tables import Clinician, Episode, HomeSupply, HomeTally
from kapteam.queries.standing import Asked, CourseHead, course_sessions, home_standing
from kapteam.rules.home_supply import HomeStanding
from kapteam.vocabulary import Tally

_MISSING = "There is no such course of care, or you are not on it."


@dataclass(frozen=True, slots=True)
class InError:
    """Who marked something as entered in error, when, and what was wrong."""

    by: str
    at: datetime
    reason: str


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
    in_error: InError | None


@dataclass(frozen=True, slots=True)
class TallyLine:
    """A count or a return: how many, when, who recorded it, and the words."""

    id: str
    kind: Tally
    lozenges: int
    at: datetime
    by: str
    words: str
    in_error: InError | None


@dataclass(frozen=True, slots=True)
class HomeSupplyPage:
    """What the page about the medicine at home of one course shows, the newest first.

    Of counts, returns and the words about them the front desk sees nothing.
    """

    course: CourseHead
    standing: HomeStanding | None
    shipments: tuple[Shipment, ...]
    tallies: tuple[TallyLine, ...]


def home_of(db: Session, asked: Asked, episode_id: str) -> HomeStanding | None:
    """Where the medicine at home of one course stands, in one statement."""
    wanted = select(Episode.id).where(
        Episode.id == episode_id, visible_episodes(asked.viewer, asked.now)
    )
    return home_standing(asked, home_rows.read_facts(db, wanted))


def home_supply_page(db: Session, asked: Asked, episode_id: str) -> HomeSupplyPage:
    """The medicine at home of one course.

    Raises NotFound when there is none or this person may not see it; the two read the same.
    """
    head = course_sessions(db, asked, Episode.id == episode_id, _MISSING).course
    return HomeSupplyPage(
        course=head,
        standing=home_of(db, asked, episode_id),
        shipments=_shipments(db, episode_id),
        tallies=_tallies(db, episode_id) if asked.viewer.reads_notes else (),
    )


def _shipments(db: Session, episode_id: str) -> tuple[Shipment, ...]:
    rows = db.execute(
        select(HomeSupply, Clinician.name)
        .outerjoin(Clinician, Clinician.id == HomeSupply.voided_by_id)
        .where(HomeSupply.episode_id == episode_id)
        .order_by(HomeSupply.sent_on.desc(), HomeSupply.id.desc())
    )
    return tuple(
        Shipment(
            one.id,
            one.version,
            one.lozenges,
            one.ug_each,
            one.pharmacy,
            one.sent_on,
            one.arrived_on,
            _in_error(one, voided_by),
        )
        for one, voided_by in rows
    )


def _tallies(db: Session, episode_id: str) -> tuple[TallyLine, ...]:
    voided_by = aliased(Clinician)
    rows = db.execute(
        select(HomeTally, Clinician.name, voided_by.name)
        .join(Clinician, Clinician.id == HomeTally.recorded_by_id)
        .outerjoin(voided_by, voided_by.id == HomeTally.voided_by_id)
        .where(HomeTally.episode_id == episode_id)
        .order_by(HomeTally.at.desc(), HomeTally.id.desc())
    )
    return tuple(
        TallyLine(one.id, one.kind, one.lozenges, one.at, by, one.words, _in_error(one, by_whom))
        for one, by, by_whom in rows
    )


def _in_error(one: HomeSupply | HomeTally, by: str | None) -> InError | None:
    if one.voided_at is None:
        return None
    return InError(by or "", one.voided_at, one.void_reason)
