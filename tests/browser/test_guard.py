"""The guard script in a real browser, on a small page behind the gate."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.people import PASSWORD
from tests.browser.hands import open_at, wait_for_run
from tests.web.conftest import clock, folder, practice, second_machine, server

__all__ = ["clock", "folder", "practice", "second_machine", "server"]

_LOST = "The connection to kapteam is lost. This page comes back by itself."
_STILL_HERE = "What you typed here is still here."
_PATIENCE = 15_000


@pytest.fixture
def tab(page: Page) -> Page:
    """A tab in which Dana is signed in, at `/?client=K-014`."""
    page.goto("/?client=K-014")
    page.get_by_label("Sign-in name").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    wait_for_run(page)
    expect(page.get_by_text("here: practice.")).to_be_visible()
    return page


def _unlock(page: Page) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Unlock").click()


def test_f9_locks_and_the_password_leads_back_to_the_same_page(tab):
    tab.keyboard.press("F9")
    expect(tab).to_have_url(re.compile(r"/session/locked\?next=%2F%3Fclient%3DK-014$"))
    expect(tab.get_by_text("here: practice.")).to_have_count(0)
    tab.go_back()
    expect(tab.get_by_role("heading", name="Locked")).to_be_visible()
    _unlock(tab)
    wait_for_run(tab)
    expect(tab).to_have_url(re.compile(r"/\?client=K-014$"))
    expect(tab.get_by_text("here: practice.")).to_be_visible()


def test_a_lock_in_one_tab_blanks_the_others_by_itself(tab):
    other = tab.context.new_page()
    open_at(other, "/?client=K-021")
    tab.get_by_role("button", name="Lock now").click()
    expect(other.get_by_role("heading", name="Locked")).to_be_visible(timeout=_PATIENCE)
    expect(other).to_have_url(re.compile("K-021$"))


def test_what_is_unlocked_in_one_tab_is_unlocked_in_the_other_once_it_is_looked_at(tab):
    other = tab.context.new_page()
    open_at(other, "/?client=K-021")
    tab.keyboard.press("F9")
    expect(other.get_by_role("heading", name="Locked")).to_be_visible(timeout=_PATIENCE)
    other.evaluate("dispatchEvent(new Event('focus'))")
    expect(other.get_by_role("heading", name="Locked")).to_be_visible()
    _unlock(tab)
    expect(tab.get_by_text("here: practice.")).to_be_visible()

    # A headless browser has no window that could come to the front.
    other.evaluate("dispatchEvent(new Event('focus'))")

    expect(other.get_by_text("here: practice.")).to_be_visible()
    expect(other).to_have_url(re.compile("K-021$"))


def test_a_link_of_ours_signs_out_by_post(tab):
    tab.get_by_role("link", name="Sign out").click()
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    tab.go_back()
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()


def test_no_link_posts_to_somewhere_else(tab):
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.get_by_role("link", name="Elsewhere").click()
    tab.get_by_role("link", name="Sign out").click()
    expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
    assert not [url for url in asked if "evil" in url]


def test_a_save_may_go_on_at_a_plain_page(tab):
    tab.get_by_role("button", name="Save and sign").click()
    expect(tab).to_have_url(re.compile(r"/session/nothing-yet\?note=1$"))


def test_while_the_server_is_gone_nothing_shows_and_what_was_typed_comes_back(tab, server):
    tab.get_by_label("Note").press_sequentially("Half a sent")
    server.stop()
    expect(tab.get_by_role("alert")).to_have_text(f"{_LOST} {_STILL_HERE}", timeout=_PATIENCE)
    expect(tab.get_by_text("here: practice.")).to_be_hidden()
    expect(tab.get_by_role("dialog")).to_have_count(0)
    server.start()
    expect(tab.get_by_text(_LOST)).to_have_count(0, timeout=_PATIENCE)
    expect(tab.get_by_label("Note")).to_be_visible()
    expect(tab.get_by_label("Note")).to_have_value("Half a sent")


def test_typing_keeps_the_screen_open_and_resting_locks_it(tab, clock):
    clock.advance(minutes=14)
    with tab.expect_response("**/session/touch"):
        tab.get_by_label("Note").press("a")
    clock.advance(minutes=14)
    tab.get_by_label("Note").press_sequentially("still here")
    clock.advance(minutes=1)
    expect(tab.get_by_role("alert")).to_contain_text("Locked.", timeout=_PATIENCE)
    expect(tab.get_by_text("here: practice.")).to_be_hidden()


def test_a_dialog_takes_the_focus_into_its_field(tab):
    tab.get_by_role("button", name="Find").click()
    expect(tab.get_by_label("Name", exact=True)).to_be_focused()
    tab.keyboard.type("rrr")
    expect(tab.get_by_label("Name", exact=True)).to_have_value("rrr")


def test_the_browser_keeps_nothing_of_us_but_the_cookie(tab):
    kept = tab.evaluate("[...Object.keys(sessionStorage), ...Object.keys(localStorage)]")
    assert [key for key in kept if not key.startswith("stActiveTheme")] == []
    [cookie] = [one for one in tab.context.cookies() if one["name"] == "kapteam"]
    assert cookie["httpOnly"]
    assert "kapteam" not in tab.evaluate("document.cookie")
