"""Caseload: who do we share, where are they, who needs somebody, who has no next step?"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from sqlalchemy import Subquery, and_, func, or_, select
from sqlalchemy.orm import Session

from kapteam.db.access import visible_clients, visible_episodes
from kapteam.db.tables import Administration, Client, Episode, KetamineSession, Series
from kapteam.db.types import UtcDateTime
from kapteam.queries.client_names import CLIENT_NAME, ClientName, client_named
from kapteam.queries.find import matches
from kapteam.queries.first_steps import has_no_course, is_alone
from kapteam.queries.integration import is_owed
from kapteam.queries.pinned import PINNED, PinnedLine, pinned_of
from kapteam.queries.standing import (
    Asked,
    CourseStanding,
    Person,
    Scope,
    attention_of,
    course_standings,
    courses_of,
    own_courses,
    usual_scope,
)
from kapteam.rules.attention import NOTHING_AHEAD, Attention, end_of_days
from kapteam.rules.counting import by_client
from kapteam.rules.folding import fold
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import EpisodeState, ProductRoute, ServiceLine, Term

PAGE = 25
NEW = timedelta(days=14)
SOON = 7
_CALM = (inf, inf, inf, inf)


class View(Term):
    """A saved view of the caseload."""

    ALL = "all", "All"
    SOON = "soon", "Next 7 days"
    NO_NEXT_STEP = "no_next_step", "No next step"
    NOT_HELD = "not_held", "Not held since dose"
    WAITING_ON_ME = "waiting_on_me", "Waiting on me"
    NEW = "new", "New"
    OUTSIDE = "outside", "Waiting on someone outside"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list; None and the empty text leave nobody out.

    `colleague_id` belongs to `Scope.OURS`; without one it is the colleague beside the viewer at a
    shared screen, else the one shared most.
    """

    scope: Scope | None = None
    colleague_id: str | None = None
    view: View = View.ALL
    state: EpisodeState | None = None
    product_route: ProductRoute | None = None
    service_line: ServiceLine | None = None
    prescriber_id: str | None = None
    therapist_id: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class EarlierDose:
    """What was given last on a course that has ended, boosters included, in micrograms."""

    ug: int
    product_route: ProductRoute
    last_given_at: datetime


@dataclass(frozen=True, slots=True)
class CaseloadRow:
    """One client, counted once, with every open course in the scope (rule 14).

    `attention` is that of all courses together, the loudest first. Without a course of care there
    is neither. `earlier_dose` is for who came back and had no dose since.
    """

    client: ClientName
    pinned: PinnedLine
    courses: tuple[CourseStanding, ...] = ()
    attention: tuple[Attention, ...] = ()
    earlier_dose: EarlierDose | None = None


@dataclass(frozen=True, slots=True)
class Caseload:
    """The rows that were asked for, all pages of them, and what the page offers to choose from.

    `in_scope` counts the clients before any filter. `colleagues` are those whom the viewer shares
    courses with, the one shared most first. `without_course` are people who have no course yet.
    `is_alone` is asked only where nobody is in scope: nobody else can sign in.
    """

    scope: Scope
    scopes: tuple[Scope, ...]
    colleague: Person | None
    colleagues: tuple[Person, ...]
    prescribers: tuple[Person, ...]
    therapists: tuple[Person, ...]
    rows: tuple[CaseloadRow, ...]
    in_scope: int
    without_course: tuple[CaseloadRow, ...]
    is_alone: bool

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-len(self.rows) // PAGE))

    def page(self, number: int) -> tuple[CaseloadRow, ...]:
        """The rows of one page, counted from 1."""
        return self.rows[(number - 1) * PAGE : number * PAGE]


