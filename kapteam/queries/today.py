"""Today: in five seconds, is anyone late, what is the next dose, is it prepared, who waits?"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from kapteam.clock import day_of
from kapteam.queries.client_names import ClientName
from kapteam.queries.contacts import Told, told_to
from kapteam.queries.first_steps import FirstSteps, first_steps
from kapteam.queries.integration import by_stage, owed
from kapteam.queries.standing import (
    Asked,
    ContactLine,
    CourseStanding,
    DoseLine,
    DoseRow,
    DraftRow,
    IntegrationLine,
    IntegrationRow,
    Scope,
    WaitLine,
    courses_of,
    open_and_to_sign_off,
    usual_scope,
)
from kapteam.queries.upcoming import Show, coming
from kapteam.rules.attention import Attention, end_of_days
from kapteam.rules.dosing import Silence
from kapteam.rules.integration import IntegrationStage
from kapteam.vocabulary import ContactKind

DAYS = 7


@dataclass(frozen=True, slots=True)
class WaitRow:
    """One thing that waits on somebody."""

    course: CourseStanding
    attention: Attention


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One thing of today, by time: a dose, an integration or a contact."""

    at: datetime
    course: CourseStanding
    dose: DoseLine | None = None
    line: IntegrationLine | None = None
    contact: ContactLine | None = None


@dataclass(frozen=True, slots=True)
class OutsideRow:
    """One wait on someone outside with its course."""

    course: CourseStanding
    line: WaitLine


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call that is due: someone outside to call back, or a planned call to the client."""

    course: CourseStanding
    on: date
    wait: WaitLine | None = None
    contact: ContactLine | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """Everything Today shows, already in order. A section's count is its length.

    The four numbers are links: `late` and `was_this_held` to Integration with `?show=` of the same
    name, the doses to Ketamine sessions with `?show=today` and `?show=today_no_intention`.
    `first_steps`: None but for who has no open course. `waiting_on_others` is what waits on the
    colleague at the same screen and what waits on neither. `is_empty`: no course is in the `scope`.
    """

    scope: Scope
    is_empty: bool
    safety: tuple[WaitRow, ...]
    told: tuple[Told, ...]
    unrecorded: tuple[DoseRow, ...]
    agenda: tuple[AgendaRow, ...]
    integration_to_do: tuple[IntegrationRow, ...]
    integration_past_due: tuple[IntegrationRow, ...]
    next_dosing_day: date | None
    next_day_not_ready: tuple[DoseRow, ...]
    intentions_due: tuple[DoseRow, ...]
    waiting_on_me: tuple[WaitRow, ...]
    waiting_on_others: tuple[WaitRow, ...]
    waiting_on_beside: tuple[WaitRow, ...]
    waiting_on_neither: tuple[WaitRow, ...]
    notes_to_finish: tuple[IntegrationRow, ...]
    my_notes_to_finish: tuple[IntegrationRow, ...]
    my_drafts: tuple[DraftRow, ...]
    next_doses: tuple[DoseRow, ...]
    calls_to_make: tuple[CallRow, ...]
    waiting_outside: tuple[OutsideRow, ...]
    late: int
    was_this_held: int
    doses_left_today: int
    doses_today_without_intention: int
    clients: tuple[ClientName, ...]
    first_steps: FirstSteps | None


def today(db: Session, asked: Asked, *, scope: Scope | None = None) -> Today:
    """The courses of `scope`, cut into the sections of Today, and what colleagues tell.

    None is the usual scope (`usual_scope`).
    """
    scope = scope or usual_scope(asked.viewer)
    told = told_to(db, asked)
    courses, ended = open_and_to_sign_off(db, asked, *courses_of(asked, scope))
    steps = None if courses or scope is Scope.OURS else first_steps(db, asked)
    doses = sorted(
        (DoseRow(course, dose) for course in courses for dose in _doses(course)),
        key=lambda row: (row.dose.planned_at, row.dose.id),
    )
    sections = by_stage(courses)
    stages = {section.stage: section.rows for section in sections}
    ahead = [row for row in doses if row.dose.is_ahead]
    week = coming(courses, asked, DAYS)
    days = (day_of(row.dose.planned_at, asked.practice.zone) for row in ahead)
    next_day = min((day for day in days if day > asked.today), default=None)
    waits = sorted(
        (WaitRow(course, one) for course in (*courses, *ended) for one in course.attention),
        key=lambda row: row.attention.order,
    )
    mine = tuple(row for row in waits if row.course.waits_for(asked.viewer, row.attention))
    on_me = set(map(id, mine))
    others = tuple(row for row in waits if id(row) not in on_me)
    return Today(
        scope=scope,
        is_empty=not courses,
        safety=_safety(waits),
        told=told,
        unrecorded=tuple(row for row in doses if row.dose.silence is Silence.WAS_THIS_GIVEN),
        agenda=agenda(courses, asked, asked.today),
        integration_to_do=owed(sections),
        integration_past_due=(
            *stages[IntegrationStage.LATE],
            *stages[IntegrationStage.WAS_THIS_HELD],
        ),
        next_dosing_day=next_day,
        next_day_not_ready=_not_ready_on(next_day, courses, asked),
        intentions_due=tuple(
            DoseRow(row.course, row.dose) for row in week.showing(Show.NO_INTENTION)
        ),
        waiting_on_me=mine,
        waiting_on_others=others,
        waiting_on_beside=tuple(row for row in others if _waits_on_beside(row, asked)),
        waiting_on_neither=tuple(row for row in others if not _waits_on_beside(row, asked)),
        notes_to_finish=stages[IntegrationStage.HELD],
        my_notes_to_finish=tuple(
            row for row in stages[IntegrationStage.HELD] if _is_mine_to_write(row.line, asked)
        ),
        my_drafts=tuple(
            sorted(
                (
                    DraftRow(course, one)
                    for course in courses
                    for one in course.drafts
                    if one.author_id == asked.viewer.clinician_id
                ),
                key=lambda row: (row.draft.started_at, row.draft.id),
            )
        ),
        next_doses=tuple(
            row for row in ahead if row.dose.planned_at < end_of_days(asked.now, DAYS)
        ),
        calls_to_make=_calls_to_make(courses, asked),
        waiting_outside=tuple(
            sorted(
                (OutsideRow(course, line) for course in courses for line in course.waits),
                key=lambda row: (
                    row.line.facts.call_back_on or date.max,
                    row.line.facts.since_on,
                    row.line.facts.id,
                ),
            )
        ),
        late=len(stages[IntegrationStage.LATE]),
        was_this_held=len(stages[IntegrationStage.WAS_THIS_HELD]),
        doses_left_today=len(week.showing(Show.TODAY)),
        doses_today_without_intention=len(week.showing(Show.TODAY_NO_INTENTION)),
        clients=(
            *(course.client for course in (*courses, *ended)),
            *(one.client for one in told),
            *(steps.without_course if steps else ()),
        ),
        first_steps=steps,
    )


def _safety(waits: list[WaitRow]) -> tuple[WaitRow, ...]:
    """What is of a client's safety, once, however many courses of care they are on."""
    rows = (row for row in waits if row.attention.is_of_client)
    found: dict[str, WaitRow] = {}
    for row in rows:
        found.setdefault(row.attention.subject_id, row)
    return tuple(found.values())


