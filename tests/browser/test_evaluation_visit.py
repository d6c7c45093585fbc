"""A prescriber at the evaluation visit: the short path stays short, the rest unfolds."""

from datetime import timedelta

from playwright.sync_api import Locator, Page, expect

from kapteam.db.tables import Clearance
from tests.browser.conftest import TabOf
from tests.browser.hands import field, fill_day, go_to, paste, press, tick, unfold, wait_for_run
from tests.factories import TODAY
from tests.factories_care import Care

_SECTIONS = ("Diagnoses", "Tried before", "Contraindications")


def _section(page: Page, title: str) -> Locator:
    return page.locator("details").filter(has=page.locator("summary", has_text=title))


def _answer(page: Page, question: str, words: str) -> None:
    asked = page.get_by_role("radiogroup", name=question)
    asked.locator("label", has_text=words).click()
    wait_for_run(page)


def test_what_was_refused_in_a_folded_section_unfolds_it_and_nothing_typed_is_lost(
    own: Care, tab_of: TabOf
) -> None:
    page = tab_of(own.prescriber)
    go_to(page, f"/clearance?episode={own.course.id}")
    for title in _SECTIONS:
        expect(_section(page, title)).not_to_have_attribute("open", "")
    tick(page, "Cleared")
    fill_day(page, "Valid until", TODAY + timedelta(days=90))

    unfold(page, "Contraindications")
    press(page, "I asked about all of them: no to the rest")
    _answer(page, "Cystitis", "Yes")
    unfold(page, "Diagnoses")
    paste(page, "Other diagnoses, one a line", "Insomnia")
    for title in ("Contraindications", "Diagnoses"):
        page.locator("summary", has_text=title).click()
        expect(_section(page, title)).not_to_have_attribute("open", "")
    press(page, "Save clearance")

    expect(page.get_by_text("Say which one is the primary one.").last).to_be_visible()
    expect(page.get_by_text("What is known of it (Cystitis) is needed.").last).to_be_visible()
    expect(_section(page, "Tried before")).not_to_have_attribute("open", "")
    assert field(page, "Other diagnoses, one a line").input_value() == "Insomnia"

    paste(page, "Primary diagnosis", "Major depressive disorder")
    paste(page, "What is known of it", "Twice in 2024")
    press(page, "Save clearance")

    expect(page.get_by_role("heading", name="Course of care", exact=True)).to_be_visible()
    kept = own.rows(Clearance, episode_id=own.course.id)[-1]
    assert kept.diagnoses == ["Major depressive disorder", "Insomnia"]
    there = [one for one in kept.contraindications if one["present"]]
    assert [one["note"] for one in there] == ["Twice in 2024"]
    assert kept.routes == own.rows(Clearance, episode_id=own.course.id)[0].routes
