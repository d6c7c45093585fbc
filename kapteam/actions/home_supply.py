"""Medicine at home: what was sent and arrived, what was counted, what went back.

What was used is not entered: it follows from what was given in sessions at home.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.loading import (
    administrations,
    ketamine_session,
    need_lozenge,
    practice_zone,
    product_route,
)
from kapteam.actions.saving import already_saved, check_changed, compare_and_swap
from kapteam.clock import day_of
from kapteam.db.access import visible_episode, visible_episodes
from kapteam.db.audit import record
from kapteam.db.tables import Episode, HomeSupply, HomeTally
from kapteam.errors import NotAllowed, NotFound
from kapteam.rules.entered import Entered
from kapteam.rules.home_supply import read_lozenges, read_some_lozenges
from kapteam.rules.pathway import check_has_ketamine
from kapteam.rules.permissions import (
    Viewer,
    check_can_book,
    check_can_count_at_home,
    check_can_send_home,
)
from kapteam.rules.recording import not_possible
from kapteam.vocabulary import Tally
from kapteam.wording import read_mg

_Kept = TypeVar("_Kept", HomeSupply, HomeTally)


@dataclass(frozen=True, slots=True)
class SupplyEntered:
    """A shipment; `id` is minted by the form. `arrived_on` is None while it is on the way."""

    id: str
    episode_id: str
    lozenges: str
    mg_each: str
    pharmacy: str
    sent_on: date | None
    arrived_on: date | None


@dataclass(frozen=True, slots=True)
class ArrivedEntered:
    """The day that a shipment arrived, drawn at `version`."""

    supply_id: str
    version: int
    arrived_on: date | None


@dataclass(frozen=True, slots=True)
class TallyEntered:
    """Lozenges that the client showed, or that went back and why; `id` is minted by the form."""

    id: str
    episode_id: str
    tally: Tally
    lozenges: str
    on: date | None
    time: str
    words: str


@dataclass(frozen=True, slots=True)
class HomeErrorEntered:
    """A shipment, a count or a return that was entered in error, and what was wrong."""

    row_id: str
    void_reason: str


@dataclass(frozen=True, slots=True)
class WhereEntered:
    """Where a ketamine session will be and who is present; at home, whom to call there as well."""

    ketamine_session_id: str
    version: int
    at_home: bool
    place: str
    people_present: str
    local_emergency: str = ""


def send_home(db: Session, viewer: Viewer, entered: SupplyEntered, now: datetime) -> None:
    """Record a shipment. Raises NotAllowed, NotFound, Invalid by field."""
    course = visible_episode(db, viewer, entered.episode_id, now)
    check_can_send_home(viewer)
    if already_saved(db, HomeSupply, entered.id):
        return
    check_has_ketamine(course.service_line)
    form = Entered()
    lozenges = form.read("lozenges", read_some_lozenges, entered.lozenges)
    ug_each = form.read("mg_each", read_mg, entered.mg_each)
    pharmacy = form.line("pharmacy", entered.pharmacy, "The pharmacy", required=True)
    today = day_of(now, practice_zone(db, now))
    _past_day(form, "sent_on", entered.sent_on, today, "sent")
    if entered.arrived_on:
        _check_arrived(form, entered.arrived_on, entered.sent_on, today)
    form.done()
    db.add(
        HomeSupply(
            id=entered.id,
            episode_id=course.id,
            lozenges=lozenges,
            ug_each=ug_each,
            pharmacy=pharmacy,
            sent_on=entered.sent_on,
            arrived_on=entered.arrived_on,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "home_supply:sent",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=entered.id,
        lozenges=lozenges,
        ug_each=ug_each,
        sent_on=entered.sent_on,
        arrived_on=entered.arrived_on,
    )


def say_arrived(db: Session, viewer: Viewer, entered: ArrivedEntered, now: datetime) -> None:
    """Say when a shipment arrived. Raises NotAllowed, NotFound, Invalid by field, Conflict."""
    check_can_book(viewer)
    supply, client_id = _find(db, viewer, HomeSupply, entered.supply_id, now)
    if supply.voided_at is not None:
        raise NotAllowed("This shipment was entered in error. Record the right one.")
    form = Entered()
    form.need("arrived_on", entered.arrived_on is not None, "Choose the day that it arrived.")
    if entered.arrived_on:
        today = day_of(now, practice_zone(db, now))
        _check_arrived(form, entered.arrived_on, supply.sent_on, today)
    form.done()
    before = supply.arrived_on
    if compare_and_swap(db, supply, entered.version, {"arrived_on": entered.arrived_on}):
        record(
            db,
            "home_supply:arrived",
            viewer,
            now,
            client_id=client_id,
            subject_id=supply.id,
            arrived_on=(before, supply.arrived_on),
        )


def record_tally(db: Session, viewer: Viewer, entered: TallyEntered, now: datetime) -> None:
    """Keep what a client showed, or what went back; more may go back than should be left.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    course = visible_episode(db, viewer, entered.episode_id, now)
    check_can_count_at_home(viewer)
    if already_saved(db, HomeTally, entered.id):
        return
    form = Entered()
    is_return = entered.tally is Tally.RETURN
    read = read_some_lozenges if is_return else read_lozenges
    lozenges = form.read("lozenges", read, entered.lozenges)
    at = _past(db, form, entered.on, entered.time, now)
    name = "The reason" if is_return else "This"
    words = form.few_words("words", entered.words, name, required=is_return)
    form.done()
    db.add(
        HomeTally(
            id=entered.id,
            episode_id=course.id,
            kind=entered.tally,
            lozenges=lozenges,
            at=at,
            words=words,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "home_supply:returned" if is_return else "home_supply:counted",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=entered.id,
        lozenges=lozenges,
        happened_at=at,
    )


def void_supply(db: Session, viewer: Viewer, entered: HomeErrorEntered, now: datetime) -> None:
    """Mark a shipment as entered in error, as `void_tally` does, by whoever records shipments."""
    check_can_send_home(viewer)
    _void(db, viewer, HomeSupply, entered, now)


def void_tally(db: Session, viewer: Viewer, entered: HomeErrorEntered, now: datetime) -> None:
    """Mark a count or a return as entered in error; it stays readable, counts no more (rule 66).

    A second press changes nothing. Raises NotAllowed, NotFound, Invalid (`void_reason`).
    """
    check_can_count_at_home(viewer)
    _void(db, viewer, HomeTally, entered, now)


def arrange_where(db: Session, viewer: Viewer, entered: WhereEntered, now: datetime) -> None:
    """Say where a session at home will be, or that it will be at home, or not at home after all.

    What is not known yet may stay empty: a session at home is not ready until then. Raises
    NotAllowed (over, given, in the practice anyway), NotFound, Invalid by field, Unchanged,
    Conflict.
    """
    check_can_book(viewer)
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    was_at_home = session.at_home
    # A second press of the change to the practice finds it there, one version on.
    is_about_home = was_at_home or entered.at_home or session.version != entered.version
    if not is_about_home or not session.status.is_open:
        raise NotAllowed("This is no session at home that is still to come.")
    if was_at_home is not entered.at_home and administrations(db, session.id):
        raise NotAllowed(
            "A dose was recorded. Mark it as entered in error first, if it was given elsewhere."
        )
    form = Entered()
    need_lozenge(form, product_route(db, session), at_home=entered.at_home)
    values = {
        "at_home": entered.at_home,
        "place": form.line("place", entered.place, "The place"),
        "people_present": form.line("people_present", entered.people_present, "Who is with them"),
        "local_emergency": form.line(
            "local_emergency", entered.local_emergency, "The emergency number"
        ),
    }
    form.done()
    check_changed(session, entered.version, values)
    if compare_and_swap(db, session, entered.version, values):
        record(
            db,
            "ketamine_session:arranged_at_home"
            if was_at_home is entered.at_home
            else "ketamine_session:place_changed",
            viewer,
            now,
            client_id=course.client_id,
            subject_id=session.id,
            at_home=(was_at_home, session.at_home),
        )


def _find(
    db: Session, viewer: Viewer, table: type[_Kept], row_id: str, now: datetime
) -> tuple[_Kept, str]:
    """A shipment, a count or a return of a visible course, and whose it is."""
    found = db.execute(
        select(table, Episode.client_id)
        .join(Episode, Episode.id == table.episode_id)
        .where(table.id == row_id, visible_episodes(viewer, now))
        .with_for_update(of=table)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such record, or you are not on its course of care.")
    return found[0], found[1]


def _void(
    db: Session, viewer: Viewer, table: type[_Kept], entered: HomeErrorEntered, now: datetime
) -> None:
    row, client_id = _find(db, viewer, table, entered.row_id, now)
    if row.voided_at is not None:
        return
    form = Entered()
    reason = form.few_words("void_reason", entered.void_reason, "The reason", required=True)
    form.done()
    row.voided_at, row.voided_by_id, row.void_reason = now, viewer.clinician_id, reason
    record(
        db,
        "home_supply:voided",
        viewer,
        now,
        client_id=client_id,
        subject_id=row.id,
        kind=row.kind if isinstance(row, HomeTally) else "shipment",
        lozenges=row.lozenges,
    )


def _past_day(form: Entered, field: str, on: date | None, today: date, verb: str) -> None:
    form.need(field, on is not None, f"Choose the day that it was {verb}.")
    if on:
        form.need(field, on <= today, "This day is in the future. Enter when it happened.")


def _check_arrived(form: Entered, arrived_on: date, sent_on: date | None, today: date) -> None:
    future = "This day is in the future. Leave it empty until it has arrived."
    form.need("arrived_on", arrived_on <= today, future)
    if sent_on:
        before = "This is before it was sent. Check both days."
        form.need("arrived_on", arrived_on >= sent_on, before)


def _past(
    db: Session, form: Entered, on: date | None, typed: str, now: datetime
) -> datetime | None:
    at = form.moment("time", on, typed, practice_zone(db, now), day_field="on")
    problem = not_possible(at, now) if at else None
    form.need("time", problem is None, problem or "")
    return at
