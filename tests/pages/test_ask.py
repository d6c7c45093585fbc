"""Questions on their page, on the client and from the places where they come up."""

from datetime import timedelta

import pytest

from kapteam.actions.asks import AnswerEntered, answer_ask
from kapteam.db.tables import Ask, AskTurn, Concern, Episode
from kapteam.ids import new_id
from kapteam.vocabulary import AskTurnKind, Audience, ConcernLevel, EpisodeState, NoteKind
from tests.factories import NOW, TODAY, an_absence
from tests.factories_care import (
    a_ketamine_session,
    a_signed_note,
    an_answered_ask,
    an_ask,
)
from tests.pages.filling import fill, press, typed
from tests.pages.tabs import (
    MOST_OF_A_CHART,
    MOST_OF_A_SESSION,
    MOST_STATEMENTS,
    addresses,
    bare,
    buttons,
    links,
    opened,
    said,
    statements_of,
    unsigned,
    well,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASKED = "162/98 at 40 min, hold next?"


@pytest.fixture
def question(care):
    with care.database.writing() as db:
        return an_ask(db, care.course, care.therapist, care.prescriber)


@pytest.fixture
def answered(care):
    with care.database.writing() as db:
        return an_answered_ask(db, care.course, care.therapist, care.prescriber)


def _client(care, who):
    return opened(care, who, "client", client=care.client.code)


def test_nobody_signed_in_gets_nothing(care, question):
    assert unsigned("ask", id=question.id) == ""
    assert unsigned("ask", episode=care.course.id) == ""


def test_a_stranger_is_told_that_there_is_none_and_the_front_desk_that_it_is_not_theirs(
    care, question
):
    for query in ({"id": question.id}, {"episode": care.course.id}, {"id": "none"}, {}):
        tab = opened(care, care.stranger, "ask", **query)
        assert "There is no such question or course of care" in said(tab)
        tab = opened(care, care.front_desk, "ask", **query)
        assert "Only a prescriber, a therapist or a nurse" in said(tab)
        assert ASKED not in said(tab)
    assert ASKED not in said(_client(care, care.front_desk))
    assert "Questions" not in said(_client(care, care.front_desk))


def test_each_asks_the_other_by_name_from_the_client_the_session_and_the_note(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
        note = a_signed_note(db, care.course, care.therapist, NoteKind.RISK)
    places = (
        ("client", {"client": care.client.code}, f"episode={care.course.id}"),
        ("ketamine_session", {"id": session.id}, f"dose={session.id}"),
        ("note", {"id": note.id}, f"note={note.id}"),
    )
    for who, label in ((care.therapist, "Robin Prescott"), (care.prescriber, "Thea Tallis")):
        for page, query, about in places:
            [to] = addresses(opened(care, who, page, **query), f"Ask {label}")
            assert to.endswith(f"ask?{about}")
    for page, query, _ in places:
        assert "Ask a colleague" in links(opened(care, care.nurse, page, **query))
    [to] = addresses(opened(care, care.nurse, "live_session", id=session.id), "Ask a colleague")
    assert to.endswith(f"ask?dose={session.id}")
    assert "Ask a colleague" not in links(opened(care, care.front_desk, "client", client="K-001"))


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ("dose", "About the ketamine session of Wed Nov 25, 2:30 pm"),
        ("note", "About the risk note signed Tue Nov 24, 2:30 pm"),
    ],
)
def test_a_question_keeps_what_it_is_about(care, about, words):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
        note = a_signed_note(db, care.course, care.therapist, NoteKind.RISK)
    subject = {"dose": session.id, "note": note.id}[about]
    tab = opened(care, care.prescriber, "ask", **{about: subject})
    assert words in said(tab)
    assert typed(tab, "ask")["on"] == TODAY
    assert bare(typed(tab, "ask")["time"]) == "4:30 pm"
    press(fill(tab, "ask", {"words": "Slept badly since?"}), "Ask", "ask")
    [kept] = care.rows(Ask)
    assert (kept.asked_of_id, kept.words) == (care.therapist.clinician_id, "Slept badly since?")
    assert subject in {kept.ketamine_session_id, kept.note_id}
    assert kept.due_at == NOW + 2 * HOUR
    assert words in said(opened(care, care.therapist, "ask", id=kept.id))


