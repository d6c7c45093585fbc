"""What of one course of care is not settled: for the form that ends it, and for its Save."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from kapteam.db.signing import has_words
from kapteam.db.tables import (
    Administration,
    Clinician,
    Consent,
    Contact,
    Episode,
    Hold,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
)
from kapteam.db.types import UtcDateTime
from kapteam.rules.contacts import ContactStage, judge_contact
from kapteam.rules.dosing import silence
from kapteam.rules.loose_ends import Loose, LooseKind
from kapteam.vocabulary import IntegrationKind, NoteKind, Part, SessionStatus

_NOBODY = "Whoever held it"
_OPEN = tuple(status for status in SessionStatus if status.is_open)


def loose(db: Session, episode: Episode, now: datetime) -> tuple[Loose, ...]:
    """Everything of the course that is not settled, in six statements."""
    doses = _doses(db, episode)
    integrations = _integrations(db, episode)
    return (
        *_unconfirmed(doses),
        *_open_doses(doses, now),
        *_to_be_integrated(episode, doses, integrations),
        *_without_note(integrations),
        *_drafts(db, episode),
        *_contacts(db, episode, now),
        *_consents(db, episode),
        *_holds(db, episode),
    )


def _doses(db: Session, episode: Episode) -> dict[str, Any]:
    """The ketamine sessions that are open or were given, with what was given in them."""
    teller = aliased(Clinician)
    unconfirmed = and_(
        Administration.told_by_id.is_not(None), Administration.confirmed_at.is_(None)
    )
    # A debrief never settles a dose (rule 7), and a dropped booking leaves the debt.
    integrated = exists().where(
        IntegrationSessionFor.ketamine_session_id == KetamineSession.id,
        IntegrationSession.id == IntegrationSessionFor.integration_session_id,
        IntegrationSession.kind == IntegrationKind.FULL,
        IntegrationSession.dropped_at.is_(None),
    )
    ended = func.coalesce(Administration.ended_at, Administration.started_at)
    rows = db.execute(
        select(
            KetamineSession.id,
            KetamineSession.version,
            KetamineSession.status,
            KetamineSession.planned_at,
            KetamineSession.planned_minutes,
            KetamineSession.arrived_at,
            func.min(Administration.started_at, type_=UtcDateTime()).label("first_at"),
            func.max(ended, type_=UtcDateTime()).label("last_at"),
            func.max(case((unconfirmed, teller.name))).label("told_by"),
            integrated.label("integrated"),
        )
        .outerjoin(
            Administration,
            and_(
                Administration.ketamine_session_id == KetamineSession.id,
                Administration.voided_at.is_(None),
            ),
        )
        .outerjoin(teller, teller.id == Administration.told_by_id)
        .where(KetamineSession.episode_id == episode.id)
        .group_by(KetamineSession.id)
        .order_by(KetamineSession.planned_at, KetamineSession.id)
    )
    return {row.id: row for row in rows}


def _unconfirmed(doses: dict[str, Any]) -> Iterator[Loose]:
    for row in doses.values():
        if row.told_by is not None:
            yield Loose(LooseKind.UNCONFIRMED, row.id, at=row.last_at, who=row.told_by)


def _open_doses(doses: dict[str, Any], now: datetime) -> Iterator[Loose]:
    for row in doses.values():
        if row.status in _OPEN:
            begun = min(filter(None, (row.arrived_at, row.first_at)), default=None)
            asked = silence(row.status, row.planned_at, row.planned_minutes, begun, now)
            yield Loose(
                LooseKind.DOSE,
                row.id,
                at=row.planned_at,
                is_asked=begun is not None or asked is not None,
                version=row.version,
            )


def _integrations(db: Session, episode: Episode) -> dict[str, list[Any]]:
    """The integration sessions that were not taken back or closed, a row for each dose."""
    signed = exists().where(
        Note.integration_session_id == IntegrationSession.id,
        Note.signed_at.is_not(None),
        Note.voided_at.is_(None),
    )
    draft, author, holder = aliased(Note), aliased(Clinician), aliased(Clinician)
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in db.execute(
        select(
            IntegrationSession.id,
            IntegrationSession.version,
            IntegrationSession.kind,
            IntegrationSession.planned_at,
            IntegrationSession.held_at,
            func.coalesce(author.name, holder.name).label("writer"),
            IntegrationSessionFor.ketamine_session_id,
        )
        .outerjoin(
            IntegrationSessionFor,
            IntegrationSessionFor.integration_session_id == IntegrationSession.id,
        )
        .outerjoin(
            draft,
            and_(
                draft.integration_session_id == IntegrationSession.id,
                draft.signed_at.is_(None),
                draft.voided_at.is_(None),
            ),
        )
        .outerjoin(author, author.id == draft.author_id)
        .outerjoin(holder, holder.id == IntegrationSession.held_by_id)
        .where(
            IntegrationSession.episode_id == episode.id,
            IntegrationSession.dropped_at.is_(None),
            IntegrationSession.closed_at.is_(None),
            or_(IntegrationSession.held_at.is_(None), ~signed),
        )
        .order_by(IntegrationSession.planned_at, IntegrationSession.id)
    ):
        found[row.id].append(row)
    return found


def _to_be_integrated(
    episode: Episode, doses: dict[str, Any], integrations: dict[str, list[Any]]
) -> Iterator[Loose]:
    """What waits to be held, and the doses that no integration session stands for."""
    for rows in integrations.values():
        row = rows[0]
        linked = [one.ketamine_session_id for one in rows if one.ketamine_session_id]
        ahead = [id_ for id_ in linked if id_ in doses and doses[id_].last_at is None]
        # Its booking is cancelled together with the one dose that it is for.
        goes_with_it = linked == ahead and len(ahead) == 1 and row.kind is IntegrationKind.FULL
        if row.held_at is None and not (goes_with_it and doses[ahead[0]].status in _OPEN):
            given = [doses[id_].last_at for id_ in linked if id_ in doses and doses[id_].last_at]
            yield Loose(
                LooseKind.INTEGRATION,
                row.id,
                at=min(given, default=None),
                planned_at=row.planned_at,
                what=row.kind,
                version=row.version,
                dose_ids=tuple(dict.fromkeys(linked)),
            )
    for row in doses.values():
        if episode.expects_integration and row.last_at is not None and not row.integrated:
            yield Loose(
                LooseKind.INTEGRATION,
                row.id,
                at=row.last_at,
                what=IntegrationKind.FULL,
                dose_ids=(row.id,),
            )


def _without_note(integrations: dict[str, list[Any]]) -> Iterator[Loose]:
    for rows in integrations.values():
        row = rows[0]
        if row.held_at is not None:
            yield Loose(
                LooseKind.NOTE, row.id, at=row.held_at, who=row.writer or _NOBODY, what=row.kind
            )


def _drafts(db: Session, episode: Episode) -> list[Loose]:
    """Unsigned notes about the course in which somebody has typed."""
    rows = db.execute(
        select(Note.id, Note.kind, Note.started_at, Clinician.name)
        .join(Clinician, Clinician.id == Note.author_id)
        .where(
            Note.episode_id == episode.id,
            Note.kind.in_(tuple(kind for kind in NoteKind if kind.is_about_course)),
            Note.signed_at.is_(None),
            Note.voided_at.is_(None),
            has_words(),
        )
    )
    return [
        Loose(LooseKind.DRAFT, row.id, at=row.started_at, who=row.name, what=row.kind)
        for row in rows
    ]


def _contacts(db: Session, episode: Episode, now: datetime) -> Iterator[Loose]:
    rows = db.execute(
        select(Contact.id, Contact.version, Contact.kind, Contact.planned_at, Clinician.name)
        .join(Clinician, Clinician.id == Contact.with_id)
        .where(
            Contact.episode_id == episode.id,
            Contact.outcome.is_(None),
            Contact.planned_at.is_not(None),
        )
    )
    for row in rows:
        standing = judge_contact(row.kind, row.planned_at, None, Part.THERAPIST, now)
        yield Loose(
            LooseKind.CONTACT,
            row.id,
            at=row.planned_at,
            who=row.name,
            what=row.kind,
            is_asked=standing.stage is ContactStage.DID_IT_HAPPEN,
            version=row.version,
        )


def _consents(db: Session, episode: Episode) -> list[Loose]:
    """The newest of each type that nobody has revoked (rule 22)."""
    rows = db.execute(
        select(Consent.id, Consent.type, Consent.revoked_on)
        .where(Consent.episode_id == episode.id, Consent.voided_at.is_(None))
        .order_by(Consent.signed_on, Consent.recorded_at, Consent.id)
    )
    newest = {row.type: row for row in rows}
    return [
        Loose(LooseKind.CONSENT, row.id, what=row.type)
        for row in newest.values()
        if row.revoked_on is None
    ]


def _holds(db: Session, episode: Episode) -> list[Loose]:
    rows = db.execute(
        select(Hold.id, Hold.reason, Hold.since_at).where(
            Hold.episode_id == episode.id, Hold.released_at.is_(None)
        )
    )
    return [Loose(LooseKind.HOLD, row.id, at=row.since_at, what=row.reason) for row in rows]
