"""Concerns: raised with all that follows from it at once, seen, told, added to, cleared."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.contacts import ContactEntered, add_planned, read_slot
from kapteam.actions.episodes import put_on_hold
from kapteam.actions.loading import is_on_hold, practice_zone
from kapteam.actions.practice import the_practice
from kapteam.actions.saving import already_saved, compare_and_swap
from kapteam.clock import day_of
from kapteam.db.access import visible_client, visible_clients, visible_episode, visible_notes
from kapteam.db.audit import record
from kapteam.db.concerns import has_prescriber, has_to_see
from kapteam.db.tables import (
    Client,
    Clinician,
    ClinicianFunction,
    Concern,
    ConcernAddition,
    ConcernSeen,
    Episode,
    Hold,
    Note,
)
from kapteam.errors import NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.rules.concerns import does_not_clear, hold_reason, holds_at_once, owners
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import (
    Viewer,
    check_can_clear_concern,
    check_can_raise_concern,
)
from kapteam.rules.recording import not_possible
from kapteam.vocabulary import ConcernKind, ConcernLevel, ContactKind, How, ServiceLine

_NEXT_CONTACT_MINUTES = 20


@dataclass(frozen=True, slots=True)
class ConcernEntered:
    """A concern; `id` is minted by the form.

    `where` is where the client is now. `holds` asks to hold the next dose. A day or a time plans a
    check-in `with_id` on the course `episode_id`.
    """

    id: str
    client_id: str
    episode_id: str | None
    kind: ConcernKind | None
    level: ConcernLevel | None
    words: str
    where: str
    plan: str
    holds: bool
    on: date | None
    time: str
    with_id: str | None


@dataclass(frozen=True, slots=True)
class ToldEntered:
    """When a colleague was told of a concern by telephone, drawn at `version`."""

    concern_id: str
    version: int
    on: date | None
    time: str


@dataclass(frozen=True, slots=True)
class AdditionEntered:
    """What somebody adds to a concern; `id` is minted by the form."""

    id: str
    concern_id: str
    words: str


@dataclass(frozen=True, slots=True)
class ClearingEntered:
    """The signed note that clears a concern, drawn at `version`."""

    concern_id: str
    version: int
    note_id: str | None


def raise_concern(db: Session, viewer: Viewer, entered: ConcernEntered, now: datetime) -> str:
    """Keep a concern, hold the next dose and plan the next contact, all or nothing; returns its id.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    client = visible_client(db, viewer, entered.client_id, now)
    check_can_raise_concern(viewer)
    if already_saved(db, Concern, entered.id):
        return entered.id
    episode = None
    if entered.episode_id:
        episode = visible_episode(db, viewer, entered.episode_id, now)
    form = Entered()
    form.need("kind", entered.kind is not None, "Choose what it is about.")
    form.need("level", entered.level is not None, "Choose how much there is to it.")
    words = form.few_words("words", entered.words, "This", required=True)
    where = form.line("where", entered.where, "This")
    plan = form.few_words("plan", entered.plan, "The plan")
    slot = _next_contact(db, viewer, form, entered, episode, now)
    form.done()
    kind = entered.kind or ConcernKind.OTHER
    holds = entered.holds or holds_at_once(kind)
    db.add(
        Concern(
            id=entered.id,
            client_id=client.id,
            episode_id=episode.id if episode else None,
            kind=kind,
            level=entered.level,
            words=words,
            plan=plan,
            place=where,
            holds=holds,
            raised_by_id=viewer.clinician_id,
            raised_at=now,
        )
    )
    record(
        db,
        "concern:raised",
        viewer,
        now,
        client_id=client.id,
        subject_id=entered.id,
        kind=kind,
        level=entered.level,
        holds=holds,
    )
    if holds:
        _hold_next_dose(db, viewer, client, kind, now)
    if slot and episode:
        add_planned(db, viewer, new_id(), episode, ContactKind.CHECK_IN, slot, now)
    return entered.id


def see_concern(db: Session, viewer: Viewer, concern_id: str, now: datetime) -> None:
    """Say that one has seen a concern, or who covers somebody, for them. Once is enough.

    Raises NotFound, NotAllowed when it is not for this person to see.
    """
    concern = _concern(db, viewer, concern_id, now)
    waited_for = db.scalars(has_to_see(now).where(Concern.id == concern.id))
    own = {one for one in waited_for if one and viewer.stands_for(one)}
    if not own or concern.raised_by_id == viewer.clinician_id:
        raise NotAllowed("This concern does not wait for you to see it.")
    seen = select(ConcernSeen.clinician_id).where(ConcernSeen.concern_id == concern.id)
    new = sorted(own - set(db.scalars(seen)))
    if not new:
        return
    db.add_all(
        ConcernSeen(
            concern_id=concern.id, clinician_id=one, seen_by_id=viewer.clinician_id, seen_at=now
        )
        for one in new
    )
    record(
        db,
        "concern:seen",
        viewer,
        now,
        client_id=concern.client_id,
        subject_id=concern.id,
        clinician_id=new,
    )


def tell_by_phone(db: Session, viewer: Viewer, entered: ToldEntered, now: datetime) -> None:
    """Record when a colleague was told of a concern by telephone.

    Raises NotAllowed, NotFound, Invalid by field, Conflict.
    """
    concern = _concern(db, viewer, entered.concern_id, now)
    form = Entered()
    at = form.moment("time", entered.on, entered.time, practice_zone(db, now), day_field="on")
    problem = not_possible(at, now) if at else None
    if problem:
        form.refuse("time", problem)
    form.done()
    values = {"told_by_phone_at": at, "told_by_id": viewer.clinician_id}
    if compare_and_swap(db, concern, entered.version, values):
        record(
            db,
            "concern:told",
            viewer,
            now,
            client_id=concern.client_id,
            subject_id=concern.id,
            told_by_phone_at=at,
        )


