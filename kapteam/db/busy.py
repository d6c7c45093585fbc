"""What is in the way of a ketamine session or an integration: said once, for reads and writes.

No client of any of it is named: whose session takes a room is nobody's business who plans another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Executable,
    and_,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from kapteam.clock import day_of
from kapteam.db.tables import (
    Absence,
    Episode,
    EpisodeMember,
    IntegrationSession,
    KetamineSession,
    OutsideWait,
    Series,
)
from kapteam.rules.cadence import OtherSession
from kapteam.rules.dosing import ends_session
from kapteam.rules.planning import Taken
from kapteam.rules.slots import Busy
from kapteam.rules.waits import Authorized
from kapteam.vocabulary import Part, ProductRoute, SessionStatus

_LOOK_AHEAD = timedelta(days=400)
_LONGEST = timedelta(hours=12)
_OPEN = tuple(status for status in SessionStatus if status.is_open)
_NEVER_GIVEN = tuple(status for status in SessionStatus if ends_session(status))


@dataclass(frozen=True, slots=True)
class Whose:
    """The ketamine sessions that are planned: of which client, where and by whom.

    Without `place` they are where the last of the series was; empty, nowhere in particular.
    `prescriber_id` is None where nobody of the practice prescribes.
    """

    client_id: str
    place: str | None = ""
    prescriber_id: str | None = None
    series_id: str | None = None


@dataclass(frozen=True, slots=True)
class SessionTime:
    """When and where one of the client's ketamine sessions was or is to be."""

    planned_at: datetime
    planned_minutes: int
    place: str
    at_home: bool
    series_id: str
    episode_id: str
    product_route: ProductRoute
    is_to_come: bool


@dataclass(frozen=True, slots=True)
class OtherSessions:
    """The client's ketamine sessions, the first first, and the times that one more cannot have."""

    theirs: tuple[SessionTime, ...]
    taken: tuple[Taken, ...]

    def days(self, zone: ZoneInfo) -> tuple[date, ...]:
        """The days of the client's."""
        return tuple(day_of(one.planned_at, zone) for one in self.theirs)

    def of_course(self, episode_id: str) -> tuple[datetime, ...]:
        """The times of those on one course of care."""
        return tuple(one.planned_at for one in self.theirs if one.episode_id == episode_id)

    def elsewhere(self, episode_id: str, zone: ZoneInfo) -> tuple[OtherSession, ...]:
        """Those on other courses of the client than this one."""
        return tuple(
            OtherSession(day_of(one.planned_at, zone), one.product_route, one.is_to_come)
            for one in self.theirs
            if one.episode_id != episode_id
        )


def other_sessions(
    db: Session, whose: Whose, now: datetime, *, besides: Iterable[str] = ()
) -> OtherSessions:
    """All of the client's that were given or are to come, and what is to come in that place or with
    that prescriber; but for those of the ids in `besides`, in one statement.
    """
    same_place, same_prescriber = _is_in(whose), _is_with(whose.prescriber_id, now)
    is_theirs = Episode.client_id == whose.client_id

    def rows(
        is_in_place: ColumnElement[bool], is_with: ColumnElement[bool], *, theirs: bool
    ) -> Any:
        return (
            select(
                KetamineSession.id.label("id"),
                KetamineSession.planned_at.label("planned_at"),
                KetamineSession.planned_minutes,
                KetamineSession.place,
                KetamineSession.at_home,
                KetamineSession.series_id,
                KetamineSession.episode_id,
                Series.product_route,
                KetamineSession.status,
                literal(theirs).label("is_theirs"),
                is_in_place.label("is_in_place"),
                is_with.label("is_with"),
            )
            .join(Episode, Episode.id == KetamineSession.episode_id)
            .join(Series, Series.id == KetamineSession.series_id)
            .where(KetamineSession.id.not_in(list(besides)))
        )

    own = rows(false(), false(), theirs=True).where(
        is_theirs, KetamineSession.status.not_in(_NEVER_GIVEN)
    )
    others = rows(same_place, same_prescriber, theirs=False).where(
        ~is_theirs,
        KetamineSession.status.in_(_OPEN),
        KetamineSession.planned_at > now - _LONGEST,
        KetamineSession.planned_at < now + _LOOK_AHEAD,
        or_(same_place, same_prescriber),
    )
    both: Executable = union_all(own, others).order_by("planned_at", "id")
    found: list[Any] = list(db.execute(both).all())
    return OtherSessions(
        theirs=tuple(
            SessionTime(
                row.planned_at,
                row.planned_minutes,
                row.place,
                row.at_home,
                row.series_id,
                row.episode_id,
                row.product_route,
                row.status.is_open,
            )
            for row in found
            if row.is_theirs
        ),
        taken=tuple(
            Taken(
                row.planned_at,
                row.planned_at + timedelta(minutes=row.planned_minutes),
                _why(row),
            )
            for row in found
            if row.status.is_open
        ),
    )


