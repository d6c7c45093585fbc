"""Contacts: a call or message as it comes, an appointment without ketamine, and how it ended."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kapteam.actions.episodes import MoveEntered, move_episode
from kapteam.actions.loading import may_know, practice_zone, read_plan
from kapteam.actions.saving import already_saved, check_changed, compare_and_swap
from kapteam.db.access import (
    visible_client,
    visible_clients,
    visible_episode,
    visible_episode_ids,
    visible_episodes,
)
from kapteam.db.audit import record
from kapteam.db.tables import Client, Clinician, ClinicianFunction, Contact, Episode
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.rules.entered import Entered
from kapteam.rules.pathway import moves_by
from kapteam.rules.permissions import Viewer, check_can_book
from kapteam.rules.recording import not_possible
from kapteam.vocabulary import ContactKind, ContactOutcome, EpisodeState, Function, How, Touch

SHORTEST_MINUTES, LONGEST_MINUTES = 5, 240
_MISSING = "There is no such contact, or you are not on its course."
_MET = frozenset({ContactOutcome.HELD, ContactOutcome.REACHED})


@dataclass(frozen=True, slots=True)
class TouchEntered:
    """A call or message that took place; `tell_id` is the colleague who is to know of it."""

    id: str
    client_id: str
    touch: Touch | None
    words: str
    tell_id: str | None
    on: date | None
    time: str


@dataclass(frozen=True, slots=True)
class ContactEntered:
    """An appointment, or a call to make; `id` is minted by the form."""

    id: str
    episode_id: str
    kind: ContactKind | None
    on: date | None
    time: str
    minutes: int | None
    how: How | None
    place: str
    local_emergency: str
    with_id: str | None


@dataclass(frozen=True, slots=True)
class ContactMovedEntered:
    """Another time, way or colleague for what is planned."""

    contact_id: str
    version: int
    on: date | None
    time: str
    minutes: int | None
    how: How | None
    place: str
    local_emergency: str
    with_id: str | None


@dataclass(frozen=True, slots=True)
class ContactEndedEntered:
    """How a planned contact ended, and a few words for the team.

    `move_to` is where its course goes on to because it was held; None: it stays where it is.
    """

    contact_id: str
    version: int
    outcome: ContactOutcome | None
    on: date | None
    time: str
    words: str
    move_to: EpisodeState | None


@dataclass(frozen=True, slots=True)
class VoidContactEntered:
    """A contact that was entered in error."""

    contact_id: str
    version: int


def log_touch(db: Session, viewer: Viewer, entered: TouchEntered, now: datetime) -> str:
    """Keep a call or message that took place; returns the client's code.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    client = visible_client(db, viewer, entered.client_id, now)
    check_can_book(viewer)
    if already_saved(db, Contact, entered.id):
        return client.code
    form = Entered()
    form.need("touch", entered.touch is not None, "Choose what happened.")
    words = form.few_words("words", entered.words, "This")
    at = _past(form, entered.on, entered.time, practice_zone(db, now), now)
    if entered.tell_id:
        form.need("tell_id", entered.tell_id != viewer.clinician_id, "Choose somebody else.")
        form.need(
            "tell_id",
            may_know(
                db,
                entered.tell_id,
                now,
                Episode.client_id == client.id,
                Episode.closed_at.is_(None),
            ),
            "Choose somebody who treats this client now, or the front desk.",
        )
    form.done()
    touch = entered.touch or Touch.THEY_CALLED
    db.add(
        Contact(
            id=entered.id,
            client_id=client.id,
            kind=touch.kind,
            from_client=touch.is_from_client,
            with_id=viewer.clinician_id,
            happened_at=at,
            outcome=touch.outcome,
            words=words,
            tell_id=entered.tell_id,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "contact:logged",
        viewer,
        now,
        client_id=client.id,
        subject_id=entered.id,
        touch=touch,
        happened_at=at,
        tell_id=entered.tell_id,
    )
    return client.code


def plan_contact(db: Session, viewer: Viewer, entered: ContactEntered, now: datetime) -> str:
    """Plan an appointment, or a call to make, on a course; returns the client's code.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_book(viewer)
    code = db.get_one(Client, episode.client_id).code
    if already_saved(db, Contact, entered.id):
        return code
    if episode.state is EpisodeState.CLOSED:
        raise NotAllowed("This course of care is closed. Open one first.")
    form = Entered()
    form.need("kind", entered.kind is not None, "Choose what it is.")
    kind = entered.kind or ContactKind.CALL
    values = read_slot(db, form, entered, kind, now)
    form.done()
    add_planned(db, viewer, entered.id, episode, kind, values, now)
    return code


def add_planned(
    db: Session,
    viewer: Viewer,
    contact_id: str,
    episode: Episode,
    kind: ContactKind,
    values: dict[str, object],
    now: datetime,
) -> None:
    """Put what was read with `read_slot` on a course; audited."""
    db.add(
        Contact(
            id=contact_id,
            client_id=episode.client_id,
            episode_id=episode.id,
            kind=kind,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
            **values,
        )
    )
    record(
        db,
        "contact:planned",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=contact_id,
        kind=kind,
        planned_at=values["planned_at"],
        with_id=values["with_id"],
    )


def move_contact(db: Session, viewer: Viewer, entered: ContactMovedEntered, now: datetime) -> str:
    """Plan it for another time, in another way or with somebody else; returns the client's code.

    Raises NotAllowed (also once it ended), NotFound, Invalid by field, Unchanged, Conflict.
    """
    contact = _planned(db, viewer, entered.contact_id, now)
    check_can_book(viewer)
    _need_open(contact)
    form = Entered()
    values = read_slot(db, form, entered, contact.kind, now)
    form.done()
    before = contact.planned_at, contact.with_id
    check_changed(contact, entered.version, values)
    if compare_and_swap(db, contact, entered.version, values):
        record(
            db,
            "contact:moved",
            viewer,
            now,
            client_id=contact.client_id,
            subject_id=contact.id,
            planned_at=(before[0], contact.planned_at),
            with_id=(before[1], contact.with_id),
        )
    return db.get_one(Client, contact.client_id).code


def end_contact(db: Session, viewer: Viewer, entered: ContactEndedEntered, now: datetime) -> str:
    """Say how a planned contact ended; returns the client's code.

    By video somebody has to know where the client was. What was held may move its course along, by
    the word of whose work it is. Raises NotAllowed, NotFound, Invalid by field, Conflict.
    """
    contact = _planned(db, viewer, entered.contact_id, now)
    check_can_book(viewer)
    course = visible_episode(db, viewer, contact.episode_id or "", now)
    form = Entered()
    form.need("outcome", entered.outcome in contact.kind.outcomes, "Choose how it ended.")
    words = form.few_words("words", entered.words, "This")
    at = None
    if entered.outcome is not ContactOutcome.CANCELLED:
        at = _past(form, entered.on, entered.time, practice_zone(db, now), now)
    if entered.outcome in _MET and contact.how is How.VIDEO and not contact.place:
        form.refuse("outcome", "By video: say first where the client is, under Move or change.")
    if entered.move_to and entered.move_to is not course.state:
        _check_moves(form, viewer, contact.kind, entered, course)
    form.done()
    values = {"outcome": entered.outcome, "happened_at": at, "words": words}
    if contact.outcome is not None and contact.version == entered.version:
        raise NotAllowed("How this ended is recorded already.")
    if compare_and_swap(db, contact, entered.version, values):
        record(
            db,
            "contact:ended",
            viewer,
            now,
            client_id=contact.client_id,
            subject_id=contact.id,
            outcome=entered.outcome,
            happened_at=at,
        )
        if entered.move_to and entered.move_to is not course.state:
            moved = MoveEntered(course.id, course.version, entered.move_to)
            try:
                move_episode(db, viewer, moved, now)
            except NotAllowed as refused:
                raise Invalid({"move_to": str(refused)}) from refused
    return db.get_one(Client, contact.client_id).code


def void_contact(db: Session, viewer: Viewer, entered: VoidContactEntered, now: datetime) -> str:
    """Mark what was logged, or how one ended, as entered in error; returns the client's code.

    It stays readable and counts nowhere any more (rule 66); nobody has to know of it. Raises
    NotAllowed, NotFound, Conflict.
    """
    contact = _settled(db, viewer, entered.contact_id, now)
    check_can_book(viewer)
    code = db.get_one(Client, contact.client_id).code
    before = contact.outcome
    values = {"outcome": ContactOutcome.IN_ERROR}
    if before is ContactOutcome.IN_ERROR or not compare_and_swap(
        db, contact, entered.version, values
    ):
        return code
    record(
        db,
        "contact:voided",
        viewer,
        now,
        client_id=contact.client_id,
        subject_id=contact.id,
        outcome=(before, contact.outcome),
    )
    return code


def _settled(db: Session, viewer: Viewer, contact_id: str, now: datetime) -> Contact:
    """One that is over, on a visible course or, where it belongs to none, of a visible client."""
    contact = db.scalar(
        select(Contact)
        .join(Client, Client.id == Contact.client_id)
        .where(
            Contact.id == contact_id,
            Contact.outcome.is_not(None),
            visible_clients(viewer, now),
            or_(
                Contact.episode_id.is_(None),
                Contact.episode_id.in_(visible_episode_ids(viewer, now)),
            ),
        )
        .with_for_update(of=Contact)
    )
    if contact is None:
        raise NotFound(_MISSING)
    return contact


def _check_moves(
    form: Entered,
    viewer: Viewer,
    kind: ContactKind,
    entered: ContactEndedEntered,
    course: Episode,
) -> None:
    """Whether this contact, held, moves its course there, and by this person's word."""
    form.need(
        "move_to",
        entered.outcome is ContactOutcome.HELD
        and entered.move_to in moves_by(kind, course.service_line, course.state),
        "This does not move the course there. Leave it where it is, or move it on its own page.",
    )
    function = kind.function
    form.need(
        "move_to",
        function is None or function in viewer.functions,
        f"Only a {function.label.lower() if function else ''} moves the course because of this.",
    )


def know_of(db: Session, viewer: Viewer, contact_id: str, now: datetime) -> None:
    """Say that one knows now what a colleague wanted one to know. A second press changes nothing.

    Raises NotFound when it was for somebody else.
    """
    contact = db.get(Contact, contact_id, with_for_update=True)
    if contact is None or not viewer.stands_for(contact.tell_id):
        raise NotFound("There is no such call or message for you.")
    if contact.told_at is None:
        contact.told_at = now
        record(
            db,
            "contact:known",
            viewer,
            now,
            client_id=contact.client_id,
            subject_id=contact.id,
        )


def _planned(db: Session, viewer: Viewer, contact_id: str, now: datetime) -> Contact:
    contact = db.scalar(
        select(Contact)
        .join(Episode, Episode.id == Contact.episode_id)
        .where(Contact.id == contact_id, visible_episodes(viewer, now))
        .with_for_update(of=Contact)
    )
    if contact is None:
        raise NotFound(_MISSING)
    return contact


def _need_open(contact: Contact) -> None:
    if contact.outcome is not None:
        raise NotAllowed("This is over. Plan another one.")


def read_slot(
    db: Session,
    form: Entered,
    entered: ContactEntered | ContactMovedEntered,
    kind: ContactKind,
    now: datetime,
) -> dict[str, object]:
    """When, how, where and with whom something is planned, checked."""
    planned_at = read_plan(form, "", entered.on, entered.time, practice_zone(db, now), now)
    minutes = entered.minutes
    form.need(
        "minutes",
        minutes is not None and SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES,
        f"Enter {SHORTEST_MINUTES} to {LONGEST_MINUTES} minutes.",
    )
    form.need("how", entered.how is not None, "Choose how.")
    with_id = entered.with_id or ""
    fits = _is_able(db, with_id, kind.function)
    whose = f"a {kind.function.label.lower()}" if kind.function else "somebody"
    form.need("with_id", fits, f"Choose {whose} whose sign-in is on.")
    return {
        "planned_at": planned_at,
        "planned_minutes": minutes,
        "how": entered.how,
        "place": form.line("place", entered.place, "The place"),
        "local_emergency": form.line(
            "local_emergency", entered.local_emergency, "The emergency number"
        ),
        "with_id": with_id,
    }


def _is_able(db: Session, clinician_id: str, function: Function | None) -> bool:
    held = (
        select(ClinicianFunction.function)
        .join(Clinician, Clinician.id == ClinicianFunction.clinician_id)
        .where(Clinician.id == clinician_id, Clinician.suspended_at.is_(None))
    )
    functions = set(db.scalars(held))
    return function in functions if function else bool(functions)


def _past(
    form: Entered, on: date | None, typed: str, zone: ZoneInfo, now: datetime
) -> datetime | None:
    at = form.moment("time", on, typed, zone, day_field="on")
    problem = not_possible(at, now) if at else None
    if problem:
        form.refuse("time", problem)
    return at
