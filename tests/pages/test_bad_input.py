"""Bad input on every form: a sentence beside its field, nothing saved, nothing typed lost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from kapteam.db.tables import Administration, Client, Hold, Inquiry, KetamineSession
from kapteam.rules.monitoring_form import CURRENT
from kapteam.rules.permissions import Viewer
from kapteam.ui.score_entry import EnteredAs
from kapteam.vocabulary import (
    ClearanceDecision,
    CloseReason,
    CommitmentState,
    ConcernKind,
    ConcernLevel,
    ConsentType,
    EpisodeState,
    EventSeverity,
    FinalScores,
    Function,
    HoldReason,
    Indication,
    InquiryOutcome,
    IntegrationCloseReason,
    MedicineRoute,
    OutsideParty,
    ProductRoute,
    ServiceLine,
    SubmittedHow,
    TouchBegan,
    TrialKind,
    WaitOutcome,
)
from tests.factories import (
    NOW,
    TODAY,
    a_clinician,
    a_concern,
    a_consent,
    a_course,
    a_wait,
    an_inquiry,
    an_integration_course,
    an_outside_experience,
    audit_events,
)
from tests.factories_care import (
    Care,
    a_booked_pair,
    a_given_session,
    a_ketamine_session,
    a_score,
    a_series,
    a_signed_integration,
    a_signed_intention,
    a_spravato_session,
    a_submission,
    a_vital,
    an_administration,
    an_answered_ask,
    an_ask,
    an_event,
    an_integration_session,
    an_overdue_integration,
    another_medicine,
)
from tests.pages.filling import LOOK, beside, fill, press, typed
from tests.pages.tabs import back, opened, said

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOMORROW, YESTERDAY = TODAY + DAY, TODAY - DAY
LONG = "x" * 200
NOT_A_DOSE = [
    ("0", "A dose is more than 0 mg."),
    ("-5", "A dose is more than 0 mg."),
    ("NaN", "Enter the dose as a number of mg"),
    ("seventy", "Enter the dose as a number of mg"),
    ("70 ml", "Enter the dose as a number of mg"),
    ("0.0001", "at most three decimals"),
    ("20000", "more mg than anybody is given"),
]
NOT_A_DOSE_OF_ANOTHER = [
    ("", "Enter the dose with its unit"),
    ("4", "Enter a number and its unit"),
    ("NaN mg", "Enter a number and its unit"),
    ("four mg", "Enter a number and its unit"),
    ("4 cc", "Enter a number and its unit"),
    ("-4 mg", "A dose is more than 0."),
    ("0 mg", "A dose is more than 0."),
]
NOT_A_TIME = [
    ("", "Enter the time"),
    ("noon", "Enter the time like"),
    ("25:00", "There is no such time"),
    ("2:75 pm", "There is no such time"),
    ("2:30", "Say am or pm"),
]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form: where it is, how it is filled well, and what one Save of it leaves in the audit."""

    page: str
    form: str
    button: str
    good: dict[str, Any]
    tag: str
    query: Callable[[Care], dict[str, str]] = lambda care: {}
    by: Callable[[Care], Viewer] = lambda care: care.prescriber


def _course(care: Care) -> dict[str, str]:
    return {"id": care.course.id}


def _of_course(care: Care) -> dict[str, str]:
    return {"episode": care.course.id}


def _to_clear(care: Care) -> dict[str, str]:
    """A course without a clearance from which a new one would start."""
    with care.database.writing() as db:
        course = a_course(
            db, care.client, prescriber=care.prescriber, state=EpisodeState.PREPARATION
        )
    return {"episode": course.id}


def _of_client(care: Care) -> dict[str, str]:
    return {"client": care.client.code}