def caseload(db: Session, asked: Asked, wanted: Wanted) -> Caseload:
    """The clients of the scope that meet the filters, by attention, then next step."""
    conditions = () if wanted.scope is Scope.EVERYONE else (own_courses(asked),)
    found = course_standings(db, asked, *conditions)
    colleagues = _colleagues(found, asked.viewer)
    scopes = _scopes(asked.viewer, colleagues)
    scope = wanted.scope if wanted.scope in scopes else scopes[0]
    colleague = next(
        (one for one in colleagues if one.id == wanted.colleague_id),
        colleagues[0] if colleagues else None,
    )
    together = _together(db, asked, colleague)
    undosed = {one.client.id for one in found} - {one.client.id for one in found if one.last_dose}
    without_course, earlier = _beside_the_courses(db, asked, undosed)
    listed = _rows(found, earlier)
    rows = [row for row in listed if scope is not Scope.OURS or _is_with(row, colleague, together)]
    courses = [course for row in rows for course in row.courses]
    matching = _matching(db, asked, wanted.text)
    met = [row for row in rows if _meets(row, wanted, asked) and _is_found(row.client, matching)]
    return Caseload(
        scope=scope,
        scopes=scopes,
        colleague=colleague,
        colleagues=colleagues,
        prescribers=_people(course.prescriber for course in courses),
        therapists=_people(course.therapist for course in courses),
        rows=tuple(sorted(met, key=_by_attention)),
        in_scope=len(rows),
        without_course=tuple(one for one in without_course if _is_found(one.client, matching)),
        is_alone=not rows and is_alone(db, asked),
    )


def _scopes(viewer: Viewer, colleagues: tuple[Person, ...]) -> tuple[Scope, ...]:
    if not (viewer.is_prescriber or viewer.is_therapist):
        return (Scope.EVERYONE,) if viewer.sees_everyone else (Scope.MINE,)
    offered = {
        Scope.OURS: bool(colleagues),
        Scope.MINE: True,
        Scope.EVERYONE: viewer.sees_everyone,
    }
    return tuple(scope for scope, is_offered in offered.items() if is_offered)


def _colleagues(courses: Iterable[CourseStanding], viewer: Viewer) -> tuple[Person, ...]:
    """Whom the viewer shares courses with; the one beside them at the screen before all others."""
    shared = Counter(
        person
        for course in courses
        if course.is_mine
        for person in {course.prescriber, course.therapist}
        if person is not None and person.id not in {None, viewer.clinician_id}
    )
    found = sorted(shared, key=lambda one: (-shared[one], one.name, one.id or ""))
    beside = viewer.beside
    if beside is None or usual_scope(viewer) is not Scope.OURS:
        return tuple(found)
    first = next((one for one in found if one.id == beside.clinician_id), None)
    others = (one for one in found if one != first)
    return (first or Person(beside.clinician_id, beside.name), *others)


def _together(db: Session, asked: Asked, colleague: Person | None) -> frozenset[str] | None:
    """The ids of the courses that the viewer and the one beside them are on, a nurse as well.

    None: this colleague is another one, or nobody is beside.
    """
    beside = asked.viewer.beside
    if beside is None or colleague is None or colleague.id != beside.clinician_id:
        return None
    return frozenset(db.scalars(select(Episode.id).where(*courses_of(asked, Scope.OURS))))


def _people(found: Iterable[Person | None]) -> tuple[Person, ...]:
    known = {one for one in found if one is not None and one.id is not None}
    return tuple(sorted(known, key=lambda one: (one.name, one.id or "")))


def _rows(
    courses: Iterable[CourseStanding], earlier: Mapping[str, EarlierDose]
) -> list[CaseloadRow]:
    return [
        CaseloadRow(
            client=together[0].client,
            pinned=together[0].pinned,
            courses=together,
            attention=attention_of(together),
            earlier_dose=None
            if any(course.last_dose for course in together)
            else earlier.get(together[0].client.id),
        )
        for together in by_client(courses, lambda course: course.client.id)
    ]


def _is_with(row: CaseloadRow, colleague: Person | None, together: frozenset[str] | None) -> bool:
    if together is not None:
        return any(course.episode_id in together for course in row.courses)
    return any(colleague in {course.prescriber, course.therapist} for course in row.courses)


def _meets(row: CaseloadRow, wanted: Wanted, asked: Asked) -> bool:
    return _is_seen(row, wanted.view, asked) and any(
        _fits(wanted.state, course.state)
        and _fits(wanted.service_line, course.service_line)
        and _fits(wanted.product_route, course.series and course.series.product_route)
        and _fits(wanted.prescriber_id, course.prescriber and course.prescriber.id)
        and _fits(wanted.therapist_id, course.therapist and course.therapist.id)
        for course in row.courses
    )


