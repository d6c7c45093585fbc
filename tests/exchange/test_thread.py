"""The thread in words: on the screen as on paper, with every amendment, by initials and code."""

from datetime import timedelta

import pytest

from kapteam.actions.commitments import CommitmentEntered, update_commitment
from kapteam.actions.notes import AddendumEntered, AmendmentEntered, add_addendum, amend_note
from kapteam.actions.views import record_thread
from kapteam.exchange.thread import thread_pdf, turns
from kapteam.ids import new_id
from kapteam.queries.thread import thread
from kapteam.vocabulary import CommitmentState
from tests.factories import NOW, ZONE, audit_events
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_signed_integration,
    a_signed_intention,
    a_support_record,
    a_vital,
)
from tests.paper import pages_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = ON_SQLITE


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def note(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 2 * DAY)
        a_signed_intention(db, dose, care.therapist, signed_at=NOW - 3 * DAY)
        a_vital(db, dose, taken_at=NOW - 2 * DAY, systolic=142, diastolic=88)
        a_support_record(db, dose, care.therapist, words="A warm lake.")
        return a_signed_integration(
            db, dose, care.therapist, held_at=NOW - DAY, themes="Grief, Body"
        )


def _thread(care):
    with care.database.reading() as db:
        return thread(db, care.asked_by(care.therapist), care.course.id)


def _told(care) -> str:
    lines = []
    for turn in turns(_thread(care), NOW, ZONE):
        lines.append(turn.title)
        for one in turn.passages:
            lines.append(f"{one.title}: {one.about}")
            lines += [f"{each.heading}: {each.text}" for each in one.told]
    return "\n".join(lines).replace("\u00a0", " ")


def test_it_tells_a_dose_from_its_intention_to_what_was_agreed(care, note):
    told = _told(care)
    for words in (
        "Dose 1 of 6, Sun Nov 22, 2026: 70 mg intramuscular",
        "To rest.",
        "Highest blood pressure: 142/88",
        "In the client's words: A warm lake.",
        "24 hr after dose",
        "The intention: Partly met",
        "A door, and light behind it.",
        "Themes: Grief, Body",
        "Walk to the river by Sunday. (open)",
    ):
        assert words in told, words


def test_where_nothing_befell_them_nothing_is_claimed(care, note):
    assert "befell" not in _told(care)


def test_safety_and_other_lines_of_the_note_are_read_in_the_note(care, note):
    assert "Asked. None." not in _told(care)


def test_amendments_and_additions_are_told_with_the_note(care, note):
    amended = AmendmentEntered(new_id(), note.id, "A slip", "It was Monday.")
    care.do(amend_note, care.therapist, amended)
    care.do(add_addendum, care.prescriber, AddendumEntered(new_id(), note.id, "Slept well since."))
    told = _told(care)
    assert "A slip: It was Monday." in told
    assert "Slept well since." in told
    (page,) = pages_of(thread_pdf(_thread(care), care.asked_by(care.therapist)))
    assert "It was Monday." in page
    assert "Slept well since." in page


def test_what_became_of_an_action_stands_beside_it(care, note):
    said = CommitmentEntered(new_id(), note.id, 0, CommitmentState.PARTLY, "Half of the way")
    care.do(update_commitment, care.therapist, said)
    told = _told(care)
    assert "Walk to the river by Sunday. (partly done, " in told
    assert "Half of the way)" in told


def test_a_dose_ahead_says_what_is_missing_and_no_word_of_a_draft(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + DAY)
        given = a_given_session(db, care.course, given_at=NOW - DAY)
        assert given
    told = _told(care)
    assert "Intention: No intention note" in told
    assert "Integration: Not booked" in told


def test_paper_has_initials_and_code_and_no_name(care, note):
    pages = " ".join(pages_of(thread_pdf(_thread(care), care.asked_by(care.therapist))))
    assert care.client.code in pages
    assert "Okafor" not in pages
    assert "Amara" not in pages


def test_typed_marks_stay_text_and_a_sign_without_a_font_prints_all_the_same(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - DAY)
        a_signed_intention(db, dose, care.therapist)
        actions = '#panic("x") *b* $x$ 🦋\n= Heading'
        a_signed_integration(db, dose, care.therapist, actions=actions)
    (page,) = pages_of(thread_pdf(_thread(care), care.asked_by(care.therapist)))
    assert '#panic("x") *b* $x$' in page
    assert "= Heading" in page


def test_printing_is_on_record(care, note):
    care.do(record_thread, care.therapist, care.client.id, care.course.id)
    (event,) = audit_events(care.database)
    assert (event.tag, event.subject_id) == ("thread:printed", care.course.id)


def test_the_state_of_the_signed_records_stands_at_the_foot(care, note):
    paper = thread_pdf(_thread(care), care.asked_by(care.therapist), "Record 3-b9d5-ccd3")
    assert "Record 3-b9d5-ccd3" in pages_of(paper)[-1]
