"""When a client was looked up in the prescription database (in Arizona the CSPMP)."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from kapteam.actions.entered_in_error import VoidRowEntered, void_of_client
from kapteam.actions.loading import practice_zone
from kapteam.actions.saving import already_saved
from kapteam.clock import day_of
from kapteam.db.access import visible_episode
from kapteam.db.audit import record
from kapteam.db.tables import PrescriptionLookup
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_record_lookup


@dataclass(frozen=True, slots=True)
class LookupEntered:
    """On which day the client of a course was looked up; `id` is minted by the form."""

    id: str
    episode_id: str
    looked_up_on: date | None


def record_lookup(db: Session, viewer: Viewer, entered: LookupEntered, now: datetime) -> None:
    """Keep on which day a client was looked up.

    Raises NotAllowed, NotFound, Invalid (`looked_up_on`).
    """
    check_can_record_lookup(viewer)
    course = visible_episode(db, viewer, entered.episode_id, now)
    if already_saved(db, PrescriptionLookup, entered.id):
        return
    form = Entered()
    on = form.past_day("looked_up_on", entered.looked_up_on, day_of(now, practice_zone(db, now)))
    form.done()
    db.add(
        PrescriptionLookup(
            id=entered.id,
            client_id=course.client_id,
            looked_up_on=on,
            recorded_by_id=viewer.clinician_id,
            recorded_at=now,
        )
    )
    record(
        db,
        "lookup:recorded",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=entered.id,
        looked_up_on=on,
    )


def void_lookup(db: Session, viewer: Viewer, entered: VoidRowEntered, now: datetime) -> None:
    """Mark a look-up as entered in error; it stays readable (rule 66).

    Raises NotAllowed, NotFound, Invalid (`void_reason`).
    """
    check_can_record_lookup(viewer)
    row = void_of_client(db, viewer, PrescriptionLookup, entered, now)
    if row is not None:
        record(
            db,
            "lookup:voided",
            viewer,
            now,
            client_id=row.client_id,
            subject_id=row.id,
            looked_up_on=row.looked_up_on,
        )
