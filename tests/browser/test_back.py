"""The browser's address, Back and reload where a link leads to the page that one is on."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from kapteam.vocabulary import OutsideParty
from tests.browser.conftest import TabOf
from tests.browser.hands import field, open_at, paste, wait_for_run
from tests.factories import NOW, a_contact, a_wait
from tests.factories_care import Care


def _asked(page: Page) -> dict[str, str]:
    """What the address asks for, but the id of a form that was begun there."""
    found = parse_qs(urlsplit(page.url).query)
    return {name: one for name, (one,) in found.items() if name != "new"}


def test_a_link_to_the_page_that_one_is_on_has_its_own_address(own: Care, tab_of: TabOf) -> None:
    with own.database.writing() as db:
        planned = a_contact(db, own.course, own.therapist, planned_at=NOW + timedelta(hours=2))
    page = tab_of(own.therapist)
    open_at(page, f"/contact?client={own.client.code}&do=all")
    page.get_by_role("link", name="Open", exact=True).click()
    wait_for_run(page)

    expect(page.get_by_role("tab", name="Move or change")).to_be_visible()
    assert _asked(page) == {"id": planned.id}
    page.reload()
    wait_for_run(page)
    expect(page.get_by_role("tab", name="Move or change")).to_be_visible()
    page.go_back()
    wait_for_run(page)
    assert _asked(page) == {"client": own.client.code, "do": "all"}
    expect(page.get_by_role("tab", name="Move or change")).to_have_count(0)


def test_a_field_that_is_left_there_brings_back_nothing_else(own: Care, tab_of: TabOf) -> None:
    with own.database.writing() as db:
        a_wait(db, own.course, own.therapist, kind=OutsideParty.PHARMACY)
    page = tab_of(own.therapist)
    open_at(page, f"/wait?episode={own.course.id}")
    page.get_by_test_id("stMain").get_by_role("link", name="Open", exact=True).click()
    wait_for_run(page)
    page.get_by_role("tab", name="Change").click()
    paste(page, "Name (may stay empty)", "Ask for Ray")

    expect(field(page, "Name (may stay empty)")).to_have_value("Ask for Ray")
    expect(page.get_by_role("button", name="Save the change")).to_be_visible()


def test_back_leaves_a_form_that_was_just_opened_in_one_press(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    open_at(page, f"/client?client={own.client.code}")
    page.get_by_role("link", name="Log a call or message").click()
    wait_for_run(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Contacts")

    page.go_back()
    wait_for_run(page)

    expect(page.get_by_role("heading", level=1)).to_contain_text("Client")
    assert _asked(page) == {"client": own.client.code}
