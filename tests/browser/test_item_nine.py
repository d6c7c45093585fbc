"""Item 9 answered 1: seen wherever it counts, cleared by a risk note, or known with a plan."""

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from kapteam.db.tables import Acknowledgement, Note
from kapteam.vocabulary import NoteKind
from tests.accounts.people import PASSWORD
from tests.browser.accessibility import violations
from tests.browser.conftest import TabOf
from tests.browser.hands import fill_field, go_to, press, tick
from tests.browser.saves import its_client
from tests.factories import NOW, TODAY
from tests.factories_care import Care, a_ketamine_session, a_score

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ITEM_9 = "PHQ-9 item 9, suicide or self-harm: 1, new, Tue Nov 24"


def _answered(own: Care, answer: int, *, hours: float = 1) -> None:
    with own.database.writing() as db:
        answers = (1, 1, 0, 0, 0, 0, 0, 0, answer)
        a_score(db, own.course, own.therapist, answers=answers, taken_at=NOW - hours * HOUR)


def _main(page: Page):
    return page.get_by_test_id("stMain")


def _of_client(own: Care, page: Page):
    """What the page says of item 9 in the row of this client."""
    row = _main(page).locator("[class*='st-key-row_']").filter(has_text=own.client.family_name)
    return row.get_by_text(ITEM_9)


def test_it_is_seen_on_today_the_caseload_and_the_client_and_a_signed_risk_note_clears_it(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        session = a_ketamine_session(db, own.course, planned_at=NOW + DAY)
    _answered(own, 1)
    places = {"therapist": own.therapist, "prescriber": own.prescriber}
    session_at = f"/ketamine_session?id={session.id}"
    for page in map(tab_of, places.values()):
        go_to(page, "/")
        expect(_main(page).get_by_role("heading", name="Safety (1)")).to_be_visible()
        expect(_of_client(own, page)).to_have_count(1)
        for address in ("/caseload", its_client(own), session_at):
            go_to(page, address)
            expect(_main(page).get_by_text(ITEM_9).first).to_be_visible()
        assert violations(page) == []

    page = tab_of(own.therapist)
    go_to(page, its_client(own))
    press(page, "Write a risk note")
    expect(_main(page).get_by_text(ITEM_9)).to_be_visible()
    fill_field(page, "What was seen or said (required)", "Asked about it; passive, no plan")
    tick(page, "None")
    fill_field(page, "Why (required)", "No plan, no means, says so herself")
    fill_field(page, "Plan until the next contact (required)", "We call on Friday")
    press(page, "Sign …")
    page.get_by_label("Your password").fill(PASSWORD)
    press(page, "Sign and lock")
    expect(page.get_by_text("Signed and locked")).to_be_visible()

    [note] = own.rows(Note, episode_id=own.course.id, kind=NoteKind.RISK)
    assert note.signed_at is not None
    for page in map(tab_of, places.values()):
        for address in ("/", "/caseload", its_client(own), session_at):
            go_to(page, address)
            # That it was answered stays with the score: "Item 9: 1".
            expect(_main(page).get_by_text(re.compile("item 9"))).to_have_count(0)


def test_known_with_a_dated_plan_it_is_quiet_until_the_next_rise(own: Care, tab_of: TabOf) -> None:
    _answered(own, 1, hours=3)
    page, colleague = tab_of(own.therapist), tab_of(own.prescriber)
    go_to(page, its_client(own))
    press(page, "Known, with a plan")
    fill_field(page, "What is known, and the plan", "Safety plan signed; call on Friday")
    press(page, "Save as known")
    expect(_main(page).get_by_text("known, quiet until Tue Dec 1")).to_be_visible()
    assert violations(page) == []

    [kept] = own.rows(Acknowledgement, episode_id=own.course.id)
    assert kept.until_on == TODAY + 7 * DAY
    go_to(colleague, "/")
    expect(_main(colleague).get_by_text("item 9")).to_have_count(0)
    go_to(colleague, f"/episode?id={own.course.id}")
    expect(_main(colleague).get_by_text("item 9")).to_have_count(0)

    _answered(own, 2)
    go_to(colleague, "/")
    louder = "PHQ-9 item 9, suicide or self-harm: 2, was 1, Tue Nov 24"
    expect(_main(colleague).get_by_text(louder)).to_be_visible()
