"""Questions: asked, answered, read and asked again, by whom alone, and whom they follow."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kapteam.actions.asks import (
    AnswerEntered,
    AskAgainEntered,
    AskEntered,
    answer_ask,
    ask,
    ask_again,
    read_answer,
    void_ask,
)
from kapteam.actions.entered_in_error import VoidRowEntered
from kapteam.db.tables import Ask, AskTurn, Concern, Episode, EpisodeMember, Hold
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.asks import ask_page, questions_of_client
from kapteam.queries.caseload import View, Wanted, caseload
from kapteam.queries.standing import course_standings
from kapteam.queries.today import today
from kapteam.rules.asks import AskStage
from kapteam.rules.attention import Reason
from kapteam.vocabulary import (
    AskTurnKind,
    Audience,
    ConcernKind,
    ConcernLevel,
    EpisodeState,
    Function,
    HoldReason,
    NoteKind,
    Part,
    Tone,
)
from tests.factories import (
    NOW,
    TODAY,
    a_clinician,
    a_hold,
    a_member,
    an_absence,
    an_emergency,
    audit_events,
)
from tests.factories_care import (
    a_cared_for_client,
    a_ketamine_session,
    a_signed_note,
    an_answered_ask,
    an_ask,
    an_integration_session,
    another_course,
)
from tests.query_recorder import recorded_statements

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def care(database):
    return a_cared_for_client(database)


def _entered(care, **values):
    usual = {
        "id": new_id(),
        "episode_id": care.course.id,
        "asked_of_id": care.prescriber.clinician_id,
        "words": "162/98 at 40 min, hold next?",
        "on": TODAY,
        "time": "4:30 pm",
        "about_medicine_use": False,
        "level": None,
    }
    return AskEntered(**(usual | values))


def _answer(ask_id, words="Yes, hold it."):
    return AnswerEntered(new_id(), ask_id, words)


def _again(one, version, **values):
    usual = {"words": "And the dose after?", "on": TODAY, "time": "5:00 pm"}
    return AskAgainEntered(new_id(), one, version, **(usual | values))


def _read(care, viewer, ask_id, version):
    return care.do(lambda db, who, now: read_answer(db, who, ask_id, version, now), viewer)


def _questions(care, who, now=NOW):
    """What the person's Today has of questions: what waits on them, and what on others."""
    asked = care.asked_by(who, now)
    with care.database.reading() as db:
        shown = today(db, asked)
    return tuple(
        [
            (row.attention.ask.standing.stage, row.attention.tone)
            for row in rows
            if row.attention.ask
        ]
        for rows in (shown.waiting_on_me, shown.waiting_on_others)
    )


OPEN, ANSWERED = AskStage.OPEN, AskStage.ANSWERED


def test_a_question_goes_to_and_fro_and_stands_on_the_today_of_both(care):
    assert _questions(care, care.prescriber) == ([], [])
    ask_id = care.do(ask, care.therapist, _entered(care))
    assert _questions(care, care.prescriber) == ([(OPEN, Tone.AMBER)], [])
    assert _questions(care, care.therapist) == ([], [(OPEN, Tone.QUIET)])
    late = NOW + 2 * HOUR + MINUTE
    assert _questions(care, care.prescriber, late) == ([(OPEN, Tone.RED)], [])
    assert _questions(care, care.therapist, late) == ([], [(OPEN, Tone.AMBER)])

    care.do(answer_ask, care.prescriber, _answer(ask_id))
    assert _questions(care, care.prescriber) == ([], [(ANSWERED, Tone.QUIET)])
    assert _questions(care, care.therapist) == ([(ANSWERED, Tone.AMBER)], [])
    assert _questions(care, care.therapist, late) == ([(ANSWERED, Tone.AMBER)], [])

    care.do(ask_again, care.therapist, _again(ask_id, 2))
    assert _questions(care, care.prescriber) == ([(OPEN, Tone.AMBER)], [])
    care.do(answer_ask, care.prescriber, _answer(ask_id, "That one as planned."))
    _read(care, care.therapist, ask_id, 4)
    assert _questions(care, care.prescriber) == ([], [])
    assert _questions(care, care.therapist) == ([], [])
    assert [(turn.kind, turn.words) for turn in care.rows(AskTurn)] == [
        (AskTurnKind.ANSWERED, "Yes, hold it."),
        (AskTurnKind.REOPENED, "And the dose after?"),
        (AskTurnKind.ANSWERED, "That one as planned."),
        (AskTurnKind.ACKNOWLEDGED, ""),
    ]
    said = [one for one in audit_events(care.database) if one.tag.startswith("ask:")]
    assert [one.tag for one in said] == [
        "ask:asked",
        "ask:answered",
        "ask:reopened",
        "ask:answered",
        "ask:acknowledged",
    ]
    assert not any("hold" in str(one.changes) or "dose" in str(one.changes) for one in said)


