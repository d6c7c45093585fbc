"""What a phone's small screen must not be covered or cluttered with."""

from playwright.sync_api import expect

from tests.browser.conftest import DemoTab
from tests.browser.hands import field, wait_for_run


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
