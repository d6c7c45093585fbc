"""The whole arc of care, typed by two clinicians into an empty practice."""

import re
from datetime import date

from playwright.sync_api import Error, Page, expect

from kapteam.db.engine import Database
from kapteam.wording import NBSP
from tests.browser.conftest import NewPage
from tests.browser.hands import (
    choose,
    field,
    fill_day,
    fill_field,
    go_to,
    open_at,
    paste,
    press,
    tick,
    unfold,
    wait_for_run,
)
from tests.browser.server import Server
from tests.factories import audit_events

ROBIN, THEA = "robin mesa wind", "thea canyon light"
TOMORROW = date(2026, 11, 25)
AUDITED = [
    "practice:set_up",
    "clinician:added",
    "invitation:made",
    "invitation:accepted",
    "inquiry:recorded",
    "client:created",
    "episode:opened",
    "episode:moved",
    "clearance:recorded",
    *["consent:recorded"] * 4,
    "episode:moved",
    "ketamine_session:booked",
    "dose:ordered",
    "note:started",
    "note:signed",
    "readiness:answered",
    "ketamine_session:closed",
    "integration_session:held",
    "note:started",
    "note:signed",
]
"""Everything that is written, in order. To look, or to come back, writes nothing here."""


def test_the_arc_from_an_empty_practice_to_a_signed_integration(
    new_page: NewPage, server: Server
) -> None:
    prescriber, therapist = new_page(), new_page()
    course = up_to_the_dose(prescriber, therapist, server)

    server.clock.advance(minutes=50)  # 11:30 am: due Thu 10:25 am, 24 hours after the booster
    said_the_same_everywhere(
        therapist, f"Integration to do: 22{NBSP}hr left, booked Thu Nov 26, 8:30{NBSP}am"
    )
    server.clock.advance(hours=21, minutes=55)  # Thu 9:25 am: exactly an hour before it is due
    said_the_same_everywhere(
        therapist, f"Integration to do: 1{NBSP}hr left, booked Thu Nov 26, 8:30{NBSP}am"
    )
    server.clock.advance(minutes=10)  # 9:35 am: more than an hour after the slot
    said_the_same_everywhere(therapist, "Was this held? Booked Thu Nov 26")
    server.clock.advance(minutes=51)  # 10:26 am: a minute late
    said_the_same_everywhere(therapist, f"24{NBSP}hr since dose")

    up_to_the_signed_integration(therapist, server)

    _three_silent_failures(therapist, server, course)
    assert _written(server) == [*AUDITED, "ketamine_session:booked", "ketamine_session:recorded"]


def up_to_the_dose(prescriber: Page, therapist: Page, server: Server) -> str:
    """From an empty practice to the dose that is recorded; returns the address of the course."""
    _set_up_the_practice(prescriber)
    _let_the_therapist_in(prescriber, therapist)
    _inquiry_becomes_a_client(therapist)
    course = _open_the_course(therapist)
    _clear_and_consent(prescriber, course)
    _move(prescriber, course, "Preparation")
    _move(prescriber, course, "Series")
    dose = _book(prescriber, course)
    _order(prescriber, dose)
    _write_and_sign_the_intention(therapist, dose)
    _find_the_ride(therapist, dose)

    server.clock.advance(hours=20, minutes=10)  # Wed Nov 25, 10:40 am
    _come_back(therapist)
    _record_with_a_booster(therapist, dose)
    return course


def up_to_the_signed_integration(therapist: Page, server: Server) -> None:
    """On Thu Nov 26, 10:26 am."""
    _hold_integration(therapist)
    said_the_same_everywhere(therapist, f"Held 22{NBSP}hr after dose, note to finish")
    _finish_the_integration_note(therapist)
    _nothing_is_owed(therapist)
    assert _written(server) == AUDITED


def _set_up_the_practice(page: Page) -> None:
    open_at(page, "/")
    press(page, "Set up your practice")
    paste(page, "Name of the practice", "Saguaro Practice")
    paste(page, "Your name", "Robin Prescott")
    tick(page, "Prescriber")
    paste(page, "Sign-in name", "robin")
    paste(page, "Password", ROBIN)
    press(page, "Set up the practice")
    expect(page.get_by_role("heading", name="Today, ")).to_be_visible()


def _let_the_therapist_in(administrator: Page, colleague: Page) -> None:
    press(administrator, "Practice")
    unfold(administrator, "Add a colleague")
    paste(administrator, "Name", "Thea Tallis")
    paste(administrator, "Credentials", "LPC")
    paste(administrator, "Sign-in name", "thea")
    tick(administrator, "Therapist")
    press(administrator, "Make a one-time link")
    link = administrator.get_by_text(re.compile(r"/session/invite/")).inner_text()
    open_at(colleague, link)
    paste(colleague, "Password", THEA)
    press(colleague, "Save and sign in")
    wait_for_run(colleague)
    if "/session/sign-in" in colleague.url:
        _sign_in(colleague, "thea", THEA)
    expect(colleague.get_by_role("heading", name="Today, ")).to_be_visible()
    go_to(administrator, "/practice")
    expect(administrator.get_by_text("Signs in as thea", exact=True)).to_be_visible()
    # A one-time link is good once.
    other = colleague.context.new_page()
    other.goto(link)
    expect(other.get_by_text("This link was used already or has run out.")).to_be_visible()
    other.close()


