"""Medicines other than ketamine at a session: recorded, or marked as entered in error.

They touch nothing of the session itself, neither its clock nor what was given of ketamine.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from kapteam import wording
from kapteam.actions.entered_in_error import VoidRowEntered, void_row
from kapteam.actions.loading import administrations, ketamine_session, practice_zone
from kapteam.actions.saving import already_saved
from kapteam.actions.session_record import changed_since
from kapteam.db.audit import record
from kapteam.db.tables import OtherMedicine
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_record_session, only_witnesses
from kapteam.rules.recording import not_of_visit, not_possible
from kapteam.vocabulary import MedicineRoute, RecordPart


@dataclass(frozen=True, slots=True)
class OtherMedicineEntered:
    """One medicine that was given, its dose with the unit as typed; `id` is minted by the form."""

    id: str
    ketamine_session_id: str
    name: str
    dose: str
    route: MedicineRoute | None
    given_on: date | None
    given_time: str
    reason: str = ""


def record_other_medicine(
    db: Session, viewer: Viewer, entered: OtherMedicineEntered, now: datetime
) -> None:
    """Keep what else was given at a session, whatever became of the session.

    Raises NotAllowed, NotFound, Invalid by field.
    """
    check_can_record_session(viewer)
    session, course = ketamine_session(db, viewer, entered.ketamine_session_id, now)
    if already_saved(db, OtherMedicine, entered.id):
        return
    form = Entered()
    name = form.line("name", entered.name, "The medicine", required=True)
    dose = form.read("dose", wording.read_dose_of_other, entered.dose)
    form.need("route", entered.route is not None, "Choose how it was given.")
    at = form.moment(
        "given_time",
        entered.given_on,
        entered.given_time,
        practice_zone(db, now),
        day_field="given_on",
    )
    if at is not None:
        doses = administrations(db, session.id)
        began_at = doses[0].started_at if doses else session.planned_at
        problem = not_possible(at, now) or not_of_visit(at, began_at)
        form.need("given_time", problem is None, problem or "")
    reason = form.line("reason", entered.reason, "What it was for")
    form.done()
    again = changed_since(db, session, RecordPart.MEDICAL, now)
    db.add(
        OtherMedicine(
            id=entered.id,
            ketamine_session_id=session.id,
            name=name,
            dose=dose,
            route=entered.route,
            given_at=at,
            reason=reason,
            given_by_id=viewer.clinician_id,
            is_witnessed=only_witnesses(viewer),
            recorded_at=now,
        )
    )
    record(
        db,
        "other_medicine:recorded",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=entered.id,
        dose=dose,
        route=entered.route,
        given_at=at,
        **again,
    )


def void_other_medicine(
    db: Session, viewer: Viewer, entered: VoidRowEntered, now: datetime
) -> None:
    """Mark a medicine as entered in error; it stays readable (rule 66).

    Raises NotAllowed, NotFound, Invalid (`void_reason`).
    """
    voided = void_row(db, viewer, OtherMedicine, entered, now)
    if voided is None:
        return
    row, session, course = voided
    record(
        db,
        "other_medicine:voided",
        viewer,
        now,
        client_id=course.client_id,
        subject_id=row.id,
        dose=row.dose,
        route=row.route,
        given_at=row.given_at,
        **changed_since(db, session, RecordPart.MEDICAL, now),
    )
