"""What case reviews leave on pages: what is to be discussed, what was agreed, the last decision."""

from datetime import timedelta

import pytest

from kapteam.db.tables import Action, DiscussMark, Episode, ReviewItem
from kapteam.vocabulary import ActionEnd, Audience, EpisodeState, NoteKind, ReviewDecision
from tests.factories import NOW, TODAY, audit_events
from tests.factories_care import (
    a_ketamine_session,
    a_signed_note,
    an_ask,
    an_integration_session,
)
from tests.factories_review import a_decision, a_mark, an_action
from tests.pages.filling import fill, press
from tests.pages.tabs import (
    MOST_OF_A_CHART,
    MOST_OF_A_SESSION,
    MOST_STATEMENTS,
    addresses,
    buttons,
    links,
    opened,
    said,
    statements_of,
    well,
)

DAY = timedelta(days=1)
LINK = "Discuss in the review"
PUT = "Put on the next agenda"
ACTION, MARK = "Call the cardiologist", "Sleep since the second dose"


@pytest.fixture
def left(care):
    """An action of the therapist's and the prescriber's wish to discuss the course."""
    with care.database.writing() as db:
        action = an_action(db, care.course, care.therapist, due_on=TODAY - DAY)
        mark = a_mark(db, care.course, care.prescriber)
    return action, mark


def _client(care, who):
    return opened(care, who, "client", client=care.client.code)


def _course(care, who, **query):
    return opened(care, who, "episode", id=care.course.id, **query)


