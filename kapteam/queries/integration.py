"""Integration: who is owed integration, how long is left, what is booked?

The page's `?show=` is the value of an `IntegrationStage` and leaves that one section. A count
anywhere else that links to it is the length of that section (rule 73).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from kapteam.queries.standing import (
    Asked,
    CourseLine,
    IntegrationLine,
    IntegrationRow,
    Scope,
    course_lines,
    courses_of,
)
from kapteam.rules.counting import showing
from kapteam.rules.integration import IntegrationStage

SECTIONS = (
    IntegrationStage.LATE,
    IntegrationStage.WAS_THIS_HELD,
    IntegrationStage.NOT_BOOKED,
    IntegrationStage.BOOKED,
    IntegrationStage.BOOKED_OUTSIDE,
    IntegrationStage.AGREED,
    IntegrationStage.HELD,
)


@dataclass(frozen=True, slots=True)
class IntegrationSection:
    """The integrations at one stage, the most pressing first. Its count is its length."""

    stage: IntegrationStage
    rows: tuple[IntegrationRow, ...]


def integrations(
    db: Session, asked: Asked, *, scope: Scope | None = None
) -> tuple[IntegrationSection, ...]:
    """Every integration of the courses of `scope`, None being the usual one (`usual_scope`)."""
    return by_stage(course_lines(db, asked, *courses_of(asked, scope)))


def by_stage(courses: Iterable[CourseLine]) -> tuple[IntegrationSection, ...]:
    """The integrations of these courses, by stage, in the order of the page."""
    rows = sorted(
        (IntegrationRow(course, line) for course in courses for line in course.integrations),
        key=lambda row: (row.line.urgency, row.line.key),
    )
    return tuple(
        IntegrationSection(stage, showing(rows, stage, lambda row: {row.line.standing.stage}))
        for stage in SECTIONS
    )


def owed(sections: Iterable[IntegrationSection]) -> tuple[IntegrationRow, ...]:
    """The integrations to do of all stages, the most pressing first."""
    rows = (row for section in sections for row in section.rows if is_owed(row.line))
    return tuple(sorted(rows, key=lambda row: row.line.urgency))


def is_owed(line: IntegrationLine) -> bool:
    """Whether it is to be held now: its dose was given or asked about, or its day has come."""
    standing = line.standing
    return standing.is_open and (
        standing.facts.last_given_at is not None
        or standing.stage
        in {
            IntegrationStage.LATE,
            IntegrationStage.WAS_THIS_HELD,
            IntegrationStage.NOT_BOOKED,
            IntegrationStage.AGREED,
        }
    )
