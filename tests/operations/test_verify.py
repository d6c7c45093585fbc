"""`python -m kapteam verify` says in a sentence what was changed outside kapteam first."""

import shutil
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from kapteam.__main__ import main
from kapteam.actions import notes
from kapteam.db import practices
from kapteam.db.anchors import noted_anchors
from kapteam.db.audit import record
from kapteam.db.record_links import list_rows, newest_anchor
from kapteam.db.tables import Client, Episode, Note, RecordLink
from kapteam.demo import THERAPIST_ID
from kapteam.ids import new_id
from kapteam.operations.backups import back_up_now
from kapteam.operations.restoring import find_backup, restore
from kapteam.settings import settings
from tests.accounts.people import viewer
from tests.factories import audit_events


@pytest.fixture
def changed(either):
    """A practice in which somebody changed the words of one signed note past kapteam."""
    with either.writing() as db:
        if either.is_sqlite:
            db.execute(text("DROP TRIGGER note_locked"))
        else:
            db.execute(text("SET LOCAL session_replication_role = replica"))
        note_id, code = db.execute(
            select(Note.id, Client.code)
            .join(RecordLink, RecordLink.row_id == Note.id)
            .join(Episode, Episode.id == Note.episode_id)
            .join(Client, Client.id == Episode.client_id)
            .order_by(RecordLink.position.desc())
            .limit(1)
        ).one()
        words = {"words": "Something else was said.", "id": note_id}
        db.execute(text("UPDATE note SET signed_text = :words WHERE id = :id"), words)
        return code


def _said(capsys):
    said = capsys.readouterr()
    return tuple(one.strip().replace("\u00a0", " ") for one in said)


def test_what_nobody_touched_is_said_to_be_whole(either, capsys):
    with either.reading() as db:
        lines = newest_anchor(db).position
    assert main(["verify"]) == 0
    assert _said(capsys) == (
        f"{lines} entries of signed records checked, nothing was changed outside kapteam.",
        "",
    )


def test_the_first_row_that_was_changed_is_named_by_code_and_moment_and_without_a_word_of_it(
    changed, either, capsys
):
    assert main(["verify"]) == 1
    out, err = _said(capsys)
    assert out == ""
    assert err.startswith(f"The signed note of {changed}, ")
    assert err.endswith("MST, was changed outside kapteam.")
    with either.reading() as db:
        names = db.scalars(select(Client.family_name)).all()
    assert not [one for one in names if one in err]
    assert "Something else" not in err


def test_an_anchor_is_held_against_what_there_is(practice, capsys):
    with practice.reading() as db:
        anchor = newest_anchor(db)
    assert main(["verify", "--anchor", str(anchor)]) == 0
    _said(capsys)

    beyond = f"{anchor.position + 7}{str(anchor).removeprefix(str(anchor.position))}"
    assert main(["verify", "--anchor", beyond]) == 1
    assert f"When {beyond} was printed there were more signed records" in _said(capsys)[1]

    other = f"{anchor.position - 1}{str(anchor).removeprefix(str(anchor.position))}"
    assert main(["verify", "--anchor", str(anchor), "--anchor", other]) == 1
    assert f"When {other} was printed there were other signed records" in _said(capsys)[1]

    assert main(["verify", "--anchor", "K-014"]) == 1
    assert "as it is printed" in _said(capsys)[1]


def test_without_the_key_it_says_what_to_do(practice, capsys):
    (settings().data_dir / "records.key").unlink()
    assert main(["verify"]) == 1
    assert "records.key is missing" in _said(capsys)[1]