def test_about_medicine_use_it_says_before_the_save_what_that_does(care):
    tab = opened(care, care.therapist, "ask", episode=care.course.id)
    assert "the next dose is held at once" not in said(tab)
    fill(tab, "ask", {"words": "Two at once?", "about_medicine_use": True})
    assert "the next dose is held at once, and only the prescriber's note clears it" in said(tab)
    press(fill(tab, "ask", {"level": ConcernLevel.HIGH}), "Ask", "ask")
    [concern] = care.rows(Concern)
    [kept] = care.rows(Ask)
    tab = opened(care, care.therapist, "ask", id=kept.id)
    assert "Medicine-use concern, open" in said(tab)
    assert f"concern?id={concern.id}" in addresses(tab, "Concern")[0]
    assert "Question about medicine use from Thea Tallis" in said(
        opened(care, care.prescriber, "today")
    )


def test_each_is_offered_what_is_theirs_to_say(care, question, answered):
    asks = opened(care, care.therapist, "ask", id=question.id)
    assert "Answer" not in buttons(asks)
    assert "Waiting on Robin Prescott, due 4:30 pm, in 2 hr" in said(asks)
    answers = opened(care, care.prescriber, "ask", id=question.id)
    assert "Answer" in buttons(answers)
    assert "Waiting on you, due 4:30 pm, in 2 hr" in said(answers)
    reads = opened(care, care.therapist, "ask", id=answered.id)
    assert {"That answers it", "Ask again"} <= set(buttons(reads))
    assert "Waiting on you to read the answer" in said(reads)
    adds = opened(care, care.prescriber, "ask", id=answered.id)
    assert "Add to the answer" in buttons(adds)
    assert "That answers it" not in buttons(adds)
    for one in (question, answered):
        onlooker = opened(care, care.nurse, "ask", id=one.id)
        assert ASKED in said(onlooker)
        assert not {"Answer", "Add to the answer", "That answers it", "Ask again"} & set(
            buttons(onlooker)
        )


def test_an_answer_is_read_by_one_press(care, answered):
    tab = opened(care, care.therapist, "ask", id=answered.id)
    [button] = [one for one in tab.button if one.label == "That answers it"]
    button.click().run()
    assert "Answered and read Tue Nov 24, 2:30 pm" in said(tab)
    assert "That answers it" not in buttons(tab)
    assert len(care.rows(AskTurn)) == 2


def test_after_that_press_it_can_be_asked_again_on_the_same_page(care, answered):
    """Also where more was answered since the page was opened: who reads it has that in view."""
    tab = opened(care, care.therapist, "ask", id=answered.id)
    more = AnswerEntered(id=new_id(), ask_id=answered.id, words="By half, that is.")
    care.do(answer_ask, care.prescriber, more)
    tab.run()
    press(tab, "That answers it")
    fill(tab, "ask.again", {"words": "By how much?"})
    press(tab, "Ask again", "ask.again")
    assert "Somebody else saved this" not in said(tab)
    assert AskTurnKind.REOPENED in {one.kind for one in care.rows(AskTurn)}


def test_over_an_answer_that_is_not_before_one_nothing_is_asked_again(care, answered):
    tab = opened(care, care.therapist, "ask", id=answered.id)
    fill(tab, "ask.again", {"words": "By how much?"})
    more = AnswerEntered(id=new_id(), ask_id=answered.id, words="By half, that is.")
    care.do(answer_ask, care.prescriber, more)
    press(tab, "Ask again", "ask.again")
    assert "By half, that is." in said(tab)
    assert AskTurnKind.REOPENED not in {one.kind for one in care.rows(AskTurn)}


def test_on_the_client_it_stands_with_its_answers_until_a_week_after_it_was_read(care, answered):
    for who in (care.therapist, care.prescriber, care.nurse):
        shown = said(_client(care, who))
        assert ASKED in shown
        assert "Yes, hold it." in shown
    with care.database.writing() as db:
        one = db.get_one(Ask, answered.id)
        one.settled_at = NOW - timedelta(days=6)
    assert "Answered and read" in said(_client(care, care.prescriber))
    with care.database.writing() as db:
        db.get_one(Ask, answered.id).settled_at = NOW - timedelta(days=8)
    assert ASKED not in said(_client(care, care.prescriber))
    assert "Earlier questions (1)" in said(
        opened(care, care.prescriber, "ask", episode=care.course.id)
    )


