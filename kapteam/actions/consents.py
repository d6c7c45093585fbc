"""Signed consents: never edited but to be revoked or struck through, the newest of a type holds."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.practice import the_practice
from kapteam.actions.saving import already_saved
from kapteam.clock import day_of
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.tables import Consent, Episode
from kapteam.errors import NotAllowed, NotFound
from kapteam.rules.entered import Entered
from kapteam.rules.pathway import ConsentFacts
from kapteam.rules.permissions import Viewer, check_can_book
from kapteam.vocabulary import ConsentType

LONGEST_VERSION = 40


@dataclass(frozen=True, slots=True)
class ConsentEntered:
    """A signed form; `id` is minted by ours. Without `expires_on` it does not run out."""

    id: str
    episode_id: str
    type: ConsentType | None
    form_version: str
    signed_on: date | None
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class RevocationEntered:
    """The day from which a consent no longer counts."""

    consent_id: str
    revoked_on: date | None


@dataclass(frozen=True, slots=True)
class ConsentErrorEntered:
    """A consent that was entered in error, and why."""

    consent_id: str
    void_reason: str


def record_consent(db: Session, viewer: Viewer, entered: ConsentEntered, now: datetime) -> None:
    """Keep a signed consent. Raises NotAllowed, NotFound, Invalid by field."""
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_book(viewer)
    if already_saved(db, Consent, entered.id):
        return
    signed_on, expires_on = entered.signed_on, entered.expires_on
    form = Entered()
    form.need("type", entered.type is not None, "Choose what was agreed to.")
    form_version = form.line("form_version", entered.form_version, "The form's version")
    form.need(
        "form_version",
        len(form_version) <= LONGEST_VERSION,
        f"Use at most {LONGEST_VERSION} characters for the form's version.",
    )
    if signed_on is None:
        form.refuse("signed_on", "Choose the day it was signed.")
    else:
        today = day_of(now, the_practice(db, now).zone)
        form.need("signed_on", signed_on <= today, "This day is in the future.")
        form.need(
            "expires_on",
            expires_on is None or expires_on > signed_on,
            "It runs out after the day it was signed.",
        )
    form.done()
    db.add(
        Consent(
            id=entered.id,
            episode_id=episode.id,
            type=entered.type,
            form_version=form_version,
            signed_on=signed_on,
            expires_on=expires_on,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "consent:recorded",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=entered.id,
        type=entered.type,
        signed_on=signed_on,
        expires_on=expires_on,
    )


def revoke_consent(db: Session, viewer: Viewer, entered: RevocationEntered, now: datetime) -> None:
    """Keep that a consent was taken back.

    Raises NotAllowed (also when it was revoked for another day), NotFound, Invalid (`revoked_on`).
    """
    consent, episode = _consent(db, viewer, entered.consent_id, now)
    if consent.voided_at is not None:
        raise NotAllowed("This consent was entered in error, so there is nothing to revoke.")
    if consent.revoked_on is not None:
        if consent.revoked_on == entered.revoked_on:
            return
        raise NotAllowed("This consent was revoked already.")
    revoked_on = entered.revoked_on
    form = Entered()
    if revoked_on is None:
        form.refuse("revoked_on", "Choose the day it was revoked.")
    else:
        today = day_of(now, the_practice(db, now).zone)
        form.need("revoked_on", revoked_on <= today, "This day is in the future.")
        form.need(
            "revoked_on", revoked_on >= consent.signed_on, "This is before the day it was signed."
        )
    form.done()
    consent.revoked_on = revoked_on
    consent.revoked_by_id = viewer.clinician_id
    record(
        db,
        "consent:revoked",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=consent.id,
        type=consent.type,
        revoked_on=(None, revoked_on),
    )


def void_consent(db: Session, viewer: Viewer, entered: ConsentErrorEntered, now: datetime) -> None:
    """Mark a consent as entered in error; it stays readable and counts no more (rule 66).

    A second press changes nothing. Raises NotAllowed, NotFound, Invalid (`void_reason`).
    """
    consent, episode = _consent(db, viewer, entered.consent_id, now)
    if consent.voided_at is not None:
        return
    form = Entered()
    reason = form.text("void_reason", entered.void_reason, "The reason", required=True)
    form.done()
    consent.voided_at, consent.voided_by_id = now, viewer.clinician_id
    consent.void_reason = reason
    record(
        db,
        "consent:voided",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=consent.id,
        type=consent.type,
        signed_on=consent.signed_on,
    )


def _consent(
    db: Session, viewer: Viewer, consent_id: str, now: datetime
) -> tuple[Consent, Episode]:
    """A consent with its course, for whoever may change it."""
    episode_id = db.scalar(select(Consent.episode_id).where(Consent.id == consent_id))
    if episode_id is None:
        raise NotFound("There is no such consent, or you are not on its course of care.")
    episode = visible_episode(db, viewer, episode_id, now)
    check_can_book(viewer)
    return db.get_one(Consent, consent_id), episode


def newest_consents(db: Session, episode_id: str, on: date) -> tuple[ConsentFacts, ...]:
    """Of those signed by a day the newest of each type, whether in date or not (rule 22)."""
    signed = db.scalars(
        select(Consent)
        .where(
            Consent.episode_id == episode_id, Consent.voided_at.is_(None), Consent.signed_on <= on
        )
        .order_by(Consent.signed_on, Consent.recorded_at, Consent.id)
    )
    newest = {one.type: ConsentFacts(one.type, one.expires_on, one.revoked_on) for one in signed}
    return tuple(newest.values())