def test_ctrl_c_ends_it_and_changes_nothing(practice, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("kapteam.__main__._told", interrupt)
    assert main(["verify"]) == 130
    monkeypatch.undo()
    assert main(["verify"]) == 0


def test_where_no_practice_is_it_makes_none(data_folder, capsys):
    assert main(["verify"]) == 1
    assert "no practice" in _said(capsys)[1]
    assert not (data_folder / "practice.db").exists()


HOUR = timedelta(hours=1)


def _practice():
    return practices.database(practices.PRACTICE)


def _sign(now):
    """One more thing that is signed: a colleague adds to a note."""
    practice = _practice()
    therapist = viewer(practice, THERAPIST_ID, now)
    with practice.writing() as db:
        note_id = db.scalar(
            select(Note.id).where(
                Note.author_id == THERAPIST_ID,
                Note.signed_at.is_not(None),
                Note.voided_at.is_(None),
            )
        )
        entered = notes.AddendumEntered(new_id(), note_id, "Read and agreed.")
        notes.add_addendum(db, therapist, entered, now)


def _anchor():
    with _practice().reading() as db:
        return newest_anchor(db)


def _put_back(file):
    """An older file in the place of the database, as somebody would who does not use `restore`."""
    _practice().close()
    for one in settings().data_dir.glob("practice.db*"):
        one.unlink()
    shutil.copy(file, settings().data_dir / "practice.db")


def test_a_backup_is_described_by_how_far_the_signed_records_reach(either, now):
    first, anchor = back_up_now(None, now), _anchor()
    _sign(now)
    back_up_now(None, now + HOUR)

    said = first.with_suffix(".txt").read_text()
    assert said == f"kapteam, backup of 2026-11-24T213000Z\nSigned records: {anchor}\n"
    noted = noted_anchors(settings().backup_dir)
    assert [(one.noted_at, one.anchor) for one in noted] == [
        (now, anchor),
        (now + HOUR, _anchor()),
    ]


def test_either_of_the_two_that_note_an_anchor_is_enough_and_half_a_line_is_none(practice, now):
    file, anchor = back_up_now(None, now), _anchor()
    folder = settings().backup_dir
    with (folder / "anchors.txt").open("a") as writing:
        writing.write("2026-11-25T0900")
    assert [one.anchor for one in noted_anchors(folder)] == [anchor]
    (folder / "anchors.txt").unlink()
    assert [one.anchor for one in noted_anchors(folder)] == [anchor]
    back_up_now(None, now + HOUR)
    file.with_suffix(".txt").unlink()
    assert [one.anchor for one in noted_anchors(folder)] == [anchor]


def test_an_older_file_put_in_place_is_found_by_the_anchor_of_a_later_backup(practice, now, capsys):
    older = back_up_now(None, now)
    _sign(now)
    back_up_now(None, now + HOUR)

    _put_back(older)
    assert main(["verify"]) == 1
    assert "On Tue Nov 24, 2026, 3:30 pm MST there were more signed records" in _said(capsys)[1]

    _sign(now + 2 * HOUR)
    assert main(["verify"]) == 1
    assert "On Tue Nov 24, 2026, 3:30 pm MST there were other signed records" in _said(capsys)[1]


def test_what_restore_put_aside_is_no_finding_and_paper_from_then_says_so(practice, now, capsys):
    back_up_now(None, now)
    _sign(now)
    back_up_now(None, now + HOUR)
    printed = _anchor()

    restore(find_backup("kapteam-2026-11-24T213000Z.db"), now + 2 * HOUR)

    assert main(["verify"]) == 0
    _said(capsys)
    _sign(now + 3 * HOUR)
    assert main(["verify"]) == 0
    _said(capsys)
    assert main(["verify", "--anchor", str(printed)]) == 1
    assert "put aside since, when a backup was restored" in _said(capsys)[1]
    [restored] = audit_events(_practice(), "backup:restored")
    assert restored.changes["before"] == str(printed)


def test_after_restoring_a_cut_end_is_found_all_the_same(practice, now, capsys):
    back_up_now(None, now)
    restore(find_backup("last"), now + HOUR)
    older = back_up_now(None, now + 2 * HOUR)
    _sign(now + 2 * HOUR)
    back_up_now(None, now + 3 * HOUR)
    _put_back(older)
    assert main(["verify"]) == 1
    assert "there were more signed records" in _said(capsys)[1]


def _restore(made_at, now):
    return restore(find_backup(f"kapteam-{made_at:%Y-%m-%dT%H%M%S}Z.db"), now)


@pytest.mark.parametrize("newer", [1, 2])
def test_an_older_backup_and_then_a_newer_one_of_what_was_before_are_both_no_finding(
    practice, now, capsys, newer
):
    """The backups of hours 0 and 1; what was there at hour 2 is kept as the first is restored."""
    back_up_now(None, now)
    _sign(now)
    back_up_now(None, now + HOUR)
    _sign(now + HOUR)
    _restore(now, now + 2 * HOUR)
    assert main(["verify"]) == 0
    _sign(now + 3 * HOUR)
    back_up_now(None, now + 3 * HOUR)

    _restore(now + newer * HOUR, now + 4 * HOUR)

    assert main(["verify"]) == 0
    _sign(now + 5 * HOUR)
    back_up_now(None, now + 5 * HOUR)
    assert main(["verify"]) == 0
    _restore(now + 3 * HOUR, now + 6 * HOUR)
    assert main(["verify"]) == 0


def test_an_end_that_is_cut_off_where_something_was_put_aside_is_found(practice, now, capsys):
    back_up_now(None, now)
    for _ in range(4):
        _sign(now)
    back_up_now(None, now + HOUR)
    _restore(now, now + 2 * HOUR)
    older = back_up_now(None, now + 3 * HOUR)
    _sign(now + 3 * HOUR)
    back_up_now(None, now + 4 * HOUR)

    _put_back(older)
    assert main(["verify"]) == 1
    assert "6:30 pm MST there were more signed records" in _said(capsys)[1]
    _sign(now + 5 * HOUR)
    assert main(["verify"]) == 1
    assert "6:30 pm MST there were other signed records" in _said(capsys)[1]


def test_a_backup_from_before_there_was_a_list_is_listed_as_it_is_restored(practice, now, capsys):
    with practice.writing() as db:
        db.execute(text("DROP TRIGGER record_link_no_delete"))
        db.execute(text("DELETE FROM record_link"))
    file = back_up_now(None, now)
    assert not file.with_suffix(".txt").exists()
    restore(find_backup("last"), now + HOUR)
    assert main(["verify"]) == 0


def test_that_a_backup_was_restored_is_itself_kept_from_change(practice, now, capsys):
    """Whoever forges it could excuse any end that was cut off."""
    with practice.writing() as db:
        made_up = record(db, "backup:restored", None, now, before="9999-0000-0000-0000-0000")
    assert main(["verify"]) == 1
    assert _said(capsys)[1].startswith("The record of a restored backup, Tue Nov 24, 2026, 2:30")
    with practice.writing() as db:
        list_rows(db, now, made_up)
    assert main(["verify"]) == 0
