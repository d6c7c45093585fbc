"""The pictures of the README: taken from the demo at a fixed hour.

They are kept only when KAPTEAM_PICTURES is set; otherwise the test still takes them, and shows that
each page is what the README says it is.
"""

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.hands import go_to, open_at, press
from tests.browser.server import Server

_KEPT = Path(__file__).resolve().parents[2] / "docs" / "pictures"
_PAGES = {
    "today": ("/", "Today, Tuesday, November 24", "Today by time"),
    "caseload": ("/caseload", "Caseload", "Needs attention"),
    "integration": ("/integration", "Integration", "Was this held?"),
    "client": ("/client?client=K-011", "Client K-011", "Timeline"),
}


@pytest.fixture(scope="module")
def server(demo_server: Server) -> Server:
    """The one that offers the demo."""
    return demo_server


def test_the_pages_are_what_the_readme_shows(new_page: NewPage) -> None:
    page = new_page(width=1366, height=900)
    open_at(page, "/")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    _take(page, "welcome")
    press(page, "Explore the demo practice")

    for name, (address, title, shown) in _PAGES.items():
        go_to(page, address)
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(page.get_by_text(shown).first).to_be_visible()
        expect(page.get_by_text("Demo practice: every person here is made up")).to_be_visible()
        expect(page.get_by_text("Something went wrong")).to_have_count(0)
        for chart in page.get_by_test_id("stVegaLiteChart").all():
            expect(chart.locator("svg, canvas").first).to_be_visible()
        _take(page, name)

    go_to(page, "/case_review")
    press(page, "Start the review")
    for _ in range(6):
        press(page, "Next")
    expect(page.get_by_text("Why on the agenda")).to_be_visible()
    _take(page, "case_review")


def _take(page: Page, name: str) -> None:
    """A picture with few colors, small enough for a version control that keeps every one."""
    page.mouse.move(0, 0)
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    assert len(picture.convert("L").getcolors() or []) > 50, f"{name} is all but empty."
    if os.environ.get("KAPTEAM_PICTURES"):
        file = _KEPT / f"{name}.png"
        picture.quantize(256, Image.Quantize.MAXCOVERAGE).save(file, optimize=True)
        assert file.stat().st_size < 150_000
