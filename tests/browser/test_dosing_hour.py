"""A whole intramuscular session, recorded by two people in two browsers at once."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from kapteam.db.tables import Administration, AdverseEvent, KetamineSession, Vital
from tests.browser.conftest import TabOf
from tests.browser.hands import choose, field, go_to, paste, press, tick, unfold, wait_for_run
from tests.browser.server import Server
from tests.factories import NOW, a_setting
from tests.factories_care import Care, a_ketamine_session

MINUTE = timedelta(minutes=1)
DOSE = "Dose 70\N{NO-BREAK SPACE}mg, now"
ADDED = "Add 20\N{NO-BREAK SPACE}mg, now"


def _says(page: Page, words: str) -> None:
    expect(page.get_by_text(words).first).to_be_visible()


def test_two_people_record_one_hour(own: Care, tab_of: TabOf, server: Server) -> None:
    with own.database.writing() as db:
        # So that nobody's screen locks while the clock is moved.
        a_setting(db, own.prescriber, "idle_minutes", 60)
        a_setting(db, own.prescriber, "observation_minutes", 30)
        dose = a_ketamine_session(db, own.course, planned_at=NOW, may_add_ug=20_000)
    theirs, mine = tab_of(own.therapist), tab_of(own.prescriber)
    for page in (theirs, mine):
        go_to(page, f"/live_session?id={dose.id}")

    press(theirs, "Arrived, now")
    _says(mine, "Arrived")
    paste(mine, "BP, mmHg", "128/82")
    press(mine, "BP, now")
    _says(theirs, "BP 128/82")

    # While the therapist is typing, the prescriber gives the dose.
    half = field(theirs, "BP, mmHg")
    half.click()
    half.press_sequentially("14")
    press(mine, DOSE)
    expect(theirs.get_by_role("button", name=DOSE)).to_have_count(0)
    _says(theirs, "Right now")
    expect(half).to_have_value("14")
    expect(half).to_be_focused()
    half.press_sequentially("6/90")
    press(theirs, "BP, now")
    _says(mine, "BP 146/90")

    server.clock.advance(minutes=12)
    press(mine, ADDED)
    _says(theirs, "Booster 20")
    unfold(theirs, "Event")
    choose(theirs, "What it is", "Nausea")
    tick(theirs, "Mild")
    press(theirs, "Save the event")
    _says(mine, "Nausea, mild")
    press(mine, "Over, now")
    _says(theirs, "over 2:42")

    server.clock.advance(minutes=28)
    press(theirs, "Out, now")
    _says(theirs, "Reason for letting them leave")
    server.clock.advance(minutes=2)
    press(mine, "Out, now")
    expect(theirs.get_by_text("Right now")).to_have_count(0)

    saved = own.row(KetamineSession, dose.id)
    given = [one for one in own.rows(Administration) if one.ketamine_session_id == dose.id]
    assert sorted(one.ug for one in given) == [20_000, 70_000]
    assert saved.arrived_at == NOW
    assert saved.discharged_at == NOW + 42 * MINUTE
    assert len([one for one in own.rows(Vital) if one.ketamine_session_id == dose.id]) == 2
    (event,) = [one for one in own.rows(AdverseEvent) if one.ketamine_session_id == dose.id]
    assert event.resolved_at == NOW + 12 * MINUTE
    wait_for_run(theirs)
