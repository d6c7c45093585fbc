"""The day on paper: who comes when, and who is owed an integration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.tables import Client
from kapteam.queries.integration import by_stage, owed
from kapteam.queries.standing import Asked, IntegrationRow, course_standings, own_courses
from kapteam.queries.today import AgendaRow, agenda


@dataclass(frozen=True, slots=True)
class DaySheet:
    """One of the practice's days, by time, and the integrations to do, the most pressing first.

    `allergies` of those who are given ketamine on it, by the client's id: None was not asked, the
    empty text is none.
    """

    on: date
    agenda: tuple[AgendaRow, ...]
    owed: tuple[IntegrationRow, ...]
    allergies: Mapping[str, str | None]

    @property
    def codes(self) -> list[str]:
        """The codes of everybody who stands on it."""
        courses = [*(row.course for row in self.agenda), *(row.course for row in self.owed)]
        return sorted({course.client.code for course in courses})


def day_sheet(db: Session, asked: Asked, on: date) -> DaySheet:
    """Of the courses that Today shows to this person, in eight statements."""
    courses = course_standings(db, asked, own_courses(asked))
    rows = agenda(courses, asked, on)
    given_to = [row.course.client.id for row in rows if row.dose]
    found = db.execute(select(Client.id, Client.allergies).where(Client.id.in_(given_to)))
    return DaySheet(on, rows, owed(by_stage(courses)), {row.id: row.allergies for row in found})
