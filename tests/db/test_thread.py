"""The thread of a course: intention, what happened, integration, and what is carried forward."""

from datetime import timedelta

import pytest

from kapteam.actions.commitments import CommitmentEntered, update_commitment
from kapteam.actions.notes import NoteEntered, NoteErrorEntered, save_draft, start_note, void_note
from kapteam.db.tables import CommitmentUpdate, Note, Series
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.commitments import carried_forward
from kapteam.queries.thread import Thread, thread
from kapteam.vocabulary import AdverseEventKind, CommitmentState, IntegrationKind, NoteKind
from tests.factories import NOW, TODAY, a_course, an_emergency, an_outside_experience, audit_events
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_signed_integration,
    a_signed_intention,
    a_support_record,
    a_vital,
    an_event,
    an_integration_session,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
S = CommitmentState


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def told(care):
    """A dose of a week ago from its intention to its integration, and one that lies ahead."""
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 7 * DAY)
        series = db.get_one(Series, dose.series_id)
        a_signed_intention(db, dose, care.therapist, signed_at=NOW - 8 * DAY)
        a_vital(db, dose, taken_at=NOW - 7 * DAY, systolic=130, diastolic=80)
        a_vital(db, dose, taken_at=NOW - 7 * DAY + HOUR, systolic=142, diastolic=88)
        an_event(db, dose, kind=AdverseEventKind.NAUSEA, onset_at=NOW - 7 * DAY)
        a_support_record(db, dose, care.therapist, words="A warm lake.")
        note = a_signed_integration(
            db, dose, care.therapist, held_at=NOW - 6 * DAY, check_back=TODAY.isoformat()
        )
        a_ketamine_session(db, care.course, series=series, planned_at=NOW + DAY)
    return note


def _thread(care: Care, who=None, course=None) -> Thread:
    with care.database.reading() as db:
        asked = care.asked_by(who or care.therapist)
        return thread(db, asked, (course or care.course).id)


def _say(care: Care, note, state=S.DONE, *, line=0, who=None, **typed) -> CommitmentEntered:
    usual = {"id": new_id(), "note_id": note.id, "line": line, "state": state, "words": ""}
    entered = CommitmentEntered(**(usual | typed))
    care.do(update_commitment, who or care.therapist, entered)
    return entered


def test_a_turn_holds_intention_what_happened_and_integration_the_oldest_first(care, told):
    before, ahead = _thread(care).steps
    assert (before.number, ahead.number, ahead.happened) == (1, 2, None)
    assert [one.answer("intention") for one in before.intentions] == ["To rest."]
    happened = before.happened
    assert (happened.ug, str(happened.peak)) == (70_000, "142/88")
    assert happened.events == (AdverseEventKind.NAUSEA,)
    assert happened.support.words == "A warm lake."
    (integrated,) = before.integrations
    assert [note.id for note in integrated.notes] == [told.id]
    assert ahead.intentions == ahead.integrations == ()


def test_committed_actions_are_carried_forward_until_somebody_says(care, told):
    assert [one.text for one in _thread(care).open] == [
        "Walk to the river by Sunday.",
        "Call her sister",
    ]
    assert {one.check_on for one in _thread(care).open} == {TODAY}

    _say(care, told, S.PARTLY, words="Half of the way")

    (still,) = _thread(care).open
    assert still.text == "Call her sister"
    walked, _ = _thread(care).agreed_in(told.id)
    assert (walked.state, walked.update.words, walked.update.by) == (
        S.PARTLY,
        "Half of the way",
        care.therapist.name,
    )
    _say(care, told, S.OPEN)
    assert len(_thread(care).open) == 2


def test_the_same_press_is_the_same_word_and_the_log_has_none_of_the_words(care, told):
    entered = _say(care, told, words="Half of the way")
    care.do(update_commitment, care.therapist, entered)
    assert len(care.rows(CommitmentUpdate)) == 1
    (event,) = audit_events(care.database)
    assert event.tag == "commitment:updated"
    assert "Half" not in str(event.changes)


@pytest.mark.parametrize("who", ["nurse", "front_desk", "stranger"])
def test_only_who_treats_on_the_course_says_what_became_of_it(care, told, who):
    with pytest.raises((NotAllowed, NotFound)):
        _say(care, told, who=getattr(care, who))
    assert care.rows(CommitmentUpdate) == []


def _carried(care: Care, who=None, course=None) -> list[str]:
    with care.database.reading() as db:
        asked = care.asked_by(who or care.therapist)
        return [one.text for one in carried_forward(db, asked, (course or care.course).id)]


def test_the_next_note_is_given_what_the_thread_has_open(care, told):
    _say(care, told, line=1)
    with care.database.writing() as db:
        other = a_given_session(db, care.course, given_at=NOW - 2 * DAY)
        a_signed_integration(db, other, care.therapist, held_at=NOW - DAY, actions="Swim")

    assert _carried(care) == ["Walk to the river by Sunday.", "Swim"]
    assert [one.text for one in _thread(care).open] == ["Walk to the river by Sunday.", "Swim"]


