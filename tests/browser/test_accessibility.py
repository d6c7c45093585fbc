"""What opens above and beside the pages, for axe; and that no mouse is needed.

The pages themselves are in `test_every_page.py`.
"""

import re

from playwright.sync_api import Locator, Page, expect

from kapteam.db.tables import IntegrationSession
from tests.browser.accessibility import violations
from tests.browser.conftest import DemoTab, TabOf
from tests.browser.hands import field, open_at, wait_for_run
from tests.factories_care import Care, an_overdue_integration

TALL = 3000


def test_axe_finds_nothing_in_what_opens_above_a_page(demo_tab: DemoTab) -> None:
    page = demo_tab("integration", height=TALL)
    page.get_by_role("button", name="Noor Ocotillo").click()
    expect(page.get_by_role("link", name="Sign out")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    _find(page, "oka")
    expect(page.get_by_role("dialog").get_by_role("link", name="Okafor, Amara")).to_be_visible()
    assert violations(page) == []


def test_axe_finds_nothing_where_a_note_is_signed(demo_tab: DemoTab) -> None:
    page = demo_tab("note", height=TALL)
    page.goto(f"/session/sign/{page.url.partition('id=')[2]}")
    expect(page.get_by_text("Demo practice: every person here is made up")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign the intention note")
    assert violations(page) == []


def test_a_client_is_found_and_opened_without_a_mouse(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    open_at(page, "/")
    _find(page, own.client.code)
    _tab_to(page.get_by_role("dialog").get_by_role("link", name="Okafor, Amara"))
    page.keyboard.press("Enter")
    wait_for_run(page)
    expect(page).to_have_url(re.compile(rf"/client\?client={own.client.code}$"))


def test_an_integration_is_recorded_as_held_without_a_mouse(own: Care, tab_of: TabOf) -> None:
    with own.database.writing() as db:
        dose = an_overdue_integration(db, own.course)
    page = tab_of(own.therapist)
    open_at(page, f"/integration_session?dose={dose.id}")
    _tab_to(page.get_by_role("tab", name="Book"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    _tab_to(field(page, "Began at"))
    page.keyboard.press("Control+a")
    page.keyboard.type("1:00 pm")
    _tab_to(page.get_by_role("button", name="Save as held"))
    page.keyboard.press("Enter")
    wait_for_run(page)
    expect(page.get_by_text(re.compile("^Saved"))).to_be_visible()
    [held] = own.rows(IntegrationSession, episode_id=own.course.id)
    assert held.held_at is not None


def _find(page: Page, typed: str) -> None:
    page.keyboard.press("Control+k")
    expect(field(page, "Name, code, phone or date of birth")).to_be_focused()
    page.keyboard.type(typed)


def _tab_to(target: Locator) -> None:
    """Press Tab until the focus is there; it has to come within a hundred stops."""
    for _ in range(100):
        if target.evaluate("one => one === document.activeElement"):
            return
        target.page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {target}.")