def _an_inquiry(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        return {"id": an_inquiry(db, care.therapist).id}


def _a_concern(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        return {"id": a_concern(db, care.client, care.therapist).id}


def _a_question(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        return {"id": an_ask(db, care.course, care.therapist, care.prescriber).id}


def _an_answer(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        return {"id": an_answered_ask(db, care.course, care.prescriber, care.therapist).id}


def _a_wait(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        return {"id": a_wait(db, care.course, care.therapist, who="").id}


def _a_hold(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        course = a_course(
            db,
            care.client,
            prescriber=care.prescriber,
            therapist=care.therapist,
            hold=HoldReason.TRAVEL,
        )
    return {"id": course.id}


def _a_dose_ahead(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        return {"id": a_booked_pair(db, care.course, therapist=care.therapist)[0].id}


def _a_dose_not_ordered(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        return {"id": a_ketamine_session(db, care.course, ordered_ug=None).id}


def _a_dose_without_a_number(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        a_series(db, care.course, ordered_count=None)
    return _a_dose_ahead(care)


def _a_series_to_plan(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        a_series(db, care.course, ordered_count=2)
        a_given_session(db, care.course, given_at=NOW - 7 * DAY)
    return _of_course(care)


def _a_series_to_review(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        a_series(db, care.course, review_before=2)
        a_given_session(db, care.course, given_at=NOW - 7 * DAY)
    return _course(care)


def _a_dose_on_somebody_s_word(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW - 3 * HOUR)
        an_administration(db, dose, started_at=NOW - 3 * HOUR, told_by=care.prescriber)
    return {"id": dose.id}


def _one_consent(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        course = a_course(db, care.client, prescriber=care.prescriber)
        a_consent(db, course, ConsentType.TOUCH, care.prescriber.clinician_id)
    return {"episode": course.id}


def _a_dose_an_hour_ago(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        return {"id": a_ketamine_session(db, care.course, planned_at=NOW - HOUR).id}


def _an_infusion_an_hour_ago(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.INTRAVENOUS)
        dose = a_ketamine_session(db, care.course, planned_at=NOW - HOUR, series=series)
    return {"id": dose.id}


def _a_given_dose(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        return {"id": a_given_session(db, care.course, given_at=NOW - 3 * HOUR).id}


def _one_reading(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW - HOUR)
        a_vital(db, dose, taken_at=NOW)
    return {"id": dose.id}


def _a_red_pressure(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        a_vital(db, dose, taken_at=NOW - 2 * HOUR, systolic=182)
    return {"client": care.client.code}


def _a_critical_answer(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        a_score(db, care.course, care.therapist, answers=(0,) * 8 + (1,))
    return {"client": care.client.code}


def _one_event(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW - HOUR)
        an_event(db, dose, onset_at=NOW)
    return {"id": dose.id}


def _another_medicine(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        another_medicine(db, dose, given_at=NOW - 2 * HOUR)
    return {"id": dose.id}


def _one_score(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        a_score(db, care.course, care.nurse, total=9)
    return _of_client(care)


def _a_course_to_review(care: Care) -> dict[str, str]:
    """With a dose of which nobody knew the ride home."""
    _a_given_dose(care)
    return _course(care)


def _a_dose_after_an_unsigned_integration(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 3 * DAY)
    return _a_dose_in_an_hour(care)


def _a_dose_in_an_hour(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        return {"id": a_ketamine_session(db, care.course, planned_at=NOW + HOUR).id}


def _some_devices(care: Care) -> dict[str, str]:
    """Two devices of Spravato with their lots and one without, of this morning."""
    last_at = NOW - 4 * HOUR
    with care.database.writing() as db:
        dose = a_spravato_session(
            db, care.course, last_at=last_at, lot="L1", out_at=last_at + 3 * HOUR
        )
        db.query(Administration).filter_by(
            ketamine_session_id=dose.id, started_at=last_at
        ).one().lot = ""
    return {"id": dose.id}


def _a_form_sent(care: Care) -> dict[str, str]:
    of_session = _some_devices(care)
    with care.database.writing() as db:
        a_submission(db, db.get_one(KetamineSession, of_session["id"]))
    return of_session


def _spravato_an_hour_ago(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.ESKETAMINE_NASAL)
        dose = a_ketamine_session(
            db, care.course, planned_at=NOW - HOUR, series=series, ordered_ug=84_000
        )
    return {"id": dose.id}


def _a_debt(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        return {"dose": an_overdue_integration(db, care.course, hours=20).id}


def _a_booked_integration(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        row = an_integration_session(
            db, care.course, given, therapist=care.therapist, planned_at=NOW + 2 * HOUR
        )
    return {"id": row.id}


def _a_held_integration(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        row = an_integration_session(
            db, care.course, given, therapist=care.therapist, held_at=NOW - HOUR
        )
    return {"id": row.id}


def _a_colleague(care: Care) -> dict[str, str]:
    return {"colleague": care.nurse.clinician_id}


def _an_experience(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        course = an_integration_course(db, care.client, care.therapist)
        an_outside_experience(db, course)
    return {"episode": course.id}


def _its_course(care: Care) -> dict[str, str]:
    return {"id": _an_experience(care)["episode"]}


def _a_signed_note(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        return {"id": a_signed_intention(db, dose, care.therapist).id}


def _a_signed_note_to_file(care: Care) -> dict[str, str]:
    return {"note": _a_signed_note(care)["id"]}


def _a_committed_action(care: Care) -> dict[str, str]:
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 2 * DAY)
        a_signed_integration(db, dose, care.therapist, actions="Walk to the river by Sunday.")
    return {"episode": care.course.id}


def _therapist(care: Care) -> Viewer:
    return care.therapist


def _administrator(care: Care) -> Viewer:
    with care.database.writing() as db:
        return a_clinician(db, Function.PRESCRIBER, name="Ada Adams", is_administrator=True)


_A_DOSE = {"administrations.0.mg": "70", "administrations.0.started_time": "1:40 pm"}
_A_SLOT = {"integration_on": TODAY + 2 * DAY, "integration_time": "9:00 am"}
_A_BOOKING = {
    "product_route": ProductRoute.INTRAMUSCULAR,
    "planned_on": TOMORROW,
    "planned_time": "10:00 am",
    "place": "Room 2",
    "mg": "70",
    "may_add": "20",
    **_A_SLOT,
}

SHEETS = {
    "inquiry": Sheet(
        "inquiry",
        "inquiry",
        "Save inquiry",
        {"name": "Juniper Fable", "phone": "602-555-0100", "concern": "Wants to know more."},
        "inquiry:recorded",
    ),
    "consultation": Sheet(
        "inquiry",
        "consultation",
        "Save outcome",
        {
            "held_on": YESTERDAY,
            "held_time": "9:00 am",
            "outcome": InquiryOutcome.PROCEED,
            "outcome_note": "Asks for mornings.",
        },
        "inquiry:settled",
        _an_inquiry,
    ),
    "client of an inquiry": Sheet(
        "inquiry", "becomes", "Save client", {"pronouns": "she/her"}, "client:created", _an_inquiry
    ),
    "client": Sheet(
        "client_edit",
        "client",
        "Save client",
        {"given_name": "Juniper", "family_name": "Fable", "voicemail_ok": "True"},
        "client:created",
    ),
    "details": Sheet(
        "client_edit",
        "client",
        "Save",
        {"pronouns": "she/her", "voicemail_ok": "False"},
        "client:changed",
        _of_client,
    ),
    "pinned line": Sheet(
        "client", "pin", "Pin", {"pinned_line": "Prefers mornings"}, "client:pinned", _of_client
    ),
    "course": Sheet(
        "episode",
        "episode",
        "Open the course",
        {
            "service_line": ServiceLine.KAP,
            f"indications.{Indication.DEPRESSION.value}": True,
            "therapist_elsewhere": "Wren Faraway",
        },
        "episode:opened",
        _of_client,
    ),
    "experience": Sheet(
        "episode",
        "episode",
        "Open the course",
        {
            "service_line": ServiceLine.PSYCHEDELIC_INTEGRATION,
            "substance": "psilocybin",
            "happened": "summer 2025",
        },
        "episode:opened",
        _of_client,
        _therapist,
    ),
    "move": Sheet(
        "episode", "move", "Move", {"to": EpisodeState.SERIES_REVIEW}, "episode:moved", _course
    ),
    "hold": Sheet(
        "episode",
        "hold",
        "Hold",
        {"reason": HoldReason.TRAVEL, "look_again_on": TOMORROW, "note": "Back in December."},
        "episode:held",
        _course,
    ),
    "wait": Sheet(
        "wait",
        "wait",
        "Save",
        {
            "kind": OutsideParty.OTHER,
            "who": "Dr. Vail",
            "call_back_on": TOMORROW,
            "words": "Asked for the last blood count.",
        },
        "wait:begun",
        _of_course,
    ),
    "wait changed": Sheet(
        "wait",
        "wait.change",
        "Save the change",
        {"call_back_on": TOMORROW, "words": "Called, no answer."},
        "wait:changed",
        _a_wait,
    ),
    "wait ended": Sheet(
        "wait",
        "wait.end",
        "Save",
        {
            "outcome": WaitOutcome.ARRIVED,
            "visits": 6,
            "valid_from_on": TODAY,
            "valid_until_on": TOMORROW,
        },
        "wait:ended",
        _a_wait,
    ),
    "release": Sheet(
        "episode",
        "release",
        "Release the hold",
        {"release_note": "Back again."},
        "episode:released",
        _a_hold,
    ),
    "member": Sheet(
        "episode",
        "member.therapist",
        "Change therapist",
        {"clinician_elsewhere": "Wren Faraway"},
        "episode:member_changed",
        _course,
    ),
    "closing": Sheet(
        "episode",
        "close",
        "Close the course",
        {
            "close_reason": CloseReason.GOALS_MET,
            "close_note": "Well.",
            "final_scores": FinalScores.OBTAINED,
        },
        "episode:closed",
        _course,
    ),
    "clearance": Sheet(
        "clearance",
        "clearance",
        "Save clearance",
        {
            "decision": ClearanceDecision.CLEARED,
            f"routes.{ProductRoute.ORAL.value}": True,
            "ceiling": "100",
            "valid_until_on": TODAY + 90 * DAY,
        },
        "clearance:recorded",
        _to_clear,
    ),
    "clearance in depth": Sheet(
        "clearance",
        "clearance",
        "Save clearance",
        {
            "decision": ClearanceDecision.CLEARED,
            f"routes.{ProductRoute.ORAL.value}": True,
            "ceiling": "1.5 mg/kg",
            "valid_until_on": TODAY + 90 * DAY,
            "primary_diagnosis": "Major depressive disorder",
            "other_diagnoses": "Insomnia",
            "trials.0.kind": TrialKind.MEDICINE,
            "trials.0.name": "sertraline",
            "trials.0.dose": "200 mg a day",
            "trials.0.weeks": "0",
            "findings.aneurysm.is_present": "True",
            "findings.aneurysm.note": "Clipped in 2019.",
            "despite_reason": "Her neurologist agrees.",
        },
        "clearance:recorded",
        _to_clear,
    ),
    "consent": Sheet(
        "consent",
        "consent",
        "Save consent",
        {"type": ConsentType.TOUCH, "form_version": "2026-02"},
        "consent:recorded",
        _of_course,
    ),
    "revocation": Sheet(
        "consent", "revoke", "Revoke from today", {}, "consent:revoked", _one_consent
    ),
    "experience corrected": Sheet(
        "episode",
        "experience",
        "Save the correction",
        {"substance": "ayahuasca", "void_reason": "Misheard"},
        "experience:corrected",
        _its_course,
        _therapist,
    ),
    "consent in error": Sheet(
        "consent",
        "void",
        "Mark as entered in error",
        {"void_reason": "Another client's."},
        "consent:voided",
        _one_consent,
    ),
    "booking": Sheet(
        "booking", "booking", "Book", _A_BOOKING, "ketamine_session:booked", _of_course
    ),
    "plan": Sheet(
        "series_plan",
        "plan",
        "Book what is ticked",
        {"rows.0.planned_time": "11:00 am"},
        "ketamine_session:booked",
        _a_series_to_plan,
        _therapist,
    ),
    "review": Sheet(
        "episode",
        "review",
        "The series was reviewed",
        {"words": "Goes on, the same dose."},
        "series:reviewed",
        _a_series_to_review,
    ),
    "order": Sheet(
        "ketamine_session",
        "dose",
        "Order",
        {"mg": "80", "may_add": "20", "may_add_from": "10", "may_add_to": "20"},
        "dose:ordered",
        _a_dose_ahead,
    ),
    "proposal": Sheet(
        "ketamine_session",
        "dose",
        "Propose",
        {"mg": "70"},
        "dose:proposed",
        _a_dose_not_ordered,
        _therapist,
    ),
    "ordered count": Sheet(
        "ketamine_session",
        "series",
        "Change the number ordered",
        {"ordered_count": 8},
        "series:changed",
        _a_dose_ahead,
    ),
    "number ordered": Sheet(
        "ketamine_session",
        "series",
        "Order the number",
        {"ordered_count": 8},
        "series:ordered",
        _a_dose_without_a_number,
    ),
    "record": Sheet(
        "ketamine_session",
        "record",
        "Save record",
        {**_A_DOSE, "arrived_time": "1:30 pm"},
        "ketamine_session:recorded",
        _a_dose_an_hour_ago,
    ),
    "infusion": Sheet(
        "ketamine_session",
        "record",
        "Save record",
        {**_A_DOSE, "administrations.0.ended_time": "2:20 pm"},
        "ketamine_session:recorded",
        _an_infusion_an_hour_ago,
    ),
    "closed": Sheet(
        "ketamine_session",
        "record",
        "Save record",
        {
            **_A_DOSE,
            "administrations.0.started_time": "1:20 pm",
            "discharged_time": "2:25 pm",
            "close": True,
            "no_integration_reason": "Asked to wait.",
        },
        "ketamine_session:closed",
        _a_dose_an_hour_ago,
    ),
    "about": Sheet(
        "episode",
        "about",
        "Save what it is for",
        {"indications.ptsd": True},
        "episode:changed",
        _course,
    ),
    "unbooked": Sheet(
        "episode",
        "unbooked",
        "Go on to its record",
        {"product_route": ProductRoute.SUBLINGUAL, "planned_time": "6:00 am"},
        "ketamine_session:unbooked",
        _course,
    ),
    "moved": Sheet(
        "ketamine_session",
        "move",
        "Move both",
        {"planned_on": TODAY + 2 * DAY, "planned_time": "10:00 am", "ride_comes": True},
        "ketamine_session:moved",
        _a_dose_ahead,
    ),
    "cancelled": Sheet(
        "ketamine_session",
        "cancel",
        "Cancel this ketamine session",
        {"reason": "A cold."},
        "ketamine_session:cancelled",
        _a_dose_ahead,
    ),
    "missed": Sheet(
        "ketamine_session",
        "missed",
        "The client did not come",
        {"reason": "Not reached."},
        "ketamine_session:missed",
        _a_dose_an_hour_ago,
    ),
    "not given": Sheet(
        "ketamine_session",
        "not_given",
        "Not given today",
        {"reason": "A cold."},
        "ketamine_session:not_given",
        _a_dose_an_hour_ago,
    ),
    "confirmation": Sheet(
        "ketamine_session",
        "confirm",
        "Confirm",
        {},
        "administration:confirmed",
        _a_dose_on_somebody_s_word,
    ),
    "entered in error": Sheet(
        "ketamine_session",
        "void",
        "Mark as entered in error",
        {"void_reason": "Somebody else's."},
        "administration:voided",
        _a_given_dose,
    ),
    "look-up": Sheet(
        "clearance",
        "lookup",
        "Save the look-up",
        {"looked_up_on": TODAY},
        "lookup:recorded",
        _of_course,
    ),
    "look-up in error": Sheet(
        "clearance",
        "void_look-up",
        "Mark the look-up as entered in error",
        {"void_reason": "Another client."},
        "lookup:voided",
        _of_course,
    ),
    "score": Sheet(
        "score", "score", "Save the score", {"answers": "201100010"}, "score:recorded", _of_course
    ),
    "score of total": Sheet(
        "score",
        "score",
        "Save the score",
        {"how": EnteredAs.TOTAL, "total": "14"},
        "score:recorded",
        _of_course,
    ),
    "score of result": Sheet(
        "score",
        "score",
        "Save the score",
        {"instrument_id": "c-ssrs", "result": "1"},
        "score:recorded",
        _of_course,
    ),
    "score in error": Sheet(
        "scores",
        "void_score",
        "Mark the score as entered in error",
        {"void_reason": "Another client."},
        "score:voided",
        _one_score,
    ),
    "enrollment": Sheet(
        "clearance",
        "enrollment",
        "Save the enrollment",
        {"enrolled_on": TODAY, "number": "R-40817"},
        "enrollment:recorded",
        _of_course,
    ),
    "enrollment in error": Sheet(
        "clearance",
        "void_enrollment",
        "Mark the enrollment as entered in error",
        {"void_reason": "Another client."},
        "enrollment:voided",
        _of_course,
    ),
    "lot": Sheet(
        "live_session",
        "lot",
        "Save the lot of device 3",
        {"lot": "26KS04"},
        "administration:lot",
        _some_devices,
    ),
    "devices": Sheet(
        "ketamine_session",
        "record",
        "Save record",
        {"administrations.0.mg": "28", "administrations.0.started_time": "2:00 pm"},
        "ketamine_session:recorded",
        _spravato_an_hour_ago,
    ),
    "monitoring answers": Sheet(
        "ketamine_session",
        "answers",
        "Save the answers",
        {
            **{f"medicines.{one.value}": "False" for one in CURRENT.medicines},
            "before_is_acceptable": "True",
            "leaving_is_acceptable": "True",
            "looked_for_events": "False",
            "ready_minutes": "75",
        },
        "monitoring_form:answered",
        _some_devices,
    ),
    "form submitted": Sheet(
        "ketamine_session",
        "submission",
        "Save as submitted",
        {"submitted_on": TODAY, "how": SubmittedHow.FAX, "missing_reason": "The sheet was lost."},
        "monitoring_form:submitted",
        _some_devices,
    ),
    "submission in error": Sheet(
        "ketamine_session",
        "void_submission",
        "Mark the submission as entered in error",
        {"void_reason": "Another client's."},
        "monitoring_form:voided",
        _a_form_sent,
    ),
    "other medicine": Sheet(
        "ketamine_session",
        "medicine",
        "Save the medicine",
        {
            "name": "ondansetron",
            "dose": "4 mg",
            "route": MedicineRoute.SUBLINGUAL,
            "given_time": "1:50 pm",
            "reason": "Nausea.",
        },
        "other_medicine:recorded",
        _a_dose_an_hour_ago,
    ),
    "reading": Sheet(
        "live_session",
        "vital",
        "BP, now",
        {"pressure": "128/82", "heart_rate": "72", "oxygen": "98", "taken_time": "2:10 pm"},
        "vital:recorded",
        _a_dose_an_hour_ago,
    ),
    "observed": Sheet(
        "live_session",
        "observed",
        "Save as observed",
        {"words": "Calm.", "taken_time": "2:10 pm"},
        "vital:recorded",
        _a_dose_an_hour_ago,
    ),
    "event": Sheet(
        "live_session",
        "event",
        "Save the event",
        {
            "what": "nausea",
            "severity": EventSeverity.MILD,
            "words": "Pale.",
            "done": "Lay down.",
            "onset_time": "2:10 pm",
        },
        "adverse_event:recorded",
        _a_dose_an_hour_ago,
    ),
    "who is present": Sheet(
        "live_session",
        "present",
        "Save who is present",
        {"people_present": "Sam Okafor"},
        "ketamine_session:present",
        _a_dose_an_hour_ago,
    ),
    "quieted": Sheet(
        "client",
        "quiet",
        "Quiet the alert",
        {"reason": "134/84 at home since.", "until_on": TOMORROW},
        "alert:quieted",
        _a_red_pressure,
    ),
    "known": Sheet(
        "client",
        "quiet",
        "Save as known",
        {"reason": "Safety plan signed; call on Friday.", "until_on": TOMORROW},
        "alert:quieted",
        _a_critical_answer,
    ),
    "reading in error": Sheet(
        "live_session",
        "void_reading",
        "Mark the reading as entered in error",
        {"void_reason": "Somebody else's."},
        "vital:voided",
        _one_reading,
    ),
    "event in error": Sheet(
        "live_session",
        "void_event",
        "Mark the event as entered in error",
        {"void_reason": "Somebody else's."},
        "adverse_event:voided",
        _one_event,
    ),
    "medicine in error": Sheet(
        "ketamine_session",
        "void_medicine",
        "Mark the medicine as entered in error",
        {"void_reason": "Somebody else's."},
        "other_medicine:voided",
        _another_medicine,
    ),
    "correction": Sheet(
        "ketamine_session",
        "correct",
        "Save the correction",
        {"void_reason": "Wrong number.", "mg": "60"},
        "administration:corrected",
        _a_given_dose,
    ),
    "support": Sheet(
        "ketamine_session",
        "support",
        "Save the support",
        {
            "given.breath": True,
            "words": "It was quiet.",
            "was_challenging": True,
            "intensity": "7",
            "minutes": "20",
            "coping": "Breath.",
            "is_over": "True",
            "touches.0.what": "Hand held",
            "touches.0.began": TouchBegan.ASKED_FOR,
            "touches.0.reply": "Asked for it",
            "touches.0.time": "11:50 am",
        },
        "ketamine_session:support_recorded",
        _a_given_dose,
        _therapist,
    ),
    "last note": Sheet(
        "ketamine_session",
        "ready.last_note.go_ahead",
        "Go ahead all the same: last integration's note",
        {"words": "Told on the phone."},
        "readiness:answered",
        _a_dose_after_an_unsigned_integration,
        _therapist,
    ),
    "reviewed": Sheet(
        "episode", "reviewed", "Reviewed", {}, "episode:reviewed", _a_course_to_review
    ),
    "note in error": Sheet(
        "note",
        "note_error",
        "Mark this note as entered in error",
        {"void_reason": "Somebody else's."},
        "note:voided",
        _a_signed_note,
        _therapist,
    ),
    "integration booked": Sheet(
        "integration_session",
        "integration.book",
        "Book",
        {"on": TOMORROW, "time": "9:00 am", "place": "Room 1"},
        "integration_session:booked",
        _a_debt,
    ),
    "integration moved": Sheet(
        "integration_session",
        "integration.book",
        "Move",
        {"on": TOMORROW, "time": "9:00 am"},
        "integration_session:moved",
        _a_booked_integration,
    ),
    "integration held": Sheet(
        "integration_session",
        "integration.hold",
        "Save as held",
        {"held_on": TODAY, "held_time": "1:00 pm", "ended_time": "2:00 pm"},
        "integration_session:held",
        _a_debt,
    ),
    "integration agreed": Sheet(
        "integration_session",
        "integration.agree",
        "Save the day",
        {"agreed_for": TOMORROW, "reason": "Away."},
        "integration_session:agreed",
        _a_debt,
    ),
    "integration closed": Sheet(
        "integration_session",
        "integration.close",
        "Close it",
        {"reason": next(iter(IntegrationCloseReason)), "note": "By phone."},
        "integration_session:closed",
        _a_debt,
    ),
    "integration taken back": Sheet(
        "integration_session",
        "integration.drop",
        "Take the booking back",
        {"reason": "A cold."},
        "integration_session:dropped",
        _a_booked_integration,
    ),
    "integration in error": Sheet(
        "integration_session",
        "integration.error",
        "It was not held",
        {"reason": "Somebody else's."},
        "integration_session:voided",
        _a_held_integration,
    ),
    "integration due": Sheet(
        "integration_session",
        "integration.due",
        "Set the day",
        {"due_on": TOMORROW},
        "integration_session:due_set",
        _an_experience,
        _therapist,
    ),
    "amendment": Sheet(
        "note",
        "amend",
        "Save amendment",
        {"reason": "A slip.", "text": "To rest, and be held."},
        "note:amended",
        _a_signed_note,
        _therapist,
    ),
    "committed action": Sheet(
        "thread",
        "commitment",
        "Save what became of it",
        {"state": CommitmentState.DONE, "words": "Twice."},
        "commitment:updated",
        _a_committed_action,
        _therapist,
    ),
    "filed": Sheet(
        "filing", "filed", "Mark as filed", {}, "filing:marked", _a_signed_note_to_file, _therapist
    ),
    "addition": Sheet(
        "note",
        "addendum",
        "Save addition",
        {"text": "Blood pressure was fine."},
        "note:added_to",
        _a_signed_note,
    ),
    "note read": Sheet(
        "note",
        "note_read",
        "Mark as read",
        {"comment": "Agreed."},
        "note:read",
        _a_signed_note,
    ),
    "concern": Sheet(
        "concern",
        "concern",
        "Raise the concern",
        {
            "kind": ConcernKind.SUICIDE_RISK,
            "level": ConcernLevel.HIGH,
            "words": "Would rather not wake up.",
            "plan": "Her sister stays tonight.",
            "where": "12 Elm Street",
            "on": TOMORROW,
            "time": "9:00 am",
        },
        "concern:raised",
        _of_client,
    ),
    "to discuss": Sheet(
        "episode",
        "discuss",
        "Put on the next agenda",
        {"words": "Sleep since the second dose"},
        "discuss_mark:set",
        _course,
    ),
    "ask": Sheet(
        "ask",
        "ask",
        "Ask",
        {
            "words": "Slept badly since, see her earlier?",
            "on": TOMORROW,
            "time": "9:00 am",
        },
        "ask:asked",
        _of_course,
    ),
    "ask answered": Sheet(
        "ask",
        "ask.answer",
        "Answer",
        {"words": "Yes, hold it."},
        "ask:answered",
        _a_question,
    ),
    "ask again": Sheet(
        "ask",
        "ask.again",
        "Ask again",
        {"words": "And the dose after?", "on": TOMORROW, "time": "9:00 am"},
        "ask:reopened",
        _an_answer,
    ),
    "ask in error": Sheet(
        "ask",
        "void_question",
        "Mark the question as entered in error",
        {"void_reason": "Another client."},
        "ask:voided",
        _an_answer,
    ),
    "concern told": Sheet(
        "concern", "concern.told", "Save", {"time": "2:10 pm"}, "concern:told", _a_concern
    ),
    "concern added to": Sheet(
        "concern",
        "concern.add",
        "Add",
        {"words": "Her sister has the tablets."},
        "concern:added",
        _a_concern,
    ),
    "safety plan": Sheet(
        "concern",
        "safety_plan",
        "Save the plan",
        {"safety_plan": "Rings her sister first."},
        "client:safety_plan_changed",
        _of_client,
    ),
    "colleague": Sheet(
        "practice",
        "colleague",
        "Make a one-time link",
        {"name": "Nell Newcomer", "sign_in_name": "nell", "functions.nurse": True},
        "clinician:added",
        by=_administrator,
    ),
    "person": Sheet(
        "practice",
        "person",
        "Save",
        {"name": "Nico Knight", "credentials": "RN"},
        "clinician:changed",
        _a_colleague,
        _administrator,
    ),
    "turning off": Sheet(
        "practice",
        "turn_off",
        "Turn off the sign-in of Nico Nightingale",
        {},
        "clinician:suspended",
        lambda care: _a_colleague(care) | {"do": "turn_off"},
        _administrator,
    ),
    "practice name": Sheet(
        "practice",
        "practice_name",
        "Save name",
        {"name": "Ocotillo Practice"},
        "practice:renamed",
        by=_administrator,
    ),
    "zone": Sheet(
        "practice",
        "practice_zone",
        "Save time zone",
        {"zone": "America/Los_Angeles"},
        "practice:zone_changed",
        by=_administrator,
    ),
    "threshold": Sheet(
        "practice",
        "threshold/integration_late_hours",
        "Save “Integration turns red”",
        {"value": "60"},
        "setting:changed",
        lambda care: {"practice_show": "Thresholds"},
        _administrator,
    ),
    "bound of a dose": Sheet(
        "practice",
        "threshold/dose.IM.say_why.most_ug",
        "Save “Intramuscular: say why above, mg”",
        {"value": "180"},
        "setting:changed",
        lambda care: {"practice_show": "Thresholds"},
        _administrator,
    ),
    "theme": Sheet(
        "practice",
        "theme_added",
        "Add theme",
        {"theme": "The sea"},
        "practice:theme_added",
        lambda care: {"practice_show": "Thresholds"},
        _administrator,
    ),
    "theme out of use": Sheet(
        "practice",
        "theme_taken_out",
        "Take out of use",
        {"theme": "Shame"},
        "practice:theme_taken_out",
        lambda care: {"practice_show": "Thresholds"},
        _administrator,
    ),
    "days away": Sheet(
        "away",
        "absence",
        "Add days away",
        {"from_on": TODAY},
        "absence:recorded",
        by=_therapist,
    ),
    "closed days": Sheet(
        "practice",
        "closed_days",
        "Add closed days",
        {"name": "Thanksgiving", "from_on": TODAY},
        "closed_days:recorded",
        lambda care: {"practice_show": "Days away"},
        _administrator,
    ),
    "emergency": Sheet(
        "emergency",
        "emergency",
        "Open for four hours",
        {"code": "K-001", "reason": "Found unresponsive."},
        "emergency:opened",
        by=lambda care: care.stranger,
    ),
    "hours": Sheet(
        "practice",
        "hours",
        "Save opening hours",
        {"opens": "7:00 am"},
        "practice:hours_changed",
        lambda care: {"practice_show": "Days away"},
        _administrator,
    ),
}

FUTURE, PASSED = "This time is in the future.", "This time has passed."
BAD: list[tuple[str, str, Any, str]] = [
    # Times that cannot be.
    *(("inquiry", "called_time", time, says) for time, says in NOT_A_TIME),
    ("inquiry", "called_on", TOMORROW, "This is in the future."),
    ("inquiry", "called_on", None, "Choose the day."),
    ("consultation", "held_on", TOMORROW, "This is in the future."),
    ("consultation", "held_on", TODAY - 9 * DAY, "before the first call"),
    ("consultation", "held_on", None, "Choose the day."),
    ("client", "born_on", TOMORROW, "This birth date is in the future."),
    ("client", "allergies_asked_on", TOMORROW, "This day is in the future."),
    ("details", "born_on", TOMORROW, "This birth date is in the future."),
    ("details", "conditions_asked_on", TOMORROW, "This day is in the future."),
    ("details", "conditions", "Migraine", "Choose the day you asked about conditions."),
    ("details", "usual_pressure", "80/120", "The first number is the higher one"),
    ("details", "usual_pressure", "NaN", "Enter the blood pressure as two numbers"),
    ("details", "usual_pressure", "128/82", "Choose the day you asked about the usual blood"),
    ("details", "usual_pressure_asked_on", TODAY, "Enter the blood pressure as two numbers"),
    ("hold", "look_again_on", YESTERDAY, "today or later"),
    ("hold", "look_again_on", None, "Choose the day to look again"),
    ("wait", "kind", None, "Choose whom it waits on."),
    ("wait", "who", "", "Say who it is."),
    ("wait", "who", LONG, "The name has 200 characters; 120 is the most."),
    ("wait", "since_on", TOMORROW, "This day is in the future."),
    ("wait", "call_back_on", YESTERDAY, "This day is past."),
    ("hold", "note", "a" * 3_000, "The note has 3,000 characters; 1,000 is the most."),
    ("release", "release_note", "a" * 3_000, "The reason has 3,000 characters; 1,000 is the most."),
    ("wait", "words", "a" * 8_001, "This has 8,001 characters; 8,000 is the most."),
    ("wait changed", "call_back_on", YESTERDAY, "This day is past."),
    ("wait ended", "ended_on", TOMORROW, "This day is in the future."),
    ("wait ended", "ended_on", TODAY - 13 * DAY, "It began on Thu Nov 12."),
    ("wait ended", "visits", 0, "Enter how many visits are authorized: 1 to 500."),
    ("wait ended", "visits", None, "Enter how many visits are authorized: 1 to 500."),
    ("wait ended", "valid_from_on", None, "Choose the first day."),
    ("wait ended", "valid_until_on", YESTERDAY, "This is before the first day."),
    ("clearance", "valid_until_on", TODAY, "after today"),
    ("clearance", "valid_until_on", None, "after today"),
    ("clearance", "in_person_on", TOMORROW, "This day is in the future."),
    ("clearance in depth", "ceiling", "1.255 mg/kg", "at most two decimals"),
    ("clearance in depth", "ceiling", "15 mg/kg", "more mg per kg than anybody is given"),
    ("clearance in depth", "ceiling", "0 mg per kg", "A dose is more than 0 mg."),
    ("clearance in depth", "ceiling", "1.5 kg", "Enter the dose as a number of mg"),
    ("clearance in depth", "primary_diagnosis", "", "Say which one is the primary one."),
    ("clearance in depth", "primary_diagnosis", LONG, "200 characters"),
    ("clearance in depth", "other_diagnoses", LONG, "each of at most 120 characters"),
    ("clearance in depth", "other_diagnoses", "a\n" * 20, "Enter at most 19 more"),
    ("clearance in depth", "trials.0.kind", None, "Choose medicine or therapy."),
    ("clearance in depth", "trials.0.name", "", "What was tried is needed."),
    ("clearance in depth", "trials.0.name", LONG, "200 characters"),
    ("clearance in depth", "trials.0.dose", LONG, "200 characters"),
    ("clearance in depth", "trials.0.weeks", "-1", "Enter whole weeks, 0 to 3,000"),
    ("clearance in depth", "trials.0.weeks", "6.5", "Enter whole weeks, 0 to 3,000"),
    ("clearance in depth", "trials.0.weeks", "3001", "Enter whole weeks, 0 to 3,000"),
    ("clearance in depth", "findings.aneurysm.note", " ", "is needed."),
    ("clearance in depth", "findings.aneurysm.note", LONG, "200 characters"),
    ("clearance in depth", "despite_reason", " ", "Say why it is cleared all the same."),
    ("consent", "signed_on", TOMORROW, "This day is in the future."),
    ("consent", "signed_on", None, "Choose the day it was signed."),
    ("consent", "expires_on", YESTERDAY, "It runs out after the day it was signed."),
    *(("booking", "planned_time", time, says) for time, says in NOT_A_TIME),
    ("booking", "planned_on", YESTERDAY, PASSED),
    ("booking", "planned_on", TODAY + 400 * DAY, "more than a year ahead"),
    ("booking", "planned_on", None, "Choose the day."),
    ("unbooked", "planned_time", "11:00 pm", "in the future"),
    ("moved", "planned_on", YESTERDAY, PASSED),
    ("moved", "planned_time", "25:00", "There is no such time"),
    ("missed", "reason", "", "The reason is needed."),
    ("record", "administrations.0.started_time", "11:00 pm", FUTURE),
    ("record", "administrations.0.started_time", "", "Enter the time"),
    ("record", "administrations.0.started_time", "2:10", "Say am or pm"),
    ("record", "arrived_time", "1:50 pm", "arrived after the first dose"),
    ("record", "arrived_time", "11:00 pm", FUTURE),
    ("record", "discharged_time", "1:35 pm", "left before the last dose"),
    ("infusion", "administrations.0.ended_time", "1:00 pm", "The end is before the start."),
    ("infusion", "administrations.0.ended_time", "11:00 pm", FUTURE),
    ("integration booked", "on", YESTERDAY, PASSED),
    ("integration booked", "on", None, "Choose the day."),
    ("integration booked", "time", "25:00", "There is no such time"),
    ("integration held", "held_on", TOMORROW, FUTURE),
    ("integration held", "held_on", TODAY - 2 * DAY, "before the dose it integrates"),
    ("integration held", "ended_time", "12:30 pm", "The end is before the start."),
    ("integration agreed", "agreed_for", TODAY, "from tomorrow on"),
    ("integration agreed", "agreed_for", TODAY + 400 * DAY, "more than a year ahead"),
    ("integration due", "due_on", YESTERDAY, "from today on"),
    ("integration due", "due_on", None, "Choose the day."),
    # An integration before its dose.
    ("booking", "integration_on", TOMORROW, "before the dose it integrates"),
    ("booking", "integration_time", "9:00", "Say am or pm"),
    # What is not a dose.
    *(("booking", "mg", mg, says) for mg, says in NOT_A_DOSE),
    ("booking", "mg", "", "Enter the dose in mg."),
    ("booking", "mg", "140", "with what may be added"),
    ("booking", "review_before", 1, "Enter the number of a session, 2 to 7"),
    ("ordered count", "review_before", 31, "Enter the number of a session, 2 to 9"),
    *(("plan", "rows.0.planned_time", time, says) for time, says in NOT_A_TIME),
    ("plan", "rows.0.planned_on", YESTERDAY, PASSED),
    ("plan", "rows.0.planned_on", None, "Choose the day."),
    ("plan", "rows.0.integration_on", TODAY + DAY, "before the dose it integrates"),
    ("plan", "rows.0.integration_time", "9:00", "Say am or pm"),
    ("review", "words", " ", "What the review came to is needed."),
    ("review", "words", "w" * 5_000, "5,000 characters; 1,000 is the most"),
    ("booking", "mg", "200", "The clearance allows at most 150 mg"),
    ("booking", "may_add", "0", "A dose is more than 0 mg."),
    *(("order", "mg", mg, says) for mg, says in NOT_A_DOSE),
    ("order", "may_add", "NaN", "Enter the dose as a number of mg"),
    ("order", "may_add", "-5", "A dose is more than 0 mg."),
    ("order", "may_add_from", "soon", "Enter whole minutes from 1 to 240."),
    ("order", "may_add_from", "25", "This is before the first minute."),
    ("order", "may_add_to", "0", "Enter whole minutes from 1 to 240."),
    ("order", "may_add_to", "5", "This is before the first minute."),
    *(("record", "administrations.0.mg", mg, says) for mg, says in NOT_A_DOSE),
    ("record", "administrations.0.mg", "", "Enter the dose in mg."),
    ("record", "administrations.0.mg", "200", "Say why."),
    ("record", "administrations.0.mg", "500", "Type it a second time"),
    ("correction", "mg", "500", "Type it a second time"),
    *(("clearance", "ceiling", mg, says) for mg, says in NOT_A_DOSE),
    ("ordered count", "ordered_count", 0, "1 session is given or booked. Enter how many"),
    ("number ordered", "ordered_count", 0, "Enter how many sessions are ordered, 1 to 30."),
    ("number ordered", "ordered_count", 31, "Enter how many sessions are ordered, 1 to 30."),
    ("order", "may_add", "twenty", "Enter the dose as a number of mg"),
    *(("proposal", "mg", mg, says) for mg, says in NOT_A_DOSE),
    *(("correction", "mg", mg, says) for mg, says in NOT_A_DOSE),
    ("correction", "started_time", "11:00 pm", FUTURE),
    *(("other medicine", "dose", dose, says) for dose, says in NOT_A_DOSE_OF_ANOTHER),
    *(("other medicine", "given_time", time, says) for time, says in NOT_A_TIME),
    ("other medicine", "given_time", "11:00 pm", FUTURE),
    ("other medicine", "given_on", None, "Choose the day."),
    ("other medicine", "given_on", TODAY - 3 * DAY, "more than a day away from the session"),
    ("other medicine", "route", None, "Choose how it was given."),
    ("other medicine", "name", " ", "The medicine is needed."),
    ("other medicine", "name", LONG, "200 characters"),
    ("medicine in error", "void_reason", "", "The reason is needed."),
    ("reading", "pressure", "80/120", "The first number is the higher one"),
    ("reading", "pressure", "126/125", "at least 10 above the lower one"),
    ("reading", "pressure", "-128/82", "as two numbers"),
    ("reading", "pressure", "128", "as two numbers"),
    ("reading", "oxygen", "101", "from 50 to 100"),
    ("reading", "oxygen", "-98", "from 50 to 100"),
    ("reading", "heart_rate", "nan", "whole number"),
    *(("reading", "taken_time", time, says) for time, says in NOT_A_TIME if time),
    ("reading", "taken_time", "11:00 pm", FUTURE),
    ("observed", "taken_time", "11:00 pm", FUTURE),
    ("event", "what", None, "Choose what it was."),
    ("event", "severity", None, "Choose how bad it was."),
    ("event", "onset_time", "11:00 pm", FUTURE),
    ("event", "words", "w" * 9_000, "9,000 characters"),
    ("who is present", "people_present", LONG, "200 characters"),
    ("quieted", "reason", " ", "The reason is needed."),
    ("quieted", "until_on", TODAY + 2 * DAY, "can rest until"),
    ("quieted", "until_on", YESTERDAY, "This day has passed."),
    ("known", "reason", " ", "The plan is needed."),
    ("known", "until_on", None, "Choose the day."),
    ("known", "until_on", TODAY + 31 * DAY, "can rest until"),
    ("reading in error", "void_reason", " ", "The reason is needed."),
    ("event in error", "void_reason", "", "The reason is needed."),
    ("order", "readings_due", "soon", "Enter minutes after the dose"),
    ("order", "readings_due", "0, 15", "Enter at most"),
    *(("support", "touches.0.time", time, says) for time, says in NOT_A_TIME),
    ("support", "touches.0.time", "11:00 pm", FUTURE),
    ("support", "touches.0.what", " ", "What the touch was is needed."),
    ("support", "touches.0.what", LONG, "200 characters"),
    ("support", "touches.0.reply", "", "What the client said to it is needed."),
    ("support", "touches.0.began", None, "Choose whether it was offered."),
    ("support", "words", "x" * 1_001, "1,001 characters"),
    ("support", "intensity", "11", "Enter a number from 0 to 10. Check the figure."),
    ("support", "intensity", "-1", "Enter a whole number from 0 to 10."),
    ("support", "intensity", "very", "Enter a whole number from 0 to 10."),
    ("support", "intensity", "", "Enter a whole number from 0 to 10."),
    ("support", "minutes", "long", "whole minutes"),
    ("support", "coping", LONG, "200 characters"),
    ("support", "is_over", None, "Say whether it was over"),
    ("last note", "words", " ", "The reason is needed."),
    *(("bound of a dose", "value", mg, says) for mg, says in NOT_A_DOSE),
    ("bound of a dose", "value", "500", "each is more than the one before"),
    ("theme", "theme", "  ", "Write the theme."),
    ("theme", "theme", LONG, "The theme has 200 characters; 60 is the most."),
    ("theme", "theme", "Grief, Shame", "One theme at a time"),
    ("theme", "theme", "grief", "“Grief” is on the list already."),
    ("theme out of use", "theme", None, "Choose the theme."),
    # What has to be there.
    ("consent in error", "void_reason", " ", "The reason is needed."),
    ("experience corrected", "void_reason", "", "The reason is needed."),
    ("experience corrected", "substance", "", "The substance is needed."),
    ("inquiry", "name", "", "The name is needed."),
    ("consultation", "outcome", None, "Choose what came of it."),
    ("client", "family_name", "", "The family name is needed."),
    ("client of an inquiry", "family_name", "", "The family name is needed."),
    ("details", "family_name", "", "The family name is needed."),
    ("details", "allergies", "Latex", "Choose the day you asked about allergies."),
    ("course", "service_line", None, "Choose what this course is for."),
    ("course", "indications.depression", False, "Choose at least one"),
    ("course", "therapist_elsewhere", "", "Choose the therapist"),
    ("course", "prescriber_id", "", "Choose the prescriber"),
    ("experience", "substance", "", "The substance is needed."),
    ("experience", "happened", "", "When it happened is needed."),
    ("move", "to", None, "Choose where the course goes."),
    ("hold", "reason", None, "Choose the reason."),
    ("release", "release_note", "", "The reason is needed."),
    ("member", "clinician_elsewhere", "", "Choose who it is from now on"),
    ("closing", "close_reason", None, "Choose the reason."),
    ("clearance", "decision", None, "Choose a decision."),
    ("clearance", "routes.PO", False, "Choose at least one route."),
    ("consent", "type", None, "Choose what was agreed to."),
    ("booking", "product_route", None, "Choose product and route."),
    ("booking", "integration_time", "", "leave the day empty"),
    ("record", "stopped_time", "2:00 pm", "The reason for stopping is needed."),
    ("closed", "discharged_time", "", "Enter when the client was out"),
    ("closed", "no_integration_reason", "", "No integration session is booked."),
    ("cancelled", "reason", "", "The reason is needed."),
    ("entered in error", "void_reason", "", "The reason is needed."),
    ("correction", "void_reason", "", "The reason for correcting is needed."),
    ("note in error", "void_reason", "", "is needed."),
    ("integration in error", "reason", "", "The reason is needed."),
    ("integration agreed", "reason", "", "The reason is needed."),
    ("integration closed", "reason", None, "Choose why it will not take place."),
    ("integration taken back", "reason", "", "The reason is needed."),
    ("integration taken back", "missed", True, "cannot have been missed"),
    ("amendment", "reason", "", "The reason is needed."),
    ("amendment", "text", "", "The amendment is needed."),
    ("addition", "text", "   ", "The addendum is needed."),
    ("committed action", "state", None, "Choose what became of it."),
    ("committed action", "words", LONG, "120 is the most"),
    ("note read", "comment", "x" * 1_001, "1,001 characters"),
    ("colleague", "name", "", "is needed."),
    ("person", "name", "", "The name is needed."),
    ("practice name", "name", "", "The practice's name is needed."),
    ("colleague", "sign_in_name", "", "sign-in name"),
    ("colleague", "functions.nurse", False, "Choose"),
    # A name of 200 characters.
    ("inquiry", "name", LONG, "200 characters"),
    ("client", "given_name", LONG, "200 characters"),
    ("client", "family_name", LONG, "200 characters"),
    ("client", "preferred_name", LONG, "200 characters"),
    ("client", "emergency_name", LONG, "200 characters"),
    ("details", "family_name", LONG, "200 characters"),
    ("pinned line", "pinned_line", "p" * 5_000, "5,000 characters"),
    ("course", "therapist_elsewhere", LONG, "200 characters"),
    ("member", "clinician_elsewhere", LONG, "200 characters"),
    ("experience", "substance", LONG, "200 characters"),
    ("booking", "place", LONG, "200 characters"),
    ("consent", "form_version", LONG, "200 characters"),
    ("record", "administrations.0.lot", LONG, "200 characters"),
    ("integration booked", "place", LONG, "200 characters"),
    ("amendment", "reason", LONG, "200 characters"),
    ("colleague", "name", LONG, "200 characters"),
    ("colleague", "credentials", LONG, "200 characters"),
    ("person", "name", LONG, "200 characters"),
    ("person", "credentials", LONG, "200 characters"),
    ("person", "phone", LONG, "200 characters"),
    ("person", "phone", "at the desk", "cannot be dialed"),
    ("inquiry", "phone", "call me maybe", "cannot be dialed"),
    ("client", "phone", "call me maybe", "cannot be dialed"),
    ("details", "emergency_phone", "ask her sister", "cannot be dialed"),
    ("concern", "kind", None, "Choose what it is about."),
    ("concern", "level", None, "Choose how much there is to it."),
    ("concern", "words", " ", "This is needed."),
    ("concern", "words", "w" * 5_000, "5,000 characters; 1,000 is the most"),
    ("concern", "plan", "p" * 5_000, "5,000 characters; 1,000 is the most"),
    ("concern", "where", LONG, "200 characters"),
    ("concern", "on", YESTERDAY, "This time has passed."),
    *(("concern", "time", time, says) for time, says in NOT_A_TIME),
    ("ask", "words", " ", "The question is needed."),
    ("ask", "words", "w" * 5_000, "5,000 characters; 1,000 is the most"),
    ("ask", "on", None, "Choose the day."),
    ("ask", "on", YESTERDAY, "This time has passed."),
    ("ask", "on", TODAY + 400 * DAY, "This is more than a year ahead."),
    *(("ask", "time", time, says) for time, says in NOT_A_TIME),
    ("ask answered", "words", " ", "The answer is needed."),
    ("ask answered", "words", "w" * 5_000, "5,000 characters; 1,000 is the most"),
    ("ask again", "words", " ", "What is still open is needed."),
    ("ask again", "on", YESTERDAY, "This time has passed."),
    *(("ask again", "time", time, says) for time, says in NOT_A_TIME),
    ("ask in error", "void_reason", " ", "The reason is needed."),
    ("concern told", "on", TOMORROW, "This time is in the future."),
    *(("concern told", "time", time, says) for time, says in NOT_A_TIME),
    ("concern added to", "words", " ", "This is needed."),
    ("concern added to", "words", "w" * 5_000, "5,000 characters; 1,000 is the most"),
    ("safety plan", "safety_plan", "p" * 9_000, "9,000 characters; 8,000 is the most"),
    ("practice name", "name", LONG, "200 characters"),
    ("days away", "from_on", None, "Choose the first day."),
    ("days away", "from_on", TODAY - 8 * DAY, "Choose a day of the last week or a later one"),
    ("days away", "until_on", YESTERDAY, "The last day cannot be before the first."),
    ("closed days", "name", LONG, "200 characters"),
    ("closed days", "name", " ", "What it is closed for is needed."),
    ("closed days", "from_on", None, "Choose the first day."),
    ("closed days", "until_on", YESTERDAY, "The last day cannot be before the first."),
    *(("hours", "opens", time, says) for time, says in NOT_A_TIME),
    ("hours", "closes", "6:00 am", "The practice closes after it opens."),
    ("emergency", "code", "K-999", "There is no client with this code."),
    ("emergency", "reason", " ", "The reason is needed."),
    ("correction", "lot", LONG, "200 characters"),
    ("look-up", "looked_up_on", None, "Choose the day."),
    ("look-up", "looked_up_on", TOMORROW, "This day is in the future."),
    ("look-up in error", "void_reason", " ", "The reason is needed."),
    ("score", "answers", "", "Enter 9 answers, one digit each"),
    ("score", "answers", "401100010", "Item 1 of PHQ-9 cannot be “4”"),
    ("score", "answers", "20110001", "These are 8 answers"),
    ("score", "answers", "20110001000", "These are 11 answers"),
    ("score", "answers", "---------", "No item is answered"),
    ("score", "taken_on", None, "Choose the day."),
    ("score", "taken_on", TOMORROW, "This day is in the future."),
    ("score", "taken_on", date(1987, 3, 8), "This day is before the client was born."),
    ("score", "taken_time", "noon", "Enter the time like"),
    ("score", "taken_time", "25:00", "There is no such time"),
    ("score", "taken_time", "11:45 pm", "This time is in the future."),
    *(
        ("score of total", "total", total, says)
        for total, says in (
            ("", "Enter the total, a whole number."),
            ("28", "The total of PHQ-9 is from 0 to 27."),
            ("-1", "Enter the total, a whole number."),
            ("NaN", "Enter the total, a whole number."),
        )
    ),
    ("score of result", "result", None, "Choose the result of C-SSRS."),
    ("score in error", "void_reason", " ", "The reason is needed."),
    # Spravato.
    ("enrollment", "enrolled_on", None, "Choose the day."),
    ("enrollment", "enrolled_on", TOMORROW, "This day is in the future."),
    ("enrollment", "number", "R" * 61, "at most 60 characters"),
    ("enrollment in error", "void_reason", " ", "The reason is needed."),
    ("lot", "lot", " ", "Enter the lot"),
    ("lot", "lot", LONG, "200 characters"),
    ("devices", "administrations.0.mg", "84", "are 3 devices of 28 mg"),
    ("devices", "administrations.0.mg", "56", "are 2 devices of 28 mg"),
    ("devices", "administrations.0.mg", "70", "Spravato comes in devices of 28 mg"),
    ("monitoring answers", "medicines.opioid", None, "Opioids: say yes or no."),
    ("monitoring answers", "before_is_acceptable", None, "Say yes or no."),
    ("monitoring answers", "looked_for_events", None, "Say yes or no."),
    ("form submitted", "missing_reason", " ", "Missing: BP and oxygen before the dose, BP"),
    ("form submitted", "missing_reason", "w" * 9_000, "9,000 characters"),
    *(
        ("monitoring answers", "ready_minutes", minutes, "Enter whole minutes")
        for minutes in ("0", "-5", "NaN", "an hour", "1441")
    ),
    ("form submitted", "submitted_on", None, "Choose the day."),
    ("form submitted", "submitted_on", TOMORROW, "This day is in the future."),
    ("form submitted", "submitted_on", YESTERDAY, "This is before the session."),
    ("form submitted", "how", None, "Choose how it went out."),
    ("submission in error", "void_reason", " ", "The reason is needed."),
    *(
        ("details", one, LONG, "200 characters")
        for one in ("pronouns", "phone", "emergency_relation", "emergency_phone")
    ),
]
_OTHER_FIELD = {
    ("concern", "on", YESTERDAY): "time",
    ("ask", "on", YESTERDAY): "time",
    ("ask", "on", TODAY + 400 * DAY): "time",
    ("ask again", "on", YESTERDAY): "time",
    ("concern told", "on", TOMORROW): "time",
    ("consultation", "held_on", TODAY - 9 * DAY): "held_on",
    ("booking", "planned_on", YESTERDAY): "planned_time",
    ("booking", "planned_on", TODAY + 400 * DAY): "planned_time",
    ("booking", "integration_on", TOMORROW): "integration_time",
    ("booking", "mg", "140"): "ceiling_reason",
    ("booking", "mg", "200"): "ceiling_reason",
    ("plan", "rows.0.planned_on", YESTERDAY): "rows.0.planned_time",
    ("plan", "rows.0.integration_on", TODAY + DAY): "rows.0.integration_time",
    ("order", "may_add_from", "25"): "may_add_to",
    ("moved", "planned_on", YESTERDAY): "planned_time",
    ("record", "administrations.0.mg", "200"): "administrations.0.reason",
    ("record", "administrations.0.mg", "500"): "administrations.0.mg_again",
    ("correction", "mg", "500"): "mg_again",
    ("record", "stopped_time", "2:00 pm"): "stop_reason",
    ("integration booked", "on", YESTERDAY): "time",
    ("other medicine", "given_on", TODAY - 3 * DAY): "given_time",
    ("integration held", "held_on", TOMORROW): "held_time",
    ("integration held", "held_on", TODAY - 2 * DAY): "held_time",
    ("details", "allergies", "Latex"): "allergies_asked_on",
    ("details", "conditions", "Migraine"): "conditions_asked_on",
    ("details", "usual_pressure", "128/82"): "usual_pressure_asked_on",
    ("details", "usual_pressure_asked_on", TODAY): "usual_pressure",
    ("course", "therapist_elsewhere", ""): "therapist_id",
    ("member", "clinician_elsewhere", ""): "clinician_id",
}
"""Where the sentence stands beside another field than the one that was filled in badly."""


def _open(care: Care, sheet: Sheet, **query: str) -> AppTest:
    return opened(care, sheet.by(care), sheet.page, **{**sheet.query(care), **query})


def _writes(care: Care) -> list[str]:
    quiet = {"client:viewed", "signin:started"}
    return [one.tag for one in audit_events(care.database) if one.tag not in quiet]


@pytest.mark.parametrize(
    ("name", "wrong"), dict.fromkeys((name, wrong) for name, wrong, *_ in BAD), ids=str
)
def test_what_is_wrong_is_said_beside_its_field_and_mended_there(
    care: Care, name: str, wrong: str
) -> None:
    sheet = SHEETS[name]
    tab = _open(care, sheet)
    start, written = typed(tab, sheet.form), _writes(care)
    values = sheet.good
    for entered, sentence in [case[2:] for case in BAD if case[:2] == (name, wrong)]:
        fill(tab, sheet.form, values | {wrong: entered})
        held, values = typed(tab, sheet.form), {}

        press(tab, sheet.button, sheet.form)

        place = _OTHER_FIELD.get((name, wrong, entered), wrong).removesuffix(".PO")
        place = place.split(".")[0] if place.startswith(("indications", "functions")) else place
        assert sentence in beside(tab, sheet.form, place)
        assert LOOK in said(tab)
        assert typed(tab, sheet.form) == held
        assert _writes(care) == written

    fill(tab, sheet.form, {wrong: sheet.good.get(wrong, start.get(wrong))})
    press(tab, sheet.button, sheet.form)

    assert _writes(care)[len(written) :].count(sheet.tag) == 1
    assert LOOK not in said(tab)


def test_a_sentence_goes_when_its_field_is_changed_and_the_others_stay(care: Care) -> None:
    sheet = SHEETS["order"]
    tab = fill(_open(care, sheet), sheet.form, {"mg": "seventy", "may_add": "NaN"})
    press(tab, sheet.button, sheet.form)

    fill(tab, sheet.form, {"mg": "70"})

    assert beside(tab, sheet.form, "mg") == ""
    assert "Enter the dose as a number of mg" in beside(tab, sheet.form, "may_add")
    assert LOOK in said(tab)

    fill(tab, sheet.form, {"may_add": "20"})

    assert beside(tab, sheet.form, "may_add") == ""
    assert LOOK not in said(tab)
    assert "dose:ordered" not in _writes(care)


@pytest.mark.parametrize("name", ["consultation", "order", "integration moved"])
def test_a_form_saved_as_it_was_drawn_says_that_nothing_changed(care: Care, name: str) -> None:
    sheet = SHEETS[name]
    by, query = sheet.by(care), sheet.query(care)
    press(fill(opened(care, by, sheet.page, **query), sheet.form, sheet.good), sheet.button)
    written = _writes(care)
    tab = opened(care, by, sheet.page, **query)

    press(tab, sheet.button, sheet.form)

    assert "Nothing changed, so nothing was saved." in said(tab)
    assert not tab.success
    assert _writes(care) == written


SAVED_ALREADY = "Nothing was saved now: this form was saved already, in another tab."
_MAKES_THE_ROW_OF_ITS_ADDRESS = {
    "to discuss",
    "reading",
    "quieted",
    "known",
    "observed",
    "event",
    "inquiry",
    "unbooked",
    "client of an inquiry",
    "client",
    "course",
    "experience",
    "hold",
    "wait",
    "clearance",
    "clearance in depth",
    "consent",
    "booking",
    "plan",
    "review",
    "integration booked",
    "integration held",
    "integration agreed",
    "integration closed",
    "integration due",
    "look-up",
    "score",
    "score of total",
    "score of result",
    "enrollment",
    "monitoring answers",
    "form submitted",
    "other medicine",
    "support",
    "reviewed",
    "amendment",
    "addition",
    "committed action",
    "filed",
    "note read",
    "colleague",
    "concern",
    "concern added to",
    "ask",
    "ask answered",
    "ask again",
    "days away",
    "emergency",
}
"""The id in the address (`?new=`) is that of the row: the form finds it there, and says so.

Every other form says that it saved, because what it enters is kept. It changes a row only at the
version that was seen, or makes rows whose ids come of the one in the address (`member`, `record`);
the action sees that they hold these very values already.
"""


@pytest.mark.parametrize("name", SHEETS)
def test_the_same_form_saved_once_more_after_a_restart_writes_nothing_more(
    care: Care, name: str
) -> None:
    """No browser is needed: all that a tab brings back to a server that has forgotten it is its
    address and what its fields hold, and both are here.
    """
    sheet = SHEETS[name]
    by, query = sheet.by(care), sheet.query(care)
    first = opened(care, by, sheet.page, **query)
    again = opened(care, by, sheet.page, **query | _new(first))
    for tab in (first, again):
        fill(tab, sheet.form, sheet.good)
    press(first, sheet.button, sheet.form)
    written = _writes(care)
    assert written.count(sheet.tag) == 1

    press(again, sheet.button, sheet.form)

    assert _writes(care) == written
    assert (SAVED_ALREADY in said(again)) == (name in _MAKES_THE_ROW_OF_ITS_ADDRESS)
    assert bool(again.success) == (name not in _MAKES_THE_ROW_OF_ITS_ADDRESS)


def _new(tab: AppTest) -> dict[str, str]:
    """The ids in the address of a tab, where its page has forms that make something."""
    return {name: tab.query_params[name] for name in tab.query_params if name.startswith("new")}


@pytest.mark.parametrize("name", ["inquiry", "client", "clearance", "consent", "booking"])
def test_what_another_tab_has_saved_is_not_taken_for_what_this_one_enters(
    care: Care, name: str
) -> None:
    sheet = SHEETS[name]
    by, query = sheet.by(care), sheet.query(care)
    first = opened(care, by, sheet.page, **query)
    twin = opened(care, by, sheet.page, **query, new=first.query_params["new"])
    press(fill(first, sheet.form, sheet.good), sheet.button, sheet.form)
    written = _writes(care)

    press(fill(twin, sheet.form, sheet.good), sheet.button, sheet.form)

    assert _writes(care) == written
    assert not twin.success
    assert SAVED_ALREADY in said(twin)
    kept = typed(twin, sheet.form)
    assert all(kept[field] == value for field, value in sheet.good.items())


@pytest.mark.parametrize("name", ["inquiry", "client", "clearance", "consent", "booking"])
def test_an_address_that_was_saved_at_opens_a_new_form_and_says_so(care: Care, name: str) -> None:
    """A bookmark, a link sent on, the history of the browser."""
    sheet = SHEETS[name]
    by, query = sheet.by(care), sheet.query(care)
    first = opened(care, by, sheet.page, **query)
    used = first.query_params["new"]
    press(fill(first, sheet.form, sheet.good), sheet.button, sheet.form)

    later = opened(care, by, sheet.page, **query, new=used)
    assert "What was entered at this address is saved already." in "".join(
        str(one.value) for one in later.info
    )
    press(fill(later, sheet.form, _another(sheet)), sheet.button, sheet.form)

    assert later.success
    assert _writes(care).count(sheet.tag) == 2


@pytest.mark.parametrize("name", ["inquiry", "client", "clearance", "consent", "booking"])
def test_the_browser_s_back_never_brings_a_form_that_is_saved_already(
    care: Care, name: str
) -> None:
    sheet = SHEETS[name]
    by, query = sheet.by(care), sheet.query(care)
    tab = opened(care, by, sheet.page, **query)
    used = tab.query_params["new"]
    press(fill(tab, sheet.form, sheet.good), sheet.button, sheet.form)

    back(tab, sheet.page, **query, new=used)
    assert tab.query_params["new"] != used
    assert LOOK not in said(press(fill(tab, sheet.form, _another(sheet)), sheet.button, sheet.form))

    assert _writes(care).count(sheet.tag) == 2


def _another(sheet: Sheet) -> dict[str, Any]:
    """The same form filled once more, at a time that is still free and for somebody else."""
    others = {
        "booking": {"planned_on": TODAY + 5 * DAY, "integration_on": TODAY + 6 * DAY},
        "client": {"given_name": "June"},
    }
    return sheet.good | others.get(sheet.form, {})


@pytest.mark.parametrize("address", ["", "K-001", "' or 1=1"])
def test_an_id_that_is_none_is_never_taken_for_one(care: Care, address: str) -> None:
    sheet = SHEETS["inquiry"]
    tab = opened(care, care.therapist, sheet.page, new=address)

    press(fill(tab, sheet.form, sheet.good), sheet.button, sheet.form)

    (kept,) = care.rows(Inquiry)
    assert len(kept.id) == 36


_NOBODY_ELSE = "Somebody else saved this in the meantime."


@dataclass(frozen=True, slots=True)
class Race:
    """Two people over the same row: what the other one saves, and where that is shown then.

    Beside `field`, or in the page's own words where no field holds it as it is kept.
    """

    name: str
    theirs: dict[str, Any]
    mine: dict[str, Any]
    field: str
    shown: str


RACES = [
    Race("details", {"pronouns": "they/them"}, {"pronouns": "she/her"}, "pronouns", "they/them"),
    Race("details", {"voicemail_ok": "True"}, {"voicemail_ok": "False"}, "voicemail_ok", "Yes"),
    Race("details", {"phone": ""}, {"phone": "555"}, "phone", "empty"),
    Race(
        "consultation",
        SHEETS["consultation"].good,
        SHEETS["consultation"].good | {"outcome": InquiryOutcome.DECLINED},
        "outcome",
        "Becomes a client",
    ),
    Race(
        "wait changed",
        {"words": "They call us."},
        {"words": "Called twice."},
        "words",
        "They call us.",
    ),
    Race("ordered count", {"ordered_count": 8}, {"ordered_count": 9}, "ordered_count", "8"),
    Race("order", {"mg": "80"}, {"mg": "85"}, "", "80 mg"),
    Race(
        "moved",
        SHEETS["moved"].good,
        {"planned_on": TOMORROW, "planned_time": "1:00 pm"},
        "planned_on",
        "Thu Nov 26",
    ),
    Race(
        "moved",
        SHEETS["moved"].good,
        {"planned_on": TOMORROW, "planned_time": "1:00 pm"},
        "planned_time",
        "10:00 am",
    ),
    Race(
        "record",
        {"arrived_time": "1:20 pm"},
        {"arrived_time": "1:30 pm"},
        "",
        "Arrived Tue Nov 24, 1:20 pm",
    ),
    Race(
        "integration moved",
        SHEETS["integration moved"].good,
        {"on": TOMORROW, "time": "4:00 pm"},
        "time",
        "9:00 am",
    ),
    Race(
        "wait changed",
        {"call_back_on": TODAY + 9 * DAY},
        {"call_back_on": TODAY + 2 * DAY},
        "call_back_on",
        "Thu Dec 3",
    ),
]


@pytest.mark.parametrize("race", RACES, ids=lambda race: f"{race.name} {race.field}")
def test_what_somebody_else_saved_meanwhile_is_shown_and_mine_kept_until_i_say(
    care: Care, race: Race
) -> None:
    sheet = SHEETS[race.name]
    query = sheet.query(care)
    mine = opened(care, care.prescriber, sheet.page, **query)
    other = opened(care, sheet.by(care), sheet.page, **query)
    fill(mine, sheet.form, race.mine)
    press(fill(other, sheet.form, race.theirs), sheet.button, sheet.form)
    held, written = typed(mine, sheet.form), _writes(care)

    press(mine, sheet.button, sheet.form)
    assert _NOBODY_ELSE in said(mine)
    theirs = beside(mine, sheet.form, race.field) if race.field else said(mine)
    assert race.shown in theirs
    assert not race.field or theirs.startswith("Saved by somebody else: ")
    assert typed(mine, sheet.form) == held
    # It stays refused however often Save is pressed without a word about whose text counts.
    press(mine, sheet.button, sheet.form)
    assert _writes(care) == written

    press(mine, "Keep mine", sheet.form)
    assert typed(mine, sheet.form) == held
    assert _writes(care) == written
    press(mine, sheet.button, sheet.form)
    assert _writes(care) == [*written, sheet.tag]
    assert _NOBODY_ELSE not in said(mine)


def test_taking_the_other_s_text_draws_the_form_from_what_is_kept(care: Care) -> None:
    sheet = SHEETS["details"]
    mine, other = (opened(care, care.prescriber, sheet.page, **_of_client(care)) for _ in "ab")
    fill(mine, "client", {"pronouns": "she/her", "given_name": "Ama"})
    press(fill(other, "client", {"pronouns": "they/them"}), "Save")
    press(mine, "Save")

    press(mine, "Take the other")

    assert typed(mine, "client")["pronouns"] == "they/them"
    assert typed(mine, "client")["given_name"] == "Amara"
    assert _NOBODY_ELSE not in said(mine)
    press(fill(mine, "client", {"pronouns": "xe"}), "Save")
    assert care.row(Client, care.client.id).pronouns == "xe"


def test_what_only_i_changed_is_not_called_somebody_else_s(care: Care) -> None:
    mine, other = (opened(care, care.prescriber, "client_edit", **_of_client(care)) for _ in "ab")
    press(fill(other, "client", {"phone": "602-555-0190"}), "Save")

    press(fill(mine, "client", {"phone": "602-555-0191", "pronouns": "she/her"}), "Save")

    assert "Saved by somebody else: 602-555-0190" in beside(mine, "client", "phone")
    assert beside(mine, "client", "pronouns") == ""
    assert typed(mine, "client")["pronouns"] == "she/her"


def test_a_refused_save_still_counts_against_the_version_first_seen(care: Care) -> None:
    mine, other = (opened(care, care.prescriber, "client_edit", **_of_client(care)) for _ in "ab")
    press(fill(mine, "client", {"family_name": ""}), "Save")
    press(fill(other, "client", {"phone": "602-555-0190"}), "Save")
    # The page runs again, and reads the newer row, with every field that is left.
    fill(mine, "client", {"family_name": "Okafor"})

    press(mine, "Save")

    assert _NOBODY_ELSE in said(mine)
    assert care.row(Client, care.client.id).phone == "602-555-0190"


def test_a_page_left_and_opened_again_counts_against_what_it_then_shows(care: Care) -> None:
    mine, other = (opened(care, care.prescriber, "client_edit", **_of_client(care)) for _ in "ab")
    press(fill(mine, "client", {"family_name": ""}), "Save")
    press(fill(other, "client", {"phone": "602-555-0190"}), "Save")
    back(mine, "today")

    back(mine, "client_edit", **_of_client(care))

    assert typed(mine, "client")["phone"] == "602-555-0190"
    assert typed(mine, "client")["family_name"] == "Okafor"
    assert LOOK not in said(mine)
    assert beside(mine, "client", "family_name") == ""
    press(fill(mine, "client", {"pronouns": "she/her"}), "Save")
    assert _NOBODY_ELSE not in said(mine)
    assert care.row(Client, care.client.id).pronouns == "she/her"


def test_my_own_save_beside_it_is_nobody_else_s(care: Care) -> None:
    tab = opened(care, care.prescriber, "ketamine_session", **_a_dose_an_hour_ago(care))
    fill(tab, "record", {"arrived_time": "1:30 pm"})
    press(fill(tab, "dose", {"mg": "80"}), "Order")

    # What was half typed beside it is still there, and counts as seen.
    assert typed(tab, "record")["arrived_time"] == "1:30 pm"
    press(tab, "Save record")
    press(fill(tab, "dose", {"mg": "85"}), "Order")

    assert _NOBODY_ELSE not in said(tab)
    assert _writes(care) == ["dose:ordered", "ketamine_session:recorded", "dose:ordered"]


def test_somebody_else_s_save_beside_my_own_is_not_taken_for_mine(care: Care) -> None:
    query = _a_dose_an_hour_ago(care)
    mine, other = (opened(care, care.prescriber, "ketamine_session", **query) for _ in "ab")
    fill(mine, "record", {"arrived_time": "1:30 pm"})
    press(fill(other, "record", {"arrived_time": "1:20 pm"}), "Save record")

    press(fill(mine, "dose", {"mg": "80"}), "Order")
    press(press(mine, "Keep mine", "dose"), "Order")
    press(mine, "Save record")

    assert _NOBODY_ELSE in said(mine)
    assert care.row(KetamineSession, query["id"]).arrived_at == NOW - timedelta(minutes=70)


def test_a_form_that_is_gone_by_then_still_says_why_nothing_was_saved(care: Care) -> None:
    mine, other = (opened(care, care.prescriber, "episode", **_course(care)) for _ in "ab")
    sheet = SHEETS["hold"]
    for tab in (mine, other):
        fill(tab, "hold", sheet.good)
    press(other, "Hold")

    press(mine, "Hold")

    assert "This course is on hold already. Release that hold first." in [
        one.value.replace("\\", "") for one in mine.warning
    ]
    assert len(care.rows(Hold)) == 1


def test_a_refusal_is_said_once_and_never_as_done(care: Care) -> None:
    tab = opened(care, care.prescriber, "episode", **_course(care))

    press(tab, "Hold", "hold")

    assert said(tab).count(LOOK) == 1
    assert not tab.success
    assert not tab.warning


def test_a_save_is_said_at_the_top_and_beside_the_button_until_the_next_step(care: Care) -> None:
    tab = opened(care, care.prescriber, "ketamine_session", **_a_dose_an_hour_ago(care))

    def beside() -> list[str]:
        return [
            one.value for one in tab.markdown if one.value.startswith(":green[:material/check:")
        ]

    press(fill(tab, "record", _A_DOSE), "Save record")
    assert len(tab.success) == 1
    assert len(beside()) == 1

    fill(tab, "record", {"administrations.0.lot": "L-7"})
    assert not tab.success
    assert beside() == []
