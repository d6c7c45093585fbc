"""Two people at two screens: asked on one, there on the other by itself, answered, and read."""

from playwright.sync_api import expect

from tests.browser.conftest import TabOf
from tests.browser.hands import go_to, paste, press, tick
from tests.factories import NOW
from tests.factories_care import Care, a_ketamine_session

ASKED = "162/98 at 40 min, hold next?"


def test_a_question_is_on_the_other_s_today_and_its_answer_on_mine(own: Care, tab_of: TabOf):
    with own.database.writing() as db:
        session = a_ketamine_session(db, own.course, planned_at=NOW)
    theirs, mine = tab_of(own.prescriber), tab_of(own.therapist)
    go_to(theirs, "/")
    expect(theirs.get_by_text(ASKED)).to_have_count(0)

    go_to(mine, f"/ketamine_session?id={session.id}")
    press(mine, "Ask Robin Prescott")
    expect(mine.get_by_text("About the ketamine session of Tue Nov 24")).to_be_visible()
    paste(mine, "Your question", ASKED)
    press(mine, "Ask")
    expect(mine.get_by_text("Waiting on Robin Prescott, due 4:30")).to_be_visible()

    waits = theirs.locator(".st-key-section_waits_me")
    expect(
        waits.get_by_text(f"Question from Thea Tallis, due 4:30\u00a0pm, in 2\u00a0hr: {ASKED}")
    ).to_be_visible()
    press(waits.locator("[class*=st-key-row_]").filter(has_text=ASKED), "Open")
    paste(theirs, "Your answer", "Yes, hold it.")
    press(theirs, "Answer")
    expect(theirs.get_by_text("Waiting on Thea Tallis to read the answer")).to_be_visible()

    # The page of the one who asked stands open all the while.
    expect(mine.get_by_text("Yes, hold it.")).to_be_visible()
    press(mine, "That answers it")
    expect(mine.get_by_text("Answered and read")).to_be_visible()
    expect(theirs.get_by_text("Answered and read")).to_be_visible()
    go_to(theirs, "/")
    expect(theirs.get_by_text(ASKED)).to_have_count(0)


def test_about_medicine_use_it_says_first_that_it_holds_the_next_dose(own: Care, tab_of: TabOf):
    mine = tab_of(own.therapist)
    go_to(mine, f"/ask?episode={own.course.id}")
    paste(mine, "Your question", "Took two lozenges at once. What now?")
    expect(mine.get_by_text("the next dose is held at once")).to_have_count(0)
    tick(mine, "This is about medicine use: alcohol, benzodiazepines, other drugs or medicine")
    expect(mine.get_by_text("the next dose is held at once")).to_be_visible()
    tick(mine, "High")
    press(mine, "Ask")
    expect(mine.get_by_text("Medicine-use concern, open")).to_be_visible()
    go_to(mine, f"/client?client={own.client.code}")
    expect(mine.get_by_text("On hold", exact=False).first).to_be_visible()