def _sign_in(page: Page, name: str, password: str) -> None:
    paste(page, "Sign-in name", name)
    paste(page, "Password", password)
    press(page, "Sign in")


def _inquiry_becomes_a_client(page: Page) -> None:
    press(page, "Inquiries")
    press(page, "Record an inquiry")
    paste(page, "Name", "Juniper Fable")
    paste(page, "Phone", "555 0142")
    tick(page, "Ketamine-assisted psychotherapy")
    press(page, "Save inquiry")
    expect(page.get_by_text("Juniper Fable")).to_be_visible()
    press(page, "Open")
    page.get_by_role("tab", name="Make this person a client").click()
    expect(field(page, "Given name")).to_have_value("Juniper")
    fill_day(page, "Birth date", date(1987, 3, 9))
    paste(page, "Emergency contact", "Aspen Fable")
    paste(page, "Emergency contact's phone", "555 0143")
    press(page, "Save client")
    expect(page).to_have_url(re.compile(r"/client\?client=K-001$"))


def _open_the_course(page: Page) -> str:
    go_to(page, "/episode?client=K-001")
    tick(page, "Ketamine-assisted psychotherapy")
    tick(page, "Depression")
    choose(page, "Prescriber", "Robin Prescott")
    expect(field(page, "Therapist")).to_have_value("Thea Tallis")
    press(page, "Open the course")
    expect(page.get_by_text("Not cleared by a prescriber yet")).to_be_visible()
    return page.url


def _clear_and_consent(page: Page, course: str) -> None:
    go_to(page, course)
    _move(page, course, "Preparation", reopen=False)
    expect(page.get_by_text("Preparation", exact=True).first).to_be_visible()
    _try_the_gate(page, course)
    press(page, "Record clearance")
    tick(page, "Cleared")
    tick(page, "intramuscular")
    paste(page, "Ceiling in one ketamine session (empty: none)", "130")
    fill_day(page, "Valid until", date(2027, 11, 24))
    press(page, "Save clearance")
    for consent in ("KAP treatment", "Off-label use", "Therapist's treatment", "Team sharing"):
        press(page, "Consents")
        tick(page, consent)
        press(page, "Save consent")
        go_to(page, course)


def _try_the_gate(page: Page, course: str) -> None:
    """The series must not begin without clearance and consents, and the sentence names them."""
    tick(page, "Series")
    press(page, "Move")
    expect(page.get_by_text("The series cannot begin yet.")).to_be_visible()
    expect(page.get_by_text("a clearance by the prescriber")).to_be_visible()
    go_to(page, course)


def _move(page: Page, course: str, state: str, *, reopen: bool = True) -> None:
    if reopen:
        go_to(page, course)
    if page.get_by_role("radio", name=state, exact=True).count() == 0:
        return
    tick(page, state)
    press(page, "Move")


def _book(page: Page, course: str) -> str:
    go_to(page, course)
    press(page, "Book a ketamine session")
    fill_day(page, "Day", TOMORROW)
    paste(page, "Time", "10:00 am")
    paste(page, "Place", "Room 2")
    press(page, f"Thu Nov 26, 8:30{NBSP}am")
    expect(field(page, "Time of the integration")).to_have_value(f"8:30{NBSP}am")
    press(page, "Book")
    expect(page).to_have_url(re.compile(r"/ketamine_session\?id="))
    expect(page.get_by_text("Dose not ordered, intramuscular")).to_be_visible()
    return page.url


def _order(page: Page, dose: str) -> None:
    go_to(page, dose)
    unfold(page, "Order the dose")
    paste(page, "Dose, mg", "70")
    paste(page, "May be added once, mg (empty: nothing)", "30")
    press(page, "Order")
    expect(
        page.get_by_text(f"70{NBSP}mg intramuscular, may add up to 30{NBSP}mg once")
    ).to_be_visible()


def _write_and_sign_the_intention(page: Page, dose: str) -> None:
    go_to(page, dose)
    expect(page.get_by_text("No intention note yet")).to_be_visible()
    press(page, "Intention note")
    fill_field(page, "Intention (required)", "Meet the grief without leaving the room.")
    fill_field(page, "Safety (required)", "Asked. No thoughts of suicide or of harming others.")
    fill_field(page, "Coping skills agreed (required)", "Breath counting; hand on heart")
    tick(page, "Ready")
    press(page, "Sign …")
    expect(page).to_have_url(re.compile(r"/session/sign/"))
    expect(page.get_by_text("Meet the grief without leaving the room.")).to_be_visible()
    _sign(page)


def _find_the_ride(page: Page, dose: str) -> None:
    """The last thing that it waits for."""
    go_to(page, dose)
    expect(page.get_by_text("Waiting on Thea Tallis: ride home")).to_be_visible()
    press(page, "Who takes them home")
    paste(page, "Who takes them home, name and phone", "Ngozi Okafor, sister, 602-555-0177")
    press(page, "Save the ride")
    expect(page.get_by_text("Waiting on")).to_have_count(0)
    expect(page.get_by_text("Ngozi Okafor, sister, 602-555-0177").first).to_be_visible()


