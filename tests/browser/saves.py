"""Every Save of kapteam: where it is, how its form is filled, and what one press leaves behind."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from playwright.sync_api import Locator, Page
from sqlalchemy import update

from kapteam.actions.endings import close_episode
from kapteam.db.base import Base
from kapteam.db.tables import (
    Absence,
    Acknowledgement,
    Administration,
    AdverseEvent,
    Ask,
    AskTurn,
    CaseReview,
    Clearance,
    Client,
    Clinician,
    ClosedDays,
    CommitmentUpdate,
    Concern,
    ConcernAddition,
    Consent,
    Contact,
    DiscussMark,
    EmergencyAccess,
    Ending,
    Episode,
    EpisodeMember,
    Filing,
    Hold,
    HomeSupply,
    HomeTally,
    Inquiry,
    IntegrationSession,
    Invitation,
    KetamineSession,
    MonitoringAnswers,
    MonitoringSubmission,
    Note,
    NoteAddendum,
    NoteAmendment,
    NoteRead,
    OtherMedicine,
    OutsideExperience,
    OutsideWait,
    PracticeSetting,
    PrescriptionLookup,
    ReadinessAnswer,
    RemsEnrollment,
    Reviewed,
    ReviewItem,
    Score,
    SeriesReview,
    SupportRecord,
    Vital,
    Weight,
)
from kapteam.ids import new_id
from kapteam.vocabulary import (
    Answer,
    ConsentType,
    Function,
    HoldReason,
    ProductRoute,
    ReadinessItem,
    ReviewDecision,
    SessionStatus,
)
from tests.accounts.people import PASSWORD
from tests.browser.hands import choose, field, fill_day, paste, press, tick, unfold, wait_for_run
from tests.factories import (
    NOW,
    TODAY,
    a_call,
    a_client,
    a_clinician,
    a_concern,
    a_consent,
    a_contact,
    a_course,
    a_hold,
    a_home_supply,
    a_wait,
    a_weight,
    an_absence,
    an_authorization,
    an_emergency,
    an_inquiry,
    an_integration_course,
    an_outside_experience,
    some_closed_days,
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
    a_signed_note,
    a_spravato_session,
    a_submission,
    a_vital,
    an_administration,
    an_answer,
    an_answered_ask,
    an_ask,
    an_event,
    an_integration_session,
    an_overdue_integration,
    another_course,
    another_medicine,
)
from tests.factories_endings import a_closing
from tests.factories_review import a_mark, a_review, an_action, an_item

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Save:
    """One Save: where its form is, how it is filled, and all that one press of it leaves behind.

    `fill` returns the part of the page where the button is, when others there read the same.
    """

    address: Callable[[Care], str]
    fill: Callable[[Page], Locator | None]
    button: str
    tags: tuple[str, ...]
    makes: tuple[type[Base], ...] = ()
    by_prescriber: bool = False
    presses: int = 2


def its_client(own: Care) -> str:
    """The client's page."""
    return f"/client?client={own.client.code}"


def _a_client_asked_before(own: Care) -> str:
    with own.database.writing() as db:
        client = db.get_one(Client, own.client.id)
        client.allergies, client.allergies_asked_on = "Latex", TODAY - DAY
    return its_client(own)


def _inquiry(page: Page) -> None:
    paste(page, "Name", "Juniper Fable")


def _outcome(page: Page) -> None:
    fill_day(page, "Consultation held on", TODAY - DAY)
    paste(page, "At", "9:00 am")
    tick(page, "Declined")


def _call(page: Page) -> None:
    tick(page, "They called")
    paste(page, "In a few words, for the team", "Slept badly, asks for a call back.")


def _a_call_to_know_of(own: Care) -> str:
    with own.database.writing() as db:
        a_call(db, own.client, own.front_desk, tell_id=own.therapist.clinician_id)
    return "/"


def _supply(page: Page) -> None:
    unfold(page, "Record a shipment")
    paste(page, "Lozenges sent", "12")
    paste(page, "mg of each", "100")
    paste(page, "Pharmacy", "Desert Compounding")


def _a_shipment(own: Care) -> str:
    with own.database.writing() as db:
        a_home_supply(db, own.course, own.prescriber, arrived_on=None)
    return _home_supply(own)


def _home_supply(own: Care) -> str:
    return f"/home_supply?episode={own.course.id}"


def _arrived(page: Page) -> None:
    fill_day(page, "Arrived on (sent Thu Nov 19)", TODAY)


def _home_count(page: Page) -> None:
    unfold(page, "Count with the client")
    paste(page, "Lozenges the client showed", "9")


def _home_return(page: Page) -> None:
    unfold(page, "Record what went back")
    paste(page, "Lozenges returned or destroyed", "3")
    paste(page, "Why", "Dose lowered.")


def _home_error(page: Page) -> None:
    press(page, "Entered in error")
    paste(page, "What was wrong", "Typed twice.")


def _a_session_at_home(own: Care, *, at_home: bool = True) -> str:
    with own.database.writing() as db:
        series = a_series(db, own.course, product_route=ProductRoute.SUBLINGUAL)
        session = a_ketamine_session(db, own.course, series=series)
        session.at_home, session.place = at_home, ""
    return f"/ketamine_session?id={session.id}"


def _where_they_will_be(page: Page) -> None:
    paste(page, "Where the client will be", "418 Mesquite Lane")


def _at_home_instead(page: Page) -> None:
    unfold(page, "At home instead")
    paste(page, "Where the client will be", "418 Mesquite Lane")


def _in_the_practice(page: Page) -> None:
    unfold(page, "In the practice instead")
    paste(page, "Place", "Room 2")


def _contact(page: Page) -> None:
    tick(page, "Preparation")
    fill_day(page, "Day", TODAY + DAY)
    paste(page, "Time", "10:00 am")
    tick(page, "In person")


def _a_planned_contact(own: Care) -> str:
    with own.database.writing() as db:
        contact = a_contact(db, own.course, own.therapist, planned_at=NOW + DAY)
    return f"/contact?id={contact.id}&do=move"


def _contact_moved(page: Page) -> None:
    paste(page, "Time", "11:45 am")


def _a_past_contact(own: Care) -> str:
    with own.database.writing() as db:
        contact = a_contact(db, own.course, own.therapist, planned_at=NOW - DAY)
    return f"/contact?id={contact.id}"


def _contact_ended(page: Page) -> None:
    tick(page, "Held")


def _wait(page: Page) -> None:
    tick(page, "Insurer")
    paste(page, "Name (may stay empty)", "Sonora Health")
    fill_day(page, "Call back on", TODAY + 6 * DAY)


def _an_open_wait(own: Care, do: str) -> str:
    with own.database.writing() as db:
        return f"/wait?id={a_wait(db, own.course, own.therapist).id}&do={do}"


def _an_ended_wait(own: Care) -> str:
    with own.database.writing() as db:
        return f"/wait?id={an_authorization(db, own.course, own.therapist).id}"


def _unfolded_error(page: Page) -> None:
    unfold(page, "Entered in error")


def _wait_changed(page: Page) -> None:
    fill_day(page, "Call back on", TODAY + 3 * DAY)


def _wait_ended(page: Page) -> None:
    tick(page, "Refused")


def _an_inquiry(own: Care) -> str:
    with own.database.writing() as db:
        return f"/inquiry?id={an_inquiry(db, own.therapist).id}"


def _become_client(page: Page) -> None:
    page.get_by_role("tab", name="Make this person a client").click()


def _client(page: Page) -> None:
    paste(page, "Family name", "Fable")


def _details(page: Page) -> None:
    paste(page, "Phone", "555 0142")


def _pinned_line(page: Page) -> None:
    press(page, "Pin a line")
    paste(page, "What everybody should know first", "Prefers mornings")


def _course(page: Page) -> None:
    tick(page, "Psychedelic integration")
    paste(page, "Substance", "psilocybin")
    paste(page, "When", "summer 2025")


