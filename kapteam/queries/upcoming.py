"""Ketamine sessions: what is coming, is it ready, where are the gaps?

The page's `?show=` is the value of a `Show` and leaves exactly its rows. A count anywhere else that
links to it is the number of those rows (rule 73).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy.orm import Session

from kapteam.clock import day_of
from kapteam.db.settled import settled_here
from kapteam.db.tables import Episode, IntegrationSession, KetamineSession
from kapteam.queries.standing import (
    Asked,
    CourseLine,
    DoseLine,
    IntegrationLine,
    Scope,
    course_lines,
    courses_of,
)
from kapteam.rules.attention import end_of_days
from kapteam.rules.counting import showing
from kapteam.rules.dosing import Silence
from kapteam.rules.integration import IntegrationStage
from kapteam.rules.notes import IntentionStage
from kapteam.vocabulary import (
    IntegrationKind,
    ReadinessItem,
    SessionStatus,
    Term,
)


class Show(Term):
    """What a ketamine session is looked at for. All but the last two are gaps, the worst first."""

    WAS_THIS_GIVEN = "was_this_given", "Was this given?"
    NOT_CLOSED = "not_closed", "Not closed"
    INTEGRATION_NOT_BOOKED = "integration_not_booked", "Integration not booked"
    ON_HOLD = "on_hold", "Booked while on hold"
    NO_RISK_NOTE = "no_risk_note", "Waits for a note"
    NOT_CLEARED = "not_cleared", "Not cleared"
    NO_CONSENT = "no_consent", "No consent in date"
    NOT_ENROLLED = "not_enrolled", "Not enrolled (Spravato REMS)"
    TO_DECIDE = "to_decide", "To decide before the dose"
    POSTPONE = "postpone", IntentionStage.POSTPONE.label
    NOT_ORDERED = "not_ordered", "Dose not ordered"
    HOME_UNKNOWN = "home_unknown", "At home, not arranged"
    NO_RIDE = "no_ride", "No ride home yet"
    NO_INTENTION = "no_intention", "Intention to write"
    TODAY = "today", "Still to come today"
    TODAY_NO_INTENTION = "today_no_intention", "Today without an intention note"


UNRECORDED = frozenset({Show.WAS_THIS_GIVEN, Show.NOT_CLOSED})
GAPS = tuple(show for show in Show if show not in {Show.TODAY, Show.TODAY_NO_INTENTION})
_LACKING = {
    ReadinessItem.NOTE: Show.NO_RISK_NOTE,
    ReadinessItem.CLEARANCE: Show.NOT_CLEARED,
    ReadinessItem.CONSENT: Show.NO_CONSENT,
    ReadinessItem.ENROLLMENT: Show.NOT_ENROLLED,
    ReadinessItem.POSTPONE: Show.POSTPONE,
    ReadinessItem.DOSE: Show.NOT_ORDERED,
    ReadinessItem.HOME: Show.HOME_UNKNOWN,
    ReadinessItem.RIDE: Show.NO_RIDE,
    ReadinessItem.INTENTION: Show.NO_INTENTION,
}
_UNWRITTEN = frozenset({IntentionStage.PREPARING, IntentionStage.MISSING, IntentionStage.DRAFT})


@dataclass(frozen=True, slots=True)
class UpcomingDose:
    """A ketamine session, the integrations that hang on it, and what it is looked at for.

    `on` is the practice's day.
    """

    course: CourseLine
    dose: DoseLine
    integrations: tuple[IntegrationLine, ...]
    on: date
    shows: frozenset[Show]


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The coming ketamine sessions by time, and earlier ones that still have a gap."""

    rows: tuple[UpcomingDose, ...]

    def showing(self, show: Show) -> tuple[UpcomingDose, ...]:
        """Exactly the rows that a count of `show` counts."""
        return showing(self.rows, show, lambda row: row.shows)

    @property
    def unrecorded(self) -> tuple[UpcomingDose, ...]:
        """Sessions that nobody recorded or closed."""
        return tuple(row for row in self.rows if row.shows & UNRECORDED)

    @property
    def given(self) -> tuple[UpcomingDose, ...]:
        """Sessions that were given and closed, whose integration is not booked."""
        return tuple(row for row in self.rows if not row.dose.status.is_open)

    @property
    def not_ready(self) -> tuple[UpcomingDose, ...]:
        """Sessions of the coming days with a gap."""
        return tuple(
            row
            for row in self.rows
            if row.shows.intersection(GAPS)
            and not row.shows & UNRECORDED
            and row.dose.status.is_open
        )

    @property
    def days(self) -> tuple[tuple[date, tuple[UpcomingDose, ...]], ...]:
        """What is planned or under way, by the practice's day; a day without any is not listed."""
        open_rows = (row for row in self.rows if row.dose.status.is_open and not row.dose.silence)
        return tuple((on, tuple(rows)) for on, rows in groupby(open_rows, key=lambda row: row.on))


