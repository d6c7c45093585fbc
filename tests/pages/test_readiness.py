"""Before the dose: the two keys on the page of a ketamine session."""

from datetime import timedelta

import pytest

from kapteam.db.tables import KetamineSession, ReadinessAnswer
from kapteam.vocabulary import Answer, Audience, HoldReason, ReadinessItem, SessionStatus
from tests.factories import NOW, a_hold
from tests.factories_care import (
    a_given_session,
    a_ketamine_session,
    a_signed_intention,
    an_answer,
)
from tests.pages.filling import beside, fill, press
from tests.pages.tabs import buttons, opened, said, well

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Item = ReadinessItem
RIDE = "Ngozi Okafor, sister, 602-555-0177"


def _a_session(care, at=NOW + 3 * HOUR, **more) -> KetamineSession:
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=at, **more)
        a_signed_intention(db, session, care.therapist)
    return session


def _open(care, who, session):
    return opened(care, who, "ketamine_session", id=session.id)


def test_it_says_in_words_whom_it_waits_on_and_for_what(care):
    session = _a_session(care, ride="", ordered_ug=None)
    words = said(_open(care, care.nurse, session))
    assert "Waiting on Robin Prescott: dose; on Thea Tallis: ride home" in words
    assert "Cleared" in words
    assert "Intention signed" in words
    assert "Ready" not in words


def test_once_the_ride_is_known_it_is_ready_and_says_what_is_still_to_ask_today(care):
    session = _a_session(care, ride="")
    tab = _open(care, care.front_desk, session)
    press(fill(tab, "ready.ride.fine", {"words": RIDE}), "Save the ride")
    assert [one.words for one in care.rows(ReadinessAnswer)] == [RIDE]

    words = said(_open(care, care.therapist, session))
    assert "Ready, 6 of 6 questions of the day to ask" in words
    assert RIDE in words


def test_a_ride_that_nobody_gives_is_refused_beside_the_field(care):
    session = _a_session(care, ride="")
    tab = _open(care, care.front_desk, session)
    press(fill(tab, "ready.ride.fine", {"words": " "}), "Save the ride")
    assert "Who takes them home is needed." in beside(tab, "ready.ride.fine", "words")
    assert care.rows(ReadinessAnswer) == []


def test_the_questions_of_the_day_are_asked_on_the_day(care):
    tomorrow = _a_session(care, NOW + DAY)
    tab = _open(care, care.therapist, tomorrow)
    assert "Fasted as told" not in buttons(tab)
    assert "questions of the day" not in said(tab)
    today = _a_session(care)
    assert "Fasted as told" in buttons(_open(care, care.therapist, today))


def test_one_tap_says_that_it_is_as_it_should_be(care):
    session = _a_session(care)
    tab = press(_open(care, care.nurse, session), "No bladder symptoms")
    (answer,) = care.rows(ReadinessAnswer, item=Item.BLADDER)
    assert (answer.answer, answer.answered_by_id) == (Answer.FINE, care.nurse.clinician_id)
    assert "No bladder symptoms" not in buttons(tab)
    assert "5 of 6 questions of the day to ask" in said(tab)


def test_what_is_amiss_waits_on_the_prescriber_who_alone_goes_ahead(care):
    session = _a_session(care)
    tab = _open(care, care.therapist, session)
    amiss = "Pregnant, nursing or not known"
    press(fill(tab, "ready.pregnancy.not_fine", {"words": "No test yet"}), amiss)
    go_ahead = "Go ahead all the same: pregnancy"
    theirs = _open(care, care.therapist, session)
    assert "Waiting on Robin Prescott: pregnancy" in said(theirs)
    assert go_ahead not in buttons(theirs)

    mine = _open(care, care.prescriber, session)
    press(fill(mine, "ready.pregnancy.go_ahead", {"words": "Test negative"}), go_ahead)
    assert "Waiting on" not in said(_open(care, care.therapist, session))


def test_the_front_desk_sees_the_ride_and_no_question_of_the_day(care):
    session = _a_session(care)
    with care.database.writing() as db:
        an_answer(
            db, db.get_one(KetamineSession, session.id), Item.MIND, Answer.NOT_FINE, words="Racing"
        )
    tab = _open(care, care.front_desk, session)
    words = said(tab)
    assert "Waiting on Robin Prescott: a question of the day" in words
    assert "psychosis" not in words
    assert "Racing" not in words
    assert not [one for one in buttons(tab) if "psychosis" in one]


def test_who_drives_and_what_was_said_is_not_sent_while_others_can_see(care):
    session = _a_session(care, ride=RIDE)
    with care.database.writing() as db:
        dose = db.get_one(KetamineSession, session.id)
        an_answer(db, dose, Item.FASTING, Answer.NOT_FINE, words="Coffee at one")
    tab = _open(care, care.therapist, session)
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    assert RIDE not in said(tab)
    assert "Coffee" not in said(tab)
    assert "Save the ride" not in buttons(tab)


def test_on_hold_it_is_not_called_ready(care):
    session = _a_session(care)
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)
    words = said(_open(care, care.therapist, session))
    assert "The course is on hold." in words
    assert "Ready" not in words


@pytest.mark.parametrize("status", [SessionStatus.COMPLETED, SessionStatus.MISSED])
def test_what_is_over_is_asked_nothing(care, status):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW - DAY, status=status)
    tab = _open(care, care.prescriber, session)
    assert "Before the dose" not in [one.value for one in tab.subheader]
    assert "Fasted as told" not in buttons(tab)


def test_what_was_called_off_says_that_the_ride_does_not_know_until_it_was_told(care):
    session = _a_session(care, NOW + DAY, ride=RIDE)
    tab = _open(care, care.front_desk, session)
    press(fill(tab, "cancel", {"reason": "A cold"}), "Cancel this ketamine session")
    assert f"The ride does not know yet: {RIDE}" in said(tab)
    press(tab, "The ride was told")
    assert "The ride does not know" not in said(tab)
    assert care.rows(ReadinessAnswer, replaced_at=None) == []


def test_which_questions_of_the_day_nobody_answered_stays_with_the_dose(care):
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - HOUR)
        an_answer(db, session, ReadinessItem.PREGNANCY, Answer.NOT_NEEDED, words="")
    words = said(_open(care, care.prescriber, session))
    assert "Nobody answered before the dose: " in words
    (told,) = [one for one in words.split("\n") if "Nobody answered before" in one]
    assert "Fasted as told? Somebody with them tonight?" in told
    assert "Pregnancy" not in told
    assert "Nobody answered" not in said(_open(care, care.front_desk, session))