def _the_course(own: Care) -> str:
    return f"/episode?id={own.course.id}"


def _move(page: Page) -> None:
    tick(page, "Series review")


def _about(page: Page) -> None:
    _open_tab(page, "What it is for")
    tick(page, "PTSD")


def _unbooked(page: Page) -> None:
    unfold(page, "A ketamine session took place that was not booked")
    tick(page, "sublingual")
    paste(page, "It began at", "6:00 am")


def _hold(page: Page) -> None:
    page.get_by_role("tab", name="Hold", exact=True).click()
    tick(page, "Travel")
    fill_day(page, "Look again on", TODAY + DAY)


def _member(page: Page) -> None:
    page.get_by_role("tab", name="Who is on it").click()
    paste(page.locator(".st-key-member_therapist"), "… or elsewhere, by name", "Wren Faraway")


def _a_course_on_hold(own: Care) -> str:
    with own.database.writing() as db:
        a_hold(db, own.course, HoldReason.TRAVEL, own.therapist.clinician_id)
    return _the_course(own)


def _a_course_asked_for_measures(own: Care) -> str:
    with own.database.writing() as db:
        course = db.get_one(Episode, own.course.id)
        course.measures_asked_at, course.measures_asked_by_id = NOW, own.therapist.clinician_id
    return _the_course(own)


def _release(page: Page) -> None:
    paste(_open_tab(page, "Release the hold"), "Why it ends", "Back again")


def _closing(page: Page) -> None:
    page.get_by_role("tab", name="Close", exact=True).click()
    tick(page, "Goals met")
    tick(page, "Obtained, recorded elsewhere")


def _a_course_to_review(own: Care) -> str:
    """With a dose of which nobody knew the ride home."""
    _a_closed_session(own)
    return _the_course(own)


def _a_course_to_sign_off(own: Care) -> str:
    with own.database.writing() as db:
        close_episode(db, own.prescriber, a_closing(own.course), NOW)
    return _the_course(own)


def _clearance(page: Page) -> None:
    tick(page, "Deferred")


def _consent(page: Page) -> None:
    tick(page, "Touch agreement")


def _a_course_with_one_consent(own: Care) -> str:
    with own.database.writing() as db:
        course = a_course(db, own.client, therapist=own.therapist)
        a_consent(db, course, ConsentType.TOUCH, own.therapist.clinician_id)
    return f"/consent?episode={course.id}"


def _booking(page: Page) -> None:
    tick(page, "intramuscular")
    fill_day(page, "Day", TODAY + DAY)
    paste(page, "Time", "10:00 am")
    fill_day(page, "Day of the integration", TODAY + 2 * DAY)
    paste(page, "Time of the integration", "9:00 am")


def _a_dose_ahead(own: Care) -> str:
    with own.database.writing() as db:
        return f"/ketamine_session?id={a_ketamine_session(db, own.course, ordered_ug=None).id}"


def _order(page: Page) -> None:
    unfold(page, "Order the dose")
    paste(page, "Dose, mg", "70")


def _a_dose_without_a_ride(own: Care) -> str:
    with own.database.writing() as db:
        return f"/ketamine_session?id={a_ketamine_session(db, own.course, ride='').id}"


def _a_cancelled_dose(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course)
        dose.status, dose.closed_at = SessionStatus.CANCELLED, NOW
    return f"/ketamine_session?id={dose.id}"


def _a_dose_today(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course, planned_at=NOW + timedelta(hours=2))
    return f"/ketamine_session?id={dose.id}"


def _a_dose_with_a_question(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course, planned_at=NOW + timedelta(hours=2))
        an_answer(db, dose, ReadinessItem.BLADDER, Answer.NOT_FINE, words="Burns since the weekend")
    return f"/ketamine_session?id={dose.id}"


def _a_dose_after_an_unsigned_integration(own: Care) -> str:
    with own.database.writing() as db:
        a_given_session(db, own.course, given_at=NOW - 3 * DAY)
        dose = a_ketamine_session(db, own.course, planned_at=NOW + timedelta(hours=2))
    return f"/ketamine_session?id={dose.id}"


def _go_ahead_without(page: Page) -> None:
    press(page, "Go ahead without it")
    paste(page, "Go ahead, because", "Told on the phone; the note comes tonight")


