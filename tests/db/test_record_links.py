"""Signed means locked: no action changes it, and what was changed past kapteam is named."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from kapteam.actions import notes
from kapteam.actions.ketamine_sessions import (
    AdministrationEntered,
    CorrectEntered,
    RecordEntered,
    VoidEntered,
    confirm_administration,
    correct_administration,
    end_infusion,
    record_ketamine_session,
    void_administration,
)
from kapteam.actions.notes import (
    AddendumEntered,
    AmendmentEntered,
    NoteEntered,
    NoteErrorEntered,
)
from kapteam.actions.session_record import SignRecordEntered, as_it_is, sign_record
from kapteam.db import record_links
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.record_key import key_file
from kapteam.db.record_links import newest_anchor
from kapteam.db.tables import Administration, Note, RecordLink, RecordSignature
from kapteam.errors import Conflict, Invalid, NotFound, Refused
from kapteam.ids import new_id
from kapteam.operations.checking import Checked, begin_list, check_records
from kapteam.queries.notes import signing_page
from kapteam.queries.standing import Asked
from kapteam.rules.permissions import Viewer
from kapteam.rules.record_links import Anchor, NotedAnchor
from kapteam.settings import settings
from kapteam.vocabulary import (
    AdministrationKind,
    Linked,
    NoteKind,
    Outside,
    ProductRoute,
    RecordPart,
)
from tests.factories import NOW, TODAY
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signed_note,
    an_administration,
    another_course,
)

HOUR = timedelta(hours=1)
WORDS = {
    NoteKind.DECISION: {"decided": "One more session.", "why": "She asked for it."},
    NoteKind.GENERAL: {"text": "Spoke with her on the phone."},
    NoteKind.RISK: {
        "seen": "Slept badly.",
        "risk": "None",
        "why": "Asked.",
        "plan": "Calls tomorrow.",
    },
}


@pytest.fixture
def care(database: Database) -> Care:
    return a_cared_for_client(database)


def a_draft(care: Care, author: Viewer, now: Any = NOW, kind: NoteKind = NoteKind.DECISION) -> str:
    """A note about the course with words in it, unsigned."""
    entered = NoteEntered(new_id(), kind, care.course.id)
    note_id = care.do(notes.start_note, author, entered, now=now)
    for field, words in WORDS[kind].items():
        care.do(notes.save_draft, author, note_id, field, words, 0, now=now)
    return str(note_id)


def seen(care: Care, author: Viewer, note_id: str) -> str:
    """The digest of what the author reads before signing."""
    with care.database.reading() as db:
        practice = practice_in_force(db, NOW)
        assert practice
        shown = signing_page(db, Asked(author, practice, NOW), note_id)
    assert shown
    return shown.digest


def a_note_signed(care: Care, author: Viewer | None = None, now: Any = NOW) -> str:
    """A decision note, written and signed by the action."""
    author = author or care.therapist
    note_id = a_draft(care, author, now)
    care.do(notes.sign_note, author, note_id, seen(care, author, note_id), now=now)
    return note_id


def past_kapteam(database: Database, *statements: str, **values: Any) -> None:
    """Write to the database as somebody would who knows how to get around its triggers."""
    with database.writing() as db:
        if database.is_sqlite:
            for name in db.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
                db.execute(text(f"DROP TRIGGER {name}"))
        else:
            db.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            db.execute(text(statement), values)


def lines(care: Care) -> list[tuple[str, str]]:
    """What is listed: kind and id, from the first line on."""
    with care.database.reading() as db:
        listed = db.scalars(select(RecordLink).order_by(RecordLink.position))
        return [(one.kind, one.row_id) for one in listed]


def anchor(care: Care) -> Anchor:
    with care.database.reading() as db:
        return newest_anchor(db)


def check(care: Care, *anchors: Anchor) -> Checked:
    return check_records(care.database, [NotedAnchor(one, NOW) for one in anchors])


def wrong(care: Care, *anchors: Anchor) -> Outside | None:
    """What a check finds first."""
    found = check(care, *anchors).found
    return found.wrong if found else None


def a_dose(mg: str = "70", time: str = "1:30 pm") -> AdministrationEntered:
    return AdministrationEntered(new_id(), AdministrationKind.DOSE, mg, TODAY, time)


def a_dose_recorded(care: Care) -> str:
    """70 mg an hour ago, recorded by the action; the id of its row."""
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW - HOUR)
    dose = a_dose()
    entered = RecordEntered(session.id, session.version, (dose,))
    care.do(record_ketamine_session, care.prescriber, entered)
    return dose.id


def an_infusion_told(care: Care) -> str:
    """A row of an infusion on a prescriber's word, ended and confirmed by the actions; its id."""
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.INTRAVENOUS)
        session = a_ketamine_session(db, care.course, planned_at=NOW - HOUR, series=series)
        row = an_administration(db, session, started_at=NOW - HOUR)
        row.told_by_id = care.prescriber.clinician_id
    care.do(end_infusion, care.nurse, row.id)
    care.do(confirm_administration, care.prescriber, row.id)
    return row.id


