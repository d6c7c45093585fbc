"""The working week: calls, alarms, waits, cancelling, days away, as the people in it see them."""

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from kapteam.db.tables import (
    Client,
    Clinician,
    Contact,
    Episode,
    Hold,
    Inquiry,
    IntegrationSession,
    KetamineSession,
)
from kapteam.vocabulary import (
    ContactOutcome,
    EpisodeState,
    HoldReason,
    ProductRoute,
    SessionStatus,
)
from tests.browser.conftest import TabOf
from tests.browser.hands import (
    choose,
    field,
    fill_day,
    go_to,
    paste,
    press,
    tick,
    unfold,
    wait_for_run,
)
from tests.factories import (
    NOW,
    TODAY,
    a_client,
    a_contact,
    a_course,
    an_absence,
    an_inquiry,
)
from tests.factories_care import (
    Care,
    a_booked_pair,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signed_note,
    an_administration,
    an_overdue_integration,
    another_course,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
_ALARM = "Called from the car: would rather not wake up. Has the tablets with her."
_SAID = "Has not slept since Sunday and is frightened. Call back today."


def test_a_call_that_the_front_desk_took_is_on_the_therapist_s_screen(
    own: Care, tab_of: TabOf
) -> None:
    theirs, desk = tab_of(own.therapist), tab_of(own.front_desk)
    go_to(theirs, "/")
    expect(theirs.get_by_text("For you to know")).to_have_count(0)

    go_to(desk, "/inquiries")
    desk.keyboard.press("Control+k")
    expect(field(desk.get_by_role("dialog"), "Name, code, phone or date of birth")).to_be_focused()
    desk.keyboard.type(own.client.code)
    press(desk.get_by_role("dialog"), "Log a call")
    tick(desk, "They called")
    paste(desk, "In a few words, for the team", _SAID)
    choose(desk, "Tell a colleague", "Thea Tallis")
    press(desk, "Save")
    expect(desk.get_by_text("Saved 2")).to_be_visible()
    expect(desk.get_by_text(_SAID)).to_be_visible()

    # By itself: nobody touched the therapist's tab.
    expect(theirs.get_by_text("For you to know (1)")).to_be_visible()
    expect(theirs.get_by_text(_SAID)).to_be_visible()
    press(theirs, "Seen")
    expect(theirs.get_by_text("For you to know")).to_have_count(0)
    wait_for_run(theirs)
    go_to(desk, f"/contact?client={own.client.code}&do=all")
    expect(desk.get_by_text("told Thea Tallis, seen")).to_be_visible()


def test_a_cancelled_dose_is_settled_in_one_form_and_its_time_offered(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        dose, slot = a_booked_pair(db, own.course, therapist=own.therapist)
        dose.place, dose.people_present = "Room 2", "Her sister drives"
        call = a_contact(db, own.course, own.therapist, planned_at=dose.planned_at - HOUR)
        another_course(db, own, "Waitfield")
    desk = tab_of(own.front_desk)
    go_to(desk, f"/ketamine_session?id={dose.id}")
    unfold(desk, "Move or cancel")
    desk.get_by_role("tab", name="Cancel").click()
    expect(desk.get_by_text("To be told as well: Her sister drives")).to_be_visible()
    paste(desk, "Reason", "Has the flu.")
    settled = desk.get_by_role("tabpanel", name="Cancel")
    settled.locator("label").filter(has_text="Also cancel: Preparation").click()
    wait_for_run(desk)
    press(desk, "Cancel this ketamine session")
    expect(desk.get_by_text("Saved 2")).to_be_visible()

    assert own.row(KetamineSession, dose.id).status is SessionStatus.CANCELLED
    assert own.row(IntegrationSession, slot.id).dropped_at is not None
    assert own.row(Contact, call.id).outcome is ContactOutcome.CANCELLED

    desk.get_by_role("link", name="is free now").click()
    wait_for_run(desk)
    expect(desk.get_by_text("Who waits for a date")).to_be_visible()
    waits = desk.locator("[class*=st-key-row_book_]").filter(has_text="Waitfield")
    waits.get_by_role("link", name="Book").click()
    wait_for_run(desk)
    expect(field(desk, "Place")).to_have_value("Room 2")


def test_two_weeks_away_from_the_covering_and_from_the_returning_side(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        an_absence(
            db,
            own.therapist,
            own.prescriber,
            from_at=NOW - 3 * DAY,
            until_at=NOW + 11 * DAY,
            cover=own.stranger,
        )
    cover = tab_of(own.stranger)
    go_to(cover, "/caseload")
    expect(cover.get_by_text("Covering for Thea Tallis until Sat Dec 5")).to_be_visible()
    expect(cover.get_by_role("link", name="Okafor").first).to_be_visible()
    go_to(cover, f"/contact?client={own.client.code}")
    tick(cover, "They called")
    paste(cover, "In a few words, for the team", "Asks when she is back.")
    press(cover, "Save")
    expect(cover.get_by_text("Saved 2")).to_be_visible()

    admin = tab_of(own.prescriber)
    go_to(admin, "/practice?practice_show=Days+away")
    press(admin.locator("[class*=st-key-absence_]").filter(has_text="Thea Tallis"), "Back now")

    back = tab_of(own.therapist)
    go_to(back, "/")
    expect(back.get_by_text("You were away Sat Nov 21 to Tue Nov 24")).to_be_visible()
    back.get_by_role("link", name="Since you were away").click()
    wait_for_run(back)
    expect(back.get_by_text("Contact: logged").first).to_be_visible()
    expect(back.get_by_text("Asks when she is back.")).to_have_count(0)
    # And whoever covered sees it no longer, by address neither.
    go_to(cover, f"/client?client={own.client.code}")
    expect(cover.get_by_text("Okafor")).to_have_count(0)
    expect(cover.get_by_text("Covering for")).to_have_count(0)


def test_an_alarming_call_reaches_the_colleague_s_screen_and_a_note_clears_it(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        a_ketamine_session(db, own.course, planned_at=NOW + DAY)
        db.get_one(Clinician, own.prescriber.clinician_id).phone = "602-555-0192"
    theirs, mine = tab_of(own.prescriber), tab_of(own.therapist)
    go_to(theirs, "/")
    row = theirs.locator("[class*=st-key-list_safety]").get_by_text(own.client.code)
    expect(row).to_have_count(0)

    go_to(mine, f"/client?client={own.client.code}")
    press(mine, "Safety: raise a concern")
    expect(mine.get_by_text("988: call or text")).to_be_visible()
    tick(mine, "Suicide risk")
    tick(mine, "High")
    paste(mine, "What was seen or said, in a few words", _ALARM)
    paste(mine, "Where they are now", "Parking lot, Elm Street")
    paste(mine, "The plan", "Her sister is on the way.")
    tick(mine, "Hold the next dose")
    fill_day(mine, "Next contact on", TODAY + DAY)
    paste(mine, "At", "9:00 am")
    press(mine, "Raise the concern")
    expect(mine.get_by_text("Not seen yet, call Robin Prescott 602-555-0192")).to_be_visible()

    # By itself: nobody touched the prescriber's tab.
    expect(row).to_be_visible()
    expect(theirs.get_by_text("not seen yet by")).to_be_visible()
    expect(theirs.get_by_text(_ALARM)).to_have_count(0)
    press(theirs.locator("[class*=st-key-list_safety]"), "Open")
    expect(theirs.locator("strong", has_text="Parking lot, Elm Street")).to_be_visible()
    press(theirs, "Seen")

    go_to(mine, mine.url)
    expect(mine.get_by_text("Seen by Robin Prescott")).to_be_visible()
    go_to(mine, f"/client?client={own.client.code}")
    expect(mine.get_by_text("On hold: suicide risk")).to_be_visible()
    expect(mine.get_by_text("Check-in, by phone, Wed Nov 25, 9:00 am")).to_be_visible()

    with own.database.writing() as db:
        a_signed_note(db, own.course, own.prescriber, signed_at=NOW + timedelta(minutes=9))
    go_to(theirs, theirs.url)
    field(theirs, "The signed note that clears it").click()
    theirs.get_by_role("option", name="Risk note, Robin Prescott").click()
    wait_for_run(theirs)
    press(theirs, "Clear the concern")
    expect(theirs.get_by_text("Cleared Tue Nov 24")).to_be_visible()
    go_to(mine, "/")
    expect(mine.locator("[class*=st-key-list_safety]")).to_have_count(0)


def test_from_the_first_call_to_the_first_dose_every_wait_is_said(
    care: Care, tab_of: TabOf
) -> None:
    client, course = _who_called_23_days_ago(care)
    pair, desk = tab_of(care.prescriber), tab_of(care.front_desk)
    its_client, its_waits = f"/client?client={client.code}", f"/wait?episode={course.id}"
    waiting = "Waiting on: insurer (Sonora Health) since Thu Nov 12, call back Mon Nov 30"
    _says(pair, its_client, "Waiting on: clearance, Robin Prescott")

    # The insurer comes before all else: on the client, the caseload, in Find.
    go_to(desk, its_waits)
    tick(desk, "Insurer")
    paste(desk, "Name (may stay empty)", "Sonora Health")
    fill_day(desk, "Call back on", TODAY + timedelta(days=6))
    choose(desk, "Who calls", "Cory Corner")
    paste(desk, "In a few words, for the team", "They want the old scores.")
    desk.get_by_text("It did not begin today").click()
    fill_day(desk, "Since", TODAY - timedelta(days=12))
    press(desk, "Save")
    for page, address in ((desk, its_client), (pair, its_client)):
        _says(page, address, f"{waiting}, Cory Corner")
    go_to(pair, "/caseload")
    pair.get_by_text("Waiting on someone outside", exact=True).click()
    wait_for_run(pair)
    expect(pair.get_by_text(f"Day 24 since first call. {waiting}, Cory Corner")).to_be_visible()
    pair.keyboard.press("Control+k")
    expect(field(pair.get_by_role("dialog"), "Name, code, phone or date of birth")).to_be_focused()
    pair.keyboard.type(client.code)
    expect(pair.get_by_role("dialog").get_by_text(waiting)).to_be_visible()
    pair.keyboard.press("Escape")

    # The day to call back comes; the call is the front desk's, and nobody else's.
    go_to(desk, its_client)
    press(desk, "Change")
    fill_day(desk, "Call back on", TODAY)
    press(desk, "Save the change")
    go_to(desk, "/")
    expect(desk.get_by_text("Call back insurer (Sonora Health), due Tue Nov 24")).to_be_visible()
    go_to(pair, "/")
    expect(pair.get_by_text("Calls to make")).to_have_count(0)

    # It came: what is left are the team's own steps, each said once the one before it is done.
    go_to(desk, its_client)
    press(desk, "It ended")
    tick(desk, "It came")
    paste(desk, "Visits authorized", "6")
    fill_day(desk, "From", TODAY - timedelta(days=1))
    fill_day(desk, "Until, that day included", TODAY + timedelta(days=60))
    press(desk, "Save")
    expect(desk.get_by_text("Insurer authorized 6 visits until Sat Jan 23, 0 used")).to_be_visible()
    _says(pair, its_client, "Waiting on: clearance, Robin Prescott")
    go_to(pair, f"/clearance?episode={course.id}")
    tick(pair, "Cleared")
    tick(pair, "intramuscular")
    fill_day(pair, "Valid until", TODAY + timedelta(days=365))
    press(pair, "Save clearance")
    _says(pair, its_client, "Waiting on: consents “KAP treatment”, “Off-label use”")
    for consent in ("KAP treatment", "Off-label use", "Therapist's treatment", "Team sharing"):
        go_to(pair, f"/consent?episode={course.id}")
        tick(pair, consent)
        press(pair, "Save consent")
    _says(pair, its_client, "Dose not booked")

    with care.database.writing() as db:
        a_given_session(db, course, given_at=NOW - timedelta(hours=1))
    go_to(pair, its_client)
    expect(pair.get_by_text("Insurer authorized 6 visits until Sat Jan 23, 1 used")).to_be_visible()
    expect(pair.get_by_text("since first call")).to_have_count(0)


def _settle(page: Page, loose: str, choice: str) -> None:
    """Choose what becomes of the one loose end that begins so."""
    page.get_by_role("combobox", name=re.compile(loose)).click()
    page.get_by_role("option", name=choice, exact=True).click()
    wait_for_run(page)


def _who_called_23_days_ago(care: Care) -> tuple[Client, Episode]:
    with care.database.writing() as db:
        client = a_client(db, care.therapist, family="Vale", given="Juniper")
        course = a_course(
            db,
            client,
            prescriber=care.prescriber,
            therapist=care.therapist,
            state=EpisodeState.PREPARATION,
            opened_at=NOW - timedelta(days=20),
        )
        inquiry = db.get_one(Inquiry, an_inquiry(db, care.front_desk).id)
        inquiry.client_id, inquiry.called_at = client.id, NOW - timedelta(days=23)
    return client, course


def _says(page: Page, address: str, what: str) -> None:
    """Where the client is stuck, on day 24."""
    go_to(page, address)
    expect(page.get_by_text(f"Day 24 since first call. {what}")).to_be_visible()


def test_a_client_who_stops_while_an_integration_is_owed_and_therapy_goes_on(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        an_overdue_integration(db, own.course, hours=30)
        a_ketamine_session(db, own.course, planned_at=NOW + timedelta(days=3))
    therapist, prescriber = tab_of(own.therapist), tab_of(own.prescriber)
    booked, owed = "Ketamine session of Fri Nov 27", "Integration of the dose of Mon Nov 23"
    go_to(therapist, f"/episode?id={own.course.id}")
    therapist.get_by_role("tab", name="Close", exact=True).click()
    tick(therapist, "Referred")
    tick(therapist, "Not obtained")
    press(therapist, "Close the course")
    expect(therapist.get_by_text("Choose what becomes of it.")).to_have_count(2)
    expect(therapist.get_by_text("Why there are none is needed.")).to_be_visible()

    choose(therapist, "Therapy goes on with", "Thea Tallis")
    _settle(therapist, booked, "Cancel")
    _settle(therapist, owed, "Keep, with Thea Tallis")
    # Who goes on with it changes, and what was chosen before is chosen no more.
    choose(therapist, "Therapy goes on with", "Nobody: it ends as well")
    press(therapist, "Close the course")
    expect(therapist.get_by_text("Choose what becomes of it.")).to_have_count(1)
    choose(therapist, "Therapy goes on with", "Thea Tallis")
    _settle(therapist, owed, "Keep, with Thea Tallis")
    paste(therapist, "Why there are none", "Left before the last visit.")
    press(therapist, "Close the course")
    expect(therapist.get_by_text("Therapy after KAP: Integration")).to_be_visible()
    expect(therapist.get_by_text("waiting on Robin Prescott: sign-off")).to_be_visible()

    # The clock goes on, once, and the dose that was booked is gone.
    go_to(therapist, "/integration")
    expect(therapist.get_by_text("30 hr since dose, not held")).to_have_count(1)
    go_to(therapist, "/ketamine_sessions?ketamine_sessions_days=28+days")
    expect(therapist.get_by_text("Fri Nov 27, 2:30 pm")).to_have_count(0)

    go_to(prescriber, "/")
    waiting = prescriber.get_by_text("Sign off the end of this course, ended Tue Nov 24")
    expect(waiting).to_be_visible()
    go_to(prescriber, f"/episode?id={own.course.id}")
    press(prescriber, "Sign off the end")
    expect(prescriber.get_by_text("Prescriber: signed off by Robin Prescott")).to_be_visible()
    go_to(prescriber, "/")
    expect(waiting).to_have_count(0)


def test_an_evening_at_home_from_shipment_to_a_count_that_differs_and_holds_the_next_dose(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        series = a_series(db, own.course, product_route=ProductRoute.SUBLINGUAL)
        tonight = a_ketamine_session(
            db, own.course, series=series, planned_at=NOW - HOUR, ordered_ug=200_000
        )
        tonight.at_home, tonight.place = True, ""
        a_ketamine_session(db, own.course, series=series, planned_at=NOW + 7 * DAY)
    desk, therapist = tab_of(own.front_desk), tab_of(own.therapist)
    prescriber = tab_of(own.prescriber)
    go_to(desk, f"/home_supply?episode={own.course.id}")
    unfold(desk, "Record a shipment")
    fill_day(desk, "Arrived on, once it has", TODAY)
    paste(desk, "Lozenges sent", "12")
    paste(desk, "mg of each", "100")
    paste(desk, "Pharmacy", "Desert Compounding")
    press(desk, "Record the shipment")
    expect(desk.get_by_text("12 should be left, not counted yet")).to_be_visible()

    go_to(prescriber, f"/ketamine_session?id={tonight.id}")
    for label, said in (
        ("Where the client will be", "418 Mesquite Lane"),
        ("Who is with them", "Her sister Ida"),
        ("Emergency number there", "911"),
    ):
        paste(prescriber, label, said)
    press(prescriber, "Save where")
    expect(prescriber.get_by_text("418 Mesquite Lane").first).to_be_visible()
    with own.database.writing() as db:
        an_administration(db, tonight, started_at=NOW - HOUR, ug=200_000)
    go_to(prescriber, "/")
    expect(prescriber.get_by_text("418 Mesquite Lane, Her sister Ida, 911")).to_be_visible()

    go_to(therapist, f"/home_supply?episode={own.course.id}")
    expect(therapist.get_by_text("10 should be left, not counted yet")).to_be_visible()
    unfold(therapist, "Count with the client")
    paste(therapist, "Lozenges the client showed", "7")
    press(therapist, "Save the count")
    differs = "Medicine at home: 10 should be left, 7 counted Tue Nov 24"
    expect(therapist.get_by_text(differs)).to_be_visible()
    # By itself, on the screen of whom it waits on.
    expect(prescriber.get_by_text(differs).first).to_be_visible()

    therapist.get_by_role("link", name="Raise a medicine-use concern").click()
    wait_for_run(therapist)
    expect(therapist.get_by_text("The next dose is held with it")).to_be_visible()
    tick(therapist, "Moderate")
    paste(therapist, "What was seen or said, in a few words", "Says three were lost.")
    press(therapist, "Raise the concern")
    expect(
        therapist.get_by_text("Saved 2").or_(therapist.get_by_text("Raised 2")).first
    ).to_be_visible()
    assert [one.reason for one in own.rows(Hold, episode_id=own.course.id)] == [
        HoldReason.MEDICINE_USE
    ]
    go_to(therapist, f"/home_supply?episode={own.course.id}")
    expect(therapist.get_by_text(differs)).to_have_count(0)


def test_a_therapist_goes_away_from_the_menu_under_their_name_and_is_back_early(
    own: Care, tab_of: TabOf
) -> None:
    mine, theirs = tab_of(own.therapist), tab_of(own.stranger)
    go_to(theirs, "/caseload")
    covering = theirs.get_by_text("Covering for Thea Tallis until Sun Nov 29")
    clients = theirs.get_by_role("link", name="Okafor")
    expect(theirs.get_by_text("Covering for")).to_have_count(0)
    go_to(mine, "/")
    mine.get_by_role("button", name="Thea Tallis").click()
    press(mine, "Days away")
    fill_day(mine, "First day away", TODAY)
    fill_day(mine, "Last day away (empty: one day)", TODAY + 5 * DAY)
    choose(mine, "Who covers", "Otto Outer")
    press(mine, "Add days away")
    now = mine.locator("[class*=st-key-row_absence_]").filter(has_text="Otto Outer covers")
    expect(now.get_by_text("Tue Nov 24 to Sun Nov 29")).to_be_visible()
    # By itself: nobody touched the colleague's tab.
    expect(covering).to_be_visible()
    expect(clients.first).to_be_visible()

    # Somebody else covers instead, and the first one sees it no longer.
    press(now, "Change cover")
    choose(mine, "Who covers", "Robin Prescott")
    press(mine, "Save")
    expect(mine.get_by_text("Robin Prescott covers")).to_be_visible()
    expect(covering).to_have_count(0)
    expect(clients).to_have_count(0)
    go_to(theirs, f"/client?client={own.client.code}")
    expect(theirs.get_by_text("Okafor")).to_have_count(0)

    cover = tab_of(own.prescriber)
    go_to(cover, "/")
    expect(cover.get_by_text("Covering for Thea Tallis")).to_be_visible()
    go_to(mine, "/")
    today = mine.locator("[class*=st-key-away_]")
    expect(today.get_by_text("Robin Prescott for Thea Tallis until Sun Nov 29")).to_be_visible()
    press(today, "Who has what meanwhile")
    press(mine, "I am back")
    expect(mine.get_by_text("You are back, and any cover has ended with it.")).to_be_visible()
    expect(mine.get_by_text("Since you were away")).to_be_visible()
    expect(cover.get_by_text("Covering for")).to_have_count(0)
