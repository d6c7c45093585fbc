"""The brief before a dose: opened from the session, pressed to paper, and read."""

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.conftest import TabOf
from tests.browser.hands import button_or_link, go_to, press, wait_for_run
from tests.factories import NOW, audit_events
from tests.factories_care import (
    Care,
    a_given_session,
    a_ketamine_session,
    a_signed_intention,
    a_support_record,
)
from tests.paper import pages_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_the_brief_is_one_page_with_initials_and_stands_in_the_audit_log(
    own: Care, tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        last = a_given_session(db, own.course, given_at=NOW - 7 * DAY)
        a_support_record(db, last, own.therapist, words="Held by the sea")
        ahead = a_ketamine_session(db, own.course, planned_at=NOW + HOUR)
        a_signed_intention(
            db, ahead, own.therapist, does_not_help="Talking", touch="Yes", touch_scope="Hand only"
        )
    page = tab_of(own.therapist)
    go_to(page, f"/ketamine_session?id={ahead.id}")
    press(page, "Brief")
    expect(page.get_by_text("Yes: Hand only")).to_be_visible()
    assert violations(page) == []

    with page.expect_download() as saved:
        button_or_link(page, "Print (A5)").click()
    wait_for_run(page)

    assert saved.value.suggested_filename == "brief.pdf"
    [paper] = pages_of(Path(saved.value.path()).read_bytes())
    for words in ("Held by the sea", "Talking", "Yes: Hand only"):
        assert words in paper
    assert own.client.code in paper
    # The ride is her sister's, of the same name.
    assert f"{own.client.family_name}, {own.client.given_name}" not in paper
    assert own.client.given_name not in paper
    [event] = audit_events(own.database, "brief:printed")
    assert event.client_id == own.client.id