def a_record_signed(care: Care) -> str:
    """The medical part of a session's record, signed by the action; the id of the signature."""
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - 30 * HOUR)
        drawn = as_it_is(db, session.id, RecordPart.MEDICAL)
    signing = SignRecordEntered(session.id, {RecordPart.MEDICAL: drawn})
    care.do(sign_record, care.prescriber, signing)
    return care.rows(RecordSignature, ketamine_session_id=session.id)[0].id


def amended(care: Care) -> str:
    entered = AmendmentEntered(new_id(), a_note_signed(care), "A slip", "It was two sessions.")
    care.do(notes.amend_note, care.therapist, entered)
    return entered.id


def added_to(care: Care) -> str:
    entered = AddendumEntered(new_id(), a_note_signed(care), "I agree.")
    care.do(notes.add_addendum, care.prescriber, entered)
    return entered.id


def voided(care: Care) -> str:
    note_id = a_note_signed(care)
    care.do(notes.void_note, care.therapist, NoteErrorEntered(note_id, "Wrong client"))
    return note_id


def a_dose_voided(care: Care) -> str:
    dose_id = a_dose_recorded(care)
    care.do(void_administration, care.prescriber, VoidEntered(dose_id, "Never given"))
    return dose_id


MADE = {
    Linked.NOTE: a_note_signed,
    Linked.AMENDMENT: amended,
    Linked.ADDENDUM: added_to,
    Linked.NOTE_VOID: voided,
    Linked.RECORD: a_record_signed,
    Linked.DOSE: a_dose_recorded,
    Linked.DOSE_END: an_infusion_told,
    Linked.DOSE_CONFIRMED: an_infusion_told,
    Linked.DOSE_VOID: a_dose_voided,
}
TABLES = {
    Linked.NOTE: "note",
    Linked.AMENDMENT: "note_amendment",
    Linked.ADDENDUM: "note_addendum",
    Linked.NOTE_VOID: "note",
    Linked.RECORD: "record_signature",
    Linked.DOSE: "administration",
    Linked.DOSE_END: "administration",
    Linked.DOSE_CONFIRMED: "administration",
    Linked.DOSE_VOID: "administration",
}


@pytest.mark.parametrize("kind", MADE)
def test_each_thing_that_is_signed_or_given_is_listed_as_it_is_saved(care, kind):
    row_id = MADE[kind](care)
    a_note_signed(care)

    assert (kind.value, row_id) in lines(care)
    assert len(lines(care)) == len(set(lines(care)))
    assert check(care) == Checked(len(lines(care)), None)


def test_a_second_press_makes_no_second_line(care):
    note_id = a_note_signed(care)
    before = lines(care)
    care.do(notes.sign_note, care.therapist, note_id, "whatever")
    assert lines(care) == before


def _signs_and_is_refused(db, viewer, note_id, digest, now):
    notes.sign_note(db, viewer, note_id, digest, now)
    raise Refused("Too late.")


