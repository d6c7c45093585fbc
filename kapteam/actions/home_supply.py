"""Medicine at home: what was sent and arrived, what was counted, what went back.

What was used is not entered: it follows from what was given in sessions at home.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.actions.loading import ketamine_session, practice_zone
from kapteam.actions.saving import already_saved, check_changed, compare_and_swap
from kapteam.clock import day_of
from kapteam.db.access import visible_episode, visible_episodes
from kapteam.db.audit import record
from kapteam.db.tables import Episode, HomeCount, HomeReturn, HomeSupply
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
from kapteam.wording import read_mg


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
class CountEntered:
    """How many lozenges the client showed; `id` is minted by the form."""

    id: str
    episode_id: str
    lozenges: str
    on: date | None
    time: str
    words: str


@dataclass(frozen=True, slots=True)
class ReturnEntered:
    """Lozenges that were returned or destroyed, and why; `id` is minted by the form."""

    id: str
    episode_id: str
    lozenges: str
    on: date | None
    time: str
    reason: str


@dataclass(frozen=True, slots=True)
class AtHomeEntered:
    """Where a client will be for a session at home, who is with them, and whom to call there."""

    ketamine_session_id: str
    version: int
    place: str
    people_present: str
    local_emergency: str


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
    found = db.execute(
        select(HomeSupply, Episode.client_id)
        .join(Episode, Episode.id == HomeSupply.episode_id)
        .where(HomeSupply.id == entered.supply_id, visible_episodes(viewer, now))
        .with_for_update(of=HomeSupply)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such shipment, or you are not on its course of care.")
    supply, client_id = found
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


def count_at_home(db: Session, viewer: Viewer, entered: CountEntered, now: datetime) -> None:
    """Keep what a client showed. Raises NotAllowed, NotFound, Invalid by field."""
    course = visible_episode(db, viewer, entered.episode_id, now)
    check_can_count_at_home(viewer)
    if already_saved(db, HomeCount, entered.id):
        return
    form = Entered()
    lozenges = form.read("lozenges", read_lozenges, entered.lozenges)
    at = _past(db, form, entered.on, entered.time, now)
    words = form.few_words("words", entered.words, "This")
    form.done()
    db.add(
        HomeCount(
            id=entered.id,
            episode_id=course.id,
            lozenges=lozenges,
            counted_at=at,
            words=words,
            counted_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "home_supply:counted",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=entered.id,
        lozenges=lozenges,
        counted_at=at,
    )


def take_back(db: Session, viewer: Viewer, entered: ReturnEntered, now: datetime) -> None:
    """Keep that lozenges were returned or destroyed, also more than should be left.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    course = visible_episode(db, viewer, entered.episode_id, now)
    check_can_count_at_home(viewer)
    if already_saved(db, HomeReturn, entered.id):
        return
    form = Entered()
    lozenges = form.read("lozenges", read_some_lozenges, entered.lozenges)
    at = _past(db, form, entered.on, entered.time, now)
    reason = form.few_words("reason", entered.reason, "The reason", required=True)
    form.done()
    db.add(
        HomeReturn(
            id=entered.id,
            episode_id=course.id,
            lozenges=lozenges,
            returned_at=at,
            reason=reason,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "home_supply:returned",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=entered.id,
        lozenges=lozenges,
        returned_at=at,
    )


def arrange_at_home(db: Session, viewer: Viewer, entered: AtHomeEntered, now: datetime) -> None:
    """Say where the client will be, who is with them, and whom to call there.

    What is not known yet may stay empty: the session is not ready until then. Raises NotAllowed
    (not at home, or over), NotFound, Invalid by field, Unchanged, Conflict.
    """
    check_can_book(viewer)
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    if not session.at_home or not session.status.is_open:
        raise NotAllowed("This is no session at home that is still to come.")
    form = Entered()
    values = {
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
            "ketamine_session:arranged_at_home",
            viewer,
            now,
            client_id=course.client_id,
            subject_id=session.id,
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