def test_with_others_in_the_room_its_words_are_unfolded_first(care, question):
    def with_others(page, **query):
        tab = opened(care, care.prescriber, page, **query)
        return well(tab.radio(key="audience").set_value(Audience.OTHERS).run())

    for page, query in (("ask", {"id": question.id}), ("client", {"client": care.client.code})):
        tab = with_others(page, **query)
        assert "The question" in [one.label for one in tab.expander], page
    for page in ("today", "caseload"):
        assert ASKED not in said(with_others(page)), page
        assert "Question from Thea Tallis" in said(with_others(page))


def test_what_was_entered_in_error_is_struck_through_and_asks_for_nothing(care, question):
    tab = opened(care, care.therapist, "ask", id=question.id)
    press(
        fill(tab, "void_question", {"void_reason": "Another client."}),
        "Mark the question as entered in error",
        "void_question",
    )
    tab = opened(care, care.prescriber, "ask", id=question.id)
    assert "Another client." in said(tab)
    assert "Answer" not in buttons(tab)
    assert ASKED not in said(_client(care, care.prescriber))
    assert ASKED not in said(opened(care, care.prescriber, "today"))


def test_while_who_was_asked_is_away_today_says_who_covers(care, question):
    with care.database.writing() as db:
        an_absence(db, care.prescriber, care.prescriber, cover=care.stranger)
    assert "Otto Outer for Robin Prescott until" in said(opened(care, care.therapist, "today"))
    assert "Question from Thea Tallis" in said(opened(care, care.stranger, "today"))
    assert "Answer" in buttons(opened(care, care.stranger, "ask", id=question.id))


@pytest.mark.parametrize("days_until_due", [1, 3])
@pytest.mark.parametrize("is_again", [False, True], ids=["first", "again"])
def test_that_who_is_asked_is_away_when_it_is_due_is_said_before_the_save(
    care, answered, is_again, days_until_due
):
    """Only of days away that are still ahead: those that have begun stand with the name."""
    with care.database.writing() as db:
        an_absence(
            db,
            care.prescriber,
            care.prescriber,
            from_at=NOW + 2 * DAY,
            until_at=NOW + 9 * DAY,
            cover=care.stranger,
        )
    query = {"id": answered.id} if is_again else {"episode": care.course.id}
    tab = opened(care, care.therapist, "ask", **query)
    fill(tab, "ask.again" if is_again else "ask", {"on": TODAY + days_until_due * DAY})
    away = "Robin Prescott is away until Thu Dec 3, Otto Outer covers"
    assert (away in said(tab)) is (days_until_due == 3)


def test_nobody_asks_on_a_course_that_is_closed_or_alone(care):
    with care.database.writing() as db:
        for one in db.query(Episode).all():
            one.state, one.closed_at = EpisodeState.CLOSED, NOW
    tab = opened(care, care.therapist, "ask", episode=care.course.id)
    assert "A question is asked on an open course of care" in said(tab)
    assert "Ask" not in buttons(tab)


def test_pages_take_their_statements_however_many_were_asked(care, question):
    session_id = None
    with care.database.writing() as db:
        session_id = a_ketamine_session(db, care.course).id
    pages = (
        ("ask", {"id": question.id}, MOST_STATEMENTS),
        ("today", {}, MOST_STATEMENTS),
        ("caseload", {}, MOST_STATEMENTS),
        ("client", {"client": care.client.code}, MOST_OF_A_CHART),
        ("ketamine_session", {"id": session_id}, MOST_OF_A_SESSION),
    )
    tabs = [opened(care, care.prescriber, page, **query) for page, query, _ in pages]
    few = [statements_of(care, tab) for tab in tabs]
    with care.database.writing() as db:
        for _ in range(8):
            an_answered_ask(db, care.course, care.prescriber, care.therapist)
    for tab, before, (page, _, most) in zip(tabs, few, pages, strict=True):
        assert statements_of(care, tab) == before <= most, page
