"""People in care: making a client, changing what is known of one, and the pinned line."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.practice import lock_practice, the_practice
from kapteam.actions.saving import already_saved, compare_and_swap
from kapteam.clock import day_of
from kapteam.db.access import visible_client
from kapteam.db.audit import record
from kapteam.db.namesakes import namesakes
from kapteam.db.tables import Client
from kapteam.errors import NotAllowed
from kapteam.rules.entered import Entered
from kapteam.rules.folding import search_text
from kapteam.rules.permissions import (
    Viewer,
    check_can_book,
    check_can_keep_safety_plan,
    check_can_pin,
)
from kapteam.rules.vitals import check_blood_pressure

ASKED = ("allergies", "medications", "conditions", "usual_pressure")
"""What stands on a client with the day on which it was asked last, in `<name>_asked_on`."""
OLDEST_BIRTH = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class ClientEntered:
    """Everything the client's form holds; `id` is minted by the form.

    Allergies, medications and conditions: without a day they were not asked; with a day and no text
    there are none. A usual blood pressure (`128/82`) has its day. `voicemail_ok` None was not
    asked. `is_another_person` says that a client with the same name and birth date is somebody
    else.
    """

    id: str
    family_name: str
    given_name: str
    preferred_name: str
    pronouns: str
    born_on: date | None
    phone: str
    emergency_name: str
    emergency_relation: str
    emergency_phone: str
    may_be_told: str
    voicemail_ok: bool | None
    allergies: str
    allergies_asked_on: date | None
    medications: str
    medications_asked_on: date | None
    conditions: str
    conditions_asked_on: date | None
    usual_pressure: str
    usual_pressure_asked_on: date | None
    is_another_person: bool | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class ClientChangeEntered(ClientEntered):
    """The client's form over a client there is, drawn at `version`."""

    version: int


@dataclass(frozen=True, slots=True)
class CheckedEntered:
    """The client was asked today and nothing had changed, as it was read at `version`."""

    client_id: str
    version: int


@dataclass(frozen=True, slots=True)
class PinnedLineEntered:
    """The one line that both members may change; empty takes it down."""

    client_id: str
    version: int
    pinned_line: str


@dataclass(frozen=True, slots=True)
class SafetyPlanEntered:
    """What helps a client through a crisis, as the client said it, drawn at `version`."""

    client_id: str
    version: int
    safety_plan: str


def create_client(db: Session, viewer: Viewer, entered: ClientEntered, now: datetime) -> str:
    """Make a client; returns the new code. Raises NotAllowed, Invalid by field."""
    check_can_book(viewer)
    return add_client(db, viewer, entered, now).code


def add_client(
    db: Session, viewer: Viewer, entered: ClientEntered, now: datetime, **changes: Any
) -> Client:
    """The client that this form made, now or by an earlier press; the caller has checked rights.

    `changes` go into the audit event. Raises Invalid by field.
    """
    lock_practice(db)
    earlier = already_saved(db, Client, entered.id)
    if earlier is not None:
        return earlier
    values = _checked(entered, day_of(now, the_practice(db, now).zone))
    _check_namesakes(db, values, is_another_person=bool(entered.is_another_person))
    code = _next_code(db)
    client = Client(
        id=entered.id,
        code=code,
        search_text=_search_text(code, values),
        created_by_id=viewer.clinician_id,
        created_at=now,
        **values,
    )
    db.add(client)
    db.flush()
    record(
        db,
        "client:created",
        viewer,
        now,
        client_id=client.id,
        subject_id=client.id,
        code=code,
        **changes,
    )
    return client


def change_client(db: Session, viewer: Viewer, entered: ClientChangeEntered, now: datetime) -> str:
    """Change what is known of a client; returns the code.

    Raises NotAllowed, NotFound, Invalid by field, Conflict.
    """
    client = visible_client(db, viewer, entered.id, now)
    check_can_book(viewer)
    values = _checked(entered, day_of(now, the_practice(db, now).zone))
    changed = [name for name, value in values.items() if getattr(client, name) != value]
    if changed:
        compare_and_swap(db, client, entered.version, values)
        client.search_text = _search_text(client.code, values)
        record(
            db,
            "client:changed",
            viewer,
            now,
            client_id=client.id,
            subject_id=client.id,
            fields=changed,
        )
    return client.code


def check_client_today(db: Session, viewer: Viewer, entered: CheckedEntered, now: datetime) -> None:
    """Put today's date to everything that was asked before; what was not asked stays not asked.

    A second press on the same day changes nothing. Raises NotAllowed (nothing was asked yet, or
    somebody changed the client since it was read), NotFound.
    """
    client = visible_client(db, viewer, entered.client_id, now)
    check_can_book(viewer)
    today = day_of(now, the_practice(db, now).zone)
    before = {f"{name}_asked_on": getattr(client, f"{name}_asked_on") for name in ASKED}
    dated = {name: (on, today) for name, on in before.items() if on not in (None, today)}
    if not any(before.values()):
        raise NotAllowed("Nothing was asked yet. Enter it under “Change details”, with its day.")
    if not dated:
        return
    if client.version != entered.version:
        raise NotAllowed(
            "Somebody changed this client in the meantime. Read what it says now, then press again."
        )
    compare_and_swap(db, client, entered.version, dict.fromkeys(dated, today))
    record(
        db,
        "client:checked",
        viewer,
        now,
        client_id=client.id,
        subject_id=client.id,
        **dated,
    )