def upcoming(db: Session, asked: Asked, *, days: int = 7, scope: Scope | None = None) -> Upcoming:
    """The ketamine sessions of the next `days` times 24 hours (rule 10), with their gaps.

    Of the courses of `scope`, None being the usual one (`usual_scope`).
    """
    until = end_of_days(asked.now, days)
    found = course_lines(db, asked, *courses_of(asked, scope), _may_have_a_row(until))
    return coming(found, asked, days)


def _may_have_a_row(until: datetime) -> ColumnElement[bool]:
    """The condition on Episode without which a course has no row in `coming`.

    A row is an open session before `until`, or a dose that was given and owes its integration, here
    or as it was handed on. What is further ahead is neither read nor judged; what a row is looked
    at for is left to the rules.
    """
    is_open = (
        KetamineSession.status.in_([one for one in SessionStatus if one.is_open]),
        KetamineSession.planned_at < until,
    )
    is_given = KetamineSession.status.in_([one for one in SessionStatus if one.is_given])
    of_course = KetamineSession.episode_id == Episode.id
    return or_(
        exists().where(of_course, *is_open),
        exists().where(of_course, is_given, Episode.expects_integration, ~settled_here()),
        exists().where(
            IntegrationSession.episode_id == Episode.id,
            IntegrationSession.from_episode_id.is_not(None),
            IntegrationSession.dropped_at.is_(None),
            IntegrationSession.closed_at.is_(None),
        ),
    )


def coming(courses: Iterable[CourseLine], asked: Asked, days: int) -> Upcoming:
    """The same, cut from standings that were read already."""
    until = end_of_days(asked.now, days)
    rows = [
        _row(course, dose, asked)
        for course in courses
        for dose in _doses(course).values()
        if dose.planned_at < until
    ]
    rows = [row for row in rows if row.dose.status.is_open or row.shows]
    return Upcoming(tuple(sorted(rows, key=lambda row: (row.dose.planned_at, row.dose.id))))


def _doses(course: CourseLine) -> Mapping[str, DoseLine]:
    """The open ketamine sessions, and given ones whose integration is not settled."""
    given = [dose for line in course.integrations for dose in line.doses]
    return {dose.id: dose for dose in (*course.doses, *given)}


def _row(course: CourseLine, dose: DoseLine, asked: Asked) -> UpcomingDose:
    on = day_of(dose.planned_at, asked.practice.zone)
    lines = tuple(
        line for line in course.integrations if any(one.id == dose.id for one in line.doses)
    )
    shows = set(_gaps(course, dose, lines))
    if dose.is_ahead and on == asked.today:
        shows.add(Show.TODAY)
        if course.hold is None and dose.intention.stage in _UNWRITTEN:
            shows.add(Show.TODAY_NO_INTENTION)
    return UpcomingDose(course, dose, lines, on, frozenset(shows))


def _gaps(course: CourseLine, dose: DoseLine, lines: tuple[IntegrationLine, ...]) -> Iterable[Show]:
    """What is missing. A hold takes the place of what a dose needs, never its integration (57)."""
    if dose.silence is Silence.WAS_THIS_GIVEN:
        yield Show.WAS_THIS_GIVEN
    if dose.silence is Silence.NOT_CLOSED:
        yield Show.NOT_CLOSED
    if _needs_a_slot(dose, lines):
        yield Show.INTEGRATION_NOT_BOOKED
    if not dose.is_ahead:
        return
    if course.hold is not None:
        yield Show.ON_HOLD
        return
    for one in dose.lacks:
        yield _LACKING.get(one.item, Show.TO_DECIDE)


def _needs_a_slot(dose: DoseLine, lines: tuple[IntegrationLine, ...]) -> bool:
    full = [line for line in lines if line.kind is IntegrationKind.FULL]
    return dose.owes_integration and all(
        line.standing.facts.planned_at is None
        and line.standing.stage in {IntegrationStage.NOT_BOOKED, IntegrationStage.LATE}
        for line in full
    )
