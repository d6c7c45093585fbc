"""What one clinician saves is on the other's screen by itself, and disturbs nobody there."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from kapteam.actions.absences import AbsenceEntered, end_absence, record_absence
from kapteam.actions.concerns import see_concern
from kapteam.actions.emergency import end_emergency
from kapteam.db.audit import record
from kapteam.db.tables import ConcernAddition
from kapteam.ids import new_id
from kapteam.rules.permissions import Viewer
from kapteam.ui.showing import STEP
from kapteam.vocabulary import Function
from tests.browser.conftest import TabOf
from tests.browser.hands import field, go_to, press, unfold, wait_for_run
from tests.browser.saves import SAVES
from tests.factories import NOW, TODAY, a_client, a_clinician, a_concern, a_course, an_emergency
from tests.factories_care import Care, a_ketamine_session, an_overdue_integration

_COUNT = """() => {
    pressed = 0;
    document.querySelector(".st-key-watched button").onclick = () => pressed++;
}"""


def _somebody(care: Care, family: str, hours: int = 50) -> Care:
    """A client of the same team whose integration is late; saved, as an action would."""
    with care.database.writing() as db:
        client = a_client(db, care.therapist, family=family)
        course = a_course(
            db, client, prescriber=care.prescriber, therapist=care.therapist, cleared=True
        )
        a_ketamine_session(db, course, planned_at=NOW)
        an_overdue_integration(db, course, hours=hours)
        record(db, "client:created", care.prescriber, NOW, client_id=client.id)
    return replace(care, client=client, course=course)


# Another heartbeat of the same tab has heard twice, so the guard's own has heard as well.
_HEARD = """() => new Promise((heard) => {
  const own = new WebSocket(`${location.origin.replace("http", "ws")}/session/heartbeat`);
  let words = 0;
  own.onmessage = () => ++words === 2 && (own.close(), heard());
})"""


def _beats(page: Page) -> None:
    """Return when the guard has heard how things stand, and done what it does then."""
    page.evaluate(_HEARD)
    wait_for_run(page)


def test_what_the_prescriber_orders_is_on_the_therapist_s_screen(own: Care, tab_of: TabOf) -> None:
    order = SAVES["order"]
    theirs, mine = tab_of(own.therapist), tab_of(own.prescriber)
    address = order.address(own)
    go_to(theirs, "/ketamine_sessions?show=not_ordered")
    expect(theirs.get_by_text(own.client.code)).to_be_visible()
    go_to(mine, address)
    order.fill(mine)
    press(mine, order.button)
    expect(theirs.get_by_text("None any more.")).to_be_visible()


@pytest.mark.parametrize("address", ["/", "/caseload", "/ketamine_sessions", "/integration"])
def test_a_row_comes_by_itself(care: Care, kept_tab_of: TabOf, address: str) -> None:
    page = kept_tab_of(care.therapist)
    go_to(page, address)
    new = _somebody(care, "Newcomer")
    expect(page.get_by_text(new.client.code).first).to_be_visible()


def test_cover_comes_with_its_rows_and_goes_with_them(own: Care, kept_tab_of: TabOf) -> None:
    with own.database.writing() as db:
        cover = a_clinician(db, Function.THERAPIST, name="Cato Cover")
        a_ketamine_session(db, own.course, planned_at=NOW)
    page = kept_tab_of(cover)
    go_to(page, "/")
    row, line = page.get_by_text(own.client.code).first, page.get_by_text("Covering for")
    expect(page.get_by_text("Nobody is in your care now.")).to_be_visible()

    away = AbsenceEntered(new_id(), own.therapist.clinician_id, TODAY, None, cover.clinician_id)
    admin = replace(own.prescriber, is_administrator=True)
    own.do(record_absence, admin, away)
    expect(row).to_be_visible()
    expect(line).to_be_visible()

    own.do(end_absence, admin, away.id)
    expect(row).to_have_count(0)
    expect(line).to_have_count(0)


def test_a_chart_that_was_opened_in_an_emergency_closes_by_itself(
    own: Care, kept_tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        access = an_emergency(db, own.client, own.stranger)
    page = kept_tab_of(own.stranger)
    go_to(page, f"/client?client={own.client.code}")
    chart = page.get_by_text(own.client.family_name).first
    expect(chart).to_be_visible()

    _somebody(own, "Passerby")
    _beats(page)
    expect(chart).to_be_visible()

    # As another tab does.
    own.do(end_emergency, own.stranger, access.id)
    expect(chart).to_have_count(0)
    expect(page.get_by_text("Emergency access to")).to_have_count(0)


def test_what_is_half_typed_stays_and_so_does_the_cursor(care: Care, kept_tab_of: TabOf) -> None:
    page = kept_tab_of(care.therapist)
    go_to(page, "/caseload")
    box = field(page, "Name, code, phone or date of birth")
    box.press_sequentially("Halfwa")
    wait_for_run(page)
    page.keyboard.press("ArrowLeft")
    new = _somebody(care, "Halfway")
    expect(page.get_by_text(new.client.code)).to_be_visible()
    expect(box).to_be_focused()
    page.keyboard.press("Delete")
    page.keyboard.type("ay")
    expect(box).to_have_value("Halfway")
    wait_for_run(page)
    expect(page.get_by_text(new.client.code)).to_be_visible()
    press(page, "Clear entry")


def test_that_a_colleague_has_seen_it_comes_beside_what_is_half_typed(
    own: Care, kept_tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        concern = a_concern(db, own.client, own.therapist)
    page = kept_tab_of(own.therapist)
    go_to(page, f"/concern?id={concern.id}")
    unfold(page, "Add to it")
    box = field(page, "What you add, in a few words")
    box.press_sequentially("Her sister is on her w")
    page.keyboard.press("ArrowLeft")
    own.do(see_concern, own.prescriber, concern.id)
    expect(page.get_by_text(f"Seen by {own.prescriber.name}")).to_be_visible()
    expect(box).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("ay")
    expect(box).to_have_value("Her sister is on her way")
    press(page, "Add")
    assert [one.words for one in own.rows(ConcernAddition, concern_id=concern.id)] == [
        "Her sister is on her way"
    ]


def test_a_colleague_s_concern_comes_above_the_one_that_is_half_typed(
    own: Care, kept_tab_of: TabOf
) -> None:
    page = kept_tab_of(own.therapist)
    go_to(page, f"/concern?client={own.client.code}")
    box = field(page, "What was seen or said, in a few words")
    box.press_sequentially("Says she wou")
    _raised(own, own.prescriber)
    expect(page.get_by_text("Open concerns")).to_be_visible()
    expect(box).to_be_focused()
    page.keyboard.type("ld")
    expect(box).to_have_value("Says she would")


def _raised(own: Care, who: Viewer) -> None:
    """As an action would."""
    with own.database.writing() as db:
        concern = a_concern(db, own.client, who)
        record(db, "concern:raised", who, NOW, client_id=own.client.id, subject_id=concern.id)


def test_the_focus_stays_on_the_client_it_was_on(care: Care, kept_tab_of: TabOf) -> None:
    chosen = _somebody(care, "Bee")
    page = kept_tab_of(care.therapist)
    go_to(page, "/integration")
    link = page.get_by_role("link", name=re.compile(chosen.client.code)).first
    link.focus()
    above = _somebody(care, "Ant")
    expect(page.get_by_text(above.client.code).first).to_be_visible()
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    wait_for_run(page)
    expect(page).to_have_url(re.compile(f"client={chosen.client.code}$"))


def test_no_row_moves_while_a_finger_is_on_one(care: Care, kept_tab_of: TabOf) -> None:
    chosen = _somebody(care, "Dragonfly")
    page = kept_tab_of(care.therapist)
    go_to(page, "/integration")
    page.get_by_role("link", name=re.compile(chosen.client.code)).first.hover()
    page.mouse.down()
    new = _somebody(care, "Cricket")
    _beats(page)
    expect(page.get_by_text(new.client.code)).to_have_count(0)
    page.mouse.up()
    wait_for_run(page)
    expect(page).to_have_url(re.compile(f"client={chosen.client.code}$"))


def test_more_of_a_long_list_is_shown_by_the_keyboard_and_stays_shown(
    care: Care, kept_tab_of: TabOf
) -> None:
    theirs = replace(care, prescriber=care.stranger, therapist=care.stranger)
    _somebody(theirs, "Zebra", hours=49)
    for number in range(STEP):
        _somebody(theirs, f"Gnat{number:02d}")
    page = kept_tab_of(care.stranger)
    go_to(page, "/integration")
    expect(page.get_by_role("heading", name=f"Late ({STEP + 1})")).to_be_visible()
    expect(page.get_by_text("1 not shown")).to_be_visible()
    last = page.get_by_role("link", name=re.compile("^Zebra, "))
    expect(last).to_have_count(0)
    page.get_by_role("button", name="Show 1 more").focus()
    page.keyboard.press("Enter")
    wait_for_run(page)
    expect(last).to_be_visible()
    new = _somebody(theirs, "Wasp", hours=60)
    expect(page.get_by_text(new.client.code).first).to_be_visible()
    expect(last).to_be_visible()


def test_finding_a_client_is_not_interrupted(care: Care, kept_tab_of: TabOf) -> None:
    page = kept_tab_of(care.therapist)
    go_to(page, "/caseload")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.type(care.client.family_name[:4])
    wait_for_run(page)
    new = _somebody(care, "Earwig")
    _beats(page)
    expect(page.get_by_role("dialog").get_by_text(care.client.code)).to_be_visible()
    expect(field(page.get_by_role("dialog"), "Name, code, phone or date of birth")).to_be_focused()
    expect(page.get_by_text(new.client.code)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_text(new.client.code)).to_be_visible()


_GO_AWAY_JUST_WHEN_SOMETHING_IS_NEW = """address => {
  document.querySelector("[data-kapteam-token]").dataset.kapteamToken = "older";
  history.pushState({}, "", address);
  dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  document.dispatchEvent(new Event("visibilitychange")); // has the guard look at once
}"""


def test_who_goes_to_another_page_is_not_called_back(care: Care, tab_of: TabOf) -> None:
    page = tab_of(care.therapist)
    for place, heading in (("/caseload", "Caseload"), ("/notes", "Notes")) * 2:
        go_to(page, "/integration")
        _beats(page)
        page.evaluate(_GO_AWAY_JUST_WHEN_SOMETHING_IS_NEW, place)
        wait_for_run(page)
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()


_SEND_NOTHING_YET = """() => {
  const send = WebSocket.prototype.send;
  const kept = [];
  WebSocket.prototype.send = function (data) { kept.push([this, data]); };
  window.sendAll = () => {
    WebSocket.prototype.send = send;
    for (const [socket, data] of kept) send.call(socket, data);
  };
}"""
_LOOK_LATER_THAN_A_MOMENT = """() => {
  const later = performance.now() + 1_500;
  document.querySelector("[data-kapteam-token]").dataset.kapteamToken = "older";
  return new Promise(done => {
    const look = () => {
      document.dispatchEvent(new Event("visibilitychange"));
      performance.now() < later ? setTimeout(look, 50) : done();
    };
    look();
  });
}"""


def test_nobody_is_called_back_either_while_the_server_is_slow_to_begin_the_next_page(
    care: Care, tab_of: TabOf
) -> None:
    page = tab_of(care.therapist)
    go_to(page, "/integration")
    _beats(page)
    page.evaluate(_COUNT)
    page.evaluate(_SEND_NOTHING_YET)
    page.get_by_role("link", name="Notes", exact=True).click()
    page.evaluate(_LOOK_LATER_THAN_A_MOMENT)
    assert page.evaluate("pressed") == 0

    page.evaluate("sendAll()")
    expect(page.get_by_role("heading", name="Notes", level=1)).to_be_visible()
    assert page.url.endswith("/notes")


def test_a_page_that_nobody_saves_behind_is_left_alone(care: Care, tab_of: TabOf) -> None:
    page = tab_of(care.therapist)
    go_to(page, "/caseload")
    _beats(page)
    page.evaluate(_COUNT)
    _beats(page)
    assert page.evaluate("pressed") == 0


def test_a_list_to_choose_from_stays_open_while_a_colleague_saves(
    own: Care, kept_tab_of: TabOf
) -> None:
    page = kept_tab_of(own.therapist)
    go_to(page, f"/episode?id={own.course.id}")
    page.get_by_role("tab", name="Who is on it").click()
    field(page, "Covers from now on").click()
    option = page.get_by_role("option").first
    expect(option).to_be_visible()

    _somebody(own, "Passerby")
    _beats(page)

    expect(option).to_be_visible()
