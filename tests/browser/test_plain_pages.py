"""The plain pages: narrow and wide, light and dark, filled in wrong and right."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from kapteam import clock
from kapteam.accounts.set_up import make_link_here
from kapteam.db.engine import Database
from kapteam.errors import Unusable
from kapteam.web.plain import trouble_page
from tests.accounts.people import PASSWORD
from tests.browser.accessibility import violations
from tests.web.server import Server

_NEW, _PIN = "five cool canyons", "529184"
# Every place where the style sheet changes lies between the two widths.
_FOR_AXE = {("light", 320), ("dark", 1366)}
_PRESSED_TWICE = "button => { button.click(); setTimeout(() => button.click(), 20) }"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The gate in front of a small script; the practice is not set up yet."""
    running = Server(tmp_path_factory.mktemp("server"), "tests/web/small_app.py")
    yield running.start()
    running.stop()


def _look_at(page: Page) -> None:
    # Half loaded, or before its typeface is there, things stand closer together than they will.
    page.wait_for_load_state()
    page.evaluate("document.fonts.ready.then(() => true)")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (320, 390, 1366, 1920):
            page.set_viewport_size({"width": width, "height": 1400})
            assert page.evaluate("document.documentElement.scrollWidth") == width
            if (scheme, width) in _FOR_AXE:
                assert violations(page) == []


def _foot(part: Locator) -> int:
    box = part.bounding_box()
    return round(box["y"] + box["height"]) if box else 0


def _shows_beside(page: Page, label: str, sentence: str | re.Pattern[str]) -> None:
    expect(page.get_by_label(label, exact=True)).to_have_accessible_description(sentence)
    expect(page.get_by_label(label, exact=True)).to_have_attribute("aria-invalid", "true")


