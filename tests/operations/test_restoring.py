"""The drill: back up, destroy, restore, compare."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from kapteam.__main__ import main
from kapteam.accounts import pins, sign_ins
from kapteam.db import practices
from kapteam.db.backup import backups_in
from kapteam.db.engine import Database
from kapteam.db.practices import PRACTICE
from kapteam.db.tables import Client, PinBrowser
from kapteam.demo import THERAPIST_ID
from kapteam.errors import NotFound, Unusable
from kapteam.operations.alone import alone
from kapteam.operations.backups import back_up_now
from kapteam.operations.restoring import find_backup, restore
from kapteam.settings import settings
from tests.factories import audit_events
from tests.operations.conftest import use
from tests.operations.contents import contents

HOUR = timedelta(hours=1)
_ADDED = ("audit_event", "sign_in", "record_link")


def _practice() -> Database:
    return practices.database(PRACTICE)


def _file() -> Path:
    return settings().data_dir / "practice.db"


def _without_what_restoring_adds(database):
    return {name: rows for name, rows in contents(database).items() if name not in _ADDED}


@pytest.fixture
def backed_up(practice, now):
    """A practice, its backup, and what it held."""
    back_up_now(None, now)
    return _without_what_restoring_adds(practice)


def _change(practice):
    with practice.writing() as db:
        for client in db.scalars(select(Client)):
            client.family_name = "Changed"


def _spoil(practice):
    practice.close()
    content = bytearray(_file().read_bytes())
    content[4096 * 3 : 4096 * 9] = b"\xff" * 4096 * 6
    _file().write_bytes(content)


def _lose(practice):
    practice.close()
    _file().unlink()


def _overwrite(practice):
    practice.close()
    _file().write_bytes(b"this is no database at all" * 1000)


@pytest.mark.parametrize("destroy", [_change, _spoil, _lose, _overwrite])
def test_whatever_became_of_the_file_the_backup_is_back(practice, backed_up, now, destroy):
    destroy(practice)

    restore(find_backup("last"), now + HOUR)

    assert _without_what_restoring_adds(_practice()) == backed_up
    [made] = audit_events(_practice(), "backup:restored")
    assert made.changes["made_at"] == now.isoformat()
    assert not list(settings().data_dir.glob("*.restoring*"))


def test_what_was_there_before_is_kept_as_a_backup(practice, backed_up, now):
    _change(practice)

    kept = restore(find_backup("last"), now + HOUR)

    assert kept == backups_in(settings().backup_dir)[0].file
    before = Database(f"sqlite:///{kept}")
    with before.reading() as db:
        assert set(db.scalars(select(Client.family_name))) == {"Changed"}
    before.close()


def test_a_damaged_file_is_set_aside_and_never_deleted(practice, backed_up, now):
    _overwrite(practice)
    damaged = _file().read_bytes()

    kept = restore(find_backup("last"), now + HOUR)

    assert kept.name.startswith("practice-damaged-")
    assert kept.read_bytes() == damaged


def test_a_good_copy_that_could_not_be_noted_is_kept_as_a_backup_and_not_as_damaged(
    practice, backed_up, now, monkeypatch
):
    def refuse(*_):
        raise PermissionError

    _change(practice)
    monkeypatch.setattr("kapteam.db.backup.note_anchor", refuse)

    kept = restore(find_backup("last"), now + HOUR)

    assert kept == backups_in(settings().backup_dir)[0].file
    assert not list(settings().data_dir.glob("practice-damaged-*"))
    assert _without_what_restoring_adds(_practice()) == backed_up


def test_nobody_is_signed_in_after_it_who_was_when_the_backup_was_made(practice, now):
    with practice.writing() as db:
        started = sign_ins.start_sign_in(db, THERAPIST_ID, "a test", now)
    back_up_now(None, now)

    restore(find_backup("last"), now + HOUR)

    with _practice().reading() as db:
        assert sign_ins.find(db, started.token, now + HOUR) is None


def test_no_pin_works_after_it_that_did_when_the_backup_was_made(practice, now):
    with practice.writing() as db:
        sign_ins.set_password(db, THERAPIST_ID, "explore the demo")
        started = sign_ins.start_sign_in(db, THERAPIST_ID, "a test", now)
    token = pins.set_pin(
        practice, started.sign_in_id, "", "Firefox on Mac", "explore the demo", "529184", now
    )
    back_up_now(None, now)

    restore(find_backup("last"), now + HOUR)

    with _practice().reading() as db:
        assert pins.pin_here(db, THERAPIST_ID, token, now + HOUR) is pins.PinHere.NONE
        assert db.scalars(select(PinBrowser)).all() == []


def test_a_backup_that_is_not_whole_changes_nothing(practice, backed_up, now):
    one = find_backup("last")
    one.file.write_bytes(one.file.read_bytes()[: one.file.stat().st_size // 2])

    with pytest.raises(Unusable, match="not whole"):
        restore(one, now + HOUR)

    assert _without_what_restoring_adds(practice) == backed_up


def test_interrupted_it_leaves_the_old_one(practice, backed_up, now):
    _change(practice)
    before = contents(practice)

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(find_backup("last"), now + HOUR, interrupt)

    assert contents(_practice()) == before
    assert not list(settings().data_dir.glob("*.restoring*"))


def test_to_a_server_it_is_restored_into_an_empty_database_only(
    practice_on_server, postgresql, now, monkeypatch
):
    before = _without_what_restoring_adds(practice_on_server)
    back_up_now(None, now)
    _change(practice_on_server)
    with pytest.raises(Unusable, match="not empty"):
        restore(find_backup("last"), now + HOUR)

    with postgresql.lent() as another:
        use(another, monkeypatch)
        assert restore(find_backup("last"), now + HOUR) is None
        assert _without_what_restoring_adds(_practice()) == before
        _practice().close()


def test_a_name_that_is_no_backup_lists_those_there_are(practice, backed_up):
    with pytest.raises(NotFound, match=r"kapteam-2026-11-24T213000Z\.db"):
        find_backup("kapteam-2020-01-01T000000Z.db")
    assert find_backup("some/where/kapteam-2026-11-24T213000Z.db") == find_backup("last")


@pytest.mark.parametrize("answer", ["", "no", "y"])
def test_the_command_asks_first_and_without_a_yes_changes_nothing(
    practice, backed_up, monkeypatch, capsys, answer
):
    _change(practice)
    before = contents(practice)
    monkeypatch.setattr("builtins.input", lambda _: answer)

    assert main(["restore", "last"]) == 1

    assert "Tue Nov 24, 2026, 2:30" in capsys.readouterr().out
    assert contents(_practice()) == before


def test_while_kapteam_runs_nothing_is_restored(practice, backed_up, capsys):
    _change(practice)
    with alone():
        assert main(["restore", "last", "--yes"]) == 1
    assert "Another kapteam is running" in capsys.readouterr().err
    assert _without_what_restoring_adds(practice) != backed_up

    assert main(["restore", "last", "--yes"]) == 0
    assert "Everybody signs in again" in capsys.readouterr().out
    assert _without_what_restoring_adds(_practice()) == backed_up


def test_without_a_practice_a_backup_brought_from_elsewhere_is_restored(
    practice, backed_up, data_folder, now
):
    elsewhere = data_folder.parent / "another machine"
    shutil.move(settings().backup_dir, elsewhere)
    practice.close()
    shutil.rmtree(data_folder)
    settings().backup_dir.parent.mkdir()
    shutil.move(elsewhere, settings().backup_dir)

    assert main(["restore", "last", "--yes"]) == 0

    assert _without_what_restoring_adds(_practice()) == backed_up


def test_where_the_key_of_signed_records_is_not_here_restoring_says_so(practice, backed_up, capsys):
    assert main(["restore", "last", "--yes"]) == 0
    assert "records.key" not in capsys.readouterr().out

    (settings().data_dir / "records.key").unlink()
    assert main(["restore", "last", "--yes"]) == 0
    assert "records.key is missing" in capsys.readouterr().out

    # A key is here now, and it is not the one of what was signed before.
    made = "kapteam-2026-11-24T213000Z.db"
    assert main(["restore", made, "--yes"]) == 0
    assert "records.key here is another one" in capsys.readouterr().out
