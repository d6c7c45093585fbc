"""Nothing that was typed is lost: the page left in mid-field, locked, or its server restarted."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from kapteam.db.tables import Client, Draft
from tests.browser.conftest import TabOf
from tests.browser.hands import field, fill_field, open_at, paste, press, tick, wait_for_run
from tests.browser.server import Server
from tests.factories_care import Care, a_ketamine_session

INTENTION, SAFETY = "Intention (required)", "Safety (required)"
SAVED = re.compile(r"\bSaved \d")
CHANGED = "This field was changed in another tab."


def _begin_note(page: Page, own: Care, intention: str = "To rest") -> str:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course)
    open_at(page, f"/note?kind=intention&dose={dose.id}")
    fill_field(page, INTENTION, intention)
    return page.url


def _drafts(own: Care, address: str) -> dict[str, str]:
    note_id = address.split("id=")[1].split("&")[0]
    return {one.field: one.text for one in own.rows(Draft, form=f"note/{note_id}")}


def _wait_until(page: Page, holds: Callable[[], bool]) -> None:
    given_up = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < given_up, "It did not come to that in 20 seconds."
        page.wait_for_timeout(50)


def _go_on_typing(page: Page, label: str, text: str) -> None:
    box = field(page, label)
    box.press("ControlOrMeta+End")
    box.press_sequentially(text)
    box.press("Tab")
    wait_for_run(page)


def _restart(server: Server, page: Page) -> None:
    """Restart, and wait until the tab has found the server again."""
    with page.expect_websocket():
        server.restart()
    wait_for_run(page)


@pytest.mark.parametrize(
    ("leaves_by", "arrives"),
    [
        ("Today", r"/(today)?$"),
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


def test_a_note_survives_a_restart_in_the_middle_of_a_sentence(
    own: Care, tab_of: TabOf, server: Server
) -> None:
    page = tab_of(own.therapist)
    _begin_note(page, own)
    field(page, SAFETY).press_sequentially("Asked. No")
    _restart(server, page)
    assert _drafts(own, page.url)["intention"] == "To rest"
    expect(page).to_have_url(re.compile(r"/note\?id="))
    expect(field(page, INTENTION)).to_have_value("To rest")
    expect(field(page, SAFETY)).to_have_value("Asked. No")
    expect(field(page, SAFETY)).to_be_focused(timeout=20_000)

    # The very first thing after the restart: no callback may be missing by then.
    _go_on_typing(page, SAFETY, " thoughts of harm")
    assert _drafts(own, page.url)["safety"] == "Asked. No thoughts of harm"
    _go_on_typing(page, INTENTION, ", and be held")
    _go_on_typing(page, INTENTION, " by it")
    assert _drafts(own, page.url)["intention"] == "To rest, and be held by it"
    expect(page.get_by_text(CHANGED)).to_have_count(0)


def test_a_restart_does_not_hide_what_another_tab_saved_in_a_note(
    own: Care, tab_of: TabOf, server: Server
) -> None:
    page, other = tab_of(own.therapist), tab_of(own.therapist)
    _begin_note(page, own, "Mine")
    open_at(other, page.url)
    fill_field(other, INTENTION, "Theirs")
    _restart(server, page)
    _go_on_typing(page, INTENTION, " goes on")
    assert _drafts(own, page.url) == {"intention": "Theirs"}
    expect(field(page, INTENTION)).to_have_value("Mine goes on")
    expect(page.get_by_text("Theirs", exact=True)).to_be_visible()
    press(page, "Keep mine")
    assert _drafts(own, page.url) == {"intention": "Mine goes on"}
    expect(page.get_by_text(CHANGED)).to_have_count(0)
    expect(page.get_by_text("Not taken.")).to_be_visible()
    expect(page.get_by_text("Theirs", exact=True)).to_be_visible()


def test_a_restart_does_not_hide_what_a_colleague_saved_of_a_client(
    own: Care, tab_of: TabOf, server: Server
) -> None:
    page, other = tab_of(own.therapist), tab_of(own.prescriber)
    for one in (page, other):
        open_at(one, f"/client_edit?client={own.client.code}")
    paste(page, "Pronouns", "she/her")
    paste(other, "Phone", "555 0190")
    press(other, "Save")
    _restart(server, page)
    press(page, "Save")
    assert own.row(Client, own.client.id).phone == "555 0190"


def test_what_was_typed_over_a_client_is_still_there_after_a_restart(
    own: Care, tab_of: TabOf, server: Server
) -> None:
    """Also in the field that was not left: Streamlit switches it off while the server is gone."""
    page = tab_of(own.therapist)
    open_at(page, f"/client_edit?client={own.client.code}")
    paste(page, "Pronouns", "she/her")
    field(page, "Emergency contact").fill("Juniper Fable")
    _restart(server, page)
    press(page, "Save")
    kept = own.row(Client, own.client.id)
    assert (kept.pronouns, kept.emergency_name) == ("she/her", "Juniper Fable")
    assert kept.phone == own.client.phone


def test_on_a_full_disk_nothing_is_called_saved_and_all_of_it_is_once_there_is_room(
    own: Care, tab_of: TabOf, server: Server
) -> None:
    page, note = tab_of(own.therapist), tab_of(own.therapist)
    _begin_note(note, own)
    open_at(page, f"/client_edit?client={own.client.code}")
    server.fill_disk()
    paste(note, SAFETY, "No thoughts of harm")
    paste(page, "Pronouns", "she/her")
    press(page, "Save")
    for one in (page, note):
        expect(one.get_by_text("The disk is full or fails, so nothing was saved.")).to_be_visible()
    expect(page.get_by_text(SAVED)).to_have_count(0)
    expect(field(page, "Pronouns")).to_have_value("she/her")
    assert _drafts(own, note.url) == {"intention": "To rest"}

    server.fill_disk(False)
    press(page, "Save")
    expect(page.get_by_text(SAVED).first).to_be_visible()
    assert own.row(Client, own.client.id).pronouns == "she/her"
    paste(note, "Coping skills agreed (required)", "Breath")
    assert _drafts(own, note.url) == {
        "intention": "To rest",
        "safety": "No thoughts of harm",
        "coping": "Breath",
    }
    expect(note.get_by_text("The disk is full")).to_have_count(0)


def test_who_keeps_their_own_pinned_line_still_has_it_before_them_and_saves_it(
    own: Care, tab_of: TabOf
) -> None:
    mine, theirs = tab_of(own.therapist), tab_of(own.prescriber)
    label = "What everybody should know first"
    for page, text in ((mine, "Calls her sister first"), (theirs, "Hard of hearing")):
        open_at(page, f"/client?client={own.client.code}")
        press(page, "Pin a line")
        paste(page, label, text)
    press(theirs, "Pin")
    press(mine, "Pin")
    press(mine, "Keep mine")

    expect(field(mine, label)).to_have_value("Calls her sister first")
    assert own.row(Client, own.client.id).pinned_line == "Hard of hearing"
    press(mine, "Pin")
    assert own.row(Client, own.client.id).pinned_line == "Calls her sister first"
    expect(field(mine, label)).to_have_count(0)


@pytest.mark.parametrize("is_note", [True, False], ids=["note", "form"])
def test_a_text_is_read_whole_where_it_is_typed_up_to_most_of_the_screen(
    own: Care, tab_of: TabOf, is_note: bool
) -> None:
    page = tab_of(own.therapist)
    if is_note:
        _begin_note(page, own)
    else:
        open_at(page, f"/ask?episode={own.course.id}")
    box = field(page, INTENTION if is_note else "Your question")
    box.fill("One line of many.\n" * 12)
    assert box.evaluate("box => box.scrollHeight <= box.clientHeight")
    box.fill("One line of many.\n" * 200)
    assert box.evaluate("box => box.offsetHeight < innerHeight * 0.7")
    box.fill("")
    assert box.evaluate("box => box.offsetHeight") < 100


def test_back_after_a_save_leads_to_the_page_that_was_saved(own: Care, tab_of: TabOf) -> None:
    """Streamlit writes the next page's question mark into this page's address before it leaves."""
    page = tab_of(own.therapist)
    open_at(page, f"/wait?episode={own.course.id}")
    tick(page, "Insurer")
    press(page, "Save")
    expect(page).to_have_url(re.compile(r"/client\?client="))

    page.go_back()
    wait_for_run(page)

    expect(page).to_have_url(re.compile(rf"/wait\?episode={own.course.id}"))
    expect(page.get_by_text("There is no such course of care")).to_have_count(0)


def test_the_lock_takes_what_was_just_typed_along(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    address = _begin_note(page, own)
    field(page, SAFETY).press_sequentially("No thoughts of harm")
    page.keyboard.press("F9")
    expect(page).to_have_url(re.compile("/session/locked"))
    assert _drafts(own, address)["safety"] == "No thoughts of harm"
