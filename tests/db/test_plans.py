"""How SQLite finds what the lists show: what is over is not read for it, however much there is."""

import re
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select, text

from kapteam.accounts import sign_ins
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.note_index import NoteIndex
from kapteam.queries import note_search
from kapteam.queries.caseload import Wanted, caseload
from kapteam.queries.note_search import NotesWanted, search_notes
from kapteam.queries.notes import unsigned_notes
from kapteam.queries.outcomes import Wanted as OutcomesWanted
from kapteam.queries.outcomes import outcomes
from kapteam.queries.standing import Asked
from kapteam.queries.today import today
from kapteam.rules.note_search import Sought
from tests.factories import NOW
from tests.factories_care import a_cared_for_client
from tests.query_recorder import recorded_statements


def _plan(database: Database, query) -> str:
    """The lines of the plans of every statement that `query` sends, asked for by the therapist."""
    care = a_cared_for_client(database)
    with database.reading() as db:
        practice = practice_in_force(db, NOW)
        with recorded_statements(database.engine) as statements:
            query(db, Asked(care.therapist, practice, NOW))
        lines = []
        for one in statements:
            explained = db.connection().exec_driver_sql(
                f"EXPLAIN QUERY PLAN {one}", (None,) * one.count("?")
            )
            lines += [row[3] for row in explained]
    assert lines
    return "\n".join(lines)


def test_courses_that_are_closed_are_not_read_for_today(sqlite_database):
    plan = _plan(sqlite_database, today)

    assert "ix_episode_client_id_open" in plan
    assert "SCAN episode\n" not in plan


def test_sessions_and_contacts_of_other_courses_are_not_read_for_today(sqlite_database):
    plan = _plan(sqlite_database, today)

    # However few have one status: that is how many there are in the practice.
    assert "ketamine_session_status" not in plan
    assert re.search(r"SCAN (ketamine_session|contact)\b", plan) is None
    assert "ix_ketamine_session_episode_id_planned_at" in plan
    assert "ix_contact_episode_id_happened_at" in plan


def test_case_reviews_that_are_over_are_not_read_at_each_look_at_who_is_signed_in(sqlite_database):
    plan = _plan(sqlite_database, lambda db, asked: sign_ins.live(db, ["somebody"], asked.now))

    assert "ix_case_review_running" in plan
    assert "SCAN review_item" not in plan
    assert re.search(r"SCAN case_review\n", plan) is None


def test_notes_that_are_signed_are_not_read_for_those_to_sign(sqlite_database):
    plan = _plan(sqlite_database, unsigned_notes)

    assert "ix_note_author_id_unsigned" in plan
    assert "SCAN note\n" not in plan


def test_sessions_of_other_people_are_not_read_for_the_notes_to_begin(sqlite_database):
    plan = _plan(sqlite_database, unsigned_notes)

    assert "SCAN integration_session\n" not in plan
    assert "ix_integration_session_episode_id" in plan
    assert "SCAN episode\n" not in plan


def test_no_words_are_read_to_know_whose_a_note_is(sqlite_database, monkeypatch):
    monkeypatch.setattr(note_search, "_MOST_COURSES", 0)

    plan = _plan(sqlite_database, partial(search_notes, wanted=NotesWanted("sleep")))

    assert "SCAN note_fts VIRTUAL TABLE" in plan
    assert "ix_note_words_number_note_id_episode_id_author_id" in plan
    assert "note_words USING INTEGER PRIMARY KEY" not in plan


def test_sessions_of_everybody_are_not_read_for_who_came_back(sqlite_database):
    plan = _plan(sqlite_database, lambda db, asked: caseload(db, asked, Wanted()))

    assert re.search(r"SCAN (ketamine_session|administration)\b", plan) is None


def test_words_are_asked_of_each_note_on_postgresql_and_never_of_its_whole_index(
    postgresql_database,
):
    with postgresql_database.reading() as db:
        index = NoteIndex(db)
        asked = select(index.number).where(index.matches([[Sought(("better", "sleep"))]]))
        db.execute(text("SET LOCAL enable_seqscan = off"))
        said = asked.compile(db.get_bind())
        lines = db.connection().exec_driver_sql(f"EXPLAIN {said}", dict(said.params)).scalars()
        plan = "\n".join(lines)

    assert "@@" in plan
    assert "ix_note_fts_words" not in plan


@pytest.mark.parametrize(
    ("everyone", "found_by"),
    [
        (False, ("episode_id (episode_id=?)", "episode_id (episode_id=?)")),
        (True, ("first_at (first_at>?)", "begun_at (begun_at>?)")),
    ],
)
def test_outcomes_finds_what_is_kept_and_reads_no_dose_or_score_of_everybody(
    sqlite_database, everyone, found_by
):
    def count(db, asked):
        viewer = replace(asked.viewer, sees_everyone=everyone)
        outcomes(db, replace(asked, viewer=viewer), OutcomesWanted(everyone=everyone))

    plan = _plan(sqlite_database, count)

    for table, index in zip(("dose_result", "series_result"), found_by, strict=True):
        assert f"{table} USING INDEX ix_{table}_{index}" in plan
    assert not re.search(r"SCAN (ketamine_session|administration|score|series|note)(_\d+)?\b", plan)
    assert "ketamine_session USING INDEX ix_ketamine_session_episode_id_planned_at" in plan
    assert "score USING INDEX ix_score_episode_id_instrument_id_taken_at" in plan
