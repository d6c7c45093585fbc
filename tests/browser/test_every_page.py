"""Every page of the demo and what opens above it: nothing for axe to find, no sideways scroll."""

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as NeverFits

from kapteam.accounts.sign_ins import start_sign_in
from kapteam.db.engine import Database
from kapteam.ui.navigation import PLACES
from kapteam.vocabulary import Function
from tests.browser.accessibility import escaped_names, violations
from tests.browser.conftest import DemoTab, NewPage
from tests.browser.demo import PAGES
from tests.browser.hands import field, go_to, tick
from tests.browser.server import Server
from tests.factories import a_clinician, a_practice

TALL = 3000
WIDTHS = (320, 390, 1366, 1920)
_OPEN_ALL = "for (const folded of document.querySelectorAll('details')) folded.open = true"
_FITS = """() => [
    document.documentElement,
    document.querySelector("[data-testid=stMain]"),
    ...document.querySelectorAll("[role=radiogroup]"),
].every((part) => part.scrollWidth <= part.clientWidth)"""
_TOO_WIDE = """() => [...document.querySelectorAll("[data-testid=stMain] *")]
    .filter((part) => part.getBoundingClientRect().right > document.documentElement.clientWidth)
    .map((part) => `${part.dataset.testid ?? part.tagName}: ${part.textContent.slice(0, 60)}`)
    .slice(0, 5)"""


def test_no_page_is_left_out() -> None:
    assert {name.split()[0] for name in PAGES} == set(PLACES)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_of_ours_and_nothing_stands_outside_the_screen(
    demo_tab: DemoTab, name: str
) -> None:
    page = demo_tab(name, height=TALL)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("Demo practice: every person here is made up")).to_be_visible()
    page.evaluate(_OPEN_ALL)
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        chart.locator("svg, canvas").first.wait_for()
    assert violations(page) == []
    assert escaped_names(page) == []
    assert _stands_outside(page) == {}


def test_axe_finds_nothing_in_the_prescriber_s_today_and_it_fits(demo_tab: DemoTab) -> None:
    page = demo_tab("today", height=TALL)
    tick(page, "Prescriber's order")
    expect(page.get_by_text("Next dosing day, not ready yet")).to_be_visible()
    assert violations(page) == []
    assert _stands_outside(page) == {}
    tick(page, "Therapist's order")


def test_axe_finds_nothing_in_the_caseload_at_night(demo_tab: DemoTab) -> None:
    page = demo_tab("caseload", height=TALL)
    page.emulate_media(color_scheme="dark")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(18, 23, 27)")
    assert violations(page) == []
    page.emulate_media(color_scheme="light")


def test_the_chosen_tab_can_be_read_at_night(demo_tab: DemoTab) -> None:
    page = demo_tab("inquiry")
    page.emulate_media(color_scheme="dark")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(18, 23, 27)")
    # The theme's colour of links: axe measures nothing where a row of tabs can be scrolled.
    chosen = page.get_by_role("tab", name="Consultation and outcome").locator("p")
    expect(chosen).to_have_css("color", "rgb(143, 196, 238)")
    page.emulate_media(color_scheme="light")


def test_axe_finds_nothing_in_what_opens_above_a_page(demo_tab: DemoTab) -> None:
    page = demo_tab("integration", height=TALL)
    page.get_by_role("button", name="Noor Ocotillo").click()
    expect(page.get_by_role("link", name="Sign out")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(field(page, "Name, code, phone or date of birth")).to_be_focused()
    page.keyboard.type("oka")
    expect(page.get_by_role("dialog").get_by_role("link", name="Okafor, Amara")).to_be_visible()
    assert violations(page) == []


def test_axe_finds_nothing_where_a_note_is_signed_and_it_fits(demo_tab: DemoTab) -> None:
    page = demo_tab("note", height=TALL)
    note_id = page.url.partition("id=")[2].partition("&")[0]
    page.goto(f"/session/sign/{note_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign the intention note")
    expect(page.get_by_text("Demo practice: every person here is made up")).to_be_visible()
    assert violations(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width


EMPTY = {
    "/": "Nobody is in your care now.",
    "/caseload": "Nobody is in your care now.",
    "/ketamine_sessions": "No ketamine session is booked in these days.",
    "/integration": "No integration is owed or booked. Each dose that is given brings one here.",
    "/notes": "Nothing of yours is unsigned.",
    "/inquiries": "Nobody waits for an answer. Record the next call above.",
    "/practice": "Saguaro Practice",
}


def test_rule_71_a_practice_just_set_up_says_what_to_do_and_fits(
    server: Server, new_page: NewPage
) -> None:
    database = Database(f"sqlite:///{server.data / 'practice.db'}")
    with database.writing() as db:
        a_practice(db)
        first = a_clinician(db, Function.THERAPIST, is_administrator=True)
        started = start_sign_in(db, first.clinician_id, "a test", server.clock.now)
    database.close()
    page = new_page(height=TALL)
    cookie = f"practice.{started.token}"
    page.context.add_cookies([{"name": "kapteam", "value": cookie, "url": server.url}])
    for address, sentence in EMPTY.items():
        page.set_viewport_size({"width": 1366, "height": TALL})
        go_to(page, address)
        expect(page.get_by_text(sentence).first).to_be_visible()
        assert violations(page) == [], address
        assert _stands_outside(page) == {}, address


def _stands_outside(page: Page) -> dict[int, list[str]]:
    """What stands outside the screen, by its width."""
    found = {width: _too_wide(page, width) for width in WIDTHS}
    return {width: parts for width, parts in found.items() if parts}


def _too_wide(page: Page, width: int) -> list[str]:
    """What stands outside, once everything has found its place."""
    page.set_viewport_size({"width": width, "height": 900})
    try:
        page.wait_for_function(_FITS, timeout=3_000)
    except NeverFits:
        return page.evaluate(_TOO_WIDE) or ["The page scrolls sideways."]
    return []