def _doses(course: CourseStanding) -> tuple[DoseLine, ...]:
    """The open ketamine sessions and the last one given, which may be closed already."""
    last = course.last_dose
    is_open = last is None or any(dose.id == last.id for dose in course.doses)
    closed = () if last is None or is_open else (last,)
    return (*course.doses, *closed)


def agenda(courses: tuple[CourseStanding, ...], asked: Asked, on: date) -> tuple[AgendaRow, ...]:
    """The ketamine sessions and integrations of these courses on one of the practice's days.

    Of what is at one time the ketamine sessions come first.
    """

    def is_then(at: datetime) -> bool:
        return day_of(at, asked.practice.zone) == on

    rows = [
        AgendaRow(dose.planned_at, course, dose=dose)
        for course in courses
        for dose in _doses(course)
        if is_then(dose.planned_at)
    ]
    rows += [
        AgendaRow(at, course, line=line)
        for course in courses
        for line in course.integrations
        if (at := line.standing.facts.planned_at) and is_then(at)
    ]
    rows += [
        AgendaRow(line.standing.planned_at, course, contact=line)
        for course in courses
        for line in course.contacts
        if is_then(line.standing.planned_at)
    ]
    return tuple(sorted(rows, key=lambda row: row.at))


def _calls_to_make(courses: tuple[CourseStanding, ...], asked: Asked) -> tuple[CallRow, ...]:
    """The calls of the viewer, or whom they cover, that are due today or were before."""
    viewer, zone = asked.viewer, asked.practice.zone
    rows = [
        CallRow(course, line.facts.call_back_on, wait=line)
        for course in courses
        for line in course.waits
        if line.facts.call_back_on
        and line.facts.is_due(asked.today)
        and not course.hold
        and viewer.stands_for(line.person.id)
    ]
    rows += [
        CallRow(course, on, contact=line)
        for course in courses
        for line in course.contacts
        if line.standing.kind in {ContactKind.CALL, ContactKind.OUTREACH}
        and (on := day_of(line.standing.planned_at, zone)) <= asked.today
        and viewer.stands_for(line.person.id)
    ]
    return tuple(sorted(rows, key=lambda row: row.on))


def _not_ready_on(
    day: date | None, courses: tuple[CourseStanding, ...], asked: Asked
) -> tuple[DoseRow, ...]:
    """Of the ketamine sessions of a day ahead, what is not ready yet."""
    if day is None:
        return ()
    until = coming(courses, asked, (day - asked.today).days + 1)
    return tuple(
        DoseRow(row.course, row.dose)
        for row in until.not_ready
        if day_of(row.dose.planned_at, asked.practice.zone) == day
    )


def _is_mine_to_write(line: IntegrationLine, asked: Asked) -> bool:
    """Whether the viewer began the note of what was held, or held it and nobody did."""
    author_id = line.note_author_id or line.held_by_id
    return author_id == asked.viewer.clinician_id


def _waits_on_beside(row: WaitRow, asked: Asked) -> bool:
    beside = asked.viewer.beside
    return beside is not None and row.course.waits_for_colleague(beside.clinician_id, row.attention)
