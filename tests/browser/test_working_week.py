"""The working week, as far as it is built: a call that reaches a colleague, a client who stops."""

from datetime import timedelta

from playwright.sync_api import expect

from tests.browser.conftest import TabOf
from tests.browser.hands import choose, field, go_to, paste, press, tick, wait_for_run
from tests.factories import NOW
from tests.factories_care import Care, a_ketamine_session, an_overdue_integration

_SAID = "Has not slept since Sunday and is frightened. Call back today."


def test_a_call_that_the_front_desk_took_is_on_the_therapist_s_screen(
    own: Care, tab_of: TabOf
) -> None:
    theirs, desk = tab_of(own.therapist), tab_of(own.front_desk)
    go_to(theirs, "/")
    expect(theirs.get_by_text("For you to know")).to_have_count(0)

    go_to(desk, "/inquiries")
    desk.keyboard.press("Control+k")
    expect(field(desk.get_by_role("dialog"), "Name, code, phone or date of birth")).to_be_focused()
    desk.keyboard.type(own.client.code)
    press(desk.get_by_role("dialog"), "Log a call")
    tick(desk, "They called")
    paste(desk, "In a few words, for the team", _SAID)
    choose(desk, "Tell a colleague", "Thea Tallis")
    press(desk, "Save")
    expect(desk.get_by_text("Saved 2")).to_be_visible()
    expect(desk.get_by_text(_SAID)).to_be_visible()

    # By itself: nobody touched the therapist's tab.
    expect(theirs.get_by_text("For you to know (1)")).to_be_visible()
    expect(theirs.get_by_text(_SAID)).to_be_visible()
    press(theirs, "Seen")
    expect(theirs.get_by_text("For you to know")).to_have_count(0)
    wait_for_run(theirs)
    go_to(desk, f"/contact?client={own.client.code}&do=all")
    expect(desk.get_by_text("told Thea Tallis, seen")).to_be_visible()


def test_a_client_who_stops_while_an_integration_is_owed_and_therapy_goes_on(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        an_overdue_integration(db, own.course, hours=30)
        a_ketamine_session(db, own.course, planned_at=NOW + timedelta(days=3))
    therapist, prescriber = tab_of(own.therapist), tab_of(own.prescriber)
    booked = "Ketamine session of Fri Nov 27, 2:30 pm"
    owed = "Integration of the dose of Mon Nov 23, 8:30 am, not booked"
    go_to(therapist, f"/episode?id={own.course.id}")
    therapist.get_by_role("tab", name="Close", exact=True).click()
    tick(therapist, "Referred")
    tick(therapist, "Not obtained")
    press(therapist, "Close the course")
    expect(therapist.get_by_text("Choose what becomes of it.")).to_have_count(2)
    expect(therapist.get_by_text("Why there are none is needed.")).to_be_visible()

    choose(therapist, "Therapy goes on with", "Thea Tallis")
    choose(therapist, booked, "Cancel")
    choose(therapist, owed, "Keep, with Thea Tallis")
    # Who goes on with it changes, and what was chosen before is chosen no more.
    choose(therapist, "Therapy goes on with", "Nobody: it ends as well")
    press(therapist, "Close the course")
    expect(therapist.get_by_text("Choose what becomes of it.")).to_have_count(1)
    choose(therapist, "Therapy goes on with", "Thea Tallis")
    choose(therapist, owed, "Keep, with Thea Tallis")
    paste(therapist, "Why there are none", "Left before the last visit.")
    press(therapist, "Close the course")
    expect(therapist.get_by_text("Therapy after KAP: Integration")).to_be_visible()
    expect(therapist.get_by_text("waiting on Robin Prescott: sign-off")).to_be_visible()

    # The clock goes on, once, and the dose that was booked is gone.
    go_to(therapist, "/integration")
    expect(therapist.get_by_text("30 hr since dose, not held")).to_have_count(1)
    go_to(therapist, "/ketamine_sessions?ketamine_sessions_days=28+days")
    expect(therapist.get_by_text("Fri Nov 27, 2:30 pm")).to_have_count(0)

    go_to(prescriber, "/")
    waiting = prescriber.get_by_text("Sign off the end of this course, ended Tue Nov 24")
    expect(waiting).to_be_visible()
    go_to(prescriber, f"/episode?id={own.course.id}")
    press(prescriber, "Sign off the end")
    expect(prescriber.get_by_text("Prescriber: signed off by Robin Prescott")).to_be_visible()
    go_to(prescriber, "/")
    expect(waiting).to_have_count(0)
