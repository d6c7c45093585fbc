"""`python -m kapteam verify` says in a sentence what was changed outside kapteam first."""

import pytest
from sqlalchemy import select, text

from kapteam.__main__ import main
from kapteam.db.record_links import newest_anchor
from kapteam.db.tables import Client, Episode, Note, RecordLink
from kapteam.settings import settings


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
    return said.out.strip(), said.err.strip()


def test_what_nobody_touched_is_said_to_be_whole(either, capsys):
    with either.reading() as db:
        lines = newest_anchor(db).position
    assert main(["verify"]) == 0
    assert _said(capsys) == (
        f"{lines} lines of signed records checked, nothing was changed outside kapteam.",
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
