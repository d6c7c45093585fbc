"""Minutes and a past item in a browser: they fit, axe finds nothing, paper is handed out."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from kapteam.vocabulary import ExportPurpose, ReviewDecision
from tests.browser.accessibility import escaped_names, violations
from tests.browser.conftest import TabOf
from tests.browser.hands import choose, go_to, press, tick, wait_for_run
from tests.factories import NOW, audit_events
from tests.factories_care import Care, a_given_session, another_course
from tests.factories_review import a_review, an_agreed_action, an_item

WIDTHS = (390, 1366)
_FITS = """() => [document.documentElement, document.querySelector("[data-testid=stMain]")]
    .every((part) => part.scrollWidth <= part.clientWidth)"""


@pytest.fixture
def addresses(own: Care) -> dict[str, str]:
    """The minutes of a review, one item of it beside today, and its decision to file."""
    with own.database.writing() as db:
        a_given_session(db, own.course, given_at=NOW - timedelta(days=1))
        review = a_review(db, own.prescriber, own.therapist)
        item = an_item(
            db,
            review,
            own.course,
            own.therapist,
            decision=ReviewDecision.DOSE,
            words="80 mg next time, if the pressure before stays below 140.",
        )
        an_agreed_action(db, item, own.prescriber)
        an_item(db, review, another_course(db, own, "Costello"))
    return {
        "minutes": f"/case_review?id={review.id}",
        "as it was": f"/case_review?id={review.id}&item={item.id}",
        "to file": f"/filing?item={item.id}",
    }


@pytest.mark.parametrize("name", ["minutes", "as it was", "to file"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    own: Care, addresses: dict[str, str], tab_of: TabOf, name: str
) -> None:
    page = tab_of(own.prescriber)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 2000})
        go_to(page, addresses[name])
        if name == "minutes":
            press(page, "Text to copy")
        assert violations(page) == []
        assert escaped_names(page) == []
        page.wait_for_function(_FITS)


def test_then_stands_beside_today_and_above_it_on_a_phone(
    own: Care, addresses: dict[str, str], tab_of: TabOf
) -> None:
    page = tab_of(own.prescriber)
    go_to(page, addresses["as it was"])
    then, today = _tops(page)
    assert abs(then["y"] - today["y"]) < 5
    assert then["x"] + then["width"] <= today["x"]
    page.set_viewport_size({"width": 390, "height": 2000})
    go_to(page, addresses["as it was"])
    then, today = _tops(page)
    assert then["y"] + then["height"] <= today["y"]
    assert abs(then["x"] - today["x"]) < 5


def _tops(page: Page) -> tuple[dict[str, float], dict[str, float]]:
    """Where the two sides stand."""
    boxes = [page.locator(f".st-key-side_{side}").bounding_box() for side in ("then", "now")]
    then, today = ({**box} for box in boxes if box)
    return then, today


def test_with_names_only_for_a_purpose_the_paper_is_handed_out_and_on_record(
    own: Care, addresses: dict[str, str], tab_of: TabOf
) -> None:
    page = tab_of(own.prescriber)
    go_to(page, addresses["minutes"])
    tick(page, "With names")
    expect(page.get_by_text("Say what the names are for.")).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_have_count(0)
    choose(page, "What for", ExportPurpose.SUPERVISION.label)
    wait_for_run(page)
    with page.expect_download() as handed:
        page.get_by_role("button", name="Print").click()
    assert handed.value.suggested_filename == "case-review-2026-11-24.pdf"
    assert handed.value.path().read_bytes().startswith(b"%PDF")
    (event,) = audit_events(own.database, "case_review:printed")
    assert event.changes["names_for"] == "supervision"
