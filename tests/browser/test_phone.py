"""What a phone's small screen must not be covered or cluttered with."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DemoTab, TabOf
from tests.browser.hands import field, open_at, wait_for_run
from tests.factories import NOW, a_concern, an_inquiry, pin
from tests.factories_care import Care, a_booked_pair


def test_the_menu_leaves_the_page_that_was_chosen_from_it(demo_tab: DemoTab) -> None:
    page = demo_tab("today", width=390, height=844)
    page.get_by_role("button", name="Expand sidebar").click()
    chosen = page.get_by_test_id("stSidebar").get_by_role("link", name="Caseload")
    expect(chosen).to_be_in_viewport()

    chosen.click()
    wait_for_run(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("Caseload")
    expect(chosen).not_to_be_in_viewport()
    expect(page.get_by_role("button", name="Expand sidebar")).to_be_visible()


def test_a_field_being_typed_in_asks_for_no_key(demo_tab: DemoTab) -> None:
    page = demo_tab("inquiry", width=390, height=844)
    field(page, "Note").press_sequentially("Will call")

    hint = page.get_by_text("Press Ctrl+Enter to apply")

    expect(hint).to_have_count(1)
    expect(hint).to_be_hidden()


def test_a_long_pinned_line_takes_two_lines_of_a_list_and_keeps_its_author(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        pin(db, own.client, own.prescriber, "Call before nine, never text. " * 4)
        a_booked_pair(db, own.course, therapist=own.therapist, dose_at=NOW + timedelta(hours=1))
    page = tab_of(own.therapist)
    page.set_viewport_size({"width": 390, "height": 844})
    open_at(page, "/")
    line = page.locator("[class*=st-key-pinned_agenda_] p")

    expect(line).to_contain_text("Robin Prescott, Tue Nov 24: Call before nine")
    shown, whole, one_line = line.evaluate(
        "p => [p.clientHeight, p.scrollHeight, parseFloat(getComputedStyle(p).lineHeight)]"
    )
    assert whole > shown
    assert shown == pytest.approx(2 * one_line, abs=1)


@pytest.mark.parametrize("width", [390, 1366])
def test_the_links_of_inquiries_stand_at_the_right_as_on_every_list(
    own: Care, tab_of: TabOf, width: int
) -> None:
    with own.database.writing() as db:
        an_inquiry(db, own.front_desk)
        an_inquiry(db, own.front_desk, name="Somebody With A Long Name")
        a_booked_pair(db, own.course, therapist=own.therapist)
    page = tab_of(own.therapist)
    page.set_viewport_size({"width": width, "height": 844})
    open_at(page, "/ketamine_sessions")
    usual = _right_of(page, "Write")
    open_at(page, "/inquiries")
    assert _right_of(page, "Open") == usual


def _right_of(page: Page, label: str) -> set[int]:
    """How far from the right of the screen the links of a list's rows end."""
    links = page.locator("[class*=st-key-row_]").get_by_role("link", name=label)
    expect(links.first).to_be_visible()
    right = "link => Math.round(innerWidth - link.getBoundingClientRect().right)"
    return {one.evaluate(right) for one in links.all()}


def test_whoever_has_somebody_in_danger_on_the_line_sees_the_card_first_and_taps_the_number(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        raised = a_concern(db, own.client, own.prescriber)
    page = tab_of(own.therapist)
    page.set_viewport_size({"width": 390, "height": 844})
    open_at(page, f"/concern?id={raised.id}")

    expect(page.get_by_role("heading", level=3).first).to_have_text("Crisis card")
    for name, number in (("988", "988"), ("911", "911"), ("602-555-0114", "6025550114")):
        line = page.get_by_role("link", name=name, exact=True)
        expect(line).to_be_in_viewport()
        expect(line).to_have_attribute("href", f"tel:{number}")
    expect(page.get_by_text("Where are they now? Ask.")).to_be_in_viewport()
