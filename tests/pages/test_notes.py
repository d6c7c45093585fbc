"""Notes that wait for their author's signature."""

from datetime import timedelta

import pytest

from kapteam.actions.notes import NoteEntered, save_draft, start_note
from kapteam.ids import new_id
from kapteam.vocabulary import NoteKind
from tests.factories import NOW, a_client, a_clinician, a_course
from tests.factories_care import a_given_session, a_ketamine_session, an_integration_session
from tests.pages.tabs import headings, links, names, opened, said, statements_of, unsigned

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _course(db, care, family):
    client = a_client(db, care.therapist, family=family)
    return a_course(db, client, prescriber=care.prescriber, therapist=care.therapist)


def _an_intention(care, family, *, since=NOW):
    """An intention note that the therapist began, with a word in it."""
    with care.database.writing() as db:
        course = _course(db, care, family)
        session = a_ketamine_session(db, course, planned_at=NOW + DAY)
    entered = NoteEntered(new_id(), NoteKind.INTENTION, course.id, session.id)
    note_id = care.do(start_note, care.therapist, entered, now=since)
    care.do(save_draft, care.therapist, note_id, "intention", "To forgive Ezra", 0, now=since)
    return note_id


def _an_integration(care, family):
    """An integration note that the prescriber began."""
    with care.database.writing() as db:
        course = _course(db, care, family)
        given = a_given_session(db, course, given_at=NOW - DAY)
        held = an_integration_session(db, course, given, held_at=NOW - HOUR)
    entered = NoteEntered(new_id(), NoteKind.INTEGRATION, course.id, integration_session_id=held.id)
    note_id = care.do(start_note, care.prescriber, entered)
    care.do(save_draft, care.prescriber, note_id, "recap", "A wide field", 0)
    return note_id


def test_a_note_that_a_colleague_only_opened_is_nobody_s_draft(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW + DAY)
    entered = NoteEntered(new_id(), NoteKind.INTENTION, care.course.id, session.id)
    care.do(start_note, care.therapist, entered)

    assert headings(opened(care, care.prescriber, "notes")) == []
    assert "Draft" not in said(opened(care, care.prescriber, "client", client=care.client.code))
    assert headings(opened(care, care.therapist, "notes")) == ["Mine to sign (1)"]


def test_nobody_signed_in_gets_nothing(care):
    _an_intention(care, "Vale")

    assert unsigned("notes") == ""


@pytest.mark.parametrize("functions", ["front_desk", ""])
def test_the_front_desk_and_who_has_no_function_see_no_notes(care, functions):
    _an_intention(care, "Vale")
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    tab = opened(care, care.front_desk if functions else nobody, "notes")

    assert "Notes are not shown to the front desk." in said(tab)
    assert names(tab) == []


def test_a_colleague_on_none_of_the_courses_sees_none(care):
    _an_intention(care, "Vale")

    tab = opened(care, care.stranger, "notes")

    assert names(tab) == []
    assert "Vale" not in said(tab)


def test_with_nothing_unsigned_it_says_so(care):
    tab = opened(care, care.therapist, "notes")

    assert "Nothing of yours is unsigned." in said(tab)
    assert headings(tab) == []


def test_mine_stand_first_with_their_age_the_oldest_above(care):
    _an_intention(care, "Young", since=NOW - HOUR)
    _an_intention(care, "Old", since=NOW - 3 * DAY)
    _an_integration(care, "Theirs")

    tab = opened(care, care.therapist, "notes")

    assert headings(tab) == ["Mine to sign (2)", "Colleagues' drafts (1)"]
    assert names(tab) == ["Old, Amara", "Young, Amara", "Theirs, Amara"]
    assert "unsigned for 3 d" in said(tab)
    assert "for Wed Nov 25, 2:30 pm" in said(tab)
    assert links(tab, "note") == ["Finish", "Finish"]


def test_rule_18_no_word_of_a_draft_reaches_anybody_here_not_even_its_author(care):
    _an_intention(care, "Vale")

    for who in (care.therapist, care.prescriber):
        tab = opened(care, who, "notes")
        assert "Intention note" in said(tab)
        assert "Ezra" not in said(tab)


def test_it_takes_as_many_statements_with_thirty_clients_as_with_three(care):
    for number in range(3):
        _an_intention(care, f"Client{number:02d}")
    tab = opened(care, care.therapist, "notes")
    few = statements_of(care, tab)
    for number in range(3, 30):
        _an_intention(care, f"Client{number:02d}")

    assert statements_of(care, tab) == few <= 12
    assert headings(tab) == ["Mine to sign (30)"]
