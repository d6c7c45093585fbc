"""The drill: back up while people save, destroy, restore by the command line, compare; Ctrl+C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from sqlalchemy import insert, select

from kapteam.actions.inquiries import InquiryEntered, record_inquiry
from kapteam.db import practices
from kapteam.db.engine import Database
from kapteam.db.tables import AuditEvent, Inquiry
from kapteam.demo import PRESCRIBER_ID
from kapteam.ids import new_id
from kapteam.operations.backups import back_up_now
from kapteam.settings import settings
from tests.accounts.people import viewer
from tests.factories import NOW, TODAY, audit_events
from tests.operations.conftest import use
from tests.operations.contents import contents

_ROOT = Path(__file__).resolve().parents[2]
_ADDED_BY_RESTORING = ("audit_event", "sign_in", "record_link")
_WRITERS = 3


@contextmanager
def _people_saving(practice: Database, now) -> Iterator[set[str]]:
    """Several save one thing after the other until the block ends: the ids of what was saved."""
    who, saved, stop = viewer(practice, PRESCRIBER_ID, now), set(), Event()

    def save() -> None:
        while not stop.is_set():
            entered = InquiryEntered(new_id(), "Juniper Fable", "", None, "", TODAY, "9:00 am")
            with practice.writing() as db:
                record_inquiry(db, who, entered, now)
            saved.add(entered.id)

    with ThreadPoolExecutor(_WRITERS) as writers:
        running = [writers.submit(save) for _ in range(_WRITERS)]
        try:
            while len(saved) < _WRITERS:
                assert not any(one.done() for one in running)
                time.sleep(0.01)
            yield saved
        finally:
            stop.set()
    for one in running:
        one.result()


def _command(*words: str) -> subprocess.Popen[str]:
    """A command as it is typed: a process of its own, with a terminal's group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "kapteam", *words],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Whoever runs the tests in the background has Ctrl+C ignored, and so has all it starts.
        preexec_fn=_hears_ctrl_c,
    )


def _hears_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _without_what_restoring_adds(database: Database):
    found = contents(database)
    return {name: rows for name, rows in found.items() if name not in _ADDED_BY_RESTORING}


def test_backed_up_under_load_destroyed_and_restored_it_is_what_the_backup_held(
    either, now, postgresql, monkeypatch
):
    with _people_saving(either, now) as saved:
        before = set(saved)
        file = back_up_now(None, now)
        made = len(saved)
    assert made > len(before)
    backup = Database(f"sqlite:///{file}")
    held = _without_what_restoring_adds(backup)
    with backup.reading() as db:
        kept = set(db.scalars(select(Inquiry.id)))
    # Whatever had been saved when it began is in it, and nothing without its event.
    assert before <= kept
    events = {one.subject_id for one in audit_events(backup, "inquiry:recorded")}
    assert saved & kept == saved & events
    backup.close()

    either.close()
    if either.is_sqlite:
        for one in settings().data_dir.glob("practice.db*"):
            one.unlink()
        _restored(held)
    else:
        # The server is lost with all it had; a new one is empty.
        with postgresql.lent() as another:
            use(another, monkeypatch)
            _restored(held)


def _restored(held) -> None:
    restoring = _command("restore", "last", "--yes")
    said, complained = restoring.communicate(timeout=60)
    assert (restoring.returncode, complained) == (0, "")
    assert "Restored as of Tue Nov 24, 2026, 2:30" in said
    practice = practices.database(practices.PRACTICE)
    assert _without_what_restoring_adds(practice) == held
    practice.close()


def test_ctrl_c_in_the_middle_of_a_backup_leaves_nothing_half(practice):
    # Some megabytes, so that it is still at it when it hears of it.
    event = {"at": NOW, "tag": "client:viewed", "changes": {"why": "x" * 800}}
    with practice.writing() as db:
        db.execute(insert(AuditEvent), [{"id": new_id(), **event} for _ in range(15_000)])
    before, folder = contents(practice), settings().backup_dir
    command = _command("backup")
    while not list(folder.glob("*.unfinished")):
        assert command.poll() is None
        time.sleep(0.0005)
    # It stands still while it hears of it, so that it is not done first.
    os.killpg(command.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, command.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    assert list(folder.glob("*.unfinished"))
    os.killpg(command.pid, signal.SIGINT)
    os.killpg(command.pid, signal.SIGCONT)
    _, complained = command.communicate(timeout=60)

    assert (command.returncode, complained) == (
        130,
        "\nInterrupted. What was there is as it was.\n",
    )
    assert list(folder.iterdir()) == []
    assert contents(practice) == before