def test_also_once_it_was_read_a_question_can_be_asked_again(care):
    with care.database.writing() as db:
        one = an_answered_ask(db, care.course, care.therapist, care.prescriber)
    _read(care, care.therapist, one.id, 2)
    care.do(ask_again, care.therapist, _again(one.id, 3))
    assert _questions(care, care.prescriber) == ([(OPEN, Tone.AMBER)], [])
    assert care.row(Ask, one.id).settled_at is None


def test_a_second_press_is_the_same_question_answer_and_reading(care):
    entered = _entered(care)
    assert care.do(ask, care.therapist, entered) == care.do(ask, care.therapist, entered)
    answer = _answer(entered.id)
    care.do(answer_ask, care.prescriber, answer)
    care.do(answer_ask, care.prescriber, answer)
    _read(care, care.therapist, entered.id, 2)
    _read(care, care.therapist, entered.id, 2)
    again = _again(entered.id, 3)
    care.do(ask_again, care.therapist, again)
    care.do(ask_again, care.therapist, again)
    assert len(care.rows(Ask)) == 1
    assert len(care.rows(AskTurn)) == 3
    tags = [one.tag for one in audit_events(care.database)]
    assert tags.count("ask:asked") == tags.count("ask:answered") == 1


def test_nobody_says_to_have_read_what_came_after_the_page_was_drawn(care):
    with care.database.writing() as db:
        one = an_answered_ask(db, care.course, care.therapist, care.prescriber)
    care.do(answer_ask, care.prescriber, _answer(one.id, "No, give half."))
    with pytest.raises(NotAllowed, match="More was answered"):
        _read(care, care.therapist, one.id, 2)
    with pytest.raises(Conflict):
        care.do(ask_again, care.therapist, _again(one.id, 2))
    assert _questions(care, care.therapist) == ([(ANSWERED, Tone.AMBER)], [])


def test_only_who_was_asked_answers_and_only_who_asked_says_that_it_does(care):
    with care.database.writing() as db:
        one = an_ask(db, care.course, care.therapist, care.prescriber)
        answered = an_answered_ask(db, care.course, care.therapist, care.prescriber)
    for viewer in (care.therapist, care.nurse):
        with pytest.raises(NotAllowed, match="for a colleague to answer"):
            care.do(answer_ask, viewer, _answer(one.id))
    for viewer in (care.prescriber, care.nurse):
        with pytest.raises(NotAllowed, match="Only who asked"):
            _read(care, viewer, answered.id, 2)
        with pytest.raises(NotAllowed, match="Only who asked"):
            care.do(ask_again, viewer, _again(answered.id, 2))
        with pytest.raises(NotAllowed, match="Only who asked"):
            care.do(void_ask, viewer, VoidRowEntered(one.id, "Wrong client"))
    for doing in (
        lambda db, who, now: read_answer(db, who, one.id, 1, now),
        lambda db, who, now: ask_again(db, who, _again(one.id, 1), now),
    ):
        with pytest.raises(NotAllowed, match="no answer yet"):
            care.do(doing, care.therapist)
    assert care.rows(AskTurn, ask_id=one.id) == []


