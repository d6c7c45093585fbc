"""The working week, as far as it is built: a call that reaches the colleague, and every wait."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from kapteam.db.tables import Client, Episode, Inquiry
from kapteam.vocabulary import EpisodeState
from tests.browser.conftest import TabOf
from tests.browser.hands import (
    choose,
    field,
    fill_day,
    go_to,
    paste,
    press,
    tick,
    wait_for_run,
)
from tests.factories import NOW, TODAY, a_client, a_course, an_inquiry
from tests.factories_care import Care, a_given_session

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
