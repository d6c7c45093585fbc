"""Notes that wait for their author's signature."""

from datetime import timedelta

import pytest

from kapteam.actions.notes import NoteEntered, save_draft, start_note
from kapteam.db.tables import IntegrationSession, Note
from kapteam.ids import new_id
from kapteam.vocabulary import IntegrationKind, NoteKind
from tests.factories import NOW, a_client, a_clinician, a_course
from tests.factories_care import (
    a_booked_pair,
    a_given_session,
    a_ketamine_session,
    an_integration_session,
)
from tests.pages.tabs import (
    headings,
    links,
    names,
    opened,
    said,
    statements_of,
    unsigned,
    well,
)

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


def test_a_note_that_was_only_opened_is_nobody_s_draft(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW + DAY)
    entered = NoteEntered(new_id(), NoteKind.INTENTION, care.course.id, session.id)
    care.do(start_note, care.therapist, entered)

    assert headings(opened(care, care.prescriber, "notes")) == []
    assert "Draft" not in said(opened(care, care.prescriber, "client", client=care.client.code))
    assert headings(opened(care, care.therapist, "notes")) == []


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

    assert headings(tab) == ["Mine to sign (2)", "Colleagues' to sign (1)"]
    assert names(tab) == ["Old, Amara", "Young, Amara", "Theirs, Amara"]
    assert "unsigned for 3 d" in said(tab)
    assert "for Wed Nov 25, 2:30 pm" in said(tab)
    assert _to_write(tab) == ["Finish", "Finish"]


def _to_write(tab):
    """The links to a note, without those that leave one kind of them."""
    return [one for one in links(tab, "note") if one in {"Finish", "Write"}]


def _held_without_a_note(care, family, by, *, held_at=NOW - 3 * HOUR):
    """An integration that `by` held on a course of both, and nobody began its note."""
    with care.database.writing() as db:
        course = _course(db, care, family)
        given = a_given_session(db, course, given_at=NOW - DAY)
        return an_integration_session(db, course, given, therapist=by, held_at=held_at)


def _signed(held, by):
    """The signed note of an integration session."""
    return Note(
        id=new_id(),
        kind=NoteKind.INTEGRATION,
        episode_id=held.episode_id,
        integration_session_id=held.id,
        author_id=by.clinician_id,
        by_prescriber=False,
        template_version=2,
        body={"recap": "A wide field"},
        started_at=NOW,
        signed_at=NOW,
        signed_text="A wide field",
        content_hash="0" * 64,
    )


def test_what_was_held_and_nobody_began_to_write_is_unsigned_too(care):
    _an_intention(care, "Begun", since=NOW - HOUR)
    held = _held_without_a_note(care, "Held", care.therapist)

    tab = opened(care, care.therapist, "notes")

    assert headings(tab) == ["Mine to sign (2)"]
    assert names(tab) == ["Held, Amara", "Begun, Amara"]
    assert "not begun, held 3 hr ago" in said(tab)
    assert _to_write(tab) == ["Write", "Finish"]

    opened(care, care.therapist, "note", kind="integration", integration=held.id)
    assert _to_write(opened(care, care.therapist, "notes")) == ["Write", "Finish"]
    [begun] = care.rows(Note, integration_session_id=held.id)
    care.do(save_draft, care.therapist, begun.id, "recap", "A wide field", 0)
    tab = opened(care, care.therapist, "notes")
    assert headings(tab) == ["Mine to sign (2)"]
    assert _to_write(tab) == ["Finish", "Finish"]
    assert "not begun" not in said(tab)
    assert "unsigned for 3 hr" in said(tab)


def test_those_of_one_kind_are_as_many_as_its_count_says(care):
    _an_intention(care, "Begun")
    for family in ("Held", "Kept"):
        _held_without_a_note(care, family, care.therapist)
    tab = opened(care, care.therapist, "notes")
    assert {"Intention note 1", "Integration note 2"} <= set(links(tab, "notes"))

    tab = opened(care, care.therapist, "notes", show="integration")

    assert headings(tab) == ["Mine to sign (2)"]
    assert names(tab) == ["Held, Amara", "Kept, Amara"]
    assert "Only Integration note" in said(tab).replace("*", "")
    well(tab.button(key="show_all").click().run())
    assert headings(tab) == ["Mine to sign (3)"]


def test_of_a_single_kind_there_is_nothing_to_choose(care):
    _an_intention(care, "Begun")

    assert links(opened(care, care.therapist, "notes"), "notes") == []


def test_what_a_colleague_held_is_the_colleague_s_to_write_until_it_is_signed(care):
    held = _held_without_a_note(care, "Held", care.therapist)
    tab = opened(care, care.prescriber, "notes")
    assert headings(tab) == ["Colleagues' to sign (1)"]
    assert "not begun, held 3 hr ago" in said(tab)
    assert _to_write(tab) == []

    with care.database.writing() as db:
        db.add(_signed(held, care.therapist))
    for who in (care.prescriber, care.therapist):
        assert headings(opened(care, who, "notes")) == []


