"""Emergency access: a client whom one does not treat, opened for four hours, with a reason."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.practice import lock_practice
from kapteam.actions.saving import already_saved
from kapteam.db.access import visible_clients
from kapteam.db.audit import record
from kapteam.db.namesakes import namesakes
from kapteam.db.tables import Client, EmergencyAccess
from kapteam.errors import NotFound
from kapteam.rules.entered import Entered
from kapteam.rules.folding import read_code
from kapteam.rules.permissions import Viewer, check_can_open_in_emergency

LASTS = timedelta(hours=4)
"""product.md, "Who may do what"."""


@dataclass(frozen=True, slots=True)
class EmergencyEntered:
    """Whom to open, by code or by name, and why; `id` is minted by the form."""

    id: str
    code: str
    given_name: str
    family_name: str
    born_on: date | None
    reason: str


def open_in_emergency(db: Session, viewer: Viewer, entered: EmergencyEntered, now: datetime) -> str:
    """Open one client to the viewer, as being on all their courses would. Returns the code.

    Raises NotAllowed (front desk) and Invalid by field: nobody, or more than one, is meant.
    """
    check_can_open_in_emergency(viewer)
    lock_practice(db)
    saved = already_saved(db, EmergencyAccess, entered.id)
    if saved is not None:
        return db.get_one(Client, saved.client_id).code
    form = Entered()
    reason = form.text("reason", entered.reason, "The reason", required=True)
    meant = _meant(db, form, entered)
    for client in meant:
        is_open = db.scalar(
            select(Client.id).where(Client.id == client.id, visible_clients(viewer, now))
        )
        form.need(
            "code" if entered.code.strip() else "family_name",
            is_open is None,
            "This client is open to you already. Find a client (Ctrl+K) shows them.",
        )
    form.done()
    (client,) = meant
    until_at = now + LASTS
    db.add(
        EmergencyAccess(
            id=entered.id,
            clinician_id=viewer.clinician_id,
            client_id=client.id,
            reason=reason,
            from_at=now,
            until_at=until_at,
        )
    )
    record(
        db,
        "emergency:opened",
        viewer,
        now,
        client_id=client.id,
        subject_id=entered.id,
        until_at=until_at,
        why=reason,
    )
    return client.code


def end_emergency(db: Session, viewer: Viewer, access_id: str, now: datetime) -> None:
    """End one's own emergency access before its time; a second press changes nothing.

    Raises NotFound for anybody else's.
    """
    access = db.scalar(
        select(EmergencyAccess)
        .where(EmergencyAccess.id == access_id, EmergencyAccess.clinician_id == viewer.clinician_id)
        .with_for_update()
    )
    if access is None:
        raise NotFound("There is no such emergency access.")
    if access.ended_at is None and access.until_at > now:
        access.ended_at = now
        record(db, "emergency:ended", viewer, now, client_id=access.client_id, subject_id=access.id)


def _meant(db: Session, form: Entered, entered: EmergencyEntered) -> list[Client]:
    """The client who is meant; unless it is one, what is wrong is said beside the field."""
    if entered.code.strip():
        code = read_code(entered.code)
        found = list(db.scalars(select(Client).where(Client.code == code))) if code else []
        form.need("code", bool(found), "There is no client with this code.")
        return found
    given = form.line("given_name", entered.given_name, "The given name")
    family = form.line("family_name", entered.family_name, "The family name")
    if not (given and family):
        form.refuse("code", "Enter the code, or the given and the family name.")
        return []
    people = namesakes(db, given, family, entered.born_on)
    known = "this name and birth date" if entered.born_on else "this name"
    form.need("family_name", bool(people), f"Nobody in care here has {known}. Check the spelling.")
    form.need(
        "born_on",
        len(people) < 2,
        "More than one client has this name. Enter the birth date, or the code.",
    )
    return people
