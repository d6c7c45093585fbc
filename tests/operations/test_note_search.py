"""Wherever a practice is brought, its notes are found there as before."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from kapteam.accounts.sign_ins import start_sign_in, viewer_of
from kapteam.db.backup import back_up
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import Note, NoteWords
from kapteam.db.versions import bring_to
from kapteam.demo import THERAPIST_ID
from kapteam.operations.moving import move
from kapteam.queries.note_search import NotesWanted, search_notes
from kapteam.queries.standing import Asked
from tests.factories import NOW

SOUGHT = ("the", "breath*", '"the sea"', "asked thoughts")


def found(database: Database) -> dict[str, list[str]]:
    """All that the therapist of the demo finds; of one second, in the order of the ids."""
    with database.writing() as db:
        sign_in_id = start_sign_in(db, THERAPIST_ID, "a test", NOW).sign_in_id
        viewer, practice = viewer_of(db, sign_in_id, NOW), practice_in_force(db, NOW)
        assert viewer
        assert practice
        asked = Asked(viewer, practice, NOW)
        return {typed: list(_all_pages(db, asked, NotesWanted(typed))) for typed in SOUGHT}


def _all_pages(db: Session, asked: Asked, wanted: NotesWanted) -> Iterator[str]:
    notes, before = [], None
    while True:
        page = search_notes(db, asked, wanted, before)
        notes += [one.note for one in page.found]
        before = page.older
        if before is None:
            break
    assert len({note.id for note in notes}) == len(notes)
    return (note.id for note in sorted(notes, key=lambda note: (note.signed_at, note.id)))


def test_every_signed_note_of_the_demo_is_indexed(practice):
    with practice.reading() as db:
        signed = db.scalar(select(func.count()).where(Note.signed_at.is_not(None)))
        assert db.scalar(select(func.count()).select_from(NoteWords)) == signed > 20
    assert all(len(ids) > 2 for ids in (found(practice)["the"], found(practice)["asked thoughts"]))


def test_moved_to_the_other_engine_and_back_the_same_is_found(practice, server, tmp_path):
    before = found(practice)

    copied = move(practice, server)

    assert not [name for name in copied if name.startswith("note_fts")]
    assert found(server) == before
    back = Database(f"sqlite:///{tmp_path / 'back.db'}")
    move(server, back)
    assert found(back) == before
    with back.writing() as db:
        db.execute(text("INSERT INTO note_fts (note_fts, rank) VALUES ('integrity-check', 1)"))
    back.close()


def test_in_a_backup_the_same_is_found(either, tmp_path):
    before = found(either)

    file = back_up(either, tmp_path / "backups", NOW)

    copy = Database(f"sqlite:///{file}")
    assert found(copy) == before
    copy.close()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_notes_of_an_older_version_are_found_once_it_is_migrated(
    engine, practice, server, tmp_path
):
    """Older: the tables as they are before the one that search keeps."""
    before = found(practice)
    older = Database(f"sqlite:///{tmp_path / 'older.db'}") if engine == "sqlite" else server
    move(practice, older)
    with older.writing() as db:
        for statement in _undone(engine):
            db.execute(text(statement))

    bring_to(older, "0031")

    assert found(older) == before
    with older.reading() as db:
        numbers = list(db.scalars(select(NoteWords.number).order_by(NoteWords.number)))
        assert len(numbers) == len(set(numbers)) > 20
    older.close()


def _undone(engine: str) -> list[str]:
    undone = ["DROP TABLE note_fts", "DROP TABLE note_words"]
    if engine == "postgresql":
        undone += ["DROP FUNCTION note_words_keep"]
    return [*undone, "UPDATE alembic_version SET version_num = '0030'"]
