"""Leaving a page while a field is still being typed in: nothing on the page is lost."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from kapteam.db.tables import Client, Draft
from tests.browser.conftest import TabOf
from tests.browser.hands import field, fill_field, open_at, wait_for_run
from tests.factories_care import Care, a_ketamine_session

INTENTION, SAFETY = "Intention (required)", "Safety (required)"


def _begin_note(page: Page, own: Care) -> str:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course)
    open_at(page, f"/note?kind=intention&dose={dose.id}")
    fill_field(page, INTENTION, "To rest")
    return page.url


def _drafts(own: Care, address: str) -> dict[str, str]:
    note_id = address.split("id=")[1].split("&")[0]
    return {one.field: one.text for one in own.rows(Draft, form=f"note/{note_id}")}


def _wait_until(page: Page, holds: Callable[[], bool]) -> None:
    given_up = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < given_up, "It did not come to that in 20 seconds."
        page.wait_for_timeout(50)


@pytest.mark.parametrize(
    ("leaves_by", "arrives"),
    [
        ("Caseload", r"/caseload$"),
        ("Today", r"/(today)?$"),
        ("Integration", r"/integration$"),
        ("Back to the client", r"/client\?client="),
    ],
)
def test_a_tap_on_a_link_takes_what_was_just_typed_along(
    own: Care, tab_of: TabOf, leaves_by: str, arrives: str
) -> None:
    """The press and the release of a tap come within the same millisecond."""
    page = tab_of(own.therapist)
    address = _begin_note(page, own)
    field(page, SAFETY).press_sequentially("No thoughts of harm")
    page.get_by_role("link", name=leaves_by, exact=True).first.click(delay=0)
    expect(page).to_have_url(re.compile(arrives))
    wait_for_run(page)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Note")
    assert _drafts(own, address) == {"intention": "To rest", "safety": "No thoughts of harm"}

    open_at(page, address)
    expect(field(page, INTENTION)).to_have_value("To rest")
    expect(field(page, SAFETY)).to_have_value("No thoughts of harm")


def test_a_tap_on_save_takes_what_was_just_typed_along(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    open_at(page, f"/client_edit?client={own.client.code}")
    field(page, "Pronouns").press_sequentially("they/them")
    page.get_by_role("button", name="Save", exact=True).first.click(delay=0)
    wait_for_run(page)
    with own.database.reading() as db:
        assert db.get_one(Client, own.client.id).pronouns == "they/them"


def test_text_typed_into_a_note_is_kept_at_the_first_pause(own: Care, tab_of: TabOf) -> None:
    """Nobody left the field, and nobody pressed anything: the tab may be gone the next moment."""
    page = tab_of(own.therapist)
    address = _begin_note(page, own)
    box = field(page, SAFETY)
    box.press_sequentially("Asked")
    _wait_until(page, lambda: _drafts(own, address).get("safety") == "Asked")
    expect(box).to_be_focused()
    box.press_sequentially(", no thoughts of harm")
    expect(box).to_have_value("Asked, no thoughts of harm")


def test_the_lock_takes_what_was_just_typed_along(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    address = _begin_note(page, own)
    field(page, SAFETY).press_sequentially("No thoughts of harm")
    page.keyboard.press("F9")
    expect(page).to_have_url(re.compile("/session/locked"))
    assert _drafts(own, address)["safety"] == "No thoughts of harm"
