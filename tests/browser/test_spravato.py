"""A Spravato session to its end: told of the two hours, out, and what becomes of its form."""

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from kapteam.db.tables import Administration, KetamineSession, MonitoringSubmission
from kapteam.vocabulary import ProductRoute
from tests.browser.accessibility import violations
from tests.browser.conftest import TabOf
from tests.browser.hands import button_or_link, go_to, paste, press, tick, wait_for_run
from tests.factories import NOW, audit_events
from tests.factories_care import (
    Care,
    a_ketamine_session,
    a_series,
    a_spravato_session,
    a_submission,
    a_vital,
    an_event,
    some_monitoring_answers,
)
from tests.paper import pages_of

MINUTE = timedelta(minutes=1)


def _main(page: Page):
    return page.get_by_test_id("stMain")


def test_118_minutes_after_the_last_of_three_devices_it_is_told_so_and_out_asks_why(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        session = a_spravato_session(db, own.course, last_at=NOW - 118 * MINUTE, lot="26KS04")
        for minutes in (-135, -78, -3):
            a_vital(db, session, taken_at=NOW + minutes * MINUTE, oxygen=97)
    page = tab_of(own.prescriber)
    go_to(page, f"/live_session?id={session.id}")

    expect(_main(page).get_by_text("118 min after the last device, 2 min to go")).to_be_visible()
    expect(_main(page).get_by_text("128 min since the first device")).to_be_visible()
    expect(_main(page).get_by_text("Missing for the monitoring form")).to_have_count(0)
    assert violations(page) == []
    press(page, "Out, now")

    expect(page.get_by_text("asks for at least 2 hr. Say why.").last).to_be_visible()
    assert own.row(KetamineSession, session.id).discharged_at is None
    paste(page, "Reason for letting them leave", "Her ride could not wait.")
    press(page, "Out, now")

    assert own.row(KetamineSession, session.id).discharged_at == NOW
    below = "118 min after the last device, below the minimum of 120 min"
    expect(_main(page).get_by_text(below)).to_be_visible()


def test_devices_are_given_one_press_each_and_the_lot_goes_on_to_the_next(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        series = a_series(db, own.course, product_route=ProductRoute.ESKETAMINE_NASAL)
        session = a_ketamine_session(
            db, own.course, series=series, planned_at=NOW - 5 * MINUTE, ordered_ug=84_000
        )
    page = tab_of(own.prescriber)
    go_to(page, f"/live_session?id={session.id}")
    paste(page, "Lot of device 1", "26KS04")
    for number in (1, 2, 3):
        press(page, f"Device {number} of 3, 28 mg, now")

    kept = own.rows(Administration, ketamine_session_id=session.id)
    assert [(one.ug, one.lot) for one in kept] == [(28_000, "26KS04")] * 3
    expect(page.get_by_text("0 min after the last device, 120 min to go")).to_be_visible()
    expect(page.get_by_text("Missing for the monitoring form: BP and oxygen")).to_be_visible()


def test_on_a_tablet_each_row_of_a_closed_session_is_one_line(own: Care, tab_of: TabOf) -> None:
    last_at = NOW - 180 * MINUTE
    with own.database.writing() as db:
        session = a_spravato_session(
            db, own.course, last_at=last_at, lot="26KS04", out_at=last_at + 125 * MINUTE
        )
        a_vital(db, session, taken_at=last_at, systolic=182, diastolic=112, oxygen=88)
        an_event(db, session, onset_at=last_at)
        an_event(db, session, onset_at=last_at, resolved_at=last_at + 20 * MINUTE)
        a_submission(db, session)
    page = tab_of(own.prescriber)
    page.set_viewport_size({"width": 1180, "height": 820})
    go_to(page, f"/ketamine_session?id={session.id}")

    rows = page.locator("[class*=st-key-reading_], [class*=st-key-administration_]").all()
    assert len(rows) == 6
    for row in rows:
        date_at, error_at = (
            found.bounding_box()["y"] + found.bounding_box()["height"] / 2
            for found in (row.get_by_text("Nov 24").first, button_or_link(row, "Entered in error"))
        )
        assert abs(date_at - error_at) < 8, row.inner_text()


def test_the_form_of_a_closed_session_is_printed_and_submitted(own: Care, tab_of: TabOf) -> None:
    last_at = NOW - 180 * MINUTE
    with own.database.writing() as db:
        session = a_spravato_session(
            db, own.course, last_at=last_at, lot="26KS04", out_at=last_at + 125 * MINUTE
        )
        for minutes in (-20, 40, 119):
            a_vital(db, session, taken_at=last_at + minutes * MINUTE, oxygen=97)
        some_monitoring_answers(db, session)
    page = tab_of(own.prescriber)
    go_to(page, f"/ketamine_session?id={session.id}")
    expect(page.get_by_text("Monitoring form due Tue Dec 1")).to_be_visible()
    assert violations(page) == []

    with page.expect_download() as saved:
        button_or_link(page, "Print the form").click()
    wait_for_run(page)

    assert saved.value.suggested_filename == "spravato-monitoring-form-2026-11-24.pdf"
    [paper] = pages_of(Path(saved.value.path()).read_bytes())
    assert f"{own.client.given_name} {own.client.family_name}" in paper
    assert "135 min" in paper
    assert "Still missing" not in paper
    [event] = audit_events(own.database, "monitoring_form:printed")
    assert event.client_id == own.client.id

    press(page, "It was submitted")
    tick(page, "By fax")
    press(page, "Save as submitted")

    expect(page.get_by_text("Submitted Tue Nov 24, by fax, Robin Prescott")).to_be_visible()
    assert len(own.rows(MonitoringSubmission, ketamine_session_id=session.id)) == 1
    go_to(page, "/")
    expect(page.get_by_text("Monitoring form due Tue Dec 1")).to_have_count(0)
