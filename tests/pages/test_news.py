"""Since you last looked: a few lines at the top of the client, and none where nothing is new."""

from datetime import timedelta

import pytest

from kapteam.actions.asks import AskEntered, ask
from kapteam.actions.case_reviews import DecisionEntered, confirm_decision, decide, save_words
from kapteam.actions.views import keep_look
from kapteam.db.audit import record
from kapteam.ids import new_id
from kapteam.vocabulary import NoteKind, ReviewDecision, ServiceLine
from tests.factories import NOW, TODAY, a_course
from tests.factories_care import (
    a_given_session,
    a_ketamine_session,
    a_score,
    a_signed_note,
    an_integration_session,
)
from tests.factories_review import a_case_review, a_decision
from tests.pages.tabs import MOST_OF_A_CHART, opened, said, statements_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SINCE = "Since you last looked"


@pytest.fixture
def looked(care):
    """Everybody looked yesterday at 4:10 pm."""
    at = NOW - DAY + timedelta(minutes=100)
    for who in (care.prescriber, care.therapist, care.front_desk):
        care.do(keep_look, who, care.client.id, now=at)
    return care


def _client(care, who):
    return opened(care, who, "client", client=care.client.code)


def _saved(care, tag, row, by=None):
    with care.database.writing() as db:
        who = by or care.therapist
        record(db, tag, who, NOW - HOUR, client_id=care.client.id, subject_id=row.id)


def _all_kinds(care):
    with care.database.writing() as db:
        note = a_signed_note(db, care.course, care.therapist, NoteKind.RISK)
        given = a_given_session(db, care.course, given_at=NOW - 5 * HOUR)
        given.discharged_at = NOW - 2 * HOUR
        ahead = a_ketamine_session(db, care.course, planned_at=NOW + 2 * DAY)
        integration = an_integration_session(db, care.course, given, planned_at=NOW + DAY)
        score = a_score(db, care.course, care.therapist, total=9)
    _saved(care, "note:signed", note)
    _saved(care, "ketamine_session:recorded", given)
    _saved(care, "ketamine_session:moved", ahead)
    _saved(care, "integration_session:moved", integration)
    _saved(care, "score:recorded", score)
    entered = AskEntered(
        new_id(), care.course.id, care.prescriber.clinician_id, "?", TODAY, "4:30 pm", False, None
    )
    care.do(ask, care.therapist, entered)


NEW = (
    "Risk note signed :gray[Thea Tallis, Tue Nov 24, 1:30 pm]",
    "70 mg intramuscular given Tue Nov 24, 9:30 am",
    "Ketamine session moved to Thu Nov 26, 2:30 pm",
    "Integration moved to Wed Nov 25, 2:30 pm",
    "PHQ-9 entered",
    "Question for Robin Prescott asked",
)


def test_notes_doses_scores_moved_sessions_and_questions_are_new(looked):
    _all_kinds(looked)
    shown = said(_client(looked, looked.prescriber))
    assert f"**{SINCE}** :gray[Mon Nov 23, 4:10 pm]" in shown
    assert [text for text in NEW if text not in shown] == []
    assert SINCE not in said(_client(looked, looked.therapist))


def test_drawing_the_page_again_takes_nothing_away_and_the_next_visit_does(looked, frozen_clock):
    _all_kinds(looked)
    tab = _client(looked, looked.prescriber)
    assert SINCE in said(tab.run())
    assert SINCE in said(_client(looked, looked.prescriber))
    frozen_clock.advance(hours=1)
    assert SINCE not in said(_client(looked, looked.prescriber))


def test_with_nothing_new_there_is_no_line_also_for_who_looks_for_the_first_time(looked):
    assert SINCE not in said(_client(looked, looked.prescriber))
    _all_kinds(looked)
    assert SINCE not in said(_client(looked, looked.nurse))


def test_the_front_desk_is_told_of_no_note_and_no_question(looked):
    _all_kinds(looked)
    shown = said(_client(looked, looked.front_desk))
    assert "Ketamine session moved to Thu Nov 26, 2:30 pm" in shown
    assert "signed" not in shown.partition(SINCE)[2].partition("Next ketamine session")[0]
    assert "Question for" not in shown