def test_from_every_page_about_a_course_one_link_leads_to_the_form(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
        integration = an_integration_session(db, care.course)
        note = a_signed_note(db, care.course, care.therapist, NoteKind.RISK)
    places = (
        ("client", {"client": care.client.code}),
        ("ketamine_session", {"id": session.id}),
        ("integration_session", {"id": integration.id}),
        ("note", {"id": note.id}),
    )
    for page, query in places:
        tab = opened(care, care.prescriber, page, **query)
        assert addresses(tab, LINK) == [f"episode?id={care.course.id}&do=discuss"], page
        for who in (care.nurse, care.front_desk):
            assert LINK not in links(opened(care, who, page, **query)), page
    assert PUT in buttons(_course(care, care.prescriber, do="discuss"))


def test_what_is_put_on_the_agenda_stands_there_with_whose_it_is_and_since_when(care):
    tab = _course(care, care.therapist)
    fill(tab, "discuss", {"words": MARK})
    press(tab, PUT)
    assert "On the next agenda" in said(tab)
    [mark] = care.rows(DiscussMark)
    assert (mark.words, mark.marked_by_id) == (MARK, care.therapist.clinician_id)
    for page in (tab, _client(care, care.prescriber)):
        assert f"{MARK} :gray[Thea Tallis, Tue Nov 24, 2:30 pm]" in said(page)


def test_whoever_treats_says_that_it_is_not_needed_any_more(care, left):
    tab = _client(care, care.therapist)
    press(tab, "Not needed any more")
    assert MARK not in said(tab)
    assert care.rows(DiscussMark)[0].settled_at == NOW
    assert [one.tag for one in audit_events(care.database, "discuss_mark:taken_back")]


@pytest.mark.parametrize("page", ["client", "episode"])
@pytest.mark.parametrize("end", ActionEnd)
def test_an_action_is_done_or_dropped_by_one_press(care, left, page, end):
    query = {"client": care.client.code} if page == "client" else {"id": care.course.id}
    tab = opened(care, care.therapist, page, **query)
    assert "You, was due Mon Nov 23" in said(tab)
    press(tab, end.label)
    assert ACTION not in said(tab)
    assert care.row(Action, left[0].id).ended_as is end


def test_from_today_it_leads_to_where_it_is_done(care, left):
    for who, name in ((care.therapist, ""), (care.prescriber, "Thea Tallis")):
        tab = opened(care, who, "today")
        assert "Agreed in the case review, was due Mon Nov 23: Call the cardiologist" in said(tab)
        assert f"episode?id={care.course.id}" in addresses(tab, "Open")
        assert f":gray[{name}]" in said(tab) or not name


def test_nurse_and_front_desk_end_nothing_and_the_front_desk_reads_nothing(care, left):
    for tab in (_client(care, care.nurse), _course(care, care.nurse)):
        assert ACTION in said(tab)
        assert MARK in said(tab)
        assert not {"Done", "Dropped", "Not needed any more", PUT} & set(buttons(tab))
    for tab in (_client(care, care.front_desk), _course(care, care.front_desk)):
        assert "Case review" not in said(tab)
        assert ACTION not in said(tab)
        assert MARK not in said(tab)


def test_with_others_in_the_room_no_word_of_either_is_on_the_page(care, left):
    with care.database.writing() as db:
        a_decision(db, care.course, care.therapist, words="Ask her sister", at=NOW - DAY)
    for page, query in (
        ("client", {"client": care.client.code}),
        ("episode", {"id": care.course.id}),
        ("today", {}),
        ("caseload", {}),
    ):
        tab = _with_others(care, page, **query)
        for secret in (ACTION, MARK, "Ask her sister"):
            assert secret not in said(tab), page
    tab = _with_others(care, "client", client=care.client.code)
    assert "words hidden while others can see" in said(tab)


def _with_others(care, page, **query):
    tab = opened(care, care.therapist, page, **query)
    return well(tab.radio(key="audience").set_value(Audience.OTHERS).run())


def test_the_course_says_what_was_decided_last(care):
    assert "Not reviewed yet" in said(_course(care, care.therapist))
    with care.database.writing() as db:
        a_decision(
            db, care.course, care.therapist, decision=ReviewDecision.DOSE, words="80 mg next"
        )
    words = said(_course(care, care.prescriber))
    assert "**Change dose, route or interval, proposed** 80 mg next" in words
    assert "Thea Tallis, Tue Nov 17, 2:30 pm" in words


def test_rule_62_where_a_proposed_change_stands_a_prescriber_confirms_it(care):
    with care.database.writing() as db:
        proposed = a_decision(
            db, care.course, care.therapist, decision=ReviewDecision.DOSE, words="80 mg next"
        )
    assert "Confirm the change" not in buttons(_course(care, care.therapist))
    tab = _course(care, care.prescriber)
    assert "Proposed by Thea Tallis, not confirmed by a prescriber" in said(tab)
    press(tab, "Confirm the change")
    assert care.row(ReviewItem, proposed.id).confirmed_by_id == care.prescriber.clinician_id
    assert "Confirm the change" not in buttons(tab)
    assert ", proposed" not in said(tab)


def test_on_a_course_that_ended_nothing_new_is_marked_and_what_is_open_is_ended(care, left):
    with care.database.writing() as db:
        one = db.get_one(Episode, care.course.id)
        one.state, one.closed_at = EpisodeState.CLOSED, NOW
    tab = _course(care, care.therapist)
    assert PUT not in buttons(tab)
    press(tab, "Done")
    assert care.row(Action, left[0].id).ended_as is ActionEnd.DONE


def test_a_question_of_a_course_that_ended_leads_to_no_ketamine_session(care, left):
    with care.database.writing() as db:
        question = an_ask(db, care.course, care.prescriber, care.therapist)
        one = db.get_one(Episode, care.course.id)
        one.state, one.closed_at = EpisodeState.CLOSED, NOW
    tab = _client(care, care.therapist)
    assert f"ask?id={question.id}" in addresses(tab, "Answer")
    assert [one for one in addresses(tab, "Open") if one.startswith("ketamine_session")] == []


def test_pages_take_their_statements_however_much_was_left(care, left):
    with care.database.writing() as db:
        session_id = a_ketamine_session(db, care.course).id
    pages = (
        ("today", {}, MOST_STATEMENTS),
        ("caseload", {}, MOST_STATEMENTS),
        ("episode", {"id": care.course.id}, MOST_STATEMENTS),
        ("client", {"client": care.client.code}, MOST_OF_A_CHART),
        ("ketamine_session", {"id": session_id}, MOST_OF_A_SESSION),
    )
    tabs = [opened(care, care.therapist, page, **query) for page, query, _ in pages]
    few = [statements_of(care, tab) for tab in tabs]
    with care.database.writing() as db:
        for _ in range(8):
            an_action(db, care.course, care.therapist)
            a_mark(db, care.course, care.prescriber)
    for tab, before, (page, _, most) in zip(tabs, few, pages, strict=True):
        assert statements_of(care, tab) == before <= most, page
