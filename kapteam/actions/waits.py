"""Waits on someone outside: begun, called back on another day or by somebody else, ended."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.loading import may_know, practice_zone
from kapteam.actions.saving import already_saved, check_changed, compare_and_swap
from kapteam.clock import day_of
from kapteam.db.access import visible_episode, visible_episodes
from kapteam.db.audit import record
from kapteam.db.tables import Client, Episode, OutsideWait
from kapteam.errors import NotAllowed, NotFound
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_book
from kapteam.rules.waits import is_over_already
from kapteam.vocabulary import EpisodeState, OutsideParty, WaitOutcome

MOST_VISITS = 500


@dataclass(frozen=True, slots=True)
class WaitEntered:
    """Whom a course waits on from now on; `id` is minted by the form."""

    id: str
    episode_id: str
    kind: OutsideParty | None
    who: str
    since_on: date | None
    call_back_on: date | None
    caller_id: str | None
    words: str


@dataclass(frozen=True, slots=True)
class WaitChangedEntered:
    """Another day to call back, another colleague who calls, other words."""

    wait_id: str
    version: int
    who: str
    call_back_on: date | None
    caller_id: str | None
    words: str


@dataclass(frozen=True, slots=True)
class WaitEndedEntered:
    """How a wait ended; `visits` and the days are those that an insurer authorized.

    `is_over_already` says that these days are past, and that this is right.
    """

    wait_id: str
    version: int
    outcome: WaitOutcome | None
    ended_on: date | None
    visits: int | None
    valid_from_on: date | None
    valid_until_on: date | None
    is_over_already: bool | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class WaitReopenedEntered:
    """A wait of which it was entered in error how it ended, drawn at `version`."""

    wait_id: str
    version: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a form about a wait cannot change, and the day on which somebody was to call back."""

    kind: OutsideParty
    episode_id: str
    call_back_on: date | None = None


