"""One good backup a night and on request, on either engine; no more than are kept."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from kapteam.__main__ import main
from kapteam.db.backup import backups_in
from kapteam.db.engine import Database
from kapteam.db.practices import PRACTICE, database
from kapteam.db.tables import RecordCheck
from kapteam.demo import PRESCRIBER_ID, THERAPIST_ID
from kapteam.errors import NotAllowed, Unavailable, Unusable
from kapteam.operations import backups
from kapteam.operations.backups import back_up_if_due, back_up_now, backup_state, tonight
from kapteam.operations.checking import check_on_record
from kapteam.settings import settings
from tests.accounts.people import viewer
from tests.clock import FrozenClock
from tests.factories import audit_events, count_rows
from tests.operations.contents import contents

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def _kept():
    return [one.made_at for one in backups_in(settings().backup_dir)]


def test_a_backup_holds_every_row_on_either_engine_and_is_on_record(either, now):
    before = contents(either)

    file = back_up_now(None, now)

    copy = Database(f"sqlite:///{file}")
    assert contents(copy) == before
    copy.close()
    beside = {file, file.with_suffix(".txt"), settings().backup_dir / "anchors.txt"}
    assert set(settings().backup_dir.iterdir()) == beside
    [made] = audit_events(either, "backup:made")
    assert (made.at, made.clinician_id) == (now, None)


def test_on_a_server_a_backup_is_one_moment_while_others_write(practice_on_server, now):
    """Half of what somebody writes meanwhile, in two tables at once, is never in it."""
    stop, first = threading.Event(), threading.Event()

    def write_pairs():
        while not stop.is_set():
            with practice_on_server.writing() as db:
                db.connection().exec_driver_sql("INSERT INTO dose DEFAULT VALUES")
                db.connection().exec_driver_sql("INSERT INTO due DEFAULT VALUES")
            first.set()

    with practice_on_server.writing() as db:
        for name in ("dose", "due"):
            db.connection().exec_driver_sql(f"CREATE TABLE {name} (id serial PRIMARY KEY)")
    writer = threading.Thread(target=write_pairs)
    writer.start()
    try:
        assert first.wait(10)
        with practice_on_server.snapshot() as one_moment:
            counts = [
                one_moment.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
                for name in ("dose", "due") * 20
            ]
    finally:
        stop.set()
        writer.join()
    assert len(set(counts)) == 1


def test_the_night_s_backup_is_made_once_and_again_after_the_next_night(practice, now):
    assert back_up_if_due(now) is not None
    assert back_up_if_due(now) is None
    assert back_up_if_due(now + 11 * HOUR) is None

    two_o_clock = now + timedelta(hours=11, minutes=30)
    assert back_up_if_due(two_o_clock) is not None

    assert _kept() == [two_o_clock, now]


def test_before_set_up_there_is_nothing_to_back_up(data_folder, sqlite_database, now, monkeypatch):
    monkeypatch.setenv("KAPTEAM_DATABASE_URL", f"sqlite:///{sqlite_database.url.database}")
    settings.cache_clear()
    database.cache_clear()
    assert back_up_if_due(now) is None
    assert not settings().backup_dir.exists()


def test_old_ones_go_and_a_bad_copy_takes_no_old_one_with_it(practice, now, monkeypatch):
    for days in (400, 399, 40, 39, 3):
        back_up_now(None, now - days * DAY)
    assert _kept() == [now - 3 * DAY, now - 39 * DAY]
    assert len(list(settings().backup_dir.glob("kapteam-*.txt"))) == 2
    assert len((settings().backup_dir / "anchors.txt").read_text().splitlines()) == 5
    before = _kept()

    def fail(*_):
        raise Unusable("The disk is full, so nothing was saved. Make room and save again.")

    monkeypatch.setattr(backups, "back_up", fail)
    with pytest.raises(Unusable, match="disk is full"):
        back_up_now(None, now)
    assert _kept() == before
    monkeypatch.undo()


def test_a_day_without_a_good_one_is_said(practice, now):
    assert backup_state(now).is_late
    back_up_now(None, now)
    state = backup_state(now + 26 * HOUR)
    assert (state.last_good_at, state.number, state.is_late) == (now, 1, False)
    assert backup_state(now + 27 * HOUR).is_late


def test_what_is_unfinished_or_named_otherwise_is_no_backup(practice, now):
    folder = settings().backup_dir
    back_up_now(None, now)
    for name in ("kapteam-2026-11-25T090000Z.unfinished", "kapteam-copy.db", "notes.txt"):
        (folder / name).write_bytes(b"")
    assert _kept() == [now]


def test_only_an_administrator_asks_for_one(practice, now):
    with pytest.raises(NotAllowed):
        back_up_now(viewer(practice, THERAPIST_ID, now), now)
    assert _kept() == []
    back_up_now(viewer(practice, PRESCRIBER_ID, now), now)
    [made] = audit_events(practice, "backup:made")
    assert made.clinician_id == PRESCRIBER_ID


def test_the_command_makes_one_and_says_where(practice, capsys):
    assert main(["backup"]) == 0
    [one] = backups_in(settings().backup_dir)
    assert str(one.file) in capsys.readouterr().out


def test_ctrl_c_leaves_nothing_half(practice, now, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("kapteam.__main__._told", interrupt)
    assert main(["backup"]) == 130
    assert list(settings().backup_dir.iterdir()) == []
    assert audit_events(practice, "backup:made") == []
    assert "as it was" in capsys.readouterr().err


def test_a_week_of_nights_leaves_one_a_night(practice, now, tmp_path):
    clock = FrozenClock(tmp_path / "another", now)
    for _ in range(7 * 24):
        back_up_if_due(clock.advance(hours=1))
    assert len(_kept()) == 8
    assert count_rows(database(PRACTICE), type(audit_events(practice, "backup:made")[0])) > 8


def test_with_the_night_s_backup_signed_records_are_checked_and_practice_keeps_the_finding(
    practice, now
):
    tonight(now)
    tonight(now + HOUR)
    with practice.writing() as db:
        db.execute(text("DROP TRIGGER note_locked"))
        db.execute(text("UPDATE note SET signed_text = 'Else.' WHERE signed_at IS NOT NULL"))
    tonight(now + 12 * HOUR)
    (settings().data_dir / "records.key").write_text("no key")
    tonight(now + 36 * HOUR)

    with practice.reading() as db:
        checks = db.scalars(select(RecordCheck).order_by(RecordCheck.at)).all()
    assert [one.at - now for one in checks] == [0 * HOUR, 12 * HOUR, 36 * HOUR]
    assert checks[0].finding == ""
    assert checks[0].lines > 0
    assert "was changed outside kapteam" in checks[1].finding
    assert "records.key in the data folder cannot be read" in checks[2].finding
    assert [one.checked_by_id for one in checks] == [None, None, None]


def _checks(practice):
    with practice.reading() as db:
        return list(db.scalars(select(RecordCheck.at).order_by(RecordCheck.at)))


def test_a_backup_made_by_hand_after_two_takes_no_check_from_the_night(practice, now):
    tonight(now)
    by_hand = now + timedelta(hours=11, minutes=30)
    back_up_now(None, by_hand)

    tonight(by_hand)
    tonight(by_hand + HOUR)

    assert _kept() == [by_hand, now]
    assert _checks(practice) == [now, by_hand]


def test_a_check_asked_for_after_two_is_the_one_of_the_night(practice, now):
    check_on_record(None, now)
    tonight(now + HOUR)
    assert _checks(practice) == [now]


def test_before_set_up_there_is_nothing_to_check(data_folder, sqlite_database, now, monkeypatch):
    monkeypatch.setenv("KAPTEAM_DATABASE_URL", f"sqlite:///{sqlite_database.url.database}")
    settings.cache_clear()
    database.cache_clear()
    tonight(now)
    assert _checks(sqlite_database) == []


def _fails(*_):
    raise Unavailable("The disk is full.")


def test_a_check_that_fails_is_made_up_and_is_not_called_a_missing_backup(
    practice, now, monkeypatch, caplog
):
    monkeypatch.setattr(backups, "check_on_record", _fails)
    tonight(now)
    assert _kept() == [now]
    assert "The signed records could not be checked: The disk is full." in caplog.text
    assert "No backup" not in caplog.text
    monkeypatch.undo()

    tonight(now + timedelta(minutes=1))
    assert _kept() == [now]
    assert _checks(practice) == [now + timedelta(minutes=1)]


def test_a_backup_that_fails_takes_no_check_with_it(practice, now, monkeypatch, caplog):
    monkeypatch.setattr(backups, "back_up", _fails)
    tonight(now)
    assert _kept() == []
    assert _checks(practice) == [now]
    assert "No backup could be made: The disk is full." in caplog.text
    assert "could not be checked" not in caplog.text


def test_the_log_says_that_something_was_found_and_not_of_whom(practice, now, caplog):
    with practice.writing() as db:
        db.execute(text("DROP TRIGGER note_locked"))
        db.execute(text("UPDATE note SET signed_text = 'Else.' WHERE signed_at IS NOT NULL"))
    tonight(now)
    assert "Signed records do not check out" in caplog.text
    assert "K-0" not in caplog.text


def test_only_an_administrator_asks_for_a_check(practice, now):
    with pytest.raises(NotAllowed):
        check_on_record(viewer(practice, THERAPIST_ID, now), now)
    assert audit_events(practice, "records:checked") == []
