"""The server restarted while people are at work: nothing that was saved or typed is lost."""

import re

from playwright.sync_api import Page, expect

from kapteam.db.tables import Client, Draft
from tests.browser.conftest import TabOf
from tests.browser.hands import field, fill_field, open_at, paste, press, wait_for_run
from tests.browser.server import Server
from tests.factories_care import Care, a_ketamine_session

INTENTION, SAFETY = "Intention (required)", "Safety (required)"
CHANGED = "This field was changed in another tab."


def _open_note(page: Page, own: Care) -> None:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course)
    open_at(page, f"/note?kind=intention&dose={dose.id}")


def _go_on_typing(page: Page, label: str, text: str) -> None:
    box = field(page, label)
    box.press("ControlOrMeta+End")
    box.press_sequentially(text)
    box.press("Tab")
    wait_for_run(page)


def _drafts(own: Care, page: Page) -> dict[str, str]:
    note_id = page.url.split("id=")[1].split("&")[0]
    return {one.field: one.text for one in own.rows(Draft, form=f"note/{note_id}")}


def test_a_note_survives_a_restart_in_the_middle_of_a_sentence(
    own: Care, tab_of: TabOf, server: Server
) -> None:
    page = tab_of(own.therapist)
    _open_note(page, own)
    fill_field(page, INTENTION, "To rest")
    field(page, SAFETY).press_sequentially("Asked. No")
    _restart(server, page)
    assert _drafts(own, page)["intention"] == "To rest"
    expect(page).to_have_url(re.compile(r"/note\?id="))
    expect(field(page, INTENTION)).to_have_value("To rest")
    expect(field(page, SAFETY)).to_have_value("Asked. No")

    # The very first thing after the restart: no callback may be missing by then.
    _go_on_typing(page, SAFETY, " thoughts of harm")
    assert _drafts(own, page)["safety"] == "Asked. No thoughts of harm"
    _go_on_typing(page, INTENTION, ", and be held")
    _go_on_typing(page, INTENTION, " by it")
    assert _drafts(own, page)["intention"] == "To rest, and be held by it"
    expect(page.get_by_text(CHANGED)).to_have_count(0)


def test_a_restart_does_not_hide_what_another_tab_saved_in_a_note(
    own: Care, tab_of: TabOf, server: Server
) -> None:
    page, other = tab_of(own.therapist), tab_of(own.therapist)
    _open_note(page, own)
    fill_field(page, INTENTION, "Mine")
    open_at(other, page.url)
    fill_field(other, INTENTION, "Theirs")
    _restart(server, page)
    _go_on_typing(page, INTENTION, " goes on")
    assert _drafts(own, page) == {"intention": "Theirs"}
    expect(field(page, INTENTION)).to_have_value("Mine goes on")
    expect(page.get_by_text("Theirs", exact=True)).to_be_visible()
    press(page, "Keep mine")
    assert _drafts(own, page) == {"intention": "Mine goes on"}
    expect(page.get_by_text("Theirs", exact=True)).to_have_count(0)


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
    page = tab_of(own.therapist)
    open_at(page, f"/client_edit?client={own.client.code}")
    paste(page, "Pronouns", "she/her")
    _restart(server, page)
    press(page, "Save")
    assert own.row(Client, own.client.id).pronouns == "she/her"
    assert own.row(Client, own.client.id).phone == own.client.phone


def _restart(server: Server, page: Page) -> None:
    """Restart, and wait until the tab has found the server again."""
    with page.expect_websocket():
        server.restart()
    wait_for_run(page)