def test_an_integration_on_another_course_is_carried_to_the_doses_it_was_about(care, told):
    with care.database.writing() as db:
        other = a_course(db, care.client, therapist=care.therapist)
        dose = a_given_session(db, care.course, given_at=NOW - 2 * DAY)
        a_signed_integration(
            db, dose, care.therapist, held_at=NOW - DAY, actions="Swim", course=other
        )

    assert len(_carried(care)) == 3
    assert _carried(care, course=other) == ["Swim"]


def test_nothing_is_carried_to_who_is_not_on_the_course(care, told):
    assert _carried(care, care.stranger) == []


def test_what_a_note_in_error_or_a_draft_agreed_is_not_carried(care, told):
    care.do(void_note, care.therapist, NoteErrorEntered(told.id, "Wrong client"))
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - 2 * DAY)
        held = an_integration_session(db, care.course, dose, held_at=NOW - DAY)
    about = {"integration_session_id": held.id}
    entered = NoteEntered(new_id(), NoteKind.INTEGRATION, care.course.id, **about)
    draft = care.do(start_note, care.therapist, entered)
    care.do(save_draft, care.therapist, draft, "actions", "Swim", 0)

    assert _carried(care) == []


@pytest.mark.parametrize("line", [-1, 2, 10_000])
def test_a_line_that_the_note_does_not_have_is_none(care, told, line):
    with pytest.raises(NotFound):
        _say(care, told, line=line)


def test_nothing_is_said_without_choosing(care, told):
    with pytest.raises(Invalid) as refused:
        _say(care, told, None)
    assert list(refused.value.fields) == ["state"]


def test_a_note_in_error_takes_its_actions_with_it(care, told):
    care.do(void_note, care.therapist, NoteErrorEntered(told.id, "Wrong client"))
    assert _thread(care).commitments == ()
    assert _thread(care).steps[0].integrations[0].notes == ()
    with pytest.raises(NotFound):
        _say(care, told)


def test_an_unsigned_note_agrees_nothing_and_shows_no_word(care, told):
    with care.database.writing() as db:
        note = db.get_one(Note, told.id)
        note_id = new_id()
        db.add(
            Note(
                id=note_id,
                kind=note.kind,
                episode_id=note.episode_id,
                integration_session_id=note.integration_session_id,
                author_id=care.prescriber.clinician_id,
                by_prescriber=True,
                template_version=2,
                body={},
                started_at=NOW,
            )
        )
    assert len(_thread(care).commitments) == 2
    with pytest.raises(NotFound):
        _say(care, Note(id=note_id))


def test_one_integration_of_two_doses_agrees_once_and_stands_with_both(care, told):
    with care.database.writing() as db:
        first = a_given_session(db, care.course, given_at=NOW - 5 * DAY)
        second = a_given_session(db, care.course, given_at=NOW - 4 * DAY)
        both = an_integration_session(
            db, care.course, first, second, therapist=care.therapist, held_at=NOW - 3 * DAY
        )
        note = db.get_one(Note, told.id)
        db.add(
            Note(
                id=new_id(),
                kind=note.kind,
                episode_id=note.episode_id,
                integration_session_id=both.id,
                author_id=care.therapist.clinician_id,
                by_prescriber=False,
                template_version=2,
                body={"actions": "Write the letter"},
                started_at=NOW,
                signed_at=NOW,
                signed_text="Write the letter",
                content_hash="0" * 64,
            )
        )
    shown = _thread(care)
    assert [one.text for one in shown.open].count("Write the letter") == 1
    assert sum(both.id in {one.id for one in step.integrations} for step in shown.steps) == 2


def test_an_experience_elsewhere_is_a_turn_without_a_dose(care):
    with care.database.writing() as db:
        experience = an_outside_experience(db, care.course)
        integration = an_integration_session(
            db, care.course, therapist=care.therapist, held_at=NOW - DAY
        )
    assert experience.id
    (step,) = _thread(care).steps
    assert (step.product_route, [one.id for one in step.integrations]) == (None, [integration.id])


def test_a_debrief_is_told_as_one_and_a_booking_taken_back_is_not(care):
    with care.database.writing() as db:
        dose = a_given_session(db, care.course, given_at=NOW - DAY)
        debrief = an_integration_session(
            db, care.course, dose, held_at=NOW - 20 * HOUR, kind=IntegrationKind.DEBRIEF
        )
        an_integration_session(db, care.course, dose, planned_at=NOW).dropped_at = NOW
    (step,) = _thread(care).steps
    assert [(one.id, one.kind) for one in step.integrations] == [
        (debrief.id, IntegrationKind.DEBRIEF)
    ]


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_nobody_else_reads_it(care, told, who):
    with pytest.raises((NotAllowed, NotFound)):
        _thread(care, getattr(care, who))


def test_another_course_of_the_client_is_another_thread(care, told):
    with care.database.writing() as db:
        other = a_course(db, care.client, therapist=care.therapist)
    assert _thread(care, course=other).steps == ()
    assert _thread(care, course=other).commitments == ()


def test_who_opened_the_chart_in_an_emergency_reads_it_and_settles_nothing(care, told):
    with care.database.writing() as db:
        an_emergency(db, care.client, care.stranger)
    assert not _thread(care, care.stranger).is_member
    with pytest.raises(NotAllowed, match="on this course"):
        _say(care, told, who=care.asked_by(care.stranger).viewer)
    assert care.rows(CommitmentUpdate) == []