def pin_line(db: Session, viewer: Viewer, entered: PinnedLineEntered, now: datetime) -> None:
    """Change the pinned line, with who did it and when.

    Raises NotAllowed, NotFound, Invalid (`pinned_line`), Conflict.
    """
    client = visible_client(db, viewer, entered.client_id, now)
    check_can_pin(viewer)
    form = Entered()
    line = form.line("pinned_line", entered.pinned_line, "The pinned line")
    form.done()
    if client.pinned_line == line:
        return
    before = client.pinned_at
    compare_and_swap(
        db,
        client,
        entered.version,
        {"pinned_line": line, "pinned_by_id": viewer.clinician_id, "pinned_at": now},
    )
    record(
        db,
        "client:pinned",
        viewer,
        now,
        client_id=client.id,
        subject_id=client.id,
        pinned_at=(before, now),
    )


def keep_safety_plan(
    db: Session, viewer: Viewer, entered: SafetyPlanEntered, now: datetime
) -> None:
    """Change the client's safety plan, with who did it and when.

    Raises NotAllowed, NotFound, Invalid (`safety_plan`), Conflict.
    """
    client = visible_client(db, viewer, entered.client_id, now)
    check_can_keep_safety_plan(viewer)
    form = Entered()
    plan = form.text("safety_plan", entered.safety_plan, "The safety plan")
    form.done()
    if client.safety_plan == plan:
        return
    before = client.safety_plan_at
    compare_and_swap(
        db,
        client,
        entered.version,
        {
            "safety_plan": plan,
            "safety_plan_by_id": viewer.clinician_id,
            "safety_plan_at": now,
        },
    )
    record(
        db,
        "client:safety_plan_changed",
        viewer,
        now,
        client_id=client.id,
        subject_id=client.id,
        safety_plan_at=(before, now),
    )


def _check_namesakes(db: Session, values: dict[str, Any], *, is_another_person: bool) -> None:
    form = Entered()
    same = namesakes(db, values["given_name"], values["family_name"], values["born_on"])
    form.need(
        "is_another_person",
        is_another_person or not same,
        "Somebody with this name is in care here already. Tick this if it is another person.",
    )
    form.done()


def _next_code(db: Session) -> str:
    """The next free code; the practice is locked, so no two are given the same."""
    last = db.scalar(
        select(Client.code).order_by(func.length(Client.code).desc(), Client.code.desc()).limit(1)
    )
    return f"K-{int(last.removeprefix('K-')) + 1 if last else 1:03d}"


def _search_text(code: str, values: dict[str, Any]) -> str:
    return search_text(
        code=code,
        names=(values["given_name"], values["family_name"], values["preferred_name"]),
        phones=(values["phone"],),
        born_on=values["born_on"],
    )


def _checked(entered: ClientEntered, today: date) -> dict[str, Any]:
    form = Entered()
    born_on = entered.born_on
    if born_on is not None:
        form.need("born_on", born_on <= today, "This birth date is in the future.")
        form.need("born_on", born_on >= OLDEST_BIRTH, "Enter a birth date after 1900.")
    values = {
        "family_name": form.line(
            "family_name", entered.family_name, "The family name", required=True
        ),
        "given_name": form.line("given_name", entered.given_name, "The given name"),
        "preferred_name": form.line("preferred_name", entered.preferred_name, "The preferred name"),
        "pronouns": form.line("pronouns", entered.pronouns, "The field for pronouns"),
        "born_on": born_on,
        "phone": form.phone("phone", entered.phone, "The phone number"),
        "emergency_name": form.line(
            "emergency_name", entered.emergency_name, "The emergency contact's name"
        ),
        "emergency_relation": form.line(
            "emergency_relation", entered.emergency_relation, "The relation"
        ),
        "emergency_phone": form.phone(
            "emergency_phone", entered.emergency_phone, "The emergency contact's phone number"
        ),
        "may_be_told": form.text("may_be_told", entered.may_be_told, "The text"),
        "voicemail_ok": entered.voicemail_ok,
    }
    for name in ASKED:
        typed: str = getattr(entered, name)
        asked_on: date | None = getattr(entered, f"{name}_asked_on")
        if name == "usual_pressure":
            text, about = _usual_pressure(form, typed, asked_on), "the usual blood pressure"
        else:
            text, about = form.text(name, typed, f"The list of {name}"), name
        if asked_on is None:
            form.need(f"{name}_asked_on", not text, f"Choose the day you asked about {about}.")
        else:
            form.need(f"{name}_asked_on", asked_on <= today, "This day is in the future.")
        values[name] = text if asked_on else None
        values[f"{name}_asked_on"] = asked_on
    form.done()
    return values


def _usual_pressure(form: Entered, typed: str, asked_on: date | None) -> str:
    """The usual blood pressure as it is kept; a day without one says nothing."""
    if not typed.strip() and asked_on is None:
        return ""
    read = form.read("usual_pressure", wording.read_blood_pressure, typed)
    if read is None:
        return ""
    problem = check_blood_pressure(*read)
    form.need("usual_pressure", problem is None, problem or "")
    return wording.blood_pressure(*read)