def _is_in(whose: Whose) -> ColumnElement[bool]:
    place = func.lower(KetamineSession.place)
    if whose.place is not None:
        typed = whose.place.strip().lower()
        return and_(place == typed, ~KetamineSession.at_home) if typed else false()
    last = aliased(KetamineSession)
    where_it_was = (
        select(func.lower(last.place))
        .where(
            last.series_id == whose.series_id,
            last.status.not_in(_NEVER_GIVEN),
            ~last.at_home,
            last.place != "",
        )
        .order_by(last.planned_at.desc(), last.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return and_(place == where_it_was, ~KetamineSession.at_home)


def _is_with(prescriber_id: str | None, now: datetime) -> ColumnElement[bool]:
    if prescriber_id is None:
        return false()
    return exists().where(
        EpisodeMember.episode_id == KetamineSession.episode_id,
        EpisodeMember.part == Part.PRESCRIBER,
        EpisodeMember.clinician_id == prescriber_id,
        EpisodeMember.from_at <= now,
        or_(EpisodeMember.until_at.is_(None), EpisodeMember.until_at > now),
    )


def _why(row: Any) -> str:
    if row.is_theirs:
        return "the client has another ketamine session then"
    if row.is_in_place and row.is_with:
        # Another place alone would not help.
        return f"{row.place} and the prescriber have another ketamine session then"
    if row.is_in_place:
        return f"{row.place} has another ketamine session then"
    return "the prescriber has another ketamine session then"


def away(db: Session, people: Mapping[str, str], now: datetime) -> tuple[Taken, ...]:
    """When somebody of these is away; `people` are names by id."""
    rows = db.execute(
        select(Absence.clinician_id, Absence.from_at, Absence.until_at)
        .where(
            Absence.clinician_id.in_(list(people)),
            Absence.voided_at.is_(None),
            Absence.until_at > now,
        )
        .order_by(Absence.from_at, Absence.id)
    )
    return tuple(
        Taken(row.from_at, row.until_at, f"{people[row.clinician_id]} is away") for row in rows
    )


def authorized(db: Session, episode_id: str) -> tuple[Authorized, ...]:
    """What insurers authorized for a course of care."""
    rows = db.execute(
        select(OutsideWait.visits, OutsideWait.valid_from_at, OutsideWait.valid_until_at).where(
            OutsideWait.episode_id == episode_id, OutsideWait.visits.is_not(None)
        )
    )
    return tuple(Authorized(row.visits, row.valid_from_at, row.valid_until_at) for row in rows)


def busy_therapist(
    db: Session, therapist_id: str, now: datetime, *, besides: Iterable[str] = ()
) -> list[Busy]:
    """What a therapist has ahead, as times only: days away, and no client of a session in it."""
    days_away = select(
        Absence.from_at.label("from_at"),
        Absence.until_at.label("until_at"),
        null().label("minutes"),
    ).where(
        Absence.clinician_id == therapist_id,
        Absence.voided_at.is_(None),
        Absence.until_at > now,
    )
    booked = select(
        IntegrationSession.planned_at, null(), IntegrationSession.planned_minutes
    ).where(
        IntegrationSession.therapist_id == therapist_id,
        IntegrationSession.id.not_in(list(besides)),
        IntegrationSession.planned_at >= now - _LONGEST,
        IntegrationSession.planned_at < now + _LOOK_AHEAD,
        IntegrationSession.held_at.is_(None),
        IntegrationSession.closed_at.is_(None),
        IntegrationSession.dropped_at.is_(None),
    )
    rows: Iterable[Any] = db.execute(union_all(days_away, booked))
    return [
        Busy(row.from_at, row.until_at, is_away=True)
        if row.until_at
        else Busy(row.from_at, row.from_at + timedelta(minutes=row.minutes))
        for row in rows
    ]
