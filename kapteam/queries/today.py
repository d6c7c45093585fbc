"""Today: in five seconds, is anyone late, what is the next dose, is it prepared, who waits?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from kapteam.clock import day_of
from kapteam.db.access import is_on_episode
from kapteam.queries.standing import (
    Asked,
    CourseStanding,
    DoseLine,
    IntegrationLine,
    course_standings,
)
from kapteam.rules.attention import Attention
from kapteam.rules.dosing import Silence
from kapteam.rules.integration import IntegrationStage
from kapteam.rules.notes import IntentionStage
from kapteam.vocabulary import Tone

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DoseRow:
    """A ketamine session with its course."""

    course: CourseStanding
    dose: DoseLine


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """An integration with its course."""

    course: CourseStanding
    line: IntegrationLine


@dataclass(frozen=True, slots=True)
class WaitRow:
    """One thing that waits on somebody."""

    course: CourseStanding
    attention: Attention


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One thing of today, by time: a dose or an integration."""

    at: datetime
    course: CourseStanding
    dose: DoseLine | None = None
    line: IntegrationLine | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """Everything Today shows, already in order. A section's count is its length."""

    unrecorded: tuple[DoseRow, ...]
    under_medicine: tuple[DoseRow, ...]
    agenda: tuple[AgendaRow, ...]
    integration_to_do: tuple[IntegrationRow, ...]
    intentions_due: tuple[DoseRow, ...]
    waiting_on_me: tuple[WaitRow, ...]
    waiting_on_others: tuple[WaitRow, ...]
    notes_to_finish: tuple[IntegrationRow, ...]
    next_doses: tuple[DoseRow, ...]
    late: int
    doses_left_today: int
    doses_today_without_intention: int


def today(db: Session, asked: Asked) -> Today:
    """The viewer's own courses, cut into the sections of Today."""
    courses = course_standings(db, asked, is_on_episode(asked.viewer, asked.now))
    doses = sorted(
        (DoseRow(course, dose) for course in courses for dose in course.doses),
        key=lambda row: (row.dose.planned_at, row.dose.id),
    )
    integrations = [
        IntegrationRow(course, line) for course in courses for line in course.integrations
    ]
    ahead = [row for row in doses if row.dose.is_ahead and row.dose.planned_at >= asked.now]
    ahead_today = [row for row in ahead if _is_today(row.dose.planned_at, asked)]
    to_do = [row for row in integrations if is_to_do(row.line)]
    waits = sorted(
        (WaitRow(course, one) for course in courses for one in course.attention),
        key=lambda row: row.attention.order,
    )
    return Today(
        unrecorded=tuple(row for row in doses if row.dose.silence is Silence.WAS_THIS_GIVEN),
        under_medicine=tuple(
            row for row in doses if row.dose.status.is_open and row.dose.last_given_at is not None
        ),
        agenda=_agenda(doses, integrations, asked),
        integration_to_do=tuple(sorted(to_do, key=_by_loudness)),
        intentions_due=tuple(
            row
            for row in ahead
            if row.dose.intention.stage
            in {IntentionStage.MISSING, IntentionStage.DRAFT, IntentionStage.STALE}
            and row.dose.intention.tone is Tone.AMBER
        ),
        waiting_on_me=tuple(row for row in waits if _waits_on_me(row, asked)),
        waiting_on_others=tuple(row for row in waits if not _waits_on_me(row, asked)),
        notes_to_finish=tuple(
            row for row in integrations if row.line.standing.stage is IntegrationStage.HELD
        ),
        next_doses=tuple(row for row in ahead if row.dose.planned_at < asked.now + WEEK),
        late=sum(is_late(row.line) for row in to_do),
        doses_left_today=len(ahead_today),
        doses_today_without_intention=sum(
            row.dose.intention.stage in {IntentionStage.MISSING, IntentionStage.DRAFT}
            for row in ahead_today
        ),
    )


def is_late(line: IntegrationLine) -> bool:
    """Whether an integration's clock has passed and nothing quiets it."""
    return (
        line.standing.is_open
        and line.standing.tone in {Tone.AMBER, Tone.RED}
        and (line.standing.stage in {IntegrationStage.LATE, IntegrationStage.WAS_THIS_HELD})
    )


def is_to_do(line: IntegrationLine) -> bool:
    """Whether an integration is owed now: its dose was given or asked about; it is not held."""
    standing = line.standing
    if not standing.is_open:
        return False
    return standing.facts.last_given_at is not None or standing.stage in {
        IntegrationStage.LATE,
        IntegrationStage.WAS_THIS_HELD,
        IntegrationStage.NOT_BOOKED,
        IntegrationStage.AGREED,
    }


def _is_today(at: datetime, asked: Asked) -> bool:
    return day_of(at, asked.practice.zone) == asked.today


def _agenda(
    doses: list[DoseRow], integrations: list[IntegrationRow], asked: Asked
) -> tuple[AgendaRow, ...]:
    rows = [
        AgendaRow(row.dose.planned_at, row.course, dose=row.dose)
        for row in doses
        if _is_today(row.dose.planned_at, asked)
    ]
    rows += [
        AgendaRow(row.line.standing.facts.planned_at, row.course, line=row.line)
        for row in integrations
        if row.line.standing.facts.planned_at
        and _is_today(row.line.standing.facts.planned_at, asked)
    ]
    return tuple(sorted(rows, key=lambda row: row.at))


_LOUD = {Tone.RED: 0, Tone.AMBER: 1, Tone.PLAIN: 2, Tone.BLUE: 3}


def _by_loudness(row: IntegrationRow) -> tuple[int, float]:
    standing = row.line.standing
    at = standing.facts.last_given_at or standing.facts.planned_at
    return _LOUD.get(standing.tone, 4), at.timestamp() if at else 0.0


def _waits_on_me(row: WaitRow, asked: Asked) -> bool:
    person = row.course.person(row.attention.waits_on)
    return person is not None and person.id == asked.viewer.clinician_id
