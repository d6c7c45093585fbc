"""Every page of the demo and what opens above it: nothing for axe to find, no sideways scroll."""

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as NeverFits

from kapteam.ui.navigation import PLACES
from tests.browser.accessibility import violations
from tests.browser.conftest import DemoTab
from tests.browser.demo import PAGES
from tests.browser.hands import field

TALL = 3000
WIDTHS = (320, 390, 1366, 1920)
_OPEN_ALL = "for (const folded of document.querySelectorAll('details')) folded.open = true"
_FITS = """() => [document.documentElement, document.querySelector("[data-testid=stMain]")]
    .every((part) => part.scrollWidth <= part.clientWidth)"""
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
    found = {width: _too_wide(page, width) for width in WIDTHS}
    assert {width: parts for width, parts in found.items() if parts} == {}


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


def test_axe_finds_nothing_where_a_note_is_signed(demo_tab: DemoTab) -> None:
    page = demo_tab("note", height=TALL)
    page.goto(f"/session/sign/{page.url.partition('id=')[2]}")
    expect(page.get_by_text("Demo practice: every person here is made up")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign the intention note")
    assert violations(page) == []


def _too_wide(page: Page, width: int) -> list[str]:
    """What stands outside, once everything has found its place."""
    page.set_viewport_size({"width": width, "height": 900})
    try:
        page.wait_for_function(_FITS, timeout=3_000)
    except NeverFits:
        return page.evaluate(_TOO_WIDE) or ["The page scrolls sideways."]
    return []
