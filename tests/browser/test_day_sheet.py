"""The day on paper: pressed on Today, saved as a file, and read."""

import re
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import select

from kapteam.db.engine import Database
from kapteam.db.tables import Client, Clinician
from tests.browser.accessibility import violations
from tests.browser.conftest import DemoTab, TabOf
from tests.browser.hands import button_or_link, go_to, press, wait_for_run
from tests.browser.server import Server
from tests.factories import NOW, audit_events
from tests.factories_care import Care, a_ketamine_session
from tests.paper import pages_of

_TODAY = "Today, Tue Nov 24"


def _saved(page: Page, day: str) -> tuple[str, str]:
    """The name and the words of the file that one press saves, the list being open."""
    with page.expect_download() as saved:
        button_or_link(page, day).click()
    wait_for_run(page)
    file = saved.value
    return file.suggested_filename, " ".join(pages_of(Path(file.path()).read_bytes()))


def test_the_sheet_of_the_demo_has_its_codes_and_nobody_s_name(
    demo_server: Server, demo_tab: DemoTab
) -> None:
    page = demo_tab("today")
    press(page, "Day sheet")
    name, words = _saved(page, _TODAY)
    page.keyboard.press("Escape")
    assert name == "day-sheet-2026-11-24.pdf"
    database = Database(f"sqlite:///{demo_server.data / 'demo.db'}")
    with database.reading() as db:
        codes = set(db.scalars(select(Client.code)))
        clients = db.execute(
            select(Client.family_name, Client.given_name, Client.preferred_name)
        ).all()
        clinicians = set(re.findall(r"\w\w+", " ".join(db.scalars(select(Clinician.name)))))
    database.close()
    names = {word for one in clients for part in one for word in re.findall(r"\w\w+", part)}
    printed = set(re.findall(r"\w\w+", words))
    assert names - clinicians
    assert printed & (names - clinicians) == set()
    assert {code for code in codes if code in words}
    assert "page 1 of" in words


def test_it_can_be_pressed_again_and_is_the_same_with_others_in_the_room(
    own: Care, kept_tab_of: TabOf
) -> None:
    with own.database.writing() as db:
        a_ketamine_session(db, own.course, planned_at=NOW + timedelta(hours=1))
    page = kept_tab_of(own.therapist)
    go_to(page, "/")
    page.get_by_role("button", name="Day sheet", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=_TODAY, exact=True)).to_be_visible()
    assert violations(page) == []
    _, first = _saved(page, _TODAY)
    _, again = _saved(page, _TODAY)
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Just me", exact=True).click()
    page.get_by_text("Others in the room", exact=True).click()
    wait_for_run(page)
    press(page, "Day sheet")
    _, others = _saved(page, _TODAY)
    page.keyboard.press("Escape")

    assert own.client.code in first
    assert own.client.family_name not in first
    assert first == again == others
    events = audit_events(own.database, "day_sheet:printed")
    assert [one.changes["on"] for one in events] == ["2026-11-24"] * 3
