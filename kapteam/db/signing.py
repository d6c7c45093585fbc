"""What a note is about, and the text that its author would sign.

The page that shows the text and the action that signs it both read it here, so that what is signed
is what was read, to the letter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    bindparam,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session, aliased

from kapteam import wording
from kapteam.clock import day_of
from kapteam.db.tables import (
    Administration,
    Client,
    Clinician,
    Draft,
    Episode,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
    OutsideExperience,
    Series,
)
from kapteam.db.types import UtcDateTime
from kapteam.rules.notes import TEMPLATES, content_hash, looks_back, problems, signed_text, title
from kapteam.vocabulary import (
    How,
    IntegrationKind,
    NoteKind,
    ProductRoute,
    ServiceLine,
    SessionStatus,
)


@dataclass(frozen=True, slots=True)
class NotedDose:
    """A ketamine session that a note is about; `last_given_at` None while nothing is recorded.

    `integrated_before` counts the integrations of it that were held before the one of this note.
    """

    id: str
    planned_at: datetime
    product_route: ProductRoute
    status: SessionStatus
    last_given_at: datetime | None
    integrated_before: int


@dataclass(frozen=True, slots=True)
class NotedIntegration:
    """The integration session that an integration note is about."""

    id: str
    kind: IntegrationKind
    how: How
    planned_at: datetime | None
    held_at: datetime | None
    ended_at: datetime | None
    held_by_id: str | None

    def after(self, dose: NotedDose) -> str:
        """Which integration of a dose it is and how long after it (domain 3.2), after a comma."""
        if self.held_at is None or dose.last_given_at is None:
            return ""
        which = f"integration {dose.integrated_before + 1}"
        if self.kind is IntegrationKind.DEBRIEF:
            which = "debrief"
        return f", {which}, {wording.hours(self.held_at - dose.last_given_at)} after it"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a note is about: one dose to come, what an integration session integrates, a course.

    `course` is what the course of care is for; a note about the course has nothing else.
    """

    kind: NoteKind
    course: ServiceLine
    doses: tuple[NotedDose, ...]
    integration: NotedIntegration | None
    elsewhere: tuple[str, ...]

    @property
    def title(self) -> str:
        """What the note is called."""
        return title(self.kind, self.integration.kind if self.integration else None)

    @property
    def at(self) -> datetime | None:
        """When it is planned or was held; a course is not at a time."""
        if self.integration is not None:
            return self.integration.held_at or self.integration.planned_at
        return self.doses[0].planned_at if self.doses else None


@dataclass(frozen=True, slots=True)
class Unsigned:
    """An unsigned note as its author would sign it now.

    `body` holds the fields with words, `problems` a sentence for each thing that keeps it from
    being signed. `digest` names this very text.
    """

    title: str
    author: str
    body: Mapping[str, str]
    text: str
    problems: Mapping[str, str]

    @property
    def digest(self) -> str:
        """What a signer hands back to say which text was read."""
        return content_hash(self.text)


def note_form(note_id: str) -> str:
    """The name of a note's form in the drafts."""
    return f"note/{note_id}"


@cache
def has_words() -> ColumnElement[bool]:
    """Whether its author has typed anything in an unsigned note (for statements over Note)."""
    form = literal(note_form("")).concat(Note.id)
    return exists().where(
        Draft.clinician_id == Note.author_id, Draft.form == form, Draft.text != ""
    )


def read_subject(db: Session, note_id: str) -> Subject:
    """What the note is about, in one statement. The note must be there."""
    rows = db.execute(_SUBJECT, {"note_id": note_id}).all()
    first = rows[0]
    integration = None
    if first.integration_id is not None:
        integration = NotedIntegration(
            first.integration_id,
            first.kind,
            first.how,
            first.integration_planned_at,
            first.held_at,
            first.ended_at,
            first.held_by_id,
        )
    return Subject(
        kind=first.note_kind,
        course=first.service_line,
        doses=tuple(
            NotedDose(
                row.id,
                row.planned_at,
                row.product_route,
                row.status,
                row.last_given_at,
                row.integrated_before,
            )
            for row in rows
            if row.id is not None
        ),
        integration=integration,
        elsewhere=tuple(
            f"{row.substance}, {row.happened}" for row in rows if row.substance is not None
        ),
    )