def test_nobody_answers_what_was_read_or_was_entered_in_error(care):
    with care.database.writing() as db:
        settled = an_answered_ask(db, care.course, care.therapist, care.prescriber)
        wrong = an_ask(db, care.course, care.therapist, care.prescriber)
    _read(care, care.therapist, settled.id, 2)
    care.do(void_ask, care.therapist, VoidRowEntered(wrong.id, "Wrong client"))
    with pytest.raises(NotAllowed, match="read the answer already"):
        care.do(answer_ask, care.prescriber, _answer(settled.id))
    with pytest.raises(NotAllowed, match="entered in error"):
        care.do(answer_ask, care.prescriber, _answer(wrong.id))
    assert _questions(care, care.prescriber) == ([], [])


@pytest.mark.parametrize("who", ["stranger", "front_desk"])
def test_who_does_not_treat_the_client_neither_asks_nor_reads(care, who):
    viewer = getattr(care, who)
    with care.database.writing() as db:
        one = an_ask(db, care.course, care.therapist, care.prescriber)
    for action, entered in ((ask, _entered(care)), (answer_ask, _answer(one.id))):
        with pytest.raises((NotFound, NotAllowed)):
            care.do(action, viewer, entered)
    with care.database.reading() as db:
        assert questions_of_client(db, care.asked_by(viewer), care.client.id) == ()
    assert _questions(care, viewer) == ([], [])


def test_seeing_a_course_is_not_being_on_it(care):
    with care.database.writing() as db:
        onlooker = a_clinician(db, Function.PRESCRIBER, name="Ollie Looker", sees_everyone=True)
        one = an_ask(db, care.course, care.therapist, care.prescriber)
        an_emergency(db, care.client, care.stranger)
    for viewer in (onlooker, care.asked_by(care.stranger).viewer):
        with pytest.raises(NotAllowed, match="between those who are on this course"):
            care.do(ask, viewer, _entered(care))
        with pytest.raises(NotAllowed, match="for a colleague to answer"):
            care.do(answer_ask, viewer, _answer(one.id))


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"asked_of_id": None}, "asked_of_id", "Choose whom you ask"),
        ({"asked_of_id": "nobody"}, "asked_of_id", "Choose whom you ask"),
        ({"words": " "}, "words", "The question is needed."),
        ({"words": "w" * 1_001}, "words", "1,000 is the most"),
        ({"on": None}, "on", "Choose the day."),
        ({"time": "2:00 pm"}, "time", "This time has passed."),
        ({"time": "later"}, "time", "Enter the time"),
        ({"about_medicine_use": True}, "level", "Choose how much"),
    ],
)
def test_what_the_form_refuses_the_action_refuses(care, values, field, sentence):
    with pytest.raises(Invalid) as refused:
        care.do(ask, care.therapist, _entered(care, **values))
    assert sentence in refused.value.fields[field]
    assert care.rows(Ask) == []
    assert care.rows(Concern) == []


def test_nobody_asks_themselves_the_stranger_or_the_front_desk(care):
    for who in (care.therapist, care.stranger, care.front_desk):
        with pytest.raises(Invalid) as refused:
            care.do(ask, care.therapist, _entered(care, asked_of_id=who.clinician_id))
        assert set(refused.value.fields) == {"asked_of_id"}


