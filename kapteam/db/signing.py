"""What a note is about, and the text that its author would sign.

The page that shows the text and the action that signs it both read it here, so that what is signed
is what was read, to the letter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, literal, select
from sqlalchemy.orm import Session

from kapteam import wording
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
from kapteam.rules.notes import TEMPLATES, content_hash, problems, signed_text
from kapteam.vocabulary import How, IntegrationKind, ProductRoute, SessionStatus


@dataclass(frozen=True, slots=True)
class NotedDose:
    """A ketamine session that a note is about; `last_given_at` None while nothing is recorded."""

    id: str
    planned_at: datetime
    product_route: ProductRoute
    status: SessionStatus
    last_given_at: datetime | None


@dataclass(frozen=True, slots=True)
class NotedIntegration:
    """The integration session that an integration note is about."""

    id: str
    kind: IntegrationKind
    how: How
    planned_at: datetime | None
    held_at: datetime | None
    held_by_id: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a note is about: one dose to come, or what an integration session integrates."""

    doses: tuple[NotedDose, ...]
    integration: NotedIntegration | None
    elsewhere: tuple[str, ...]

    @property
    def at(self) -> datetime | None:
        """When it is planned or was held."""
        if self.integration is not None:
            return self.integration.held_at or self.integration.planned_at
        return self.doses[0].planned_at


@dataclass(frozen=True, slots=True)
class Unsigned:
    """An unsigned note as its author would sign it now.

    `body` holds the fields with words, `problems` a sentence for each thing that keeps it from
    being signed. `digest` names this very text.
    """

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


def has_words() -> ColumnElement[bool]:
    """Whether anything is typed in an unsigned note (for statements over Note)."""
    form = literal(note_form("")).concat(Note.id)
    return exists().where(Draft.form == form, Draft.text != "")


def read_subject(db: Session, note_id: str) -> Subject:
    """What the note is about, in one statement. The note must be there."""
    dose_id = func.coalesce(Note.ketamine_session_id, IntegrationSessionFor.ketamine_session_id)
    rows = db.execute(
        select(
            IntegrationSession.id.label("integration_id"),
            IntegrationSession.kind,
            IntegrationSession.how,
            IntegrationSession.planned_at.label("integration_planned_at"),
            IntegrationSession.held_at,
            IntegrationSession.held_by_id,
            KetamineSession.id,
            KetamineSession.planned_at,
            KetamineSession.status,
            Series.product_route,
            _last_given_at().label("last_given_at"),
            OutsideExperience.substance,
            OutsideExperience.happened,
        )
        .select_from(Note)
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
        .where(Note.id == note_id)
        .order_by(KetamineSession.planned_at, IntegrationSessionFor.id)
    ).all()
    first = rows[0]
    integration = None
    if first.integration_id is not None:
        integration = NotedIntegration(
            first.integration_id,
            first.kind,
            first.how,
            first.integration_planned_at,
            first.held_at,
            first.held_by_id,
        )
    return Subject(
        doses=tuple(
            NotedDose(row.id, row.planned_at, row.product_route, row.status, row.last_given_at)
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
    author = named(head.name, head.credentials)
    heading = "\n".join(
        (
            head.kind.label,
            f"Client {head.code}",
            *_about(subject, zone),
            f"Written by {author}{', prescriber' if head.by_prescriber else ''}",
        )
    )
    return Unsigned(
        author=author,
        body=body,
        text=signed_text(template, body, heading),
        problems=problems(template, body) | _not_yet(head.by_prescriber, head.author_id, subject),
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


def _about(subject: Subject, zone: ZoneInfo) -> list[str]:
    """The lines of the heading that say what the note is about."""
    integration = subject.integration
    if integration is None:
        dose = subject.doses[0]
        planned = wording.full_moment(dose.planned_at, zone)
        return [f"For the ketamine session of {planned}, {dose.product_route.label}"]
    held = "not held yet"
    if integration.held_at is not None:
        held = f"held {wording.full_moment(integration.held_at, zone)}"
    lines = [f"{integration.kind.label}, {integration.how.label.lower()}, {held}"]
    for dose in subject.doses:
        if dose.last_given_at is None:
            planned = wording.full_moment(dose.planned_at, zone)
            lines.append(f"After the ketamine session planned {planned}, no dose recorded")
        else:
            given = wording.full_moment(dose.last_given_at, zone)
            lines.append(f"After ketamine, {dose.product_route.label}, last dose {given}")
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