def _a_closed_session(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_given_session(db, own.course, given_at=NOW - timedelta(hours=3))
    return f"/ketamine_session?id={dose.id}"


def _support(page: Page) -> None:
    unfold(page, "Record support")
    tick(page, "Breath")
    paste(page, "In the client's own words, a few lines", "It was quiet.")


def _ride(page: Page) -> None:
    press(page, "Who takes them home")
    paste(page, "Who takes them home, name and phone", "Ngozi Okafor, 602-555-0177")


def _amiss(page: Page) -> None:
    press(page, "Alone tonight …")
    paste(page, "What was said or seen", "Her sister comes at noon tomorrow")


def _go_ahead(page: Page) -> None:
    press(page, "Change: bladder symptoms asked?")
    paste(page, "Go ahead, because", "Seen by her own doctor on Monday")


def _weight(page: Page) -> None:
    press(page, "Weigh")
    paste(page, "Weight", "182 lb")


def _a_wrong_weight(own: Care) -> str:
    with own.database.writing() as db:
        a_weight(db, own.client, 80_000, own.therapist.clinician_id)
    return _a_dose_ahead(own)


def _score(page: Page) -> None:
    paste(page, "Answers", "201100010")


def _a_wrong_score(own: Care) -> str:
    with own.database.writing() as db:
        a_score(db, own.course, own.nurse, total=9)
    return f"/scores?client={own.client.code}"


def _score_in_error(page: Page) -> None:
    press(page, "Entered in error")
    paste(page, "What was wrong", "Another client's")


def _proposal(page: Page) -> None:
    unfold(page, "Propose a dose (not an order)")
    paste(page, "Dose, mg", "70")


def _ordered_count(page: Page) -> None:
    unfold(page, "Number of sessions in this series")
    paste(page, "Ketamine sessions ordered in this series", "8")


def _a_dose_without_a_number(own: Care) -> str:
    with own.database.writing() as db:
        a_series(db, own.course, ordered_count=None)
    return _a_dose_ahead(own)


def _a_series_to_review(own: Care) -> str:
    with own.database.writing() as db:
        a_series(db, own.course, review_before=2)
        a_given_session(db, own.course, given_at=NOW - 7 * DAY)
    return _the_course(own)


def _review(page: Page) -> None:
    press(page, "Record the review")
    paste(page, "What you both decided, in a few words", "Goes on, the same dose.")


def _a_series_to_plan(own: Care) -> str:
    with own.database.writing() as db:
        a_series(db, own.course, ordered_count=2)
        a_given_session(db, own.course, given_at=NOW - 7 * DAY)
    return f"/series_plan?episode={own.course.id}"


def _number(page: Page) -> None:
    paste(page, "Ketamine sessions ordered in this series", "8")


def _other_end(name: str) -> Callable[[Page], None]:
    """One of the ways in which a ketamine session does not take place."""

    def fill(page: Page) -> None:
        unfold(page, "Move, cancel, missed or not given")
        paste(_open_tab(page, name), "Reason", "A cold")

    return fill


def _move_both(page: Page) -> None:
    unfold(page, "Move, cancel, missed or not given")
    fill_day(page, "New day", TODAY + 2 * DAY)
    paste(page, "New time", "10:00 am")


def _a_booked_pair(own: Care) -> str:
    with own.database.writing() as db:
        dose, _ = a_booked_pair(db, own.course, therapist=own.therapist)
    return f"/ketamine_session?id={dose.id}"


def _a_dose_an_hour_ago(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course, planned_at=NOW - timedelta(hours=1))
    return f"/ketamine_session?id={dose.id}"


def _now(own: Care) -> str:
    return _a_dose_an_hour_ago(own).replace("ketamine_session", "live_session")


def _a_dose_given_now(own: Care) -> str:
    with own.database.writing() as db:
        given = a_given_session(
            db, own.course, given_at=NOW - timedelta(hours=2), status=SessionStatus.STARTED
        )
    return f"/live_session?id={given.id}"


def _somebody_out(own: Care) -> str:
    with own.database.writing() as db:
        given = a_given_session(
            db, own.course, given_at=NOW - timedelta(hours=2), status=SessionStatus.STARTED
        )
        given.discharged_at = NOW
    return f"/live_session?id={given.id}"


def _a_running_infusion(own: Care) -> str:
    with own.database.writing() as db:
        series = a_series(db, own.course, product_route=ProductRoute.INTRAVENOUS)
        dose = a_ketamine_session(
            db, own.course, planned_at=NOW - timedelta(hours=1), series=series
        )
        an_administration(db, dose, started_at=NOW - timedelta(minutes=40))
    return f"/live_session?id={dose.id}"


def _a_reading(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course, planned_at=NOW - timedelta(hours=1))
        a_vital(db, dose, taken_at=NOW)
    return f"/live_session?id={dose.id}"


def _an_event_that_goes_on(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course, planned_at=NOW - timedelta(hours=1))
        an_event(db, dose, onset_at=NOW)
    return f"/live_session?id={dose.id}"


def _a_red_pressure(own: Care) -> str:
    with own.database.writing() as db:
        session = a_given_session(db, own.course, given_at=NOW - timedelta(hours=3))
        a_vital(db, session, taken_at=NOW - timedelta(hours=2), systolic=182)
    return its_client(own)


def _a_critical_answer(own: Care) -> str:
    with own.database.writing() as db:
        a_score(db, own.course, own.therapist, answers=(0,) * 8 + (1,))
    return its_client(own)


def _what_is_planned(page: Page) -> None:
    press(page, "Known, with a plan")
    paste(page, "What is known, and the plan", "Safety plan signed; call on Friday")


def _why_it_rests(page: Page) -> None:
    press(page.locator("[class*=st-key-alert_]").filter(has_text="182/"), "Quiet")
    paste(page, "Why it can rest", "134/84 at home since")


def _pressure(page: Page) -> None:
    paste(page, "BP, mmHg", "128/82")


def _observed(page: Page) -> None:
    unfold(page, "Skipped, observed")
    paste(page, "What was seen (may stay empty)", "Calm")


def _event(page: Page) -> None:
    unfold(page, "Event")
    choose(page, "What it is", "Nausea")
    tick(page, "Mild")


def _present(page: Page) -> None:
    unfold(page, "Who is present")
    paste(page, "In the room", "Sam Okafor")


def _record(page: Page) -> None:
    paste(page, "Dose given, mg", "70")
    paste(page, "Given at", "1:35 pm")


def _lookup(page: Page) -> None:
    fill_day(page, "Looked up on", TODAY)


def _lookup_in_error(page: Page) -> None:
    press(page.locator("[class*=st-key-lookup_]"), "Entered in error")
    paste(page, "What was wrong", "Another client")


def _enrollment_in_error(page: Page) -> None:
    press(page.locator("[class*=st-key-enrollment_]"), "Entered in error")
    paste(page, "What was wrong", "Another client")


def _enrollment(page: Page) -> None:
    unfold(page, "Another enrollment")
    fill_day(page, "Enrolled on", TODAY)
    paste(page, "Enrollment number (may stay empty)", "R-40817")


def _some_devices(own: Care, page: str = "ketamine_session", *, is_sent: bool = False) -> str:
    """A session with Spravato of this morning; the lots of its devices are not known."""
    last_at = NOW - timedelta(hours=4)
    with own.database.writing() as db:
        dose = a_spravato_session(
            db, own.course, last_at=last_at, out_at=last_at + timedelta(hours=3)
        )
        if is_sent:
            a_submission(db, dose)
    return f"/{page}?id={dose.id}"


def _lot(page: Page) -> None:
    press(page, "Lot of device 1")
    paste(page, "Lot", "26KS04")


def _monitoring_answers(page: Page) -> None:
    press(page, "Answer what it asks")
    for question in page.get_by_role("radiogroup").all():
        question.locator("label", has_text="No").last.click()
        wait_for_run(page)


def _submitted(page: Page) -> None:
    press(page, "It was submitted")
    tick(page, "By fax")
    paste(page, "Sent without it, because", "The sheet was lost")


def _submission_in_error(page: Page) -> Locator:
    row = page.locator("[class*=st-key-submission_]").first
    press(row, "Entered in error")
    paste(page, "What was wrong", "Another client")
    return page.locator("body")


def _a_dose_on_somebody_s_word(own: Care) -> str:
    with own.database.writing() as db:
        given_at = NOW - timedelta(hours=3)
        dose = a_ketamine_session(db, own.course, planned_at=given_at)
        an_administration(db, dose, started_at=given_at, told_by=own.prescriber)
    return f"/ketamine_session?id={dose.id}"


def _medicine(page: Page) -> None:
    unfold(page, "Add another medicine")
    paste(page, "Medicine", "ondansetron")
    paste(page, "Its dose and unit", "4 mg")
    paste(page, "Medicine given at", "2:00 pm")
    tick(page, "oral")


def _a_wrong_medicine(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course, planned_at=NOW - timedelta(hours=1))
        another_medicine(db, dose, given_at=NOW)
    return f"/ketamine_session?id={dose.id}"


def _in_error(page: Page) -> None:
    press(page, "Entered in error")
    paste(page, "What was wrong", "Another client")


def _revocation(page: Page) -> None:
    press(page, "Revoke")


def _correction(page: Page) -> None:
    press(page, "Correct")
    paste(page, "What was wrong", "A slip")


def _an_integration_to_do(own: Care) -> str:
    with own.database.writing() as db:
        return f"/integration_session?dose={an_overdue_integration(db, own.course).id}"


def _held(page: Page) -> None:
    page.get_by_role("tab", name="Held", exact=True).click()
    paste(page, "Began at", "1:00 pm")


def _booked(page: Page) -> None:
    fill_day(page, "Day", TODAY + DAY)
    paste(page, "Time", "10:00 am")


def _a_booked_integration(own: Care) -> str:
    with own.database.writing() as db:
        dose = an_overdue_integration(db, own.course)
        booked = an_integration_session(
            db, own.course, dose, therapist=own.therapist, planned_at=NOW + timedelta(hours=2)
        )
    return f"/integration_session?id={booked.id}"


def _agreed(page: Page) -> None:
    panel = _open_tab(page, "Agree a day")
    fill_day(page, "Agreed with the client for", TODAY + DAY)
    paste(panel, "Reason", "Away")


def _closed(page: Page) -> None:
    _open_tab(page, "Close with a reason")
    tick(page, "Client declined")


def _taken_back(page: Page) -> None:
    paste(_open_tab(page, "Missed or cancelled"), "Reason", "A cold")


def _an_experience(own: Care) -> str:
    with own.database.writing() as db:
        course = an_integration_course(db, own.client, own.therapist)
        an_outside_experience(db, course)
    return f"/integration_session?episode={course.id}"


def _its_course(own: Care) -> str:
    return _an_experience(own).replace("/integration_session?episode=", "/episode?id=")


def _due_day(page: Page) -> None:
    _open_tab(page, "Due by a day")
    fill_day(page, "Due on, set by hand", TODAY + DAY)


def _open_tab(page: Page, name: str) -> Locator:
    """What stands behind a tab, once it is opened."""
    page.get_by_role("tab", name=name, exact=True).click()
    return page.get_by_role("tabpanel")


def _nothing(page: Page) -> None:
    """There is nothing to fill in."""


def _an_integration_held(own: Care) -> str:
    with own.database.writing() as db:
        dose = an_overdue_integration(db, own.course)
        held = an_integration_session(
            db, own.course, dose, therapist=own.therapist, held_at=NOW - timedelta(hours=2)
        )
    return f"/integration_session?id={held.id}"


def _never_held(page: Page) -> None:
    unfold(page, "Entered in error")
    paste(page, "What was wrong", "Another client")


def _note_in_error(page: Page) -> None:
    unfold(page, "Entered in error")
    paste(page, "What was wrong, for example the wrong client", "Another client")


def _signature(page: Page) -> None:
    press(page, "Intention note")
    paste(page, "Intention (required)", "To rest")
    paste(page, "Safety (required)", "Asked. Safe.")
    paste(page, "Coping skills agreed (required)", "Breath counting")
    tick(page, "Ready")
    press(page, "Sign …")
    paste(page, "Your password", PASSWORD)


def _a_signed_note(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_given_session(db, own.course, given_at=NOW - timedelta(hours=3))
        return f"/note?id={a_signed_intention(db, dose, own.therapist).id}"


def _amendment(page: Page) -> None:
    unfold(page, "Amend")
    paste(page, "Reason for the amendment", "A slip")
    paste(page, "What it should say", "To rest and be held")


def _a_filed_note(own: Care) -> str:
    address = _a_signed_note(own)
    note_id = address.partition("=")[2]
    with own.database.writing() as db:
        by_id = own.therapist.clinician_id
        db.add(Filing(id=new_id(), note_id=note_id, by_id=by_id, at=NOW))
    return f"/filing?note={note_id}"


def _a_decision(own: Care) -> str:
    with own.database.writing() as db:
        review = a_review(db, own.prescriber, own.therapist)
        return f"/filing?item={an_item(db, review, own.course, own.therapist).id}"


def _a_committed_action(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_given_session(db, own.course, given_at=NOW - timedelta(days=2))
        a_signed_integration(db, dose, own.therapist, actions="Walk to the river by Sunday.")
    return f"/thread?episode={own.course.id}"


def _what_became_of_it(page: Page) -> None:
    press(page.locator("[class*=st-key-commitment_]"), "What became of it")
    tick(page, "Partly done")
    paste(page, "How it went, in a few words", "Half of the way")


def _addition(page: Page) -> None:
    unfold(page, "Add to this note")
    paste(page, "What to add", "Blood pressure was fine")


def _note_read(page: Page) -> None:
    unfold(page, "Read")
    paste(page, "Comment, if any", "Agreed")


def _an_empty_note(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course)
    return f"/note?kind=intention&dose={dose.id}"


def _an_intention_of_a_cancelled_dose(own: Care) -> str:
    with own.database.writing() as db:
        cancelled = a_ketamine_session(db, own.course, status=SessionStatus.CANCELLED)
        a_signed_intention(db, cancelled, own.therapist)
        dose = a_ketamine_session(db, own.course, planned_at=NOW + 3 * DAY)
    return f"/note?kind=intention&dose={dose.id}"


def _colleague(page: Page) -> None:
    unfold(page, "Add a colleague")
    paste(page, "Name", "Nell Newcomer")
    paste(page, "Sign-in name", "nell")
    tick(page, "Nurse")


def _practice_with(name: str, *, suspended: bool = False) -> Callable[[Care], str]:
    """The practice's page, with one more colleague."""

    def address(own: Care) -> str:
        with own.database.writing() as db:
            a_clinician(db, Function.NURSE, name=name, suspended=suspended)
        return "/practice"

    return address


def _row_of(name: str) -> Callable[[Page], Locator]:
    """The row of one colleague."""
    return lambda page: page.locator("[class*=st-key-colleague_]").filter(has_text=name)


def _ask_to_turn_off(name: str) -> Callable[[Page], None]:
    return lambda page: press(_row_of(name)(page), f"Turn off sign-in {name}")


def _change(name: str) -> Callable[[Page], None]:
    def fill(page: Page) -> None:
        press(_row_of(name)(page), f"Change {name}")
        paste(page, "Credentials", "RN")

    return fill


def _name(page: Page) -> None:
    unfold(page, "Name and time zone")
    paste(page, "Name of the practice", "Saguaro Clinic")


def _zone(page: Page) -> None:
    unfold(page, "Name and time zone")
    box = field(page, "Time zone")
    # In sight first: a list that is open closes when its field is scrolled.
    box.scroll_into_view_if_needed()
    box.click()
    box.press_sequentially("Denver")
    page.get_by_role("option").filter(has_text="Denver").click()
    wait_for_run(page)


def _bound(page: Page) -> None:
    unfold(page, "Intramuscular doses")
    paste(page, "Intramuscular: say why above, mg", "180")


def _threshold(page: Page) -> Locator:
    row = page.locator(".st-key-threshold_integration_late_hours")
    box = row.get_by_role("textbox")
    box.fill("60")
    box.press("Tab")
    wait_for_run(page)
    return row


def _theme(page: Page) -> None:
    box = field(page, "Another theme")
    box.fill("The sea")
    box.press("Tab")
    wait_for_run(page)


def _theme_out(page: Page) -> None:
    choose(page, "Theme to take out of use", "Shame")


_AWAY = "/practice?practice_show=Days+away"


def _absence(page: Page) -> None:
    unfold(page, "Add days away")
    choose(page, "Who is away", "Thea Tallis")
    fill_day(page, "First day away", TODAY + 30 * DAY)


def _absent(from_at: datetime) -> Callable[[Care], str]:
    """Who is away, with somebody who is from then on until next week."""

    def address(own: Care) -> str:
        with own.database.writing() as db:
            away = a_clinician(db, Function.NURSE, name="Abby Absent")
            an_absence(db, away, own.prescriber, from_at=from_at, until_at=NOW + 7 * DAY)
        return _AWAY

    return address


def _own_absence(page: Page) -> None:
    fill_day(page, "First day away", TODAY + 50 * DAY)


def _own_away(from_at: datetime, until_at: datetime) -> Callable[[Care], str]:
    """The therapist's own list, with days of theirs."""

    def address(own: Care) -> str:
        with own.database.writing() as db:
            an_absence(db, own.therapist, own.therapist, from_at=from_at, until_at=until_at)
        return "/away"

    return address


def _own_cover(own: Care) -> str:
    """Days away of the therapist's that nobody covers yet."""
    with own.database.writing() as db:
        a_clinician(db, Function.THERAPIST, name="Casey Coverfield")
        from_at, until_at = NOW + 70 * DAY, NOW + 71 * DAY
        away = an_absence(db, own.therapist, own.therapist, from_at=from_at, until_at=until_at)
        return f"/away?id={away.id}&do=cover"


def _cover_chosen(page: Page) -> None:
    choose(page, "Who covers", "Casey Coverfield")


def _a_call_in_error(own: Care) -> str:
    with own.database.writing() as db:
        return f"/contact?id={a_call(db, own.client, own.front_desk).id}"


def _contact_in_error(page: Page) -> None:
    unfold(page, "Entered in error")


def _away_with_a_dose(own: Care) -> str:
    """The therapist is away while a dose is booked, and chooses who has it."""
    with own.database.writing() as db:
        at = NOW + 9 * DAY
        away = an_absence(db, own.therapist, own.prescriber, from_at=at - DAY, until_at=at + DAY)
        a_clinician(db, Function.THERAPIST, name="Tara Takeover")
        a_ketamine_session(db, own.course, planned_at=at)
    return f"/away?id={away.id}&course={own.course.id}"


def _taken_over(page: Page) -> None:
    choose(page, "Who has this course of care Wed Dec 2 to Fri Dec 4", "Tara Takeover")


_DAYS_ROWS = "[class*=st-key-absence_], [class*=st-key-row_absence_], [class*=st-key-closed_]"


def _row_with(text: str, button: str) -> Callable[[Page], Locator]:
    """The last row that says this and has such a button."""
    return lambda page: (
        page.locator(_DAYS_ROWS)
        .filter(has_text=text)
        .filter(has=page.get_by_role("button", name=button))
        .last
    )


def _closed_days(page: Page) -> None:
    unfold(page, "Add closed days")
    paste(page, "What it is closed for", "Inventory")
    fill_day(page, "First day closed", TODAY + 30 * DAY)


def _some_closed_days(own: Care) -> str:
    with own.database.writing() as db:
        some_closed_days(db, own.prescriber, TODAY + 40 * DAY, name="Founders' day")
    return _AWAY


def _hours(page: Page) -> None:
    unfold(page, "Opening hours")
    paste(page, "Opens at", "7:15 am")


def _somebody_elses_client(own: Care) -> str:
    with own.database.writing() as db:
        client = a_client(db, own.stranger, family="Elsewhere", given="Elly")
        a_course(db, client, therapist=own.stranger)
    return "/emergency"


def _emergency(page: Page) -> None:
    paste(page, "Given name", "Elly")
    paste(page, "Family name", "Elsewhere")
    paste(page, "Why you need to see this client now", "Found unresponsive")


def _an_emergency(own: Care) -> str:
    with own.database.writing() as db:
        client = a_client(db, own.stranger, family="Emergent", given="Emil")
        a_course(db, client, therapist=own.stranger)
        an_emergency(db, client, own.prescriber)
    return "/notes"


def _its_banner(page: Page) -> Locator:
    return page.locator("[class*=st-key-emergency_row]")


def _cover(page: Page) -> Locator:
    page.get_by_role("tab", name="Who is on it").click()
    part = page.locator("[class*=st-key-member-cover]")
    choose(page, "Covers from now on", "Otto Outer")
    fill_day(page, "Last day of the cover", TODAY + 7 * DAY)
    return part


def _alarm(page: Page) -> None:
    tick(page, "Suicide risk")
    tick(page, "High")
    paste(page, "What was seen or said, in a few words", "Would rather not wake up.")


def _a_concern(own: Care) -> str:
    with own.database.writing() as db:
        return f"/concern?id={a_concern(db, own.client, own.prescriber).id}"


def _told_by_phone(page: Page) -> None:
    unfold(page, "Told by phone")


def _added(page: Page) -> None:
    unfold(page, "Add to it")
    paste(page, "What you add, in a few words", "Her sister has the tablets.")


def _a_concern_to_clear(own: Care) -> str:
    with own.database.writing() as db:
        a_signed_note(db, own.course, own.therapist)
    return _a_concern(own)


def _clearing(page: Page) -> None:
    field(page, "The signed note that clears it").click()
    page.get_by_role("option", name="Risk note, Thea Tallis").click()
    wait_for_run(page)


def _question(page: Page) -> None:
    paste(page, "Your question", "162/98 at 40 min, hold next?")


def _about_medicine_use(page: Page) -> None:
    _question(page)
    tick(page, "This is about medicine use: alcohol, benzodiazepines, other drugs or medicine")
    tick(page, "Moderate")


def _to_discuss(page: Page) -> None:
    paste(page, "What it is about", "Sleep since the second dose")


def _a_course_to_discuss(own: Care) -> str:
    with own.database.writing() as db:
        a_mark(db, own.course, own.prescriber)
    return f"/episode?id={own.course.id}"


def _no_review(own: Care) -> str:
    """No review of the two runs; the client is on the agenda of the next one."""
    with own.database.writing() as db:
        db.execute(update(CaseReview).values(ended_at=NOW))
    return "/case_review"


def _a_running_review(own: Care, **of_first: object) -> list[ReviewItem]:
    """A review of two clients that runs, and is at the first."""
    _no_review(own)
    with own.database.writing() as db:
        review = a_review(db, own.therapist, own.prescriber, started_at=NOW, ended_at=None)
        first = an_item(db, review, own.course, **of_first)
        return [first, an_item(db, review, another_course(db, own, "Second"))]


def _in_review(own: Care) -> str:
    _a_running_review(own)
    return "/case_review"


def _at_the_second(own: Care) -> str:
    second = _a_running_review(own)[1]
    with own.database.writing() as db:
        db.get_one(ReviewItem, second.id).opened = 1
    return "/case_review"


def _at_the_steady_ones(own: Care) -> str:
    first, second = _a_running_review(own)
    with own.database.writing() as db:
        db.get_one(ReviewItem, first.id).is_steady = True
        db.get_one(ReviewItem, first.id).opened = 1
        db.get_one(ReviewItem, second.id).decision = ReviewDecision.NO_CHANGE
    return "/case_review"


def _no_change(page: Page) -> None:
    choose(page, "Decision", "No change")


def _third(page: Page) -> None:
    field(page, "Add a client").click()
    page.get_by_role("option").first.click()
    wait_for_run(page)


def _its_agenda(own: Care) -> str:
    _a_running_review(own)
    with own.database.writing() as db:
        another_course(db, own, "Third")
    return "/case_review?show=agenda"


def _minutes(own: Care) -> str:
    with own.database.writing() as db:
        review = a_review(db, own.therapist, own.prescriber)
        an_item(db, review, own.course, own.therapist)
    return f"/case_review?id={review.id}"


def _minutes_with_a_proposal(own: Care) -> str:
    with own.database.writing() as db:
        review = a_review(db, own.therapist, own.prescriber)
        dose = {"decision": ReviewDecision.DOSE, "words": "80 mg"}
        an_item(db, review, own.course, own.therapist, **dose)
    return f"/case_review?id={review.id}"


def _a_course_with_an_action(own: Care) -> str:
    with own.database.writing() as db:
        an_action(db, own.course, own.therapist)
    return f"/episode?id={own.course.id}"


def _a_question(own: Care) -> str:
    with own.database.writing() as db:
        return f"/ask?id={an_ask(db, own.course, own.therapist, own.prescriber).id}"


def _an_answer(page: Page) -> None:
    paste(page, "Your answer", "Yes, hold it.")


def _an_answered_question(own: Care) -> str:
    with own.database.writing() as db:
        return f"/ask?id={an_answered_ask(db, own.course, own.therapist, own.prescriber).id}"


def _more_of_it(page: Page) -> None:
    paste(page, "More to your answer", "And the one after.")


def _asking_again(page: Page) -> None:
    unfold(page, "Ask again")
    paste(page, "What is still open", "And the dose after?")


def _question_in_error(page: Page) -> None:
    press(page, "Entered in error")
    paste(page, "What was wrong", "Another client.")


def _safety_plan(page: Page) -> None:
    unfold(page, "Write the safety plan")
    paste(page, "Signs, what helps, whom to call, what is put away", "Rings her sister first.")


SAVES = {
    "inquiry": Save(
        lambda own: "/inquiry", _inquiry, "Save inquiry", ("inquiry:recorded",), (Inquiry,)
    ),
    "outcome": Save(_an_inquiry, _outcome, "Save outcome", ("inquiry:settled",)),
    "client of an inquiry": Save(
        _an_inquiry, _become_client, "Save client", ("client:created",), (Client,)
    ),
    "client": Save(
        lambda own: "/client_edit", _client, "Save client", ("client:created",), (Client,)
    ),
    "details": Save(
        lambda own: f"/client_edit?client={own.client.code}", _details, "Save", ("client:changed",)
    ),
    "call": Save(
        lambda own: f"/contact?client={own.client.code}",
        _call,
        "Save",
        ("contact:logged",),
        (Contact,),
    ),
    "told": Save(_a_call_to_know_of, _nothing, "Seen", ("contact:known",)),
    "contact": Save(
        lambda own: f"/contact?client={own.client.code}&do=plan",
        _contact,
        "Plan",
        ("contact:planned",),
        (Contact,),
    ),
    "contact moved": Save(
        _a_planned_contact, _contact_moved, "Save the change", ("contact:moved",)
    ),
    "contact ended": Save(_a_past_contact, _contact_ended, "Save", ("contact:ended",)),
    "shipment": Save(
        _home_supply, _supply, "Record the shipment", ("home_supply:sent",), (HomeSupply,), True
    ),
    "arrived": Save(_a_shipment, _arrived, "Arrived", ("home_supply:arrived",)),
    "home count": Save(
        _home_supply, _home_count, "Save the count", ("home_supply:counted",), (HomeTally,)
    ),
    "home return": Save(
        _home_supply, _home_return, "Save the return", ("home_supply:returned",), (HomeTally,)
    ),
    "home error": Save(
        _a_shipment,
        _home_error,
        "Mark as entered in error",
        ("home_supply:voided",),
        by_prescriber=True,
    ),
    "at home": Save(
        _a_session_at_home,
        _where_they_will_be,
        "Save where",
        ("ketamine_session:arranged_at_home",),
    ),
    "at home instead": Save(
        partial(_a_session_at_home, at_home=False),
        _at_home_instead,
        "Change to at home",
        ("ketamine_session:place_changed",),
    ),
    "in the practice instead": Save(
        _a_session_at_home,
        _in_the_practice,
        "Change to in the practice",
        ("ketamine_session:place_changed",),
    ),
    "concern": Save(
        lambda own: f"/concern?client={own.client.code}",
        _alarm,
        "Raise the concern",
        ("concern:raised",),
        (Concern,),
    ),
    "concern seen": Save(_a_concern, _nothing, "Seen", ("concern:seen",)),
    "concern told": Save(_a_concern, _told_by_phone, "Save", ("concern:told",)),
    "concern added to": Save(_a_concern, _added, "Add", ("concern:added",), (ConcernAddition,)),
    "concern cleared": Save(
        _a_concern_to_clear, _clearing, "Clear the concern", ("concern:cleared",)
    ),
    "safety plan": Save(
        lambda own: f"/concern?client={own.client.code}",
        _safety_plan,
        "Save the plan",
        ("client:safety_plan_changed",),
    ),
    "review begun": Save(
        _no_review, _nothing, "Start the review", ("case_review:started",), (CaseReview,)
    ),
    "review decided": Save(
        _in_review,
        _no_change,
        "Save and go to the next client",
        ("case_review:decided", "case_review:opened"),
    ),
    "review next": Save(_in_review, _nothing, "Next", ("case_review:opened",)),
    "review previous": Save(_at_the_second, _nothing, "Previous", ("case_review:opened",)),
    "review steady": Save(
        _at_the_steady_ones, _nothing, "No change for all 1", ("case_review:decided",)
    ),
    "review alone": Save(_at_the_steady_ones, _nothing, "Look at alone", ("case_review:moved",)),
    "review added": Save(
        _its_agenda, _third, "Add to the agenda", ("case_review:added",), (ReviewItem,)
    ),
    "review ended": Save(_its_agenda, _nothing, "End the review", ("case_review:ended",)),
    "minutes confirmed": Save(
        _minutes, _nothing, "Confirm these minutes", ("case_review:minutes_confirmed",)
    ),
    "change confirmed": Save(
        _minutes_with_a_proposal,
        _nothing,
        "Confirm the change",
        ("case_review:confirmed",),
        by_prescriber=True,
    ),
    "to discuss": Save(
        lambda own: f"/episode?id={own.course.id}&do=discuss",
        _to_discuss,
        "Put on the next agenda",
        ("discuss_mark:set",),
        (DiscussMark,),
    ),
    "not to discuss": Save(
        _a_course_to_discuss, _nothing, "Not needed any more", ("discuss_mark:taken_back",)
    ),
    "action done": Save(_a_course_with_an_action, _nothing, "Done", ("action:ended",)),
    "action dropped": Save(_a_course_with_an_action, _nothing, "Dropped", ("action:ended",)),
    "ask": Save(
        lambda own: f"/ask?episode={own.course.id}", _question, "Ask", ("ask:asked",), (Ask,)
    ),
    "ask about medicine use": Save(
        lambda own: f"/ask?episode={own.course.id}",
        _about_medicine_use,
        "Ask",
        ("concern:raised", "episode:held", "ask:asked"),
        (Ask, Concern, Hold),
    ),
    "ask answered": Save(
        _a_question, _an_answer, "Answer", ("ask:answered",), (AskTurn,), by_prescriber=True
    ),
    "answer added to": Save(
        _an_answered_question,
        _more_of_it,
        "Add to the answer",
        ("ask:answered",),
        (AskTurn,),
        by_prescriber=True,
    ),
    "answer read": Save(
        _an_answered_question, _nothing, "That answers it", ("ask:acknowledged",), (AskTurn,)
    ),
    "ask again": Save(
        _an_answered_question, _asking_again, "Ask again", ("ask:reopened",), (AskTurn,)
    ),
    "ask in error": Save(
        _an_answered_question,
        _question_in_error,
        "Mark the question as entered in error",
        ("ask:voided",),
    ),
    "wait": Save(
        lambda own: f"/wait?episode={own.course.id}",
        _wait,
        "Save",
        ("wait:begun",),
        (OutsideWait,),
    ),
    "wait changed": Save(
        lambda own: _an_open_wait(own, "change"),
        _wait_changed,
        "Save the change",
        ("wait:changed",),
    ),
    "wait ended in error": Save(
        _an_ended_wait, _unfolded_error, "Mark as entered in error", ("wait:reopened",)
    ),
    "wait ended": Save(lambda own: _an_open_wait(own, "end"), _wait_ended, "Save", ("wait:ended",)),
    "checked today": Save(
        _a_client_asked_before, _nothing, "Checked today, no change", ("client:checked",)
    ),
    "pinned line": Save(its_client, _pinned_line, "Pin", ("client:pinned",)),
    "course": Save(
        lambda own: f"/episode?client={own.client.code}",
        _course,
        "Open the course",
        ("episode:opened",),
        (Episode, EpisodeMember),
    ),
    "about the course": Save(_the_course, _about, "Save what it is for", ("episode:changed",)),
    "unbooked session": Save(
        _the_course,
        _unbooked,
        "Go on to its record",
        ("ketamine_session:unbooked",),
        (KetamineSession,),
    ),
    "move": Save(_the_course, _move, "Move", ("episode:moved",)),
    "hold": Save(_the_course, _hold, "Hold", ("episode:held",), (Hold,)),
    "measures asked": Save(
        _a_course_on_hold, _nothing, "Ask for measures", ("episode:measures_asked",)
    ),
    "measures not asked": Save(
        _a_course_asked_for_measures,
        _nothing,
        "Stop asking for measures",
        ("episode:measures_not_asked",),
    ),
    "release": Save(_a_course_on_hold, _release, "Release the hold", ("episode:released",)),
    "member": Save(
        _the_course,
        _member,
        "Change therapist",
        ("episode:member_changed",),
        (EpisodeMember,),
        by_prescriber=True,
    ),
    "closing": Save(
        _the_course,
        _closing,
        "Close the course",
        ("episode:closed", "episode:signed_off"),
        (Ending,),
    ),
    "sign-off": Save(_a_course_to_sign_off, _nothing, "Sign off the end", ("episode:signed_off",)),
    "clearance": Save(
        lambda own: f"/clearance?episode={own.course.id}",
        _clearance,
        "Save clearance",
        ("clearance:recorded",),
        (Clearance,),
        by_prescriber=True,
    ),
    "consent": Save(
        lambda own: f"/consent?episode={own.course.id}",
        _consent,
        "Save consent",
        ("consent:recorded",),
        (Consent,),
    ),
    "revocation": Save(
        _a_course_with_one_consent, _revocation, "Revoke from today", ("consent:revoked",)
    ),
    "consent in error": Save(
        _a_course_with_one_consent,
        _in_error,
        "Mark as entered in error",
        ("consent:voided",),
    ),
    "experience corrected": Save(
        _its_course,
        _correction,
        "Save the correction",
        ("experience:corrected",),
        (OutsideExperience,),
    ),
    "booking": Save(
        lambda own: f"/booking?episode={own.course.id}",
        _booking,
        "Book",
        ("ketamine_session:booked",),
        (KetamineSession, IntegrationSession),
        presses=3,
    ),
    "order": Save(_a_dose_ahead, _order, "Order", ("dose:ordered",), by_prescriber=True),
    "ride": Save(
        _a_dose_without_a_ride, _ride, "Save the ride", ("readiness:answered",), (ReadinessAnswer,)
    ),
    "ride told": Save(_a_cancelled_dose, _nothing, "The ride was told", ("readiness:ride_told",)),
    "answer of the day": Save(
        _a_dose_today, _nothing, "Fasted as told", ("readiness:answered",), (ReadinessAnswer,)
    ),
    "amiss on the day": Save(
        _a_dose_today, _amiss, "Alone tonight", ("readiness:answered",), (ReadinessAnswer,)
    ),
    "gone ahead": Save(
        _a_dose_with_a_question,
        _go_ahead,
        "Go ahead all the same: bladder symptoms",
        ("readiness:answered",),
        (ReadinessAnswer,),
    ),
    "gone ahead without the last note": Save(
        _a_dose_after_an_unsigned_integration,
        _go_ahead_without,
        "Go ahead all the same: last integration's note",
        ("readiness:answered",),
        (ReadinessAnswer,),
    ),
    "support": Save(
        _a_closed_session,
        _support,
        "Save the support",
        ("ketamine_session:support_recorded",),
        (SupportRecord,),
    ),
    "reviewed": Save(_a_course_to_review, _nothing, "Reviewed", ("episode:reviewed",), (Reviewed,)),
    "look-up": Save(
        lambda own: f"/clearance?episode={own.course.id}",
        _lookup,
        "Save the look-up",
        ("lookup:recorded",),
        (PrescriptionLookup,),
        by_prescriber=True,
    ),
    "look-up in error": Save(
        lambda own: f"/clearance?episode={own.course.id}",
        _lookup_in_error,
        "Mark the look-up as entered in error",
        ("lookup:voided",),
        by_prescriber=True,
    ),
    "enrollment": Save(
        lambda own: f"/clearance?episode={own.course.id}",
        _enrollment,
        "Save the enrollment",
        ("enrollment:recorded",),
        (RemsEnrollment,),
    ),
    "enrollment in error": Save(
        lambda own: f"/clearance?episode={own.course.id}",
        _enrollment_in_error,
        "Mark the enrollment as entered in error",
        ("enrollment:voided",),
    ),
    "lot": Save(
        partial(_some_devices, page="live_session"),
        _lot,
        "Save the lot of device 1",
        ("administration:lot",),
    ),
    "monitoring answers": Save(
        _some_devices,
        _monitoring_answers,
        "Save the answers",
        ("monitoring_form:answered",),
        (MonitoringAnswers,),
        by_prescriber=True,
    ),
    "form submitted": Save(
        _some_devices,
        _submitted,
        "Save as submitted",
        ("monitoring_form:submitted",),
        (MonitoringSubmission,),
    ),
    "submission in error": Save(
        partial(_some_devices, is_sent=True),
        _submission_in_error,
        "Mark the submission as entered in error",
        ("monitoring_form:voided",),
    ),
    "weight": Save(_a_dose_ahead, _weight, "Save the weight", ("weight:recorded",), (Weight,)),
    "weight in error": Save(
        _a_wrong_weight,
        lambda page: press(page, "Wrong weight"),
        "Mark the weight as entered in error",
        ("weight:voided",),
    ),
    "score": Save(
        lambda own: f"/score?episode={own.course.id}",
        _score,
        "Save the score",
        ("score:recorded",),
        (Score,),
    ),
    "score in error": Save(
        _a_wrong_score, _score_in_error, "Mark the score as entered in error", ("score:voided",)
    ),
    "proposal": Save(_a_dose_ahead, _proposal, "Propose", ("dose:proposed",)),
    "ordered count": Save(
        _a_dose_ahead,
        _ordered_count,
        "Change the number ordered",
        ("series:changed",),
        by_prescriber=True,
    ),
    "number ordered": Save(
        _a_dose_without_a_number,
        _number,
        "Order the number",
        ("series:ordered",),
        by_prescriber=True,
    ),
    "series reviewed": Save(
        _a_series_to_review,
        _review,
        "The series was reviewed",
        ("series:reviewed",),
        (SeriesReview,),
    ),
    "series planned": Save(
        _a_series_to_plan,
        _nothing,
        "Book what is ticked",
        ("ketamine_session:booked",),
        (KetamineSession, IntegrationSession),
    ),
    "moved": Save(_a_dose_ahead, _move_both, "Move", ("ketamine_session:moved",)),
    "both moved": Save(_a_booked_pair, _move_both, "Move both", ("ketamine_session:moved",)),
    "cancelled": Save(
        _a_dose_ahead,
        _other_end("Cancel"),
        "Cancel this ketamine session",
        ("ketamine_session:cancelled",),
    ),
    "missed": Save(
        _a_dose_an_hour_ago,
        _other_end("Missed"),
        "The client did not come",
        ("ketamine_session:missed",),
    ),
    "not given": Save(
        _a_dose_an_hour_ago,
        _other_end("Not given"),
        "Not given today",
        ("ketamine_session:not_given",),
    ),
    "other medicine": Save(
        _a_dose_an_hour_ago,
        _medicine,
        "Save the medicine",
        ("other_medicine:recorded",),
        (OtherMedicine,),
    ),
    "arrived now": Save(_now, _nothing, "Arrived, now", ("ketamine_session:recorded",)),
    "dose now": Save(
        _now,
        _nothing,
        "Dose 70\N{NO-BREAK SPACE}mg, now",
        ("ketamine_session:recorded",),
        (Administration,),
    ),
    "out now": Save(_a_dose_given_now, _nothing, "Out, now", ("ketamine_session:recorded",)),
    "not out": Save(_somebody_out, _nothing, "Not out after all", ("ketamine_session:not_out",)),
    "infusion ended now": Save(
        _a_running_infusion, _nothing, "Infusion ended, now", ("administration:ended",)
    ),
    "pressure now": Save(_now, _pressure, "BP, now", ("vital:recorded",), (Vital,)),
    "observed": Save(_now, _observed, "Save as observed", ("vital:recorded",), (Vital,)),
    "event": Save(_now, _event, "Save the event", ("adverse_event:recorded",), (AdverseEvent,)),
    "event over": Save(_an_event_that_goes_on, _nothing, "Over, now", ("adverse_event:resolved",)),
    "who is present": Save(_now, _present, "Save who is present", ("ketamine_session:present",)),
    "reading in error": Save(
        _a_reading, _in_error, "Mark the reading as entered in error", ("vital:voided",)
    ),
    "event in error": Save(
        _an_event_that_goes_on,
        _in_error,
        "Mark the event as entered in error",
        ("adverse_event:voided",),
    ),
    "quieted": Save(
        _a_red_pressure,
        _why_it_rests,
        "Quiet the alert",
        ("alert:quieted",),
        (Acknowledgement,),
        by_prescriber=True,
    ),
    "known": Save(
        _a_critical_answer,
        _what_is_planned,
        "Save as known",
        ("alert:quieted",),
        (Acknowledgement,),
    ),
    "medicine in error": Save(
        _a_wrong_medicine,
        _in_error,
        "Mark the medicine as entered in error",
        ("other_medicine:voided",),
    ),
    "confirmation": Save(
        _a_dose_on_somebody_s_word,
        _nothing,
        "Confirm",
        ("administration:confirmed",),
        by_prescriber=True,
    ),
    "entered in error": Save(
        _a_dose_on_somebody_s_word,
        _in_error,
        "Mark as entered in error",
        ("administration:voided",),
        by_prescriber=True,
    ),
    "correction": Save(
        _a_dose_on_somebody_s_word,
        _correction,
        "Save the correction",
        ("administration:corrected",),
        (Administration,),
        by_prescriber=True,
    ),
    "record": Save(
        _a_dose_an_hour_ago,
        _record,
        "Save record",
        ("ketamine_session:recorded",),
        (Administration,),
        presses=3,
    ),
    "integration held": Save(
        _an_integration_to_do,
        _held,
        "Save as held",
        ("integration_session:held",),
        (IntegrationSession,),
    ),
    "integration booked": Save(
        _an_integration_to_do,
        _booked,
        "Book",
        ("integration_session:booked",),
        (IntegrationSession,),
    ),
    "integration moved": Save(
        _a_booked_integration, _booked, "Move", ("integration_session:moved",)
    ),
    "integration agreed": Save(
        _an_integration_to_do,
        _agreed,
        "Save the day",
        ("integration_session:agreed",),
        (IntegrationSession,),
    ),
    "integration closed": Save(
        _an_integration_to_do,
        _closed,
        "Close it",
        ("integration_session:closed",),
        (IntegrationSession,),
    ),
    "integration taken back": Save(
        _a_booked_integration,
        _taken_back,
        "Take the booking back",
        ("integration_session:dropped",),
    ),
    "integration in error": Save(
        _an_integration_held,
        _never_held,
        "It was not held",
        ("integration_session:voided",),
    ),
    "note in error": Save(
        _a_signed_note,
        _note_in_error,
        "Mark this note as entered in error",
        ("note:voided",),
    ),
    "integration due": Save(
        _an_experience,
        _due_day,
        "Set the day",
        ("integration_session:due_set",),
        (IntegrationSession,),
    ),
    "intention note": Save(_a_dose_ahead, _nothing, "Intention note", ("note:started",), (Note,)),
    "integration note": Save(
        _an_integration_held, _nothing, "Write note", ("note:started",), (Note,)
    ),
    "risk note": Save(its_client, _nothing, "Risk note", ("note:started",), (Note,)),
    "general note": Save(
        lambda own: f"/episode?id={own.course.id}",
        _nothing,
        "General note",
        ("note:started",),
        (Note,),
    ),
    "signature": Save(_a_dose_ahead, _signature, "Sign and lock", ("note:signed",)),
    "draft given up": Save(_an_empty_note, _nothing, "Discard this empty note", ("note:dropped",)),
    "note from another": Save(
        _an_intention_of_a_cancelled_dose,
        _nothing,
        "Start from it",
        ("note:dropped", "note:started"),
    ),
    "amendment": Save(
        _a_signed_note, _amendment, "Save amendment", ("note:amended",), (NoteAmendment,)
    ),
    "committed action": Save(
        _a_committed_action,
        _what_became_of_it,
        "Save what became of it",
        ("commitment:updated",),
        (CommitmentUpdate,),
    ),
    "filed": Save(
        lambda own: _a_signed_note(own).replace("/note?id=", "/filing?note="),
        _nothing,
        "Mark as filed",
        ("filing:marked",),
        (Filing,),
    ),
    "decision filed": Save(_a_decision, _nothing, "Mark as filed", ("filing:marked",), (Filing,)),
    "not filed": Save(_a_filed_note, _nothing, "It is not filed", ("filing:taken_back",)),
    "addition": Save(
        _a_signed_note,
        _addition,
        "Save addition",
        ("note:added_to",),
        (NoteAddendum,),
        by_prescriber=True,
    ),
    "note read": Save(
        _a_signed_note,
        _note_read,
        "Mark as read",
        ("note:read",),
        (NoteRead,),
        by_prescriber=True,
    ),
    "colleague": Save(
        lambda own: "/practice",
        _colleague,
        "Make a one-time link",
        ("clinician:added", "invitation:made"),
        (Clinician,),
        by_prescriber=True,
        presses=3,
    ),
    "one-time link": Save(
        _practice_with("Lotte Lostlink"),
        _row_of("Lotte Lostlink"),
        "New one-time link Lotte Lostlink",
        ("invitation:made",),
        (Invitation,),
        by_prescriber=True,
        presses=3,
    ),
    "sign-in turned off": Save(
        _practice_with("Olga Offman"),
        _ask_to_turn_off("Olga Offman"),
        "Turn off the sign-in of Olga Offman",
        ("clinician:suspended",),
        by_prescriber=True,
    ),
    "colleague changed": Save(
        _practice_with("Cora Changeling"),
        _change("Cora Changeling"),
        "Save",
        ("clinician:changed",),
        by_prescriber=True,
    ),
    "practice's name": Save(
        lambda own: "/practice", _name, "Save name", ("practice:renamed",), by_prescriber=True
    ),
    "practice's zone": Save(
        lambda own: "/practice",
        _zone,
        "Save time zone",
        ("practice:zone_changed",),
        by_prescriber=True,
    ),
    "sign-in turned on": Save(
        _practice_with("Onno Onward", suspended=True),
        _row_of("Onno Onward"),
        "Turn on sign-in Onno Onward",
        ("clinician:readmitted",),
        by_prescriber=True,
    ),
    "days away": Save(
        lambda own: _AWAY,
        _absence,
        "Add days away",
        ("absence:recorded",),
        (Absence,),
        by_prescriber=True,
    ),
    "days away taken back": Save(
        _absent(NOW + DAY),
        _row_with("Abby Absent", "Take back"),
        "Take back",
        ("absence:ended",),
        by_prescriber=True,
    ),
    "back again": Save(
        _absent(NOW - DAY),
        _row_with("Abby Absent", "Back now"),
        "Back now",
        ("absence:ended",),
        by_prescriber=True,
    ),
    "own days away": Save(
        lambda own: "/away", _own_absence, "Add days away", ("absence:recorded",), (Absence,)
    ),
    "own days away taken back": Save(
        _own_away(NOW + 60 * DAY, NOW + 61 * DAY),
        _row_with("Sat Jan 23", "Take back"),
        "Take back",
        ("absence:ended",),
    ),
    "cover of days away": Save(_own_cover, _cover_chosen, "Save", ("absence:cover_changed",)),
    "oneself back again": Save(
        _own_away(NOW - DAY, NOW + DAY), lambda page: None, "I am back", ("absence:ended",)
    ),
    "contact in error": Save(
        _a_call_in_error, _contact_in_error, "Mark as entered in error", ("contact:voided",)
    ),
    "handed over while away": Save(
        _away_with_a_dose,
        _taken_over,
        "Hand over",
        ("episode:handed_over",),
        (EpisodeMember,),
    ),
    "closed days": Save(
        lambda own: _AWAY,
        _closed_days,
        "Add closed days",
        ("closed_days:recorded",),
        (ClosedDays,),
        by_prescriber=True,
    ),
    "closed days taken back": Save(
        _some_closed_days,
        _row_with("Founders' day", "Take back"),
        "Take back",
        ("closed_days:taken_back",),
        by_prescriber=True,
    ),
    "hours": Save(
        lambda own: _AWAY,
        _hours,
        "Save opening hours",
        ("practice:hours_changed",),
        (PracticeSetting,),
        by_prescriber=True,
    ),
    "emergency": Save(
        _somebody_elses_client,
        _emergency,
        "Open for four hours",
        ("emergency:opened",),
        (EmergencyAccess,),
    ),
    "emergency ended": Save(
        _an_emergency, _its_banner, "End access", ("emergency:ended",), by_prescriber=True
    ),
    "cover": Save(
        _the_course, _cover, "Change cover", ("episode:member_changed",), (EpisodeMember,)
    ),
    "bound of a dose": Save(
        lambda own: "/practice?practice_show=Thresholds",
        _bound,
        "Save “Intramuscular: say why above, mg”",
        ("setting:changed",),
        (PracticeSetting,),
        by_prescriber=True,
    ),
    "theme": Save(
        lambda own: "/practice?practice_show=Thresholds",
        _theme,
        "Add theme",
        ("practice:theme_added",),
        (PracticeSetting,),
        by_prescriber=True,
    ),
    "theme out of use": Save(
        lambda own: "/practice?practice_show=Thresholds",
        _theme_out,
        "Take out of use",
        ("practice:theme_taken_out",),
        (PracticeSetting,),
        by_prescriber=True,
    ),
    "threshold": Save(
        lambda own: "/practice?practice_show=Thresholds",
        _threshold,
        "Save “Integration turns red”",
        ("setting:changed",),
        (PracticeSetting,),
        by_prescriber=True,
    ),
}
