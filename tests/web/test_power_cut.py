"""kill -9 in mid-save: every "Saved" that was shown is there, whole, and nothing is there by half.

`KAPTEAM_TESTS_KILLS=100` kills as often as that.
"""

import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from websockets.exceptions import ConnectionClosed

from kapteam.accounts.sign_ins import start_sign_in
from kapteam.db.engine import Database
from kapteam.db.tables import AuditEvent, Clinician, Inquiry
from kapteam.vocabulary import InquiryOutcome
from tests.clock import FrozenClock
from tests.web.server import Browser, Server
from tests.web.streamlit_socket import open_tab

_KILLS = int(os.environ.get("KAPTEAM_TESTS_KILLS", "5"))  # noqa: TID251 - of the tests
_TABS = 3
_LONGEST_SECONDS = 0.6


@pytest.fixture
def server(folder: Path, clock: FrozenClock, practice: Database) -> Iterator[Server]:
    """kapteam itself, on the practice."""
    running = Server(folder, KAPTEAM_CLOCK_FILE=str(clock.file))
    yield running.start()
    running.stop()


@pytest.mark.timeout(60 + 30 * _KILLS)
def test_every_saved_that_was_shown_is_there_whole_after_the_server_was_killed(
    server, practice, clock
):
    browser = _signed_in(server, practice, clock)
    moments = random.Random(20261124)
    shown: set[str] = set()
    with ThreadPoolExecutor(_TABS) as tabs:
        for kill in range(_KILLS):
            saving = [
                tabs.submit(_save_until_cut, server, browser, f"{kill}.{n}", shown)
                for n in range(_TABS)
            ]
            _wait_for_a_save(shown, len(shown), saving)
            time.sleep(moments.uniform(0, _LONGEST_SECONDS))
            server.kill()
            for one in saving:
                one.result()
            server.start()
            # The restart needed nobody, and the same sign-in goes on.
            assert browser.get("/").status_code == 200
            assert _whole(practice) >= shown
    assert len(shown) >= _KILLS


def _signed_in(server: Server, practice: Database, clock: FrozenClock) -> Browser:
    with practice.writing() as db:
        dana = db.scalars(select(Clinician.id).where(Clinician.sign_in_name == "dana")).one()
        token = start_sign_in(db, dana, "a test", clock.now).token
    browser = Browser(server)
    browser.cookie = f"practice.{token}"
    return browser


def _save_until_cut(server: Server, browser: Browser, name: str, shown: set[str]) -> None:
    """Record one inquiry after the other; `shown` are those that the page called saved."""
    try:
        with open_tab(server, browser.cookie_header) as tab:
            for number in range(1_000):
                tab.page, tab.query = "inquiry", ""
                tab.run()
                words = f"{name}.{number}"
                printed = tab.run({"Name": words, "Phone": words}, pressed="Save inquiry")
                assert "Saved 2" in printed
                shown.add(words)
    except (ConnectionClosed, OSError):
        pass


def _wait_for_a_save(shown: set[str], before: int, saving: list[Future[None]]) -> None:
    given_up = time.monotonic() + 20
    while len(shown) == before:
        assert time.monotonic() < given_up
        for one in saving:
            if one.done():
                one.result()
        time.sleep(0.01)


def _whole(practice: Database) -> set[str]:
    """The names that were recorded; each with all it was typed with, and its event."""
    practice.close()
    with practice.writing() as db:
        assert db.scalars(text("PRAGMA integrity_check")).all() == ["ok"]
        recorded = {one.id: (one.name, one.phone) for one in db.scalars(select(Inquiry))}
        events = db.scalars(
            select(AuditEvent.subject_id).where(AuditEvent.tag == "inquiry:recorded")
        ).all()
        # Settled ones are a page at a time, so that the next thousand do not make the page slow.
        db.execute(update(Inquiry).values(outcome=InquiryOutcome.DECLINED))
    assert sorted(events) == sorted(recorded)
    assert all(name == phone for name, phone in recorded.values())
    return {name for name, _ in recorded.values()}