def test_what_is_refused_leaves_no_line(care):
    a_note_signed(care)
    before = lines(care)
    note_id = a_draft(care, care.therapist)
    with pytest.raises(Conflict):
        care.do(notes.sign_note, care.therapist, note_id, "another text")
    digest = seen(care, care.therapist, note_id)
    with pytest.raises(Refused, match="Too late"):
        care.do(_signs_and_is_refused, care.therapist, note_id, digest)
    assert lines(care) == before
    assert wrong(care) is None


def test_a_corrected_dose_is_two_lines_beside_the_first(care):
    dose_id = a_dose_recorded(care)
    instead = a_dose("60")
    correct = CorrectEntered(dose_id, "Read from the wrong vial", instead)
    care.do(correct_administration, care.prescriber, correct)
    assert lines(care) == [
        (Linked.DOSE, dose_id),
        (Linked.DOSE, instead.id),
        (Linked.DOSE_VOID, dose_id),
    ]


CHANGES = {
    "the words of a note": (Linked.NOTE, "signed_text = 'Something else.'"),
    "its answers": (Linked.NOTE, 'body = \'{"decided": "Stop."}\''),
    "its author": (Linked.NOTE, "author_id = :other"),
    "its client's course": (Linked.NOTE, "episode_id = :course"),
    "when it was signed": (Linked.NOTE, "signed_at = '2026-01-01 10:00:00+00:00'"),
    "that it was signed": (Linked.NOTE, "signed_at = NULL"),
    "an amendment": (Linked.AMENDMENT, "text = 'Something else.'"),
    "the reason of an amendment": (Linked.AMENDMENT, "reason = 'None'"),
    "what was added": (Linked.ADDENDUM, "text = 'Something else.'"),
    "why it was an error": (Linked.NOTE_VOID, "void_reason = 'Something else.'"),
    "that it was an error": (Linked.NOTE_VOID, "voided_at = NULL, voided_by_id = NULL"),
    "a signed record": (Linked.RECORD, "signed_text = 'Something else.'"),
    "who signed a record": (Linked.RECORD, "signed_by_id = :other"),
    "a dose": (Linked.DOSE, "ug = 170000"),
    "when it was given": (Linked.DOSE, "started_at = '2026-01-01 10:00:00+00:00'"),
    "who gave it": (Linked.DOSE, "given_by_id = :other"),
    "when an infusion ended": (Linked.DOSE_END, "ended_at = '2026-11-24 22:00:00+00:00'"),
    "that it was confirmed": (Linked.DOSE_CONFIRMED, "confirmed_at = NULL"),
    "that a dose was struck": (Linked.DOSE_VOID, "voided_at = NULL"),
    "why a dose was struck": (Linked.DOSE_VOID, "void_reason = ''"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_changed_past_kapteam_is_named_by_kind_code_and_moment(care, change):
    kind, written = CHANGES[change]
    a_note_signed(care, care.prescriber)
    row_id = MADE[kind](care)
    a_note_signed(care, care.prescriber)
    with care.database.writing() as db:
        course = another_course(db, care, "Elsewhere")
    other = care.nurse.clinician_id

    past_kapteam(
        care.database,
        f"UPDATE {TABLES[kind]} SET {written} WHERE id = :id",
        **{
            name: value
            for name, value in {"id": row_id, "other": other, "course": course.id}.items()
            if f":{name}" in written or name == "id"
        },
    )

    found = check(care).found
    assert found
    assert (found.wrong, found.row.kind) == (Outside.CHANGED, kind)
    code = "K-002" if change == "its client's course" else "K-001"
    assert found.row.code == code
    assert found.lines == lines(care).index((kind.value, row_id))


@pytest.mark.parametrize("kind", [Linked.NOTE, Linked.AMENDMENT, Linked.ADDENDUM, Linked.RECORD])
def test_a_row_that_was_deleted_past_kapteam_is_named(care, kind):
    a_note_signed(care, care.prescriber)
    row_id = MADE[kind](care)
    past_kapteam(
        care.database,
        "DELETE FROM note_words WHERE note_id = :id",
        f"DELETE FROM {TABLES[kind]} WHERE id = :id",
        id=row_id,
    )

    found = check(care).found
    assert found
    assert (found.wrong, found.row.kind) == (Outside.GONE, kind)
    assert found.row.at == NOW
    if kind is Linked.NOTE:
        assert found.row.code == "K-001"


def test_a_row_that_was_added_past_kapteam_is_named(care):
    a_note_signed(care)
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 5 * HOUR)

    found = check(care).found
    assert found
    assert (found.wrong, found.row.kind, found.row.code) == (Outside.ADDED, Linked.DOSE, "K-001")


@pytest.mark.parametrize(
    "change",
    [
        "content_hash = 'no hash at all'",
        "mac = 'ä'",
        "kind = 'other'",
        "row_id = 'other'",
        "linked_at = 'never'",
    ],
)
def test_a_line_that_was_changed_is_named(care, change):
    for _ in range(3):
        a_note_signed(care)
    past_kapteam(care.database, f"UPDATE record_link SET {change} WHERE position = 2")
    found = check(care).found
    assert found
    assert (found.wrong, found.lines) == (Outside.LINE_CHANGED, 1)


def test_a_line_that_was_taken_out_is_named(care):
    for _ in range(3):
        a_note_signed(care)
    past_kapteam(care.database, "DELETE FROM record_link WHERE position = 2")
    assert wrong(care) is Outside.LINE_GONE


def test_lines_without_their_end_leave_rows_that_nothing_lists(care):
    for _ in range(3):
        a_note_signed(care)
    past_kapteam(care.database, "DELETE FROM record_link WHERE position = 3")
    assert wrong(care) is Outside.ADDED


def test_what_no_column_can_hold_is_named_and_stops_no_check(sqlite_database):
    care = a_cared_for_client(sqlite_database)
    first, second = a_note_signed(care), a_note_signed(care)
    past_kapteam(care.database, "UPDATE note SET signed_at = 'never' WHERE id = :id", id=second)
    found = check(care).found
    assert found
    assert (found.wrong, found.lines) == (Outside.CHANGED, 1)
    past_kapteam(care.database, "UPDATE note SET kind = 'psalm' WHERE id = :id", id=first)
    found = check(care).found
    assert found
    assert (found.wrong, found.lines) == (Outside.CHANGED, 0)


def test_an_end_that_was_cut_off_is_found_by_an_anchor_only(care):
    first, second = a_note_signed(care), a_note_signed(care)
    noted = anchor(care)
    past_kapteam(
        care.database,
        "DELETE FROM record_link WHERE position = 2",
        "DELETE FROM note_words WHERE note_id = :id",
        "DELETE FROM note WHERE id = :id",
        id=second,
    )
    assert lines(care) == [(Linked.NOTE, first)]
    assert wrong(care) is None
    assert wrong(care, noted) is Outside.CUT


def test_an_older_file_put_back_is_found_by_an_anchor_also_once_it_was_written_on(
    sqlite_database, tmp_path
):
    care = a_cared_for_client(sqlite_database)
    a_note_signed(care)
    file, older = Path(str(sqlite_database.url.database)), tmp_path / "older.db"
    sqlite_database.engine.dispose()
    shutil.copy(file, older)
    a_note_signed(care)
    noted = anchor(care)

    sqlite_database.engine.dispose()
    shutil.copy(older, file)

    assert wrong(care) is None
    assert wrong(care, noted) is Outside.CUT
    a_note_signed(care)
    a_note_signed(care)
    assert wrong(care) is None
    assert wrong(care, noted) is Outside.REPLACED


def test_without_the_key_nothing_counts_as_checked_and_with_another_it_says_from_where(care):
    a_note_signed(care)
    key_file(care.database.url).unlink()
    assert wrong(care) is Outside.NO_KEY
    # Nobody is kept from signing, and what was locked before is not called whole.
    a_note_signed(care)
    found = check(care).found
    assert found
    assert (found.wrong, found.lines) == (Outside.OTHER_KEY, 0)
    # What is signed under the new key is checked, and what is wrong with it is said first.
    later = a_note_signed(care)
    past_kapteam(care.database, "UPDATE note SET signed_text = 'Else.' WHERE id = :id", id=later)
    found = check(care).found
    assert found
    assert (found.wrong, found.lines) == (Outside.CHANGED, 2)


def test_after_a_lost_key_what_was_added_or_cut_off_is_found_too(care):
    a_note_signed(care)
    key_file(care.database.url).unlink()
    a_note_signed(care)
    noted = anchor(care)
    assert wrong(care, noted) is Outside.OTHER_KEY
    with care.database.writing() as db:
        added = a_signed_note(db, care.course, care.therapist, signed_at=NOW)
    assert wrong(care, noted) is Outside.ADDED
    past_kapteam(
        care.database,
        "DELETE FROM note_words WHERE note_id = :id",
        "DELETE FROM note WHERE id = :id",
        id=added.id,
    )
    assert wrong(care, Anchor(9, noted.digest)) is Outside.CUT


def test_signing_at_the_same_moment_makes_one_list_without_a_fork(care):
    drafts = [
        (author, a_draft(care, author, kind=kind))
        for author in (care.therapist, care.prescriber)
        for kind in WORDS
    ]
    ready = [(one, note_id, seen(care, one, note_id)) for one, note_id in drafts]
    barrier = Barrier(len(ready))

    def sign(one: Any) -> None:
        author, note_id, digest = one
        barrier.wait()
        care.do(notes.sign_note, author, note_id, digest)

    with ThreadPoolExecutor(len(ready)) as threads:
        list(threads.map(sign, ready))

    assert sorted(lines(care)) == sorted((Linked.NOTE, note_id) for _, note_id, _ in ready)
    assert check(care) == Checked(len(ready), None)


def test_what_was_signed_before_there_was_a_list_is_listed_at_the_start_in_its_order(care):
    with care.database.writing() as db:
        late = a_signed_note(db, care.course, care.therapist, signed_at=NOW - HOUR)
        early = a_signed_note(db, care.course, care.therapist, signed_at=NOW - 9 * HOUR)
        session = a_given_session(db, care.course, given_at=NOW - 5 * HOUR)
    [dose] = care.rows(Administration, ketamine_session_id=session.id)
    assert wrong(care) is Outside.NO_KEY

    begin_list(care.database)

    expected = sorted(
        [(early.signed_at, early.id), (dose.recorded_at, dose.id), (late.signed_at, late.id)]
    )
    assert [row_id for _, row_id in lines(care)] == [row_id for _, row_id in expected]
    assert wrong(care) is None


def test_a_start_with_nothing_to_list_makes_no_key_so_that_an_older_file_put_in_is_listed(care):
    begin_list(care.database)
    assert not key_file(care.database.url).exists()
    with care.database.writing() as db:
        signed = a_signed_note(db, care.course, care.therapist, signed_at=NOW - HOUR)

    begin_list(care.database)

    assert lines(care) == [(Linked.NOTE, signed.id)]
    assert wrong(care) is None


def test_the_demo_has_a_key_of_its_own_also_while_it_is_built(care):
    demo = settings().demo_path
    for file in (demo, demo.with_suffix(".unfinished")):
        assert key_file(make_url(f"sqlite:///{file}")).name == "demo-records.key"
    elsewhere = demo.parent / "elsewhere" / demo.name
    for url in (
        care.database.url,
        make_url(f"sqlite:///{elsewhere}"),
        make_url("postgresql:///demo"),
    ):
        assert key_file(url) == settings().data_dir / "records.key"


def test_what_comes_up_without_a_line_later_is_listed_by_no_start(care):
    a_note_signed(care)
    with care.database.writing() as db:
        a_signed_note(db, care.course, care.therapist, signed_at=NOW)
    begin_list(care.database)
    assert wrong(care) is Outside.ADDED
    # Nor is a list that was emptied made anew.
    past_kapteam(care.database, "DELETE FROM record_link")
    begin_list(care.database)
    assert lines(care) == []
    assert wrong(care) is Outside.ADDED


def test_more_rows_than_one_part_holds_are_listed_and_checked(care, monkeypatch):
    monkeypatch.setattr(record_links, "AT_ONCE", 3)
    with care.database.writing() as db:
        for hours in range(8):
            a_signed_note(db, care.course, care.therapist, signed_at=NOW - hours * HOUR)
    begin_list(care.database)
    told = []
    assert check_records(care.database, (), lambda *one: told.append(one)) == Checked(8, None)
    assert [done for _, done, _ in told] == [3, 6, 8]


def _writes_in_it(care, note_id):
    care.do(notes.save_draft, care.therapist, note_id, "decided", "Something else.", 1)


def _takes_it_back(care, note_id):
    care.do(notes.drop_empty_note, care.therapist, note_id)


def _starts_it_again(care, note_id):
    other = NoteEntered(note_id, NoteKind.RISK, care.course.id)
    assert care.do(notes.start_note, care.therapist, other) == note_id


def _signs_it_again(care, note_id):
    care.do(notes.sign_note, care.therapist, note_id, "another text")


def _a_colleague_signs_it(care, note_id):
    care.do(notes.sign_note, care.prescriber, note_id, "another text")


def _a_colleague_amends_it(care, note_id):
    entered = AmendmentEntered(new_id(), note_id, "Mine", "Something else.")
    care.do(notes.amend_note, care.prescriber, entered)


def _a_colleague_marks_it(care, note_id):
    care.do(notes.void_note, care.prescriber, NoteErrorEntered(note_id, "Mine"))


@pytest.mark.parametrize(
    "attempt",
    [
        _writes_in_it,
        _takes_it_back,
        _starts_it_again,
        _signs_it_again,
        _a_colleague_signs_it,
        _a_colleague_amends_it,
        _a_colleague_marks_it,
    ],
)
def test_no_action_changes_a_signed_note(care, attempt):
    note_id = a_note_signed(care)
    before = care.row(Note, note_id)
    with suppress(Refused):
        attempt(care, note_id)
    after = care.row(Note, note_id)
    assert {one.key: getattr(after, one.key) for one in inspect(Note).columns} == {
        one.key: getattr(before, one.key) for one in inspect(Note).columns
    }
    assert lines(care) == [(Linked.NOTE, note_id)]
    assert wrong(care) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record_link SET mac = 'x'",
        "DELETE FROM record_link",
        "UPDATE note_amendment SET text = 'Something else.'",
        "DELETE FROM note_amendment",
        "UPDATE note_addendum SET text = 'Something else.'",
        "DELETE FROM note_addendum",
        "UPDATE note SET signed_text = 'Something else.'",
        "DELETE FROM note",
    ],
)
def test_the_database_itself_refuses_what_no_action_does(care, statement):
    amended(care)
    added_to(care)
    with pytest.raises(DatabaseError), care.database.writing() as db:
        db.execute(text(statement))
    assert wrong(care) is None


def test_an_amendment_is_not_amended_and_says_so(care):
    entered = AmendmentEntered(new_id(), amended(care), "Again", "Something else.")
    with pytest.raises(NotFound, match="no such note"):
        care.do(notes.amend_note, care.therapist, entered)


def test_a_hundred_thousand_characters_are_refused_in_a_sentence_at_every_step(care):
    long, note_id = "x" * 100_000, a_note_signed(care)
    refused = (
        (notes.save_draft, (a_draft(care, care.therapist), "why", long, 1)),
        (notes.amend_note, (AmendmentEntered(new_id(), note_id, "Why", long),)),
        (notes.add_addendum, (AddendumEntered(new_id(), note_id, long),)),
    )
    for action, entered in refused:
        with pytest.raises(Invalid, match="100,000 characters"):
            care.do(action, care.therapist, *entered)


def test_the_demo_which_its_actions_made_has_every_line(demo_file):
    demo = Database(f"sqlite:///{demo_file}")
    key_file(demo.url).parent.mkdir()
    shutil.copy(demo_file.with_name("demo-records.key"), key_file(demo.url))
    checked = check_records(demo)
    demo.close()
    assert checked.found is None
    assert checked.lines > 100
