"""A colleague says that they read a signed note: once, with a comment or none, and no signature."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kapteam.actions.notes import NoteErrorEntered, NoteReadEntered, mark_note_read, void_note
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import Note, NoteRead, RecordLink
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.notes import note_page
from kapteam.queries.standing import Asked
from tests.factories import NOW, a_setting, audit_events, count_rows
from tests.factories_care import Care, a_cared_for_client, a_signed_note


@pytest.fixture
def care(database: Database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def note(care: Care) -> Note:
    with care.database.writing() as db:
        return a_signed_note(db, care.course, care.therapist)


def _entered(note, comment=""):
    return NoteReadEntered(new_id(), note.id, comment)


def _page(care, who, note):
    with care.database.reading() as db:
        practice = practice_in_force(db, NOW)
        return note_page(db, Asked(who, practice, NOW), note.id)


@pytest.mark.parametrize("who", ["prescriber", "nurse"])
def test_a_colleague_of_the_course_marks_a_note_as_read_and_everybody_sees_who_and_when(
    care, note, who
):
    reader = getattr(care, who)
    assert _page(care, reader, note).can_mark_read

    care.do(mark_note_read, reader, _entered(note, "  Agreed. "))

    for viewer in (care.therapist, care.prescriber, care.nurse):
        [read] = _page(care, viewer, note).note.reads
        assert (read.author.startswith(reader.name), read.at, read.text) == (True, NOW, "Agreed.")
    assert not _page(care, reader, note).can_mark_read
    [event] = audit_events(care.database, "note:read")
    assert (event.clinician_id, event.subject_id) == (reader.clinician_id, note.id)
    assert event.client_id == care.client.id
    assert "Agreed" not in str(event.changes)


def test_it_is_no_signature_and_changes_nothing_of_the_note(care, note):
    before = care.row(Note, note.id)
    care.do(mark_note_read, care.prescriber, _entered(note))
    after = care.row(Note, note.id)
    assert (after.version, after.signed_text) == (before.version, before.signed_text)
    assert count_rows(care.database, RecordLink) == 0
    assert [one.tag for one in audit_events(care.database)] == ["note:read"]


def test_a_second_press_is_the_first_one_and_other_words_are_refused(care, note):
    first = _entered(note, "Agreed.")
    care.do(mark_note_read, care.prescriber, first)
    assert care.do(mark_note_read, care.prescriber, first) == first.id
    assert care.do(mark_note_read, care.prescriber, _entered(note)) == first.id
    with pytest.raises(NotAllowed, match="Add to it"):
        care.do(mark_note_read, care.prescriber, _entered(note, "Not agreed."))
    assert [one.comment for one in care.rows(NoteRead)] == ["Agreed."]
    assert len(audit_events(care.database, "note:read")) == 1


def test_the_author_does_not_mark_their_own(care, note):
    assert not _page(care, care.therapist, note).can_mark_read
    with pytest.raises(NotAllowed, match="You wrote this note"):
        care.do(mark_note_read, care.therapist, _entered(note))
    assert care.rows(NoteRead) == []


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_who_does_not_read_the_note_does_not_mark_it(care, note, who):
    with pytest.raises((NotAllowed, NotFound)):
        care.do(mark_note_read, getattr(care, who), _entered(note))
    assert care.rows(NoteRead) == []


def test_who_sees_the_whole_caseload_without_being_on_the_course_does_not_mark_it(care, note):
    with care.database.writing() as db:
        a_setting(db, care.prescriber, "everyone_sees_caseload", 1)
    stranger = care.asked_by(care.stranger).viewer
    assert stranger.sees_everyone
    assert not _page(care, stranger, note).can_mark_read
    with pytest.raises(NotAllowed, match="on this course"):
        care.do(mark_note_read, stranger, _entered(note))
    assert care.rows(NoteRead) == []


def test_a_draft_or_a_note_in_error_is_not_marked(care):
    with care.database.writing() as db:
        draft = a_signed_note(db, care.course, care.therapist, signed_at=None)
        wrong = a_signed_note(db, care.course, care.therapist)
    care.do(void_note, care.therapist, NoteErrorEntered(wrong.id, "Wrong client"))
    with pytest.raises(Invalid, match="not signed yet"):
        care.do(mark_note_read, care.prescriber, _entered(draft))
    with pytest.raises(NotFound):
        care.do(mark_note_read, care.prescriber, _entered(wrong))
    assert not _page(care, care.prescriber, wrong).can_mark_read


@pytest.mark.parametrize(
    ("comment", "sentence"), [("x" * 1_001, "1,001 characters"), ("a\x07", "control character")]
)
def test_what_cannot_be_kept_gets_a_sentence(care, note, comment, sentence):
    with pytest.raises(Invalid, match=sentence):
        care.do(mark_note_read, care.prescriber, _entered(note, comment))


def test_the_database_keeps_one_row_a_person_and_note(care, note):
    care.do(mark_note_read, care.prescriber, _entered(note))
    statement = text(
        "INSERT INTO note_read (id, note_id, reader_id, at, comment)"
        " SELECT 'other', note_id, reader_id, at, '' FROM note_read"
    )
    with pytest.raises(IntegrityError), care.database.writing() as db:
        db.execute(statement)
