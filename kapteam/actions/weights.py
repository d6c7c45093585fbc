"""What a client weighs: recorded with its day, or marked as entered in error."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.loading import practice_zone
from kapteam.actions.saving import already_saved
from kapteam.clock import day_of
from kapteam.db.access import visible_client, visible_clients
from kapteam.db.audit import record
from kapteam.db.tables import Client, Weight
from kapteam.errors import NotFound
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_record_session
from kapteam.rules.weights import check_weight, differs


@dataclass(frozen=True, slots=True)
class WeightEntered:
    """A weight as typed, with its unit; `id` is minted by the form.

    `is_sure` says that one far from the last was looked at again.
    """

    id: str
    client_id: str
    weight: str
    measured_on: date | None
    is_sure: bool


def record_weight(db: Session, viewer: Viewer, entered: WeightEntered, now: datetime) -> None:
    """Keep what a client weighed on a day.

    Raises NotAllowed, NotFound, Invalid by field (no weight, no unit, far from the last one).
    """
    check_can_record_session(viewer)
    client = visible_client(db, viewer, entered.client_id, now)
    if already_saved(db, Weight, entered.id):
        return
    today = day_of(now, practice_zone(db, now))
    form = Entered()
    grams = form.read("weight", wording.read_weight, entered.weight)
    on = form.past_day("measured_on", entered.measured_on, today)
    if grams is not None:
        problem = check_weight(grams)
        form.need("weight", problem is None, problem or "")
        last = newest_weight(db, client.id)
        if last is not None and problem is None and differs(grams, last.grams):
            form.need("is_sure", entered.is_sure, far_from(last.grams, last.measured_on, today))
    form.done()
    db.add(
        Weight(
            id=entered.id,
            client_id=client.id,
            grams=grams,
            measured_on=on,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "weight:recorded",
        viewer,
        now,
        client_id=client.id,
        subject_id=entered.id,
        grams=grams,
        measured_on=on,
    )


def far_from(grams: int, measured_on: date, today: date) -> str:
    """What is asked when a weight is far from the last one."""
    last = f"{wording.weight(grams)} on {wording.day(measured_on, today)}"
    return f"The last one was {last}. Check it, and tick this if it is right."


def void_weight(db: Session, viewer: Viewer, weight_id: str, now: datetime) -> None:
    """Mark a weight as entered in error; it stays and counts no more (rule 66).

    A second press changes nothing. Raises NotAllowed, NotFound.
    """
    check_can_record_session(viewer)
    weight = db.scalar(
        select(Weight)
        .join(Client, Client.id == Weight.client_id)
        .where(Weight.id == weight_id, visible_clients(viewer, now))
        .with_for_update(of=Weight)
    )
    if weight is None:
        raise NotFound("There is no such weight, or you do not treat this client.")
    if weight.voided_at is not None:
        return
    weight.voided_at, weight.voided_by_id = now, viewer.clinician_id
    record(
        db,
        "weight:voided",
        viewer,
        now,
        client_id=weight.client_id,
        subject_id=weight.id,
        grams=weight.grams,
        measured_on=weight.measured_on,
    )


def newest_weight(db: Session, client_id: str, by: date | None = None) -> Weight | None:
    """What the client weighed last, or had by some day, of what was not entered in error."""
    return db.scalar(
        select(Weight)
        .where(
            Weight.client_id == client_id,
            Weight.voided_at.is_(None),
            Weight.measured_on <= (by or date.max),
        )
        .order_by(Weight.measured_on.desc(), Weight.recorded_at.desc(), Weight.id.desc())
        .limit(1)
    )
