"""Who can see this screen? Answered on one tab, it holds on every tab of the sign-in."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.conftest import TabOf
from tests.browser.hands import field, go_to, open_at, wait_for_run
from tests.factories_care import Care, an_overdue_integration

_QUESTION = "Who can see this screen?"


def _answer(page: Page, now: str, then: str) -> None:
    page.get_by_role("button", name=now, exact=True).click()
    page.get_by_role("radiogroup", name=_QUESTION).get_by_text(then, exact=True).click()
    wait_for_run(page)
    expect(page.get_by_role("button", name=then, exact=True)).to_be_visible()


def test_names_go_from_every_tab_and_nothing_typed_is_lost(own: Care, tab_of: TabOf) -> None:
    with own.database.writing() as db:
        an_overdue_integration(db, own.course)
    lists, client = tab_of(own.therapist), tab_of(own.therapist)
    open_at(client, f"/client?client={own.client.code}")
    expect(client.get_by_role("heading", name=own.client.family_name)).to_be_visible()
    open_at(lists, "/integration")
    initials = f"{own.client.given_name[0]}.{own.client.family_name[0]}. {own.client.code}"

    _answer(lists, "Just me", "Others in the room")

    expect(lists.get_by_role("link", name=initials)).to_be_visible()
    expect(client.get_by_role("heading", name=initials)).to_be_visible()
    for page in (lists, client):
        expect(page.locator("body")).not_to_contain_text(own.client.family_name)
        assert own.client.family_name not in page.title() + page.url
    lists.reload()
    wait_for_run(lists)
    expect(lists.get_by_role("link", name=initials)).to_be_visible()

    _answer(client, "Others in the room", "Both of us")

    expect(lists.get_by_role("link", name=re.compile(own.client.family_name))).to_be_visible()
    _answer(lists, "Both of us", "Just me")


def test_a_field_that_is_half_filled_stays_when_another_tab_answers(
    own: Care, tab_of: TabOf
) -> None:
    consent, other = tab_of(own.therapist), tab_of(own.therapist)
    open_at(other, "/notes")
    open_at(consent, f"/consent?episode={own.course.id}")
    box = field(consent, "Version of the form")
    box.press_sequentially("Folder 7")
    _answer(other, "Just me", "Others in the room")
    expect(consent.get_by_role("button", name="Others in the room", exact=True)).to_be_visible()
    expect(box).to_have_value("Folder 7")
    _answer(other, "Others in the room", "Just me")


def test_the_question_can_be_answered_and_read_by_everybody(own: Care, kept_tab_of: TabOf) -> None:
    page = kept_tab_of(own.therapist)
    go_to(page, "/notes")
    page.get_by_role("button", name="Just me", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("radiogroup", name=_QUESTION)).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
