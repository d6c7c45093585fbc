"""PostgreSQL is stopped in mid-sentence: nothing typed is lost, nothing false said, it goes on."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from kapteam.db.tables import Client, Draft
from tests.browser.conftest import TabOf
from tests.browser.hands import button_or_link, field, open_at, paste, press, wait_for_run
from tests.factories_care import Care, a_ketamine_session
from tests.postgresql import OwnServer, a_server_of_its_own

_LOST = "The connection to kapteam is lost. This page comes back by itself."
_SAVED = re.compile(r"\bSaved \d")
_PATIENCE = 20_000


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    with a_server_of_its_own() as running:
        yield running


@pytest.fixture(scope="module")
def elsewhere(own_server: OwnServer) -> dict[str, str]:
    """The practice is on PostgreSQL."""
    return {"KAPTEAM_DATABASE_URL": own_server.url}


def test_what_is_typed_and_saved_meanwhile_is_not_lost_and_not_called_saved(
    own: Care, tab_of: TabOf, own_server: OwnServer
) -> None:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course)
    page, note = tab_of(own.therapist), tab_of(own.therapist)
    open_at(note, f"/note?kind=intention&dose={dose.id}")
    open_at(page, f"/client_edit?client={own.client.code}")
    paste(page, "Phone", "555 0199")
    field(page, "Pronouns").fill("she/her")
    field(note, "Intention (required)").fill("To rest")

    own_server.stop()
    button_or_link(page, "Save").click(force=True)
    field(note, "Intention (required)").press("Tab")
    for one in (page, note):
        expect(one.get_by_role("alert").get_by_text(_LOST)).to_be_visible(timeout=_PATIENCE)
        expect(one.get_by_text(_SAVED)).to_have_count(0)
        expect(one.get_by_text("Traceback")).to_have_count(0)
    own_server.start()

    for one in (page, note):
        expect(one.get_by_text(_LOST)).to_have_count(0, timeout=_PATIENCE)
        wait_for_run(one)
    expect(page.get_by_text(_SAVED)).to_have_count(0)
    expect(field(page, "Phone")).to_have_value("555 0199")
    expect(field(page, "Pronouns")).to_have_value("she/her")
    expect(field(note, "Intention (required)")).to_have_value("To rest")
    assert own.row(Client, own.client.id).phone == own.client.phone

    press(page, "Save")
    expect(page.get_by_text(_SAVED).first).to_be_visible()
    kept = own.row(Client, own.client.id)
    assert (kept.phone, kept.pronouns) == ("555 0199", "she/her")
    assert [one.text for one in own.rows(Draft)] == ["To rest"]
