"""Risk, decision and general notes: about a course of care and no session of it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DatabaseError

from kapteam.actions import notes
from kapteam.actions.notes import AddendumEntered, AmendmentEntered, NoteEntered, NoteErrorEntered
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import EmergencyAccess, Note
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.notes import note_page, notes_of_client, signing_page, unsigned_notes
from kapteam.queries.standing import Asked
from kapteam.queries.today import today
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import NoteKind, ServiceLine
from tests.factories import NOW, a_course, an_absence, an_emergency, audit_events
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_ketamine_session,
    an_integration_session,
    another_course,
)
from tests.query_recorder import recorded_statements

KINDS = (NoteKind.RISK, NoteKind.DECISION, NoteKind.GENERAL)
WORDS = {
    NoteKind.RISK: {
        "seen": "On the phone: “They would be better off.”",
        "risk": "Some",
        "why": "A passing thought; no plan.",
        "plan": "Calls before she is alone.",
        "told": "Robin, by phone at 2:10 pm",
        "look_again": "2026-11-27",
    },
    NoteKind.DECISION: {
        "decided": "One dose a month.",
        "why": "Better, and holding.",
        "part": "Thea and Robin",
    },
    NoteKind.GENERAL: {"text": "Asks for a letter\n\nto **the college** -> www.x.y"},
}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _notes_of_client(db, asked, client_id):
    """Of a client whose integrations follow no ketamine session."""
    return notes_of_client(db, asked, client_id, {})


@pytest.fixture
def care(database: Database) -> Care:
    return a_cared_for_client(database)


def about(care: Care, kind: NoteKind, **entered: Any) -> NoteEntered:
    return NoteEntered(new_id(), kind, entered.pop("episode_id", care.course.id), **entered)


def read(care: Care, query: Any, viewer: Viewer, *asked_about: Any) -> Any:
    """What a query answers this person."""
    with care.database.reading() as db:
        practice = practice_in_force(db, NOW)
        assert practice is not None
        return query(db, Asked(viewer, practice, NOW), *asked_about)


def a_draft(care: Care, kind: NoteKind, by: Viewer | None = None, **words: str) -> str:
    """An unsigned note of the therapist, or of somebody else, with all its words."""
    by = by or care.therapist
    note_id = care.do(notes.start_note, by, about(care, kind))
    for field, words_of in {**WORDS[kind], **words}.items():
        care.do(notes.save_draft, by, note_id, field, words_of, 0)
    return note_id


def sign(care: Care, note_id: str, by: Viewer | None = None, now: datetime = NOW) -> Any:
    """Read the signing page, then sign what it shows."""
    by = by or care.therapist
    seen = read(care, signing_page, by, note_id).digest
    return care.do(notes.sign_note, by, note_id, seen, now=now)


def a_signed(
    care: Care, kind: NoteKind, by: Viewer | None = None, now: datetime = NOW, **words: str
) -> str:
    note_id = a_draft(care, kind, by, **words)
    sign(care, note_id, by, now)
    return note_id


def tags(care: Care) -> list[str]:
    return [event.tag for event in audit_events(care.database)]


# Starting


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_begun_for_a_course_once_however_often_it_is_asked_for(care, kind):
    entered = about(care, kind)

    first = care.do(notes.start_note, care.therapist, entered)
    again = care.do(notes.start_note, care.therapist, entered)
    from_another_tab = care.do(notes.start_note, care.therapist, about(care, kind))

    assert first == again == from_another_tab == entered.id
    assert tags(care) == ["note:started"]
    (row,) = care.rows(Note)
    assert (row.episode_id, row.ketamine_session_id, row.integration_session_id) == (
        care.course.id,
        None,
        None,
    )


def test_two_threads_begin_one_note(care):
    barrier = Barrier(2)

    def start(_: int) -> str:
        barrier.wait()
        return care.do(notes.start_note, care.therapist, about(care, NoteKind.RISK))

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(start, range(2)))) == 1
    assert len(care.rows(Note)) == 1


def test_each_kind_each_author_and_each_course_has_its_own_draft(care):
    with care.database.writing() as db:
        other = another_course(db, care, "Other")
        after = ServiceLine.THERAPY_AFTER_KAP
        same_client = a_course(db, care.client, therapist=care.therapist, service_line=after)
    begun = [
        care.do(notes.start_note, who, about(care, kind, episode_id=episode_id))
        for who in (care.therapist, care.prescriber)
        for kind in KINDS
        for episode_id in (care.course.id, other.id)
    ]
    begun.append(
        care.do(
            notes.start_note,
            care.therapist,
            about(care, NoteKind.RISK, episode_id=same_client.id),
        )
    )

    assert len(set(begun)) == len(begun)


def test_after_one_is_signed_the_next_is_another(care):
    first = a_signed(care, NoteKind.RISK)
    second = a_signed(care, NoteKind.RISK)

    assert first != second
    shown = read(care, _notes_of_client, care.prescriber, care.client.id).about_course
    assert {one.id for one in shown} == {first, second}


@pytest.mark.parametrize("kind", KINDS)
def test_it_names_no_session(care, kind):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course)
        held = an_integration_session(db, care.course, therapist=care.therapist, held_at=NOW)
    for session in (
        {"ketamine_session_id": dose.id},
        {"integration_session_id": held.id},
    ):
        with pytest.raises(NotFound, match="about the course of care, not about a session"):
            care.do(notes.start_note, care.therapist, about(care, kind, **session))
    assert tags(care) == []


@pytest.mark.parametrize("kind", [NoteKind.INTENTION, NoteKind.INTEGRATION])
def test_a_note_of_a_session_needs_one(care, kind):
    with pytest.raises(NotFound):
        care.do(notes.start_note, care.therapist, about(care, kind))


def test_an_empty_note_of_another_course_makes_no_way(care):
    with care.database.writing() as db:
        other = another_course(db, care, "Other")
    empty = care.do(
        notes.start_note, care.therapist, about(care, NoteKind.GENERAL, episode_id=other.id)
    )
    entered = about(care, NoteKind.GENERAL, instead_of=empty)
    with pytest.raises(NotFound, match="no such empty note"):
        care.do(notes.start_note, care.therapist, entered)
    assert care.row(Note, empty).voided_at is None


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("prescriber", set(KINDS)),
        ("therapist", set(KINDS)),
        ("nurse", {NoteKind.GENERAL}),
        ("front_desk", set()),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_either_discipline_writes_each_and_a_nurse_a_general_one(care, who, may, kind):
    viewer = getattr(care, who)
    if kind in may:
        note_id = a_signed(care, kind, viewer)
        assert read(care, note_page, viewer, note_id).note.author.id == viewer.clinician_id
        return
    with pytest.raises(NotAllowed, match=f"can write a {kind.label.lower()}"):
        care.do(notes.start_note, viewer, about(care, kind))
    assert tags(care) == []


def test_who_is_not_on_the_course_begins_none_and_an_emergency_opens_it(care):
    with pytest.raises(NotFound):
        care.do(notes.start_note, care.stranger, about(care, NoteKind.RISK))
    with care.database.writing() as db:
        an_emergency(db, care.client, care.stranger)
    viewer = care.asked_by(care.stranger).viewer

    note_id = a_signed(care, NoteKind.RISK, viewer)

    assert read(care, note_page, care.therapist, note_id).note.answer("risk") == "Some"
    # Afterwards one's own note stays one's own, and nobody else's is read.
    with care.database.writing() as db:
        db.execute(update(EmergencyAccess).values(until_at=NOW))
    gone = care.asked_by(care.stranger).viewer
    other = a_signed(care, NoteKind.RISK)
    assert read(care, note_page, gone, note_id).can_amend
    with pytest.raises(NotFound):
        read(care, note_page, gone, other)


def test_who_covers_a_colleague_reads_them_adds_to_them_and_writes_one(care):
    draft, signed = a_draft(care, NoteKind.DECISION), a_signed(care, NoteKind.RISK)
    with care.database.writing() as db:
        an_absence(db, care.therapist, care.therapist, cover=care.stranger)
    cover = care.asked_by(care.stranger).viewer

    assert read(care, note_page, cover, signed).note.answer("risk") == "Some"
    assert read(care, note_page, cover, draft).drafts == {}
    with pytest.raises(NotAllowed, match="Only its author can sign"):
        read(care, signing_page, cover, draft)
    care.do(notes.add_addendum, cover, AddendumEntered(new_id(), signed, "Called her."))
    own = a_signed(care, NoteKind.RISK, cover)
    found = read(care, _notes_of_client, care.prescriber, care.client.id).about_course
    assert {one.id for one in found} == {draft, signed, own}


# What is signed


def test_the_text_that_is_signed_says_what_it_is_about_and_every_answer(care):
    note_id = a_signed(care, NoteKind.RISK)

    signed = read(care, note_page, care.prescriber, note_id).note
    assert signed.signed_text.startswith(
        "Risk note\nClient K-001\n"
        "About the course of care: Ketamine-assisted psychotherapy\n"
        "Written by Thea Tallis, LCSW\n\n"
        "What was seen or said\nOn the phone: “They would be better off.”\n\n"
        "Suicide risk\nSome\n\n"
    )
    assert "\n\nLook again on\nFri Nov 27, 2026\n\nSigned by Thea Tallis, LCSW, " in (
        signed.signed_text
    )
    assert not signed.by_prescriber


@pytest.mark.parametrize(("who", "says"), [("prescriber", ", prescriber"), ("nurse", "")])
def test_it_says_whose_discipline_wrote_it(care, who, says):
    author = getattr(care, who)
    note_id = a_signed(care, NoteKind.GENERAL, author)

    note = read(care, note_page, care.therapist, note_id).note
    assert note.by_prescriber == bool(says)
    assert f"Written by {note.author.name}{says}\n" in note.signed_text


@pytest.mark.parametrize(
    ("kind", "words", "field"),
    [
        (NoteKind.RISK, {"look_again": ""}, "look_again"),
        (NoteKind.RISK, {"risk": "High", "told": " "}, "told"),
        (NoteKind.RISK, {"risk": ""}, "risk"),
        (NoteKind.RISK, {"look_again": "2026-11-23"}, "look_again"),
        (NoteKind.DECISION, {"why": "\n"}, "why"),
        (NoteKind.GENERAL, {"text": ""}, "text"),
    ],
)
def test_what_keeps_it_from_being_signed_is_said_and_nothing_is_lost(care, kind, words, field):
    note_id = a_draft(care, kind, **words)

    with pytest.raises(Invalid) as refused:
        sign(care, note_id)

    assert set(refused.value.fields) == {field}
    kept = read(care, note_page, care.therapist, note_id).drafts
    assert {key: one.text for key, one in kept.items()} == {**WORDS[kind], **words}


def test_where_no_risk_is_seen_nobody_has_to_be_told(care):
    note_id = a_signed(care, NoteKind.RISK, risk="None", told="", look_again="")

    assert read(care, note_page, care.nurse, note_id).note.answer("risk") == "None"


@pytest.mark.parametrize("kind", KINDS)
def test_rule_18_only_its_author_writes_signs_and_reads_the_draft(care, kind):
    note_id = a_draft(care, kind)

    for who in (care.prescriber, care.nurse):
        with pytest.raises(NotAllowed):
            care.do(notes.save_draft, who, note_id, next(iter(WORDS[kind])), "Mine", 1)
        with pytest.raises(NotAllowed, match="Only its author can sign"):
            read(care, signing_page, who, note_id)
        page = read(care, note_page, who, note_id)
        assert (dict(page.drafts), page.note.answers, page.note.signed_text) == ({}, (), "")
        (seen,) = read(care, _notes_of_client, who, care.client.id).about_course
        assert (seen.author.id, seen.answers) == (care.therapist.clinician_id, ())
    with pytest.raises(NotAllowed, match="front desk"):
        read(care, note_page, care.front_desk, note_id)


def test_that_somebody_opened_one_and_left_it_empty_is_told_to_nobody(care):
    care.do(notes.start_note, care.therapist, about(care, NoteKind.RISK))

    for who in (care.prescriber, care.therapist):
        assert read(care, _notes_of_client, who, care.client.id).about_course == ()


def test_nobody_overwrites_anybody(care):
    note_id = a_draft(care, NoteKind.GENERAL)
    care.do(notes.save_draft, care.therapist, note_id, "text", "Here", 1)

    with pytest.raises(Conflict) as refused:
        care.do(notes.save_draft, care.therapist, note_id, "text", "There", 1)

    assert (refused.value.theirs, refused.value.mine) == ({"text": "Here"}, {"text": "There"})


@pytest.mark.parametrize("kind", KINDS)
def test_rule_19_signed_means_locked_amended_by_its_author_and_added_to_by_others(care, kind):
    note_id = a_signed(care, kind)
    before = care.row(Note, note_id)

    with pytest.raises(Conflict, match="signed and locked"):
        care.do(notes.save_draft, care.therapist, note_id, next(iter(WORDS[kind])), "Else", 1)
    for statement in ("UPDATE note SET signed_text = 'x'", "UPDATE note SET episode_id = 'x'"):
        with pytest.raises(DatabaseError), care.database.writing() as db:
            db.execute(text(statement))
    care.do(
        notes.amend_note, care.therapist, AmendmentEntered(new_id(), note_id, "A slip", "At 3 pm")
    )
    with pytest.raises(NotAllowed):
        care.do(notes.amend_note, care.prescriber, AmendmentEntered(new_id(), note_id, "No", "No"))
    care.do(notes.add_addendum, care.prescriber, AddendumEntered(new_id(), note_id, "Read."))

    note = read(care, note_page, care.nurse, note_id).note
    assert note.signed_text == before.signed_text
    assert [one.text for one in (*note.amendments, *note.addenda)] == ["At 3 pm", "Read."]


def test_rule_66_one_in_the_wrong_chart_counts_no_more(care):
    note_id = a_signed(care, NoteKind.DECISION)
    care.do(notes.void_note, care.therapist, NoteErrorEntered(note_id, "The wrong client"))

    found = read(care, _notes_of_client, care.prescriber, care.client.id)

    assert found.about_course == ()
    assert [one.id for one in found.in_error] == [note_id]


# Where it is found


def test_of_a_client_they_are_one_list_the_newest_first_and_under_no_session(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course)
        an_integration_session(db, care.course, therapist=care.therapist, held_at=NOW)
    draft = a_draft(care, NoteKind.DECISION)
    later = a_signed(care, NoteKind.RISK, care.prescriber, now=NOW + DAY)
    earlier = a_signed(care, NoteKind.GENERAL, now=NOW + HOUR)

    found = read(care, _notes_of_client, care.therapist, care.client.id)

    assert [one.id for one in found.about_course] == [later, earlier, draft]
    assert found.elsewhere == ()
    assert found.of_dose(dose.id).intentions == ()


def test_to_finish_they_stand_on_notes_and_today_as_one_s_own(care):
    mine = a_draft(care, NoteKind.RISK)
    a_draft(care, NoteKind.DECISION, care.prescriber)

    found = {one.id: one for one in read(care, unsigned_notes, care.therapist)}
    assert sorted(one.is_mine for one in found.values()) == [False, True]
    assert (found[mine].title, found[mine].subject_at) == ("Risk note", None)
    (row,) = read(care, today, care.therapist).my_drafts
    assert (row.draft.id, row.course.client.code) == (mine, "K-001")

    sign(care, mine)
    assert read(care, today, care.therapist).my_drafts == ()
    assert mine not in {one.id for one in read(care, unsigned_notes, care.therapist)}


def test_no_word_of_it_is_in_the_audit_log(care):
    a_signed(care, NoteKind.RISK)

    events = audit_events(care.database)
    assert [event.tag for event in events] == ["note:started", "note:signed"]
    assert "better off" not in str([event.changes for event in events])


def test_who_is_not_on_the_course_finds_nothing(care):
    note_id = a_signed(care, NoteKind.RISK)

    with pytest.raises(NotFound):
        read(care, note_page, care.stranger, note_id)
    assert read(care, _notes_of_client, care.stranger, care.client.id).about_course == ()
    everyone = replace(care.stranger, sees_everyone=True)
    assert read(care, note_page, everyone, note_id).note.id == note_id


def test_reads_take_the_same_number_of_statements_with_3_and_with_30_notes(care):
    def statements() -> list[int]:
        found = []
        for query, *asked_about in (
            (note_page, page_of),
            (unsigned_notes,),
            (_notes_of_client, care.client.id),
            (today,),
        ):
            with recorded_statements(care.database.engine) as ran:
                read(care, query, care.therapist, *asked_about)
            found.append(len(ran) - 1)  # one for the practice
        return found

    page_of = a_draft(care, NoteKind.RISK)
    for _ in range(3):
        a_signed(care, NoteKind.GENERAL)
    with_three = statements()
    for number in range(27):
        note_id = a_signed(care, KINDS[number % 2 + 1])
        care.do(notes.add_addendum, care.nurse, AddendumEntered(new_id(), note_id, "Seen."))

    assert statements() == with_three == [4, 2, 1, 8]