def test_what_is_on_a_course_that_one_is_not_on_is_not_told(looked):
    with looked.database.writing() as db:
        other = a_course(
            db, looked.client, therapist=looked.stranger, service_line=ServiceLine.THERAPY_AFTER_KAP
        )
        note = a_signed_note(db, other, looked.stranger, NoteKind.GENERAL)
    _saved(looked, "note:signed", note, looked.stranger)
    assert SINCE not in said(_client(looked, looked.prescriber))


def test_what_was_entered_in_error_is_not_new(looked):
    with looked.database.writing() as db:
        note = a_signed_note(db, looked.course, looked.therapist, NoteKind.GENERAL)
        note.voided_at, note.void_reason = NOW, "Another client."
        note.voided_by_id = looked.therapist.clinician_id
    _saved(looked, "note:signed", note)
    assert SINCE not in said(_client(looked, looked.prescriber))


def test_it_takes_no_statement_more(looked):
    _all_kinds(looked)
    tab = _client(looked, looked.prescriber)
    before = statements_of(looked, tab)
    for _ in range(3):
        _all_kinds(looked)
    assert statements_of(looked, tab) == before <= MOST_OF_A_CHART


def test_that_what_was_given_was_entered_in_error_is_told(looked):
    with looked.database.writing() as db:
        dose = a_ketamine_session(db, looked.course, planned_at=NOW - 5 * HOUR)
    _saved(looked, "administration:voided", dose, by=looked.prescriber)
    shown = said(_client(looked, looked.therapist))
    assert "what was given was entered in error" in shown


def _decides(looked, course=None, by=None, **values):
    """In a review of the two somebody decides about a course, with an action unless told not to."""
    by = by or looked.therapist
    course = course or looked.course
    with looked.database.writing() as db:
        review = a_case_review(db, by, looked.prescriber, ended_at=None, ended_by_id=None)
        item = a_decision(db, course, by, decision=None, review=review)
    usual = {
        "item_id": item.id,
        "version": item.version,
        "decision": ReviewDecision.DOSE,
        "facts": (),
        "action_words": "Ask how she slept",
        "owner_id": looked.prescriber.clinician_id,
        "due_on": TODAY + 2 * DAY,
    }
    with looked.database.writing() as db:
        save_words(db, by, item.id, "80 mg from the next one on", 0, NOW - HOUR)
        decide(db, by, DecisionEntered(**(usual | values)), NOW - HOUR)
    return item


def test_what_a_case_review_decided_and_agreed_is_new_to_the_other_alone(looked):
    item = _decides(looked)
    shown = said(_client(looked, looked.prescriber))
    saved = ":gray[Thea Tallis, Tue Nov 24, 1:30 pm]"
    assert f"Case review: change dose, route or interval {saved}" in shown
    due = "due Thu Nov 26, Robin Prescott"
    assert f"Agreed in the case review, {due}: Ask how she slept {saved}" in shown
    assert SINCE not in said(_client(looked, looked.therapist))
    looked.do(confirm_decision, looked.prescriber, item.id, item.version + 1, now=NOW - HOUR)
    assert "Case review: change of dose confirmed :gray[Robin Prescott" in said(
        _client(looked, looked.therapist)
    )


def test_the_front_desk_is_told_of_no_case_review(looked):
    _decides(looked)
    assert SINCE not in said(_client(looked, looked.front_desk))


def test_what_a_review_decided_about_a_course_that_one_is_not_on_is_not_told(looked):
    with looked.database.writing() as db:
        other = a_course(
            db, looked.client, therapist=looked.stranger, service_line=ServiceLine.THERAPY_AFTER_KAP
        )
    owner = {"owner_id": looked.stranger.clinician_id}
    _decides(looked, other, looked.stranger, **owner)
    assert SINCE not in said(_client(looked, looked.prescriber))


def test_of_what_was_decided_twice_the_last_counts_and_two_courses_are_told_apart(looked):
    with looked.database.writing() as db:
        other = a_course(
            db, looked.client, therapist=looked.therapist, prescriber=looked.prescriber
        )
    item = _decides(looked, action_words="", owner_id=None)
    again = DecisionEntered(item.id, 2, ReviewDecision.HOLD, ())
    looked.do(decide, looked.therapist, again, now=NOW - HOUR / 2)
    _decides(looked, other, decision=ReviewDecision.CONTINUE, action_words="", owner_id=None)
    shown = said(_client(looked, looked.prescriber))
    assert "Case review: put on hold" in shown
    assert "Case review: go on with the sessions" in shown
    assert "Case review: change dose" not in shown