def add_to_concern(db: Session, viewer: Viewer, entered: AdditionEntered, now: datetime) -> None:
    """Add to an open concern; it stays whose it is (rule 17).

    Raises NotAllowed, NotFound, Invalid (`words`).
    """
    concern = _concern(db, viewer, entered.concern_id, now)
    if already_saved(db, ConcernAddition, entered.id):
        return
    _need_open(db, concern)
    form = Entered()
    words = form.few_words("words", entered.words, "This", required=True)
    form.done()
    db.add(
        ConcernAddition(
            id=entered.id,
            concern_id=concern.id,
            author_id=viewer.clinician_id,
            at=now,
            words=words,
        )
    )
    record(db, "concern:added", viewer, now, client_id=concern.client_id, subject_id=concern.id)


def clear_concern(db: Session, viewer: Viewer, entered: ClearingEntered, now: datetime) -> None:
    """Clear a concern by a note that one of its owners signed after it was raised (rule 17).

    Nothing else clears it. Raises NotAllowed (also once it is cleared), NotFound, Invalid
    (`note_id`).
    """
    concern = _concern(db, viewer, entered.concern_id, now)
    treated = select(has_prescriber(now)).where(Concern.id == concern.id)
    owning = owners(concern.kind, has_prescriber=bool(db.scalar(treated)))
    check_can_clear_concern(viewer, owning)
    ours = (viewer.clinician_id, entered.note_id)
    if concern.closed_at and ours == (concern.closed_by_id, concern.closed_by_note_id):
        return
    _need_open(db, concern)
    form = Entered()
    form.need("note_id", entered.note_id is not None, "Choose the signed note that clears it.")
    form.done()
    note = _note(db, viewer, concern, entered.note_id, now)
    written_by = select(ClinicianFunction.function).where(
        ClinicianFunction.clinician_id == note.author_id
    )
    problem = does_not_clear(
        concern.kind,
        concern.raised_at,
        note.kind,
        note.signed_at,
        frozenset(db.scalars(written_by)),
        owning,
    )
    if problem:
        form.refuse("note_id", problem)
    form.done()
    compare_and_swap(
        db,
        concern,
        entered.version,
        {
            "closed_at": now,
            "closed_by_id": viewer.clinician_id,
            "closed_by_note_id": note.id,
        },
    )
    record(
        db,
        "concern:cleared",
        viewer,
        now,
        client_id=concern.client_id,
        subject_id=concern.id,
        closed_at=(None, now),
        note_id=note.id,
    )


def _next_contact(
    db: Session,
    viewer: Viewer,
    form: Entered,
    entered: ConcernEntered,
    episode: Episode | None,
    now: datetime,
) -> dict[str, object] | None:
    """The check-in that is planned with a concern, checked; None when none is."""
    if entered.on is None and not entered.time.strip():
        return None
    if episode is None:
        form.refuse("on", "A contact is planned on a course of care, and there is none here.")
        return None
    contact = ContactEntered(
        id="",
        episode_id=episode.id,
        kind=ContactKind.CHECK_IN,
        on=entered.on,
        time=entered.time,
        minutes=_NEXT_CONTACT_MINUTES,
        how=How.PHONE,
        place="",
        local_emergency="",
        with_id=entered.with_id or viewer.clinician_id,
    )
    return read_slot(db, form, contact, ContactKind.CHECK_IN, now)


def _hold_next_dose(
    db: Session, viewer: Viewer, client: Client, kind: ConcernKind, now: datetime
) -> None:
    """Hold every open course with ketamine that is not on hold, until the next open day."""
    practice = the_practice(db, now)
    look_again_on = practice.hours.next_open_day(day_of(now, practice.zone))
    courses = db.scalars(
        select(Episode)
        .where(
            Episode.client_id == client.id,
            Episode.closed_at.is_(None),
            Episode.service_line == ServiceLine.KAP,
        )
        .order_by(Episode.id)
        .with_for_update()
    )
    for course in courses.all():
        if not is_on_hold(db, course.id, now):
            hold = Hold(id=new_id(), reason=hold_reason(kind), look_again_on=look_again_on)
            put_on_hold(db, viewer, course, hold, now)


def _concern(db: Session, viewer: Viewer, concern_id: str, now: datetime) -> Concern:
    """The concern, locked for a change; it opens with its client, to who may raise one."""
    check_can_raise_concern(viewer)
    found = db.scalar(
        select(Concern)
        .join(Client, Client.id == Concern.client_id)
        .where(Concern.id == concern_id, visible_clients(viewer, now))
        .with_for_update(of=Concern)
    )
    if found is None:
        raise NotFound("There is no such concern, or you are not on a course of this client.")
    return found


def _need_open(db: Session, concern: Concern) -> None:
    if concern.closed_at is not None:
        by = db.get_one(Clinician, concern.closed_by_id)
        raise NotAllowed(f"{by.name} cleared this concern already. Raise a new one if need be.")


def _note(
    db: Session, viewer: Viewer, concern: Concern, note_id: str | None, now: datetime
) -> Note:
    found = db.scalar(
        select(Note)
        .join(Episode, Episode.id == Note.episode_id)
        .where(
            Note.id == note_id,
            Note.voided_at.is_(None),
            Episode.client_id == concern.client_id,
            visible_notes(viewer, now),
        )
    )
    if found is None:
        raise NotFound("There is no such note of this client, or you may not read it.")
    return found