def test_a_question_is_about_what_is_on_its_course_and_about_one_thing(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
        integration = an_integration_session(db, care.course, planned_at=NOW + HOUR)
        note = a_signed_note(db, care.course, care.therapist, kind=NoteKind.RISK)
        other = another_course(db, care, "Vale")
        elsewhere = a_ketamine_session(db, other)
    for about in (
        {"ketamine_session_id": session.id},
        {"integration_session_id": integration.id},
        {"note_id": note.id},
    ):
        ask_id = care.do(ask, care.therapist, _entered(care, **about))
        with care.database.reading() as db:
            found = ask_page(db, care.asked_by(care.prescriber), ask_id=ask_id).question
            opened = ask_page(db, care.asked_by(care.prescriber), **about)
        [(name, row_id)] = about.items()
        assert getattr(found.about, name) == row_id
        assert getattr(opened.about, name) == row_id
        assert found.about.at == opened.about.at is not None
        assert opened.episode_id == care.course.id
    for about in (
        {"ketamine_session_id": elsewhere.id},
        {"ketamine_session_id": "none"},
        {"ketamine_session_id": session.id, "note_id": note.id},
    ):
        with pytest.raises(NotFound):
            care.do(ask, care.therapist, _entered(care, **about))


def test_rule_17_about_medicine_use_it_is_a_concern_that_holds_the_next_dose(care):
    entered = _entered(care, about_medicine_use=True, level=ConcernLevel.MODERATE)
    care.do(ask, care.therapist, entered)
    [concern] = care.rows(Concern)
    assert (concern.kind, concern.level) == (ConcernKind.MEDICINE_USE, ConcernLevel.MODERATE)
    assert concern.holds
    assert concern.words == entered.words
    [hold] = care.rows(Hold)
    assert hold.reason is HoldReason.MEDICINE_USE
    assert care.row(Ask, entered.id).concern_id == concern.id
    care.do(ask, care.therapist, entered)
    assert len(care.rows(Concern)) == 1


def test_rule_17_neither_an_answer_nor_an_error_closes_that_concern(care):
    entered = _entered(care, about_medicine_use=True, level=ConcernLevel.LOW)
    care.do(ask, care.therapist, entered)
    care.do(answer_ask, care.prescriber, _answer(entered.id))
    _read(care, care.therapist, entered.id, 2)
    care.do(void_ask, care.therapist, VoidRowEntered(entered.id, "Asked twice"))
    [concern] = care.rows(Concern)
    assert concern.closed_at is None
    [hold] = care.rows(Hold)
    assert hold.released_at is None


def test_without_the_tick_nothing_is_held(care):
    care.do(ask, care.therapist, _entered(care, level=ConcernLevel.HIGH))
    assert care.rows(Concern) == []
    assert care.rows(Hold) == []


def test_a_hold_and_the_end_of_the_course_take_no_question_away(care):
    with care.database.writing() as db:
        an_ask(db, care.course, care.therapist, care.prescriber)
        a_hold(db, care.course, HoldReason.OTHER, care.prescriber.clinician_id)
    assert _questions(care, care.prescriber) == ([(OPEN, Tone.AMBER)], [])
    with care.database.writing() as db:
        course = db.get_one(Episode, care.course.id)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
    assert _questions(care, care.prescriber) == ([(OPEN, Tone.AMBER)], [])
    assert _questions(care, care.therapist) == ([], [(OPEN, Tone.QUIET)])
    [one] = care.rows(Ask)
    with pytest.raises(NotAllowed, match="is closed"):
        care.do(ask, care.therapist, _entered(care))
    care.do(answer_ask, care.prescriber, _answer(one.id))
    assert _questions(care, care.therapist) == ([(ANSWERED, Tone.AMBER)], [])
    _read(care, care.therapist, one.id, 2)
    with care.database.reading() as db:
        shown = today(db, care.asked_by(care.therapist))
    assert shown.clients == ()


def test_while_who_was_asked_is_away_it_waits_on_who_covers(care):
    with care.database.writing() as db:
        one = an_ask(db, care.course, care.therapist, care.prescriber)
        an_absence(db, care.prescriber, care.prescriber, cover=care.stranger)
    assert _questions(care, care.stranger) == ([(OPEN, Tone.AMBER)], [])
    with care.database.reading() as db:
        [course] = course_standings(db, care.asked_by(care.therapist))
    [about] = [each for each in course.attention if each.ask]
    assert course.awaited(about).cover == "Otto Outer"
    care.do(answer_ask, care.asked_by(care.stranger).viewer, _answer(one.id))
    # Nobody's Today is left out once the absent one is back.
    later = NOW + 3 * 24 * HOUR
    assert _questions(care, care.stranger, later) == ([], [])
    assert _questions(care, care.prescriber, later) == ([], [(ANSWERED, Tone.QUIET)])


def test_what_was_asked_as_cover_comes_back_to_whom_it_was_for(care):
    with care.database.writing() as db:
        an_absence(db, care.therapist, care.therapist, cover=care.stranger)
    covering = care.asked_by(care.stranger).viewer
    ask_id = care.do(ask, covering, _entered(care))
    assert care.row(Ask, ask_id).by_part is Part.THERAPIST
    care.do(answer_ask, care.prescriber, _answer(ask_id))
    assert _questions(care, care.stranger) == ([(ANSWERED, Tone.AMBER)], [])
    later = NOW + 3 * 24 * HOUR
    assert _questions(care, care.therapist, later) == ([(ANSWERED, Tone.AMBER)], [])


@pytest.mark.parametrize("ended", [False, True])
def test_a_course_that_was_handed_over_takes_its_questions_along(care, ended):
    with care.database.writing() as db:
        one = an_ask(db, care.course, care.therapist, care.prescriber)
        [seat] = db.query(EpisodeMember).filter_by(episode_id=care.course.id, part=Part.PRESCRIBER)
        seat.until_at = NOW - MINUTE
        a_member(db, care.course, care.stranger, Part.PRESCRIBER)
        if ended:
            course = db.get_one(Episode, care.course.id)
            course.state, course.closed_at = EpisodeState.CLOSED, NOW
    assert _questions(care, care.stranger) == ([(OPEN, Tone.AMBER)], [])
    assert _questions(care, care.prescriber) == ([], [])
    with pytest.raises(NotFound):
        care.do(answer_ask, care.prescriber, _answer(one.id))
    care.do(answer_ask, care.stranger, _answer(one.id))
    with care.database.reading() as db:
        found = ask_page(db, care.asked_by(care.therapist), ask_id=one.id).question
    assert (found.of, found.turns[0].by) == ("Robin Prescott", "Otto Outer")


def test_where_nobody_came_after_who_was_asked_it_waits_on_who_is_left(care):
    with care.database.writing() as db:
        an_ask(db, care.course, care.therapist, care.prescriber)
        [seat] = db.query(EpisodeMember).filter_by(episode_id=care.course.id, part=Part.PRESCRIBER)
        seat.until_at = NOW - MINUTE
    assert _questions(care, care.therapist) == ([(OPEN, Tone.AMBER)], [])


def test_it_counts_as_attention_on_the_caseload_and_among_what_waits_on_me(care):
    with care.database.writing() as db:
        an_ask(db, care.course, care.therapist, care.prescriber, due_at=NOW - HOUR)

    def rows(who, **wanted):
        with care.database.reading() as db:
            return caseload(db, care.asked_by(who), Wanted(**wanted)).rows

    [row] = rows(care.prescriber, view=View.WAITING_ON_ME)
    assert row.attention[0].reason is Reason.QUESTION
    assert row.attention[0].tone is Tone.RED
    [row] = rows(care.nurse)
    assert Reason.QUESTION in [one.reason for one in row.attention]
    [row] = rows(care.front_desk)
    assert Reason.QUESTION not in [one.reason for one in row.attention]


def test_with_others_in_the_room_a_list_shows_no_word_of_it(care):
    with care.database.writing() as db:
        an_ask(db, care.course, care.therapist, care.prescriber)
    asked = care.asked_by(care.prescriber)
    with care.database.reading() as db:
        [course] = course_standings(db, asked)
        others = replace(asked, viewer=replace(asked.viewer, audience=Audience.OTHERS))
        [hidden] = course_standings(db, others)
    assert course.asks[0].short.words == "162/98 at 40 min, hold next?"
    assert hidden.asks[0].short.words == ""


def test_lists_and_pages_read_many_questions_in_as_many_statements_as_few(care):
    with care.database.writing() as db:
        an_answered_ask(db, care.course, care.therapist, care.prescriber)

    def statements():
        asked = care.asked_by(care.prescriber)
        with care.database.reading() as db, recorded_statements(care.database.engine) as found:
            today(db, asked)
            questions_of_client(db, asked, care.client.id)
            ask_page(db, asked, episode_id=care.course.id)
        return len(found)

    few = statements()
    with care.database.writing() as db:
        for _ in range(5):
            an_answered_ask(db, care.course, care.therapist, care.prescriber)
            an_ask(db, care.course, care.prescriber, care.therapist)
    assert statements() == few


def test_whoever_covers_does_not_ask_whom_they_cover(care):
    with care.database.writing() as db:
        an_absence(db, care.prescriber, care.prescriber, cover=care.stranger)
    covering = care.asked_by(care.stranger).viewer
    with pytest.raises(Invalid) as refused:
        care.do(ask, covering, _entered(care))
    assert list(refused.value.fields) == ["asked_of_id"]
    assert care.rows(Ask) == []