def read_unsigned(db: Session, note_id: str, zone: ZoneInfo) -> Unsigned:
    """The note as it would be signed now, from its author's drafts, in three statements.

    Only for the author: the caller has checked. The note must be there and unsigned.
    """
    head = db.execute(
        select(
            Note.kind,
            Note.template_version,
            Note.author_id,
            Note.by_prescriber,
            Note.started_at,
            Client.code,
            Clinician.name,
            Clinician.credentials,
        )
        .join(Episode, Episode.id == Note.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .join(Clinician, Clinician.id == Note.author_id)
        .where(Note.id == note_id)
    ).one()
    subject = read_subject(db, note_id)
    drafts = db.execute(
        select(Draft.field, Draft.text).where(
            Draft.clinician_id == head.author_id, Draft.form == note_form(note_id)
        )
    ).all()
    template = TEMPLATES[head.kind, head.template_version]
    body = {row.field: row.text.strip() for row in drafts if row.text.strip()}
    begun_on = day_of(head.started_at, zone)
    author = named(head.name, head.credentials)
    heading = "\n".join(
        (
            subject.title,
            f"Client {head.code}",
            *_about(subject, zone),
            f"Written by {author}{', prescriber' if head.by_prescriber else ''}",
        )
    )
    return Unsigned(
        title=subject.title,
        author=author,
        body=body,
        text=signed_text(template, body, heading),
        problems=problems(template, body)
        | looks_back(template, body, begun_on)
        | _not_yet(head.by_prescriber, head.author_id, subject),
    )


def named(name: str, credentials: str) -> str:
    """A clinician as a record names one: `Thea Tallis, LCSW`."""
    return f"{name}, {credentials}" if credentials else name


def _last_given_at() -> ScalarSelect[datetime]:
    ended = func.coalesce(Administration.ended_at, Administration.started_at)
    return (
        select(func.max(ended, type_=UtcDateTime()))
        .where(
            Administration.ketamine_session_id == KetamineSession.id,
            Administration.voided_at.is_(None),
        )
        .scalar_subquery()
    )


def _integrated_before() -> ScalarSelect[int]:
    other, link = aliased(IntegrationSession), aliased(IntegrationSessionFor)
    return (
        select(func.count(other.id))
        .join(link, link.integration_session_id == other.id)
        .where(
            link.ketamine_session_id == KetamineSession.id,
            other.kind == IntegrationKind.FULL,
            other.dropped_at.is_(None),
            other.held_at < IntegrationSession.held_at,
        )
        .correlate(KetamineSession, IntegrationSession)
        .scalar_subquery()
    )


def _subject() -> Select[*tuple[Any, ...]]:
    dose_id = func.coalesce(Note.ketamine_session_id, IntegrationSessionFor.ketamine_session_id)
    return (
        select(
            Note.kind.label("note_kind"),
            Episode.service_line,
            IntegrationSession.id.label("integration_id"),
            IntegrationSession.kind,
            IntegrationSession.how,
            IntegrationSession.planned_at.label("integration_planned_at"),
            IntegrationSession.held_at,
            IntegrationSession.ended_at,
            IntegrationSession.held_by_id,
            _integrated_before().label("integrated_before"),
            KetamineSession.id,
            KetamineSession.planned_at,
            KetamineSession.status,
            Series.product_route,
            _last_given_at().label("last_given_at"),
            OutsideExperience.substance,
            OutsideExperience.happened,
        )
        .select_from(Note)
        .join(Episode, Episode.id == Note.episode_id)
        .outerjoin(IntegrationSession, IntegrationSession.id == Note.integration_session_id)
        .outerjoin(
            IntegrationSessionFor,
            IntegrationSessionFor.integration_session_id == IntegrationSession.id,
        )
        .outerjoin(
            OutsideExperience, OutsideExperience.id == IntegrationSessionFor.outside_experience_id
        )
        .outerjoin(KetamineSession, KetamineSession.id == dose_id)
        .outerjoin(Series, Series.id == KetamineSession.series_id)
        .where(Note.id == bindparam("note_id"))
        .order_by(KetamineSession.planned_at, IntegrationSessionFor.id)
    )


_SUBJECT = _subject()
"""Made once: working it out takes longer than running it."""


def _about(subject: Subject, zone: ZoneInfo) -> list[str]:
    """The lines of the heading that say what the note is about."""
    if subject.kind.is_about_course:
        return [f"About the course of care: {subject.course.label}"]
    integration = subject.integration
    if integration is None:
        dose = subject.doses[0]
        planned = wording.full_moment(dose.planned_at, zone)
        return [f"For the ketamine session of {planned}, {dose.product_route.label}"]
    held = "not held yet"
    if integration.held_at is not None:
        held = f"held {wording.full_moment(integration.held_at, zone)}"
        if integration.ended_at is not None:
            held += f" to {wording.zoned_time(integration.ended_at, zone)}"
    lines = [f"{integration.kind.label}, {integration.how.label.lower()}, {held}"]
    for dose in subject.doses:
        if dose.last_given_at is None:
            planned = wording.full_moment(dose.planned_at, zone)
            lines.append(f"After the ketamine session planned {planned}, no dose recorded")
        else:
            given = wording.full_moment(dose.last_given_at, zone)
            route = dose.product_route.label
            lines.append(f"After ketamine, {route}, last dose {given}{integration.after(dose)}")
    return lines + [f"After an experience elsewhere: {words}" for words in subject.elsewhere]


def _not_yet(by_prescriber: bool, author_id: str, subject: Subject) -> dict[str, str]:
    """What keeps an integration note from being signed apart from its words."""
    integration = subject.integration
    if integration is None:
        return {}
    if integration.held_at is None:
        return {"held_at": "Record first when this integration was held."}
    # rule 16
    if by_prescriber and integration.held_by_id != author_id:
        return {"held_at": "A prescriber signs the note only of an integration they held."}
    # rule 7
    if any(
        dose.last_given_at and dose.last_given_at > integration.held_at for dose in subject.doses
    ):
        return {
            "held_at": "The integration was held before its last dose was given. Correct the time "
            "of one of them first."
        }
    return {}
