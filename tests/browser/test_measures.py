"""Outcome measures at the screen: a form by the keyboard alone, and what the client reads of it."""

from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from kapteam.db.tables import Score
from tests.browser.accessibility import violations
from tests.browser.conftest import TabOf
from tests.browser.hands import field, go_to, press, tick, wait_for_run
from tests.factories import NOW
from tests.factories_care import Care, a_given_session, a_ketamine_session, a_score

DAY = timedelta(days=1)
_STEPS = 40
_TALL = 3000


def _step_to(page: Page, wanted: Locator) -> None:
    """Go on from field to field with Tab until this one has the focus."""
    for _ in range(_STEPS):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"Tab did not reach it in {_STEPS} steps.")


def test_a_phq_9_by_the_keyboard_alone(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    go_to(page, f"/client?client={own.client.code}")
    _step_to(page, page.get_by_role("link", name="Enter a score"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Enter a score")).to_be_visible()
    wait_for_run(page)
    # Whose form it is stands above the field that one begins in.
    expect(field(page, "Answers")).to_be_focused()
    expect(page.get_by_text(own.client.code)).to_be_in_viewport()
    page.keyboard.type("20110001")
    page.keyboard.press("Enter")
    wait_for_run(page)
    expect(page.get_by_text("8 of 9 answered, no total yet: item 9 not answered")).to_be_visible()
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    wait_for_run(page)
    expect(page.get_by_text("9 of 9 answered: 5, Mild")).to_be_visible()
    expect(page.get_by_text("2, More than half the days")).to_be_visible()
    assert own.rows(Score, client_id=own.client.id) == []

    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Save the score")).to_be_focused()
    page.keyboard.press("Enter")
    wait_for_run(page)

    (kept,) = own.rows(Score, client_id=own.client.id)
    assert (kept.total, kept.answers) == (5, [2, 0, 1, 1, 0, 0, 0, 1, 0, None])
    saved = page.locator(".st-key-saved")
    expect(saved.get_by_text("5, Mild")).to_be_visible()
    expect(page.get_by_role("heading", name="Enter another")).to_be_visible()
    assert violations(page) == []

    # The next of the pile, without a step back to the field.
    expect(field(page, "Answers")).to_be_focused()
    page.keyboard.type("000000000")
    page.keyboard.press("Enter")
    wait_for_run(page)
    expect(page.get_by_text("9 of 9 answered: 0, Minimal")).to_be_visible()


def test_who_chooses_another_measure_is_not_thrown_into_its_answers(
    own: Care, tab_of: TabOf
) -> None:
    page = tab_of(own.therapist)
    go_to(page, f"/score?episode={own.course.id}")
    expect(field(page, "Answers")).to_be_focused()
    measure = field(page, "Measure")
    measure.fill("AUDIT-C")
    measure.press("Enter")
    expect(page.get_by_text("0 of 3 answered")).to_be_visible()
    wait_for_run(page)
    expect(field(page, "Answers")).not_to_be_focused()


def test_one_by_one_and_one_line_are_the_same_answers(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    go_to(page, f"/score?episode={own.course.id}")
    field(page, "Answers").fill("21")
    field(page, "Answers").press("Tab")
    wait_for_run(page)
    tick(page, "One by one")
    third = page.get_by_role("radiogroup", name="Item 3: Trouble falling")
    third.get_by_text("1, Several days").click()
    wait_for_run(page)
    expect(field(page, "Answers")).to_have_value("211-------")
    first = page.get_by_role("radiogroup", name="Item 1: Little interest")
    expect(first.get_by_role("radio", name="2, More than half the days")).to_be_checked()
    assert violations(page) == []
    field(page, "Answers").fill("000000000")
    field(page, "Answers").press("Tab")
    wait_for_run(page)
    expect(first.get_by_role("radio", name="0, Not at all")).to_be_checked()
    press(page, "Save the score")
    assert [one.total for one in own.rows(Score, client_id=own.client.id)] == [0]


def test_a_remission_to_0_reads_0_and_remission(own: Care, tab_of: TabOf) -> None:
    with own.database.writing() as db:
        for days in (9, 6):
            a_given_session(db, own.course, given_at=NOW - days * DAY)
        for total, days in ((21, 21), (9, 7)):
            a_score(db, own.course, own.nurse, total=total, taken_at=NOW - days * DAY)
    page = tab_of(own.therapist)
    go_to(page, f"/score?episode={own.course.id}")
    field(page, "Answers").fill("000000000")
    field(page, "Answers").press("Tab")
    wait_for_run(page)
    press(page, "Save the score")
    press(page, "Back to the client")

    scores = page.locator(".st-key-section_scores")
    for text in ("0, Minimal", "Remission", "From 21 to 0: 21 points better, 100%", "Item 9: 0"):
        expect(scores.get_by_text(text, exact=True)).to_be_visible()
    expect(scores.get_by_text("Baseline 21, 12")).to_be_visible()
    assert violations(page) == []
    press(page, "All scores")
    expect(page.get_by_text("0, Minimal", exact=True)).to_be_visible()
    expect(page.get_by_text("Recall overlaps the last one, Tue Nov 17")).to_be_visible()
    assert violations(page) == []


def test_the_front_desk_enters_a_form_and_reads_nothing_of_what_it_came_to(
    own: Care, tab_of: TabOf
) -> None:
    page = tab_of(own.front_desk)
    go_to(page, f"/score?episode={own.course.id}")
    field(page, "Answers").fill("333333333")
    field(page, "Answers").press("Tab")
    wait_for_run(page)
    expect(page.get_by_text("9 of 9 answered")).to_be_visible()
    press(page, "Save the score")
    expect(page.get_by_text("Kept, complete. Hand the form to a clinician")).to_be_visible()
    for address in (f"/client?client={own.client.code}", f"/scores?client={own.client.code}"):
        go_to(page, address)
        expect(page.get_by_text("What they came to is for those who treat")).to_be_visible()
        main = page.get_by_test_id("stMain").inner_text()
        assert not [word for word in ("27", "Severe", "Item 9") if word in main]


@pytest.mark.parametrize("planned", [True, False], ids=["planned", "given"])
def test_axe_finds_nothing_in_a_timeline_of_one_dose(
    own: Care, tab_of: TabOf, planned: bool
) -> None:
    with own.database.writing() as db:
        if planned:
            a_ketamine_session(db, own.course, planned_at=NOW + DAY)
        else:
            a_given_session(db, own.course, given_at=NOW - DAY)
    page = tab_of(own.therapist)
    page.set_viewport_size({"width": 1366, "height": _TALL})
    go_to(page, f"/client?client={own.client.code}")
    page.get_by_test_id("stVegaLiteChart").locator("svg").first.wait_for()
    assert violations(page) == []