def test_from_the_first_page_to_the_lock(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto("/caseload")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    _look_at(page)
    # The two ways stand on one line, however long the words above them are.
    assert len({_foot(each) for each in page.locator(".choices section > :last-child").all()}) == 1

    page.get_by_role("link", name="Set up your practice").click()
    _look_at(page)
    page.get_by_label("Name of the practice").fill("Saguaro <Practice>")
    page.get_by_label("Time zone").select_option("Pacific (Los Angeles)")
    page.get_by_label("Phone, for colleagues in a crisis").fill("at the desk")
    page.get_by_label("Nurse").check()
    page.get_by_label("Sign-in name").fill("dana reyes")
    page.get_by_label("Password").fill("dana")
    page.get_by_role("button", name="Set up the practice").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved yet")
    _shows_beside(page, "Your name", "The name is needed.")
    expect(page.get_by_label("Your name")).to_be_focused()
    expect(page.get_by_role("textbox", name="Phone")).to_have_value("at the desk")
    expect(page.get_by_role("textbox", name="Phone")).to_have_accessible_description(
        re.compile("cannot be dialed")
    )
    expect(page.get_by_label("Name of the practice")).to_have_value("Saguaro <Practice>")
    expect(page.get_by_label("Time zone")).to_have_value("America/Los_Angeles")
    expect(page.get_by_label("Nurse")).to_be_checked()
    expect(page.get_by_label("Sign-in name")).to_have_value("dana reyes")
    expect(page.get_by_label("Password")).to_have_value("")
    _look_at(page)

    page.get_by_label("Your name").fill("Dana Reyes")
    page.get_by_role("textbox", name="Phone").fill("602-555-0191")
    page.get_by_label("Sign-in name").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Show password").click()
    expect(page.get_by_label("Password")).to_have_attribute("type", "text")
    expect(page.get_by_label("Password")).to_have_value(PASSWORD)
    _look_at(page)
    page.get_by_role("button", name="Hide password").click()
    expect(page.get_by_label("Password")).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show password").click()
    page.get_by_role("button", name="Set up the practice").dblclick()
    expect(page.get_by_text("here: practice.")).to_be_visible()

    page.goto("/session/password")
    _look_at(page)
    # The one that is asked for to prove who this is can never be looked at.
    expect(page.get_by_role("button", name="Show password")).to_have_count(1)
    page.get_by_label("The password you have").fill(PASSWORD)
    page.get_by_label("New password").fill("dana")
    page.get_by_role("button", name="Show password").click()
    expect(page.get_by_label("New password")).to_have_attribute("type", "text")
    expect(page.get_by_label("The password you have")).to_have_attribute("type", "password")
    page.get_by_role("button", name="Change the password").click()
    _shows_beside(page, "New password", re.compile("Use at least 12 characters"))
    expect(page.get_by_label("New password")).to_have_attribute("type", "password")
    expect(page.get_by_label("New password")).to_have_value("")
    _look_at(page)
    page.get_by_label("The password you have").fill(PASSWORD)
    page.get_by_label("New password").fill(_NEW)
    page.get_by_role("button", name="Change the password").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your password is changed")
    _look_at(page)
    page.get_by_role("link", name="To the first page").click()
    expect(page.get_by_text("here: practice.")).to_be_visible()

    page.goto("/session/phone")
    _look_at(page)
    page.get_by_label("Phone").fill("602-555-0142")
    page.get_by_role("button", name="Save").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your phone is saved")
    _look_at(page)
    page.get_by_role("link", name="To the first page").click()
    expect(page.get_by_text("here: practice.")).to_be_visible()

    page.goto("/session/pin")
    _look_at(page)
    page.get_by_label("Your password").fill(_NEW)
    page.get_by_label("New PIN").fill("777777")
    page.get_by_role("button", name="Set the PIN").click()
    _shows_beside(page, "New PIN", re.compile("same digit"))
    _look_at(page)
    page.get_by_label("Your password").fill(_NEW)
    page.get_by_label("New PIN").fill(_PIN)
    page.get_by_role("button", name="Set the PIN").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your PIN is set")
    _look_at(page)
    page.goto("/")
    expect(page.get_by_text("here: practice.")).to_be_visible()
    page.keyboard.press("F9")
    expect(page.get_by_label("Your PIN")).to_be_focused()
    _look_at(page)
    page.get_by_label("Your PIN").fill("529185")
    page.get_by_role("button", name="Unlock").dblclick()
    _shows_beside(page, "Your PIN", re.compile("After 4 more tries"))
    _look_at(page)
    page.get_by_label("Your PIN").fill(_PIN)
    page.get_by_role("button", name="Unlock").evaluate(_PRESSED_TWICE)
    expect(page.get_by_text("here: practice.")).to_be_visible()
    page.goto("/session/pin")
    expect(page.get_by_role("listitem")).to_have_count(1)
    _look_at(page)
    page.get_by_role("button", name="Turn off").dblclick()
    expect(page.get_by_role("listitem")).to_have_count(0)
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_text("here: practice.")).to_be_visible()

    page.keyboard.press("F9")
    expect(page.get_by_role("heading", level=1)).to_have_text("Locked")
    _look_at(page)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Unlock").dblclick()
    _shows_beside(page, "Password", "This is not your password.")
    _look_at(page)
    page.get_by_label("Password").fill(_NEW)
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.get_by_role("button", name="Unlock").evaluate(_PRESSED_TWICE)
    expect(page.get_by_text("here: practice.")).to_be_visible()
    # A second POST could arrive with the token that the first one has just replaced.
    assert sent.count("POST") == 1

    page.get_by_role("link", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    _look_at(page)
    page.get_by_role("button", name="Sign in").click()
    _shows_beside(page, "Sign-in name", "Type your sign-in name.")
    _look_at(page)

    page.goto("/session/invite/nothing")
    expect(page.get_by_role("heading", level=1)).to_have_text("This link does not open anything")
    _look_at(page)

    practice = Database(f"sqlite:///{server.folder / 'data' / 'practice.db'}")
    with practice.writing() as db:
        token = make_link_here(db, "dana", clock.now())
    practice.close()
    page.goto(f"/session/invite/{token}")
    expect(page.get_by_label("Password")).to_be_visible()
    _look_at(page)


def test_where_nothing_is_and_where_nothing_can_be_read(page: Page, server: Server) -> None:
    assert (page.goto("/session/nothing") or page).status == 404
    _look_at(page)
    body = bytes(trouble_page(Unusable("The database can only be read.")).body)
    page.route(
        "**/session/sign-in",
        lambda asked: asked.fulfill(status=503, content_type="text/html", body=body),
    )
    page.goto("/session/sign-in")
    expect(page.get_by_role("heading", level=1)).to_have_text("kapteam cannot use its database")
    _look_at(page)