def begin_wait(db: Session, viewer: Viewer, entered: WaitEntered, now: datetime) -> str:
    """Say that a course waits on someone outside; returns the client's code.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    episode = visible_episode(db, viewer, entered.episode_id, now)
    check_can_book(viewer)
    code = db.get_one(Client, episode.client_id).code
    if already_saved(db, OutsideWait, entered.id):
        return code
    if episode.state is EpisodeState.CLOSED:
        raise NotAllowed("This course of care is closed. Open one first.")
    today = day_of(now, practice_zone(db, now))
    form = Entered()
    form.need("kind", entered.kind is not None, "Choose whom it waits on.")
    kind = entered.kind or OutsideParty.OTHER
    since_on = entered.since_on or today
    form.need("since_on", entered.since_on is not None, "Choose the day.")
    form.need("since_on", since_on <= today, "This day is in the future. Choose today or before.")
    values = _call_back(db, form, entered, _Kept(kind, episode.id), today, now)
    form.done()
    db.add(
        OutsideWait(
            id=entered.id,
            episode_id=episode.id,
            kind=kind,
            since_on=since_on,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
            **values,
        )
    )
    record(
        db,
        "wait:begun",
        viewer,
        now,
        client_id=episode.client_id,
        subject_id=entered.id,
        kind=kind,
        since_on=since_on,
        call_back_on=values["call_back_on"],
        caller_id=values["caller_id"],
    )
    return code


def change_wait(db: Session, viewer: Viewer, entered: WaitChangedEntered, now: datetime) -> str:
    """Call back on another day, by somebody else, in other words; returns the client's code.

    Raises NotAllowed (also once it ended), NotFound, Invalid by field, Unchanged, Conflict.
    """
    wait, client = _wait(db, viewer, entered.wait_id, now)
    check_can_book(viewer)
    if wait.outcome is not None:
        raise NotAllowed("This wait is over. Begin another one.")
    today = day_of(now, practice_zone(db, now))
    form = Entered()
    values = _call_back(
        db, form, entered, _Kept(wait.kind, wait.episode_id, wait.call_back_on), today, now
    )
    form.done()
    before = wait.call_back_on, wait.caller_id
    check_changed(wait, entered.version, values)
    if compare_and_swap(db, wait, entered.version, values):
        record(
            db,
            "wait:changed",
            viewer,
            now,
            client_id=client.id,
            subject_id=wait.id,
            call_back_on=(before[0], wait.call_back_on),
            caller_id=(before[1], wait.caller_id),
        )
    return client.code


def end_wait(db: Session, viewer: Viewer, entered: WaitEndedEntered, now: datetime) -> str:
    """Say how a wait ended; of an insurer's yes also how much it is. Returns the client's code.

    Raises NotAllowed, NotFound, Invalid by field, Conflict.
    """
    wait, client = _wait(db, viewer, entered.wait_id, now)
    check_can_book(viewer)
    zone = practice_zone(db, now)
    today = day_of(now, zone)
    form = Entered()
    form.need("outcome", entered.outcome is not None, "Choose how it ended.")
    ended_on = entered.ended_on or today
    form.need("ended_on", entered.ended_on is not None, "Choose the day.")
    form.need("ended_on", ended_on <= today, "This day is in the future. Choose today or before.")
    since = wording.day(wait.since_on, today)
    form.need(
        "ended_on", ended_on >= wait.since_on, f"It began on {since}. Choose that day or a later."
    )
    values: dict[str, object] = {"outcome": entered.outcome, "ended_on": ended_on}
    is_authorized = entered.outcome is WaitOutcome.ARRIVED and wait.kind is OutsideParty.INSURER
    if is_authorized:
        from_on, until_on = _authorized(form, entered, today)
        values |= {
            "visits": entered.visits,
            "valid_from_at": wording.at_local(from_on, time(), zone),
            "valid_until_at": wording.at_local(until_on + timedelta(days=1), time(), zone),
        }
    form.done()
    if wait.outcome is not None and wait.version == entered.version:
        raise NotAllowed("How this ended is recorded already.")
    if compare_and_swap(db, wait, entered.version, values):
        told = {"visits": entered.visits, "valid_until_on": entered.valid_until_on}
        record(
            db,
            "wait:ended",
            viewer,
            now,
            client_id=client.id,
            subject_id=wait.id,
            outcome=entered.outcome,
            ended_on=ended_on,
            **(told if is_authorized else {}),
        )
    return client.code


def reopen_wait(db: Session, viewer: Viewer, entered: WaitReopenedEntered, now: datetime) -> str:
    """Take back how a wait ended: it was entered in error, and it is open again.

    Returns the client's code; of an open one there is nothing to take back. Raises NotAllowed (also
    on a closed course), NotFound, Conflict.
    """
    wait, client = _wait(db, viewer, entered.wait_id, now)
    check_can_book(viewer)
    if wait.outcome is None:
        return client.code
    if db.get_one(Episode, wait.episode_id).state is EpisodeState.CLOSED:
        raise NotAllowed("This course of care is closed. It waits on nobody.")
    before = wait.outcome, wait.ended_on, wait.visits
    values = dict.fromkeys(
        ("outcome", "ended_on", "visits", "valid_from_at", "valid_until_at"), None
    )
    if compare_and_swap(db, wait, entered.version, values):
        record(
            db,
            "wait:reopened",
            viewer,
            now,
            client_id=client.id,
            subject_id=wait.id,
            outcome=(before[0], None),
            ended_on=(before[1], None),
            visits=(before[2], None),
        )
    return client.code


def _wait(db: Session, viewer: Viewer, wait_id: str, now: datetime) -> tuple[OutsideWait, Client]:
    row = db.execute(
        select(OutsideWait, Client)
        .join(Episode, Episode.id == OutsideWait.episode_id)
        .join(Client, Client.id == Episode.client_id)
        .where(OutsideWait.id == wait_id, visible_episodes(viewer, now))
        .with_for_update(of=OutsideWait)
    ).one_or_none()
    if row is None:
        raise NotFound("Nobody outside is waited on here, or you are not on the course of care.")
    wait, client = row
    return wait, client


def _call_back(
    db: Session,
    form: Entered,
    entered: WaitEntered | WaitChangedEntered,
    of: _Kept,
    today: date,
    now: datetime,
) -> dict[str, object]:
    """Who it is, when to call them back and by whom, checked; the day that is kept may stay."""
    if of.kind is OutsideParty.OTHER:
        form.need("who", bool(entered.who.strip()), "Say who it is.")
    on = entered.call_back_on
    form.need(
        "call_back_on",
        on is None or on >= today or on == of.call_back_on,
        "This day is past. Choose today or a later one.",
    )
    form.need(
        "caller_id",
        may_know(db, entered.caller_id or "", now, Episode.id == of.episode_id),
        "Choose who calls: somebody on this course, or the front desk.",
    )
    return {
        "who": form.line("who", entered.who, "The name"),
        "call_back_on": on,
        "caller_id": entered.caller_id or "",
        "words": form.text("words", entered.words, "This"),
    }


def _authorized(form: Entered, entered: WaitEndedEntered, today: date) -> tuple[date, date]:
    """From when until when an insurer authorized visits, and that there is at least one."""
    form.need(
        "visits",
        entered.visits is not None and 1 <= entered.visits <= MOST_VISITS,
        f"Enter how many visits are authorized: 1 to {MOST_VISITS}.",
    )
    from_on, until_on = entered.valid_from_on, entered.valid_until_on
    form.need("valid_from_on", from_on is not None, "Choose the first day.")
    form.need("valid_until_on", until_on is not None, "Choose the last day.")
    if from_on and until_on:
        form.need(
            "valid_until_on", until_on >= from_on, "This is before the first day. Choose a later."
        )
    form.need(
        "is_over_already",
        bool(entered.is_over_already) or not is_over_already(from_on, until_on, today),
        "This is over already. Tick if that is right.",
    )
    return from_on or today, until_on or today
