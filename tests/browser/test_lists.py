"""Lists whose order changes in the database while they are open: what is pressed is what was named.

A row as drawn stays that row, whatever stands in its place by now.
"""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import kapteam
from kapteam.db.tables import Clinician, Consent, Invitation
from kapteam.ui.rows import Columns
from kapteam.vocabulary import ConsentType, Function
from tests.browser.conftest import DemoTab, TabOf
from tests.browser.hands import go_to, press, wait_for_run
from tests.factories import TODAY, a_client, a_clinician, a_consent, a_course
from tests.factories_care import Care, an_overdue_integration

# Of each list and each columns in it: of each row where its parts begin, in CSS pixels.
_PARTS = """
    [...document.querySelectorAll('[class*="st-key-list_"]')].flatMap((list) => Object.values(
      Object.groupBy(
        list.querySelectorAll('[class*="st-key-row_of_"]'),
        (row) => row.className.match(/st-key-row_of_(\\w+)-/)[1],
      )
    ).map((rows) => rows.map((row) =>
      [...row.querySelectorAll(':scope > * > .stMarkdown p')].map((part) =>
        Math.round(part.getBoundingClientRect().left)
      )
    )))
"""


def _somebody(care: Care, given: str) -> Care:
    """A client of the same team who is on a course."""
    with care.database.writing() as db:
        client = a_client(db, care.therapist, family="Sorted", given=given)
        course = a_course(db, client, prescriber=care.prescriber, therapist=care.therapist)
    return replace(care, client=client, course=course)


def _owe(one: Care, hours: int) -> None:
    with one.database.writing() as db:
        an_overdue_integration(db, one.course, hours=hours)


def _names(page: Page) -> Locator:
    """The names of clients in the page's rows, the highest first."""
    return page.get_by_role("link", name=re.compile("^Sorted, "))


def test_a_row_opens_whom_it_names(care: Care, kept_tab_of: TabOf) -> None:
    above, below = _somebody(care, "Ash"), _somebody(care, "Birch")
    _owe(above, 50)
    page = kept_tab_of(care.therapist)
    for hours, address in enumerate(("/", "/integration", "/caseload"), 60):
        go_to(page, address)
        top = _names(page).first
        expect(top).to_contain_text(above.client.code)
        _owe(below, hours)
        top.click()
        wait_for_run(page)
        expect(page).to_have_url(re.compile(f"client={above.client.code}$"))
        expect(page.locator(".st-key-identity")).to_contain_text(above.client.given_name)
        go_to(page, address)
        expect(_names(page).first).to_contain_text(below.client.code)
        above, below = below, above


@pytest.mark.parametrize("name", ["today", "caseload", "ketamine_sessions", "integration"])
def test_the_words_of_rows_stand_side_by_side_and_below_each_other(
    demo_tab: DemoTab, name: str
) -> None:
    page = demo_tab(name)
    lists = page.evaluate(_PARTS)
    assert sum(len(rows) for rows in lists) > 5
    for rows in lists:
        most = max(rows, key=len)
        for lefts in rows:
            assert lefts == most[: len(lefts)], rows
            assert lefts == sorted(set(lefts)), rows


def test_each_columns_say_how_wide_their_parts_are() -> None:
    rules = (Path(kapteam.__file__).parent / "web/assets/guard.css").read_text()
    for columns in Columns:
        assert f'"st-key-row_of_{columns.value}-"] {{' in rules, columns


def test_a_row_that_comes_under_the_finger_is_not_opened(care: Care, kept_tab_of: TabOf) -> None:
    above, below = _somebody(care, "Cedar"), _somebody(care, "Dogwood")
    _owe(above, 200)
    page = kept_tab_of(care.therapist)
    go_to(page, "/caseload")
    top = _names(page).first
    expect(top).to_contain_text(above.client.code)
    top.hover()
    page.mouse.down()
    _owe(below, 210)
    page.keyboard.press("r")  # Streamlit's own shortcut: the list is drawn anew
    wait_for_run(page)
    expect(_names(page).first).to_contain_text(below.client.code)
    page.mouse.up()
    wait_for_run(page)
    expect(page).to_have_url(re.compile("/caseload$"))


def test_a_button_of_a_row_acts_on_whom_it_names(care: Care, kept_tab_of: TabOf) -> None:
    page = kept_tab_of(care.prescriber)
    go_to(page, "/practice")
    mine = page.locator(f".st-key-colleague_{care.nurse.clinician_id}")
    with care.database.writing() as db:
        a_clinician(db, Function.NURSE, name="Aaron Earlier")
    press(mine, "New one-time link Nico Nightingale")
    expect(page.get_by_text("/session/invite/")).to_be_visible()
    invited = {one.clinician_id for one in care.rows(Invitation)}
    assert invited == {care.nurse.clinician_id}
    expect(page.get_by_role("strong").filter(has_text="Aaron Earlier")).to_be_visible()


def test_turning_off_asks_about_whom_its_row_names(care: Care, kept_tab_of: TabOf) -> None:
    page = kept_tab_of(care.prescriber)
    go_to(page, "/practice")
    mine = page.locator(f".st-key-colleague_{care.nurse.clinician_id}")
    press(mine, "Turn off sign-in Nico Nightingale")
    expect(page.get_by_text("Turn off the sign-in of Nico Nightingale?")).to_be_visible()
    page.get_by_role("link", name="Back to the team").click()
    wait_for_run(page)
    expect(page.get_by_role("heading", name="Team (")).to_be_visible()
    assert [one.name for one in care.rows(Clinician) if one.suspended_at] == []


def test_the_consent_that_is_revoked_is_the_one_of_the_row(own: Care, kept_tab_of: TabOf) -> None:
    page = kept_tab_of(own.therapist)
    go_to(page, f"/consent?episode={own.course.id}")
    [mine] = own.rows(Consent, episode_id=own.course.id, type=ConsentType.OFF_LABEL)
    with own.database.writing() as db:
        a_consent(db, own.course, ConsentType.TOUCH, own.therapist.clinician_id, signed_on=TODAY)
    press(page.locator(f".st-key-consent_{mine.id}"), "Revoke")
    press(page, "Revoke from today")
    revoked = [one.type for one in own.rows(Consent, episode_id=own.course.id) if one.revoked_on]
    assert revoked == [ConsentType.OFF_LABEL]
