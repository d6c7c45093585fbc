"""People who called: the first call, the free consultation, and becoming a client."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from kapteam.actions.clients import ClientEntered, add_client
from kapteam.actions.practice import lock_practice, the_practice
from kapteam.actions.saving import already_saved, check_changed, compare_and_swap
from kapteam.db.audit import record
from kapteam.db.tables import Inquiry
from kapteam.errors import NotAllowed, NotFound
from kapteam.rules.entered import Entered
from kapteam.rules.permissions import Viewer, check_can_book
from kapteam.vocabulary import InquiryOutcome, ServiceLine, StopQuestion


@dataclass(frozen=True, slots=True)
class InquiryEntered:
    """A first call; `id` is minted by the form."""

    id: str
    name: str
    phone: str
    service_wanted: ServiceLine | None
    concern: str
    called_on: date | None
    called_time: str


@dataclass(frozen=True, slots=True)
class ConsultationEntered:
    """The free consultation and what came of it.

    Of somebody not reached there is none, of somebody who declines there may be none.

    The answers to the stop questions: None is "not asked".
    """

    inquiry_id: str
    version: int
    in_danger: bool | None
    psychosis_or_mania: bool | None
    heart_or_blood_pressure: bool | None
    pregnancy: bool | None
    other_treatment: bool | None
    held_on: date | None
    held_time: str
    outcome: InquiryOutcome | None
    outcome_note: str


@dataclass(frozen=True, slots=True)
class InquiryClientEntered(ClientEntered):
    """The client's form, filled from an inquiry."""

    inquiry_id: str


def record_inquiry(db: Session, viewer: Viewer, entered: InquiryEntered, now: datetime) -> None:
    """Keep a first call. Raises NotAllowed, Invalid by field."""
    lock_practice(db)
    check_can_book(viewer)
    if already_saved(db, Inquiry, entered.id):
        return
    form = Entered()
    name = form.line("name", entered.name, "The name", required=True)
    phone = form.phone("phone", entered.phone, "The phone number")
    concern = form.text("concern", entered.concern, "The concern")
    zone = the_practice(db, now).zone
    called_at = _past_moment(form, "called", entered.called_on, entered.called_time, zone, now)
    form.done()
    db.add(
        Inquiry(
            id=entered.id,
            name=name,
            phone=phone,
            service_wanted=entered.service_wanted,
            concern=concern,
            called_at=called_at,
            created_by_id=viewer.clinician_id,
            created_at=now,
        )
    )
    record(db, "inquiry:recorded", viewer, now, subject_id=entered.id, called_at=called_at)


def settle_inquiry(
    db: Session, viewer: Viewer, entered: ConsultationEntered, now: datetime
) -> None:
    """Keep when the free consultation was and what came of it.

    Raises NotAllowed, NotFound, Invalid by field, Unchanged, Conflict.
    """
    inquiry = _inquiry(db, entered.inquiry_id)
    check_can_book(viewer)
    if inquiry.client_id and entered.outcome is not InquiryOutcome.PROCEED:
        raise NotAllowed("A client was made of this inquiry already. Close their course instead.")
    form = Entered()
    form.need("outcome", entered.outcome is not None, "Choose what came of it.")
    note = form.text("outcome_note", entered.outcome_note, "The note")
    held_at = None
    if _had_consultation(entered):
        zone = the_practice(db, now).zone
        held_at = _past_moment(form, "held", entered.held_on, entered.held_time, zone, now)
        form.need(
            "held_on",
            held_at is None or held_at >= inquiry.called_at,
            "The consultation is before the first call. Check the day.",
        )
    form.done()
    before = (inquiry.held_at, inquiry.outcome)
    values = {
        **{one.value: getattr(entered, one.value) for one in StopQuestion},
        "held_at": held_at,
        "outcome": entered.outcome,
        "outcome_note": note,
    }
    check_changed(inquiry, entered.version, values)
    if compare_and_swap(db, inquiry, entered.version, values):
        record(
            db,
            "inquiry:settled",
            viewer,
            now,
            client_id=inquiry.client_id,
            subject_id=inquiry.id,
            held_at=(before[0], held_at),
            outcome=(before[1], entered.outcome),
        )


def _had_consultation(entered: ConsultationEntered) -> bool:
    """Nobody not reached had one; who declines may have done so on the first call already."""
    if entered.outcome is InquiryOutcome.DECLINED:
        return entered.held_on is not None or bool(entered.held_time.strip())
    return entered.outcome is not InquiryOutcome.NO_CONTACT


def become_client(db: Session, viewer: Viewer, entered: InquiryClientEntered, now: datetime) -> str:
    """Make a client of an inquiry, in one go; returns the client's code.

    Raises NotAllowed (also when a client was made of it already), NotFound, Invalid by field.
    """
    inquiry = _inquiry(db, entered.inquiry_id)
    check_can_book(viewer)
    if inquiry.client_id not in {None, entered.id}:
        raise NotAllowed("A client was made of this inquiry already.")
    outcome = inquiry.outcome
    client = add_client(
        db, viewer, entered, now, inquiry_id=inquiry.id, outcome=(outcome, InquiryOutcome.PROCEED)
    )
    if inquiry.client_id is None:
        values = {"client_id": client.id, "outcome": InquiryOutcome.PROCEED}
        compare_and_swap(db, inquiry, inquiry.version, values)
    return client.code


def _inquiry(db: Session, inquiry_id: str) -> Inquiry:
    inquiry = db.get(Inquiry, inquiry_id, with_for_update=True)
    if inquiry is None:
        raise NotFound("There is no such inquiry.")
    return inquiry


def _past_moment(
    form: Entered, name: str, on: date | None, typed: str, zone: ZoneInfo, now: datetime
) -> datetime | None:
    at = form.moment(f"{name}_time", on, typed, zone, day_field=f"{name}_on")
    if at is None or at <= now:
        return at
    ahead = on is not None and on > now.astimezone(zone).date()
    form.refuse(f"{name}_on" if ahead else f"{name}_time", "This is in the future.")
    return None
