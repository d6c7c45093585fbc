"""Signed out, locked or ended: nothing of a page is left, and its address is found again."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from kapteam.accounts.sign_ins import end, set_password
from kapteam.db.tables import SignIn
from kapteam.ui.navigation import PLACES
from tests.accounts.people import PASSWORD
from tests.browser.conftest import NewPage
from tests.browser.hands import fill_field, press
from tests.browser.server import Server
from tests.factories import NOW
from tests.factories_care import Care, a_given_session, a_signed_intention

PATIENCE = 15_000


@pytest.fixture(scope="module")
def addresses(care: Care) -> list[str]:
    """Every page there is, of one client wherever it is of somebody."""
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - timedelta(hours=50))
        note = a_signed_intention(db, dose, care.therapist)
    queries = {
        "client": f"?client={care.client.code}",
        "client_edit": f"?client={care.client.code}",
        "episode": f"?id={care.course.id}",
        "clearance": f"?episode={care.course.id}",
        "consent": f"?episode={care.course.id}",
        "booking": f"?episode={care.course.id}",
        "series_plan": f"?episode={care.course.id}",
        "ketamine_session": f"?id={dose.id}",
        "integration_session": f"?dose={dose.id}",
        "note": f"?id={note.id}",
    }
    pages = [f"/{name}{queries.get(name, '')}" for name in PLACES]
    return ["/", *pages, f"/session/sign/{note.id}"]


@pytest.fixture
def own_page(new_page: NewPage, care: Care, server: Server) -> Page:
    """The client's page, in a browser in which Thea has just signed in."""
    page = new_page()
    page.goto(f"/client?client={care.client.code}")
    _sign_in(page)
    _is_the_client(page, care)
    return page


def _sign_in(page: Page) -> None:
    fill_field(page, "Sign-in name", "thea")
    fill_field(page, "Password", PASSWORD)
    press(page, "Sign in")


def _is_the_client(page: Page, care: Care) -> None:
    expect(page).to_have_url(re.compile(rf"/client\?client={care.client.code}$"))
    expect(page.get_by_role("heading", name="Okafor, Amara")).to_be_visible()


def _shows_nothing(page: Page, heading: str) -> None:
    """A neutral page: nothing of the client in the document, its title or its words."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading, timeout=PATIENCE)
    expect(page).to_have_title(f"{heading} · kapteam")
    assert not re.search("Okafor|Amara|Ngozi|602-555|70.mg|To rest", page.content())


def test_the_first_request_after_a_restart_shows_nothing_to_whoever_is_signed_out(
    new_page: NewPage, server: Server, care: Care, addresses: list[str]
) -> None:
    page = new_page()
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    server.restart()
    for address in addresses:
        page.goto(address)
        assert "/session/sign-in?next=" in page.url, address
        _shows_nothing(page, "Sign in")
    assert sockets == []


@pytest.mark.parametrize("name", ["client", "note"])
def test_a_sign_in_leads_back_to_the_page_that_was_asked_for(
    new_page: NewPage, addresses: list[str], name: str
) -> None:
    page = new_page()
    [wanted] = [one for one in addresses if one.partition("?")[0] == f"/{name}"]
    page.goto(wanted)
    _sign_in(page)
    expect(page).to_have_url(re.compile(re.escape(wanted)))
    expect(page.get_by_text("Okafor, Amara").first).to_be_visible()


def test_f9_leaves_nothing_and_the_password_leads_back(own_page: Page, care: Care) -> None:
    own_page.keyboard.press("F9")
    _shows_nothing(own_page, "Locked")
    own_page.go_back()
    _shows_nothing(own_page, "Locked")
    fill_field(own_page, "Password", "not this one")
    press(own_page, "Unlock")
    _shows_nothing(own_page, "Locked")
    fill_field(own_page, "Password", PASSWORD)
    press(own_page, "Unlock")
    _is_the_client(own_page, care)


def test_a_screen_at_rest_locks_itself(own_page: Page, server: Server, care: Care) -> None:
    server.clock.advance(minutes=16)
    _shows_nothing(own_page, "Locked")
    fill_field(own_page, "Password", PASSWORD)
    press(own_page, "Unlock")
    _is_the_client(own_page, care)


def test_a_sign_in_ended_elsewhere_closes_the_page(
    own_page: Page, server: Server, care: Care
) -> None:
    with care.database.writing() as db:
        for one in care.rows(SignIn, ended_at=None):
            end(db, one.id, server.clock.now)
    _shows_nothing(own_page, "Sign in")
    _sign_in(own_page)
    _is_the_client(own_page, care)


def test_a_password_is_changed_from_the_menu_and_the_other_browser_is_signed_out(
    own_page: Page, new_page: NewPage, care: Care
) -> None:
    other = new_page()
    other.goto(f"/client?client={care.client.code}")
    _sign_in(other)
    _is_the_client(other, care)

    own_page.get_by_role("button", name=care.therapist.name).click()
    change = own_page.get_by_role("link", name="Change password")
    # In the colour of the words, as everything else in this menu, not in the browser's own blue.
    expect(change).to_have_css("color", "rgb(15, 21, 25)")
    change.click()
    fill_field(own_page, "The password you have", PASSWORD)
    fill_field(own_page, "New password", "five cool canyons")
    press(own_page, "Change the password")

    expect(own_page.get_by_role("heading", level=1)).to_have_text("Your password is changed")
    expect(other.get_by_label("Sign-in name")).to_be_visible(timeout=PATIENCE)
    expect(other.get_by_text("Okafor")).to_have_count(0)
    with care.database.writing() as db:
        # As it was, for the tests beside this one.
        set_password(db, care.therapist.clinician_id, PASSWORD)