def _sign(page: Page) -> None:
    paste(page, "Your password", THEA)
    press(page, "Sign and lock")
    expect(page.get_by_text("Signed and locked")).to_be_visible()


def _come_back(page: Page) -> None:
    """After a while the screen is locked, after a night the sign-in is over."""
    try:
        page.goto("/")
    except Error:
        # The guard saw it first and is on its way there, which ends any other way.
        page.wait_for_url("**/session/**")
    wait_for_run(page)
    if "/session/locked" in page.url:
        paste(page, "Password", THEA)
        press(page, "Unlock")
    elif "/session/sign-in" in page.url:
        _sign_in(page, "thea", THEA)


def _record_with_a_booster(page: Page, dose: str) -> None:
    """70 mg at 10:05 am and a booster of 20 mg at 10:25 am, recorded and closed in one Save."""
    go_to(page, dose)
    paste(page, "Dose given, mg", "70")
    paste(page, "Given at", "10:05 am")
    press(page, "Add a booster or another dose")
    paste(page, "Dose given, mg", "20", nth=1)
    paste(page, "Given at", "10:25 am", nth=1)
    paste(page, "Out at", "10:40 am")
    tick(page, "Close this ketamine session")
    press(page, "Save record")
    paste(page, "Reason for letting them leave", "Her sister could only come now.")
    press(page, "Save record")
    expect(page.get_by_text(f"Given: 90{NBSP}mg intramuscular")).to_be_visible()
    expect(page.get_by_text("Completed", exact=False).first).to_be_visible()


def said_the_same_everywhere(page: Page, words: str) -> None:
    """Today, Integration, Caseload and Client say one thing in the same words."""
    _come_back(page)
    for address in ("/", "/integration", "/caseload", "/client?client=K-001"):
        go_to(page, address)
        expect(page.get_by_text(words).first, f"{words!r} on {address}").to_be_visible()


def _hold_integration(page: Page) -> None:
    go_to(page, "/integration")
    press(page, "Held")
    paste(page, "Began at", "8:30 am")
    press(page, "Save as held")


def _finish_the_integration_note(page: Page) -> None:
    go_to(page, "/integration")
    press(page, "Write note")
    expect(page.get_by_text("Meet the grief without leaving the room.")).to_be_visible()
    fill_field(page, "Safety (required)", "Asked. Safe, sleeping well.")
    fill_field(page, "What happened (required)", "A house with all its windows open.")
    tick(page, "Met")
    fill_field(page, "Committed actions (required)", "Walk every morning until Monday.")
    press(page, "Sign …")
    _sign(page)


def _nothing_is_owed(page: Page) -> None:
    go_to(page, "/")
    expect(page.get_by_text("No integration is owed.")).to_be_visible()
    go_to(page, "/integration")
    expect(page.get_by_text("Juniper")).to_have_count(0)


def _written(server: Server) -> list[str]:
    """The tags of the audit log but those of looking, of signing in and locking, of the night."""
    database = Database(server.database_url)
    tags = [one.tag for one in audit_events(database)]
    database.close()
    others = ("client:viewed", "signin:", "backup:", "records:")
    return [tag for tag in tags if not tag.startswith(others)]


def _three_silent_failures(page: Page, server: Server, course: str) -> None:
    """Nobody disappears because nobody pressed a button."""
    go_to(page, course)
    press(page, "Book a ketamine session")
    fill_day(page, "Day", date(2026, 11, 27))
    paste(page, "Time", "1:00 pm")
    fill_day(page, "Day of the integration", date(2026, 11, 28))
    paste(page, "Time of the integration", "9:00 am")
    press(page, "Book")
    dose = page.url
    server.clock.advance(hours=29, minutes=5)  # Fri Nov 27, 3:31 pm: half an hour past its end
    _come_back(page)
    expect(page.get_by_text("Was this given? Planned Fri Nov 27").first).to_be_visible()

    go_to(page, dose)
    paste(page, "Dose given, mg", "70")
    paste(page, "Given at", "1:05 pm")
    paste(
        page,
        "Reason, if beyond the order or clearance, early or late",
        "Told on the phone",
    )
    choose(page, "As told by", "Robin Prescott")
    press(page, "Save record")
    expect(page.get_by_text("as told by Robin Prescott, not confirmed")).to_be_visible()
    go_to(page, "/")
    expect(page.get_by_text("Was this given?")).to_have_count(0)
    server.clock.advance(hours=4)  # 7:31 pm: more than six hours after the dose
    _come_back(page)
    expect(page.get_by_text("Not closed, planned Fri Nov 27").first).to_be_visible()

    server.clock.advance(hours=15)  # Sat Nov 28, 10:31 am: an hour and a half after the slot
    _come_back(page)
    expect(page.get_by_text("Was this held? Booked Sat Nov 28").first).to_be_visible()