def test_rule_7_the_note_of_a_debrief_is_called_one(care):
    held = _held_without_a_note(care, "Held", care.therapist)
    with care.database.writing() as db:
        db.get_one(IntegrationSession, held.id).kind = IntegrationKind.DEBRIEF

    assert "Debrief note" in said(opened(care, care.therapist, "notes"))


@pytest.mark.parametrize("end", ["dropped_at", "closed_at"])
def test_what_was_taken_back_or_closed_owes_no_note(care, end):
    held = _held_without_a_note(care, "Held", care.therapist)
    with care.database.writing() as db:
        setattr(db.get_one(IntegrationSession, held.id), end, NOW)

    assert headings(opened(care, care.therapist, "notes")) == []


def test_who_is_on_none_of_the_courses_is_told_of_nothing_held(care):
    _held_without_a_note(care, "Held", care.therapist)

    assert "Held" not in said(opened(care, care.stranger, "notes"))


def test_rule_73_the_notes_to_finish_are_as_many_on_every_page_and_once_on_each(care):
    _held_without_a_note(care, "Mine", care.therapist)
    _held_without_a_note(care, "Another", care.prescriber)
    _an_integration(care, "Begun")

    notes = opened(care, care.therapist, "notes")
    integration = opened(care, care.therapist, "integration")
    today = opened(care, care.therapist, "today")

    assert headings(notes) == ["Mine to sign (1)", "Colleagues' to sign (2)"]
    assert headings(integration) == ["Held, note to finish (3)"]
    assert "Held, note to finish (3)" in headings(today)
    # The prescriber's order has what the prescriber has to write, and nobody else's.
    prescribers = opened(care, care.prescriber, "today")
    assert "Held, note to finish (2)" in headings(prescribers)
    assert said(prescribers).count("after dose, note to finish") == 2
    # Decision 16: on Today each of them stands in that section alone.
    assert said(today).count("after dose, note to finish") == 3
    assert sorted(names(notes)) == sorted(names(integration))


def test_rule_18_no_word_of_a_draft_reaches_anybody_here_not_even_its_author(care):
    _an_intention(care, "Vale")

    for who in (care.therapist, care.prescriber):
        tab = opened(care, who, "notes")
        assert "Intention note" in said(tab)
        assert "Ezra" not in said(tab)


def test_it_takes_as_many_statements_with_thirty_clients_as_with_three(care):
    for number in range(3):
        _an_intention(care, f"Client{number:02d}")
        _held_without_a_note(care, f"Held{number:02d}", care.therapist)
    tab = opened(care, care.therapist, "notes")
    few = statements_of(care, tab)
    for number in range(3, 30):
        _an_intention(care, f"Client{number:02d}")
        _held_without_a_note(care, f"Held{number:02d}", care.therapist)

    assert statements_of(care, tab) == few <= 12
    assert headings(tab) == ["Mine to sign (60)"]


def test_a_note_of_one_s_own_without_a_word_is_not_begun_wherever_it_stands(care):
    """It is opened by Write and left: nowhere a draft, and Write goes on with the very one."""
    with care.database.writing() as db:
        ahead, _ = a_booked_pair(db, care.course, therapist=care.therapist)
        given = a_given_session(db, care.course, given_at=NOW - 9 * HOUR)
        held = an_integration_session(
            db, care.course, given, therapist=care.therapist, held_at=NOW - HOUR
        )
    entered = NoteEntered(
        new_id(), NoteKind.INTENTION, care.course.id, ketamine_session_id=ahead.id
    )
    intention = care.do(start_note, care.therapist, entered)
    entered = NoteEntered(
        new_id(), NoteKind.INTEGRATION, care.course.id, integration_session_id=held.id
    )
    care.do(start_note, care.therapist, entered)
    care.do(start_note, care.therapist, NoteEntered(new_id(), NoteKind.GENERAL, care.course.id))

    notes = opened(care, care.therapist, "notes")
    assert "Mine to sign (1)" in headings(notes)
    assert "not begun, held 1 hr ago" in said(notes)
    assert "Finish" not in links(notes)
    for page, query in (
        ("client", {"client": care.client.code}),
        ("ketamine_session", {"id": ahead.id}),
        ("today", {}),
        ("integration", {}),
    ):
        tab = opened(care, care.therapist, page, **query)
        assert "draft" not in said(tab).lower(), page
        assert not {"Continue", "Finish", "Finish note"} & set(links(tab)), page
    # It is there all the same, for who goes on with it.
    assert "Intention" in said(opened(care, care.therapist, "note", id=intention))
    again = opened(care, care.therapist, "note", kind="intention", dose=ahead.id)
    assert care.rows(Note, kind=NoteKind.INTENTION)[0].id == intention
    assert len(care.rows(Note, kind=NoteKind.INTENTION)) == 1
    assert again.text_area