def _fits(wanted: object, is_so: object) -> bool:
    return wanted is None or wanted == is_so


def _is_seen(row: CaseloadRow, view: View, asked: Asked) -> bool:
    match view:
        case View.ALL:
            return True
        case View.SOON:
            return any(
                course.next_step is not None and course.next_step.at < end_of_days(asked.now, SOON)
                for course in row.courses
            )
        case View.NO_NEXT_STEP:
            return any(
                one.reason in NOTHING_AHEAD
                for course in row.courses
                if course.next_step is None
                for one in course.attention
            )
        case View.NOT_HELD:
            return any(
                is_owed(line) and line.standing.facts.last_given_at is not None
                for course in row.courses
                for line in course.integrations
            )
        case View.WAITING_ON_ME:
            return any(
                course.waits_for(asked.viewer, one)
                for course in row.courses
                for one in course.attention
            )
        case View.NEW:
            return any(course.opened_at > asked.now - NEW for course in row.courses)
        case View.OUTSIDE:
            return any(course.waits for course in row.courses)


def _by_attention(row: CaseloadRow) -> tuple[tuple[float, ...], float, str, str]:
    steps = [course.next_step.at for course in row.courses if course.next_step]
    return (
        row.attention[0].order if row.attention else _CALM,
        min(steps).timestamp() if steps else inf,
        fold(f"{row.client.family} {row.client.given}"),
        row.client.id,
    )


def _matching(db: Session, asked: Asked, text: str) -> frozenset[str] | None:
    """The ids of the clients whom the text finds; None when there is no text to find them by."""
    if not text.strip():
        return None
    return frozenset(
        db.scalars(select(Client.id).where(visible_clients(asked.viewer, asked.now), matches(text)))
    )


def _is_found(client: ClientName, matching: frozenset[str] | None) -> bool:
    return matching is None or client.id in matching


def _beside_the_courses(
    db: Session, asked: Asked, undosed: Collection[str]
) -> tuple[tuple[CaseloadRow, ...], dict[str, EarlierDose]]:
    """Who has no course yet, and the last dose of who came back and had none since, by client.

    `undosed` are the ids of clients with a course on which none was given. In one statement.
    """
    earlier = _earlier_doses(asked, undosed)
    rows = db.execute(
        select(*CLIENT_NAME, *PINNED, earlier.c.product_route, earlier.c.ug, earlier.c.last_at)
        .outerjoin(earlier, earlier.c.client_id == Client.id)
        .where(or_(earlier.c.client_id.is_not(None), and_(*has_no_course(asked))))
        .order_by(Client.created_at, Client.id, earlier.c.last_at)
    ).all()
    without = [row for row in rows if row.last_at is None]
    return (
        tuple(CaseloadRow(client_named(row.client_id, row), pinned_of(row)) for row in without),
        {
            row.client_id: EarlierDose(row.ug, row.product_route, row.last_at)
            for row in rows
            if row.last_at is not None
        },
    )


def _earlier_doses(asked: Asked, undosed: Collection[str]) -> Subquery:
    """What was given in each session of the courses of these clients that ended.

    Of courses whose details the viewer may see; no clock runs from it.
    """
    ended = func.coalesce(Administration.ended_at, Administration.started_at)
    return (
        select(
            Episode.client_id,
            Series.product_route,
            func.sum(Administration.ug).label("ug"),
            func.max(ended, type_=UtcDateTime()).label("last_at"),
        )
        .join(KetamineSession, KetamineSession.id == Administration.ketamine_session_id)
        .join(Series, Series.id == KetamineSession.series_id)
        .join(Episode, Episode.id == KetamineSession.episode_id)
        .where(
            Episode.client_id.in_(undosed),
            Episode.closed_at.is_not(None),
            Administration.voided_at.is_(None),
            visible_episodes(asked.viewer, asked.now),
        )
        .group_by(Episode.client_id, KetamineSession.id, Series.product_route)
        .subquery()
    )
