"""Without a mouse: a client is found from any page, which answers a phone call; a form is saved."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, expect

from kapteam.db.tables import IntegrationSession
from kapteam.wording import NBSP
from tests.browser.conftest import TabOf
from tests.browser.hands import field, go_to, wait_for_run
from tests.factories import NOW, a_client, a_course
from tests.factories_care import Care, a_ketamine_session, an_overdue_integration

LABEL = "Name, code, phone or date of birth"


@pytest.fixture(scope="module")
def lukasz(care: Care) -> Care:
    """Somebody with a dose ahead whose last one nobody integrated."""
    with care.database.writing() as db:
        client = a_client(
            db,
            care.therapist,
            family="Wójcik-Robles",
            given="Łukasz",
            preferred="Luka",
            phone="(602) 555-0198",
            born_on=date(1991, 7, 30),
        )
        course = a_course(db, client, prescriber=care.prescriber, therapist=care.therapist)
        an_overdue_integration(db, course, hours=50)
        a_ketamine_session(db, course, planned_at=NOW + timedelta(days=1))
        elsewhere = a_client(db, care.stranger, family="Robinson", given="Hidden")
        a_course(db, elsewhere, prescriber=care.stranger, therapist=care.stranger)
    return replace(care, client=client, course=course)


@pytest.fixture
def dialog(lukasz: Care, kept_tab_of: TabOf) -> Locator:
    """The dialog as Ctrl+K opens it, ready to be typed into."""
    page = kept_tab_of(lukasz.therapist)
    go_to(page, "/integration")
    page.keyboard.press("Control+k")
    expect(field(page, LABEL)).to_be_focused()
    return page.get_by_role("dialog")


def _type(dialog: Locator, text: str) -> None:
    field(dialog.page, LABEL).fill(text)


def _found(dialog: Locator) -> Locator:
    return dialog.locator("[class*=st-key-found_]")


def test_a_name_that_begins_with_a_shortcut_of_streamlit_is_typed(
    dialog: Locator, lukasz: Care
) -> None:
    dialog.page.keyboard.type("rob")
    expect(_found(dialog)).to_have_count(1)
    expect(field(dialog.page, LABEL)).to_have_value("rob")
    expect(_found(dialog)).to_contain_text("Wójcik-Robles, Łukasz “Luka”")
    expect(_found(dialog)).not_to_contain_text("Robinson")


def test_a_client_is_found_by_everything_that_a_caller_says(dialog: Locator, lukasz: Care) -> None:
    """One of each kind; how each may be spelled is in `tests/rules/test_folding.py`."""
    for typed in ("lukasz robles", lukasz.client.code.lower(), "602-555-0198", "Jul 30 1991"):
        _type(dialog, "zz")
        expect(dialog.get_by_text("No client matches “zz”")).to_be_visible()
        _type(dialog, typed)
        expect(_found(dialog), typed).to_have_count(1)
        expect(_found(dialog), typed).to_contain_text("Łukasz")


def test_the_answer_is_in_the_result_and_the_name_leads_to_the_client(
    dialog: Locator, lukasz: Care
) -> None:
    _type(dialog, "luka")
    result = _found(dialog)
    for answer in (
        f"{lukasz.client.code} · born Jul 30, 1991 (35{NBSP}y)",
        f"Next dose Wed Nov 25, 2:30{NBSP}pm in 1{NBSP}d · ",
        f"70{NBSP}mg intramuscular",
        f"50{NBSP}hr since dose",
        "Emergency contact Ngozi Okafor, sister, 602-555-0177",
        "Voicemail not asked",
        "Who may be told what not recorded",
    ):
        expect(result).to_contain_text(answer)
    result.get_by_role("link", name=re.compile("^Wójcik-Robles, Łukasz")).click()
    wait_for_run(dialog.page)
    expect(dialog).to_have_count(0)
    expect(dialog.page).to_have_url(re.compile(rf"/client\?client={lukasz.client.code}$"))
    expect(dialog.page).to_have_title(f"Client {lukasz.client.code} · kapteam")


def test_whom_nobody_here_treats_is_not_found(dialog: Locator) -> None:
    _type(dialog, "Hidden")
    expect(dialog.get_by_text("No client matches “Hidden”.")).to_be_visible()
    expect(_found(dialog)).to_have_count(0)
    _type(dialog, "H")
    expect(dialog.get_by_text("Two letters are enough.")).to_be_visible()


def test_what_finds_nobody_is_said_as_it_was_typed(dialog: Locator) -> None:
    _type(dialog, "**b** :red[x] -> www.x.y")
    sentence = dialog.get_by_text("No client matches")
    expect(sentence).to_be_visible()
    assert "“**b** :red[x] -> www.x.y”" in sentence.inner_text().replace("\u2060", "")
    # The way to emergency access is all that follows, and the typed address is no link.
    expect(dialog.get_by_role("link")).to_have_count(1)
    expect(dialog.get_by_role("link", name="Not your client")).to_be_visible()


def test_a_client_is_found_and_opened_without_a_mouse(own: Care, kept_tab_of: TabOf) -> None:
    page = kept_tab_of(own.therapist)
    go_to(page, "/")
    page.keyboard.press("Control+k")
    expect(field(page, LABEL)).to_be_focused()
    page.keyboard.type(own.client.code)
    _tab_to(page.get_by_role("dialog").get_by_role("link", name="Okafor, Amara"))
    page.keyboard.press("Enter")
    wait_for_run(page)
    expect(page).to_have_url(re.compile(rf"/client\?client={own.client.code}$"))


def test_an_integration_is_recorded_as_held_without_a_mouse(own: Care, kept_tab_of: TabOf) -> None:
    with own.database.writing() as db:
        dose = an_overdue_integration(db, own.course)
    page = kept_tab_of(own.therapist)
    go_to(page, f"/integration_session?dose={dose.id}")
    _tab_to(page.get_by_role("tab", name="Book"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    _tab_to(field(page, "Began at"))
    page.keyboard.press("Control+a")
    page.keyboard.type("1:00 pm")
    _tab_to(page.get_by_role("button", name="Save as held"))
    page.keyboard.press("Enter")
    wait_for_run(page)
    expect(page.get_by_text(re.compile("^Saved"))).to_be_visible()
    [held] = own.rows(IntegrationSession, episode_id=own.course.id)
    assert held.held_at is not None


def _tab_to(target: Locator) -> None:
    """Press Tab until the focus is there; it has to come within a hundred stops."""
    for _ in range(100):
        if target.evaluate("one => one === document.activeElement"):
            return
        target.page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {target}.")
