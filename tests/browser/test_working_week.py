"""The working week, as far as it is built: a call that reaches the colleague's screen."""

from playwright.sync_api import expect

from tests.browser.conftest import TabOf
from tests.browser.hands import choose, field, go_to, paste, press, tick, wait_for_run
from tests.factories_care import Care

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
