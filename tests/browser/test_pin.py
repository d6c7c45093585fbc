"""A PIN in a real browser: set from the menu, then what signs and unlocks, without a mouse."""

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from kapteam.actions.notes import NoteEntered, save_draft, start_note
from kapteam.db.tables import AuditEvent, RecordSignature
from kapteam.ids import new_id
from kapteam.vocabulary import NoteKind, RecordPart
from tests.accounts.people import PASSWORD
from tests.browser.accessibility import violations
from tests.browser.conftest import TabOf
from tests.browser.hands import open_at, press, wait_for_run
from tests.factories import NOW, TODAY
from tests.factories_care import Care, a_given_session

PIN, WRONG = "529184", "864209"
SAID = "They would be better off"


def _a_note_to_sign(care: Care) -> str:
    """The address at which the therapist signs a risk note of theirs."""
    words = {
        "seen": SAID,
        "risk": "High",
        "why": "A plan for tonight",
        "plan": "Ana stays with her",
        "told": "Robin, by phone",
        "look_again": f"{TODAY + timedelta(days=1)}",
    }
    with care.database.writing() as db:
        entered = NoteEntered(new_id(), NoteKind.RISK, care.course.id)
        note_id = start_note(db, care.therapist, entered, NOW)
        for field, text in words.items():
            save_draft(db, care.therapist, note_id, field, text, 0, NOW)
    return f"/session/sign/{note_id}"


def _type(page: Page, label: str, typed: str) -> None:
    """At a keyboard; Enter sends the form."""
    field = page.get_by_label(label, exact=True)
    field.press_sequentially(typed)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        field.press("Enter")


def _fits(page: Page) -> None:
    page.wait_for_load_state()
    assert violations(page) == []
    for width in (390, 1366):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_pin_is_set_and_signs_and_after_five_wrong_ones_the_password_is_asked(
    own: Care, tab_of: TabOf
) -> None:
    page = tab_of(own.therapist)
    open_at(page, "/")
    press(page, own.therapist.name)
    page.get_by_role("link", name="Your PIN").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your PIN")
    _fits(page)
    expect(page.get_by_label("Your password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    expect(page.get_by_label("New PIN")).to_be_focused()
    # Six digits and no more happens: the form is sent by whoever types them.
    page.keyboard.type("123456")
    expect(page.get_by_label("New PIN")).to_have_value("123456")
    page.keyboard.press("Enter")
    new = page.get_by_label("New PIN")
    expect(new).to_have_accessible_description(re.compile("Digits in a row are tried first"))
    expect(new).to_be_focused()
    expect(new).to_have_value("")
    _fits(page)
    page.get_by_label("Your password").fill(PASSWORD)
    new.fill(PIN)
    page.get_by_role("button", name="Show PIN").click()
    expect(new).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide PIN").click()
    expect(new).to_have_attribute("type", "password")
    page.get_by_role("button", name="Set the PIN").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your PIN is set")
    page.goto("/session/pin")
    expect(page.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("listitem")).to_contain_text(re.compile(r"Chrome on \w+, this browser"))
    _fits(page)

    page.goto(_a_note_to_sign(own))
    expect(page.get_by_text(SAID)).to_be_visible()
    _fits(page)
    _type(page, "Your PIN", PIN)
    wait_for_run(page)
    expect(page.get_by_text("Signed and locked")).to_be_visible()

    page.goto(_a_note_to_sign(own))
    for left in ("4 more tries", "3 more tries", "2 more tries", "one more try"):
        _type(page, "Your PIN", WRONG)
        pin = page.get_by_label("Your PIN", exact=True)
        expect(pin).to_have_accessible_description(re.compile(f"After {left} kapteam asks"))
        expect(pin).to_be_focused()
        expect(pin).to_have_value("")
    _type(page, "Your PIN", WRONG)
    password = page.get_by_label("Your password", exact=True)
    expect(password).to_have_accessible_description(re.compile("Five wrong PINs"))
    expect(password).to_be_focused()
    expect(page.get_by_label("Your PIN", exact=True)).to_have_count(0)
    expect(page.get_by_text(SAID)).to_be_visible()
    _fits(page)
    _type(page, "Your password", PASSWORD)
    wait_for_run(page)
    expect(page.get_by_text("Signed and locked")).to_be_visible()
    with own.database.reading() as db:
        failed = db.query(AuditEvent).filter_by(tag="pin:failed").all()
    assert [one.changes["tries"] for one in failed] == [1, 2, 3, 4, 5]
    assert WRONG not in str([one.changes for one in failed])

    # The password has woken it again, for the lock as well.
    page.keyboard.press("F9")
    expect(page.get_by_role("heading", level=1)).to_have_text("Locked")
    expect(page.get_by_label("Your PIN", exact=True)).to_be_focused()
    _fits(page)
    page.get_by_role("link", name="Use my password instead").click()
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    _fits(page)
    page.get_by_role("link", name="Use my PIN instead").click()
    _type(page, "Your PIN", PIN)
    wait_for_run(page)
    expect(page.get_by_text("Signed and locked")).to_be_visible()

    page.goto("/session/pin")
    page.get_by_role("button", name=re.compile("^Turn off the PIN in Chrome")).click()
    expect(page.get_by_role("listitem")).to_have_count(0)
    page.goto(_a_note_to_sign(own))
    expect(page.get_by_label("Your password", exact=True)).to_be_visible()


def test_a_session_s_record_is_signed_from_its_page_with_the_password(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        session = a_given_session(db, own.course, given_at=NOW - timedelta(hours=3))
    page = tab_of(own.prescriber)
    open_at(page, f"/ketamine_session?id={session.id}")
    page.get_by_role("button", name="Sign the medical part …").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign the medical part")
    expect(page.locator(".reading")).to_contain_text("Dose 70 mg")
    _fits(page)
    _type(page, "Your password", WRONG)
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    assert own.rows(RecordSignature, ketamine_session_id=session.id) == []
    _fits(page)
    _type(page, "Your password", PASSWORD)
    wait_for_run(page)
    expect(page.get_by_text(re.compile("Medical part: signed by Robin Prescott"))).to_be_visible()
    [signed] = own.rows(RecordSignature, ketamine_session_id=session.id)
    assert signed.part is RecordPart.MEDICAL
