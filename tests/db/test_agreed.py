"""What case reviews leave behind: actions wait on who has them, marks stand, decisions are told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kapteam.actions.case_reviews import end_action
from kapteam.db.tables import Action, Clinician, Episode, EpisodeMember
from kapteam.queries.case_review import case_agenda
from kapteam.queries.caseload import View, Wanted, caseload
from kapteam.queries.client import client_page
from kapteam.queries.course import course
from kapteam.queries.today import today
from kapteam.rules.attention import Reason
from kapteam.vocabulary import (
    ActionEnd,
    Audience,
    EpisodeState,
    Function,
    HoldReason,
    Part,
    ReviewDecision,
    Tone,
)
from tests.factories import NOW, TODAY, a_clinician, a_hold, a_member, an_absence
from tests.factories_care import a_cared_for_client, another_course
from tests.factories_review import a_case_review, a_decision, a_mark, an_action
from tests.query_recorder import recorded_statements

DAY = timedelta(days=1)


@pytest.fixture
def care(database):
    return a_cared_for_client(database)


@pytest.fixture
def action(care):
    """The therapist's, due the day after tomorrow."""
    with care.database.writing() as db:
        return an_action(db, care.course, care.therapist)


def _waits(care, who, now=NOW, **viewer):
    """The actions on Today that wait on this person, and those that wait on others."""
    asked = care.asked_by(who, now)
    asked = replace(asked, viewer=replace(asked.viewer, **viewer))
    with care.database.reading() as db:
        page = today(db, asked)
    return tuple(
        [row for row in rows if row.attention.reason is Reason.ACTION]
        for rows in (page.waiting_on_me, page.waiting_on_others)
    )


def _left(care, who, **viewer):
    asked = care.asked_by(who)
    asked = replace(asked, viewer=replace(asked.viewer, **viewer))
    with care.database.reading() as db:
        return course(db, asked, care.course.id, in_full=True).reviews


def test_an_action_waits_on_its_owner_and_for_the_other_on_others(care, action):
    [mine], none = _waits(care, care.therapist)
    assert (mine.attention.subject_id, none) == (action.id, [])
    assert mine.course.awaited(mine.attention).name == "Thea Tallis"
    none, [theirs] = _waits(care, care.prescriber)
    assert (theirs.attention.subject_id, none) == (action.id, [])


@pytest.mark.parametrize("end", ActionEnd)
@pytest.mark.parametrize("who", ["therapist", "prescriber"])
def test_what_is_done_or_dropped_waits_on_nobody(care, action, who, end):
    care.do(end_action, getattr(care, who), action.id, end)
    assert _waits(care, care.therapist) == _waits(care, care.prescriber) == ([], [])
    assert _left(care, care.therapist).actions == ()
    assert care.row(Action, action.id).ended_as is end


@pytest.mark.parametrize(
    ("days", "tone"), [(0, Tone.PLAIN), (2, Tone.AMBER), (3, Tone.AMBER), (40, Tone.AMBER)]
)
def test_rule_60_it_is_louder_from_its_day_on_and_stays(care, action, days, tone):
    [mine], _ = _waits(care, care.therapist, NOW + days * DAY)
    assert (mine.attention.tone, mine.attention.on) == (tone, TODAY + 2 * DAY)


def test_rule_57_no_hold_quiets_it(care, action):
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)
    [mine], _ = _waits(care, care.therapist)
    assert mine.attention.subject_id == action.id


def test_an_action_of_a_course_that_ended_does_not_vanish(care, action):
    with care.database.writing() as db:
        course = db.get_one(Episode, care.course.id)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
    [mine], _ = _waits(care, care.therapist)
    assert mine.attention.subject_id == action.id
    with care.database.reading() as db:
        page = client_page(db, care.asked_by(care.therapist), care.client.code)
    [ended] = page.ended
    assert [line.id for line in ended.actions] == [action.id]
    assert [one.id for one in _left(care, care.therapist).actions] == [action.id]


@pytest.mark.parametrize("left", ["suspended_at", "off the course"])
def test_whoever_comes_after_the_owner_has_it(care, action, left):
    with care.database.writing() as db:
        other = a_clinician(db, Function.THERAPIST, name="Theo Tendril")
        if left == "suspended_at":
            db.get_one(Clinician, care.therapist.clinician_id).suspended_at = NOW
        members = db.query(EpisodeMember).filter_by(clinician_id=care.therapist.clinician_id)
        for one in members if left == "off the course" else ():
            one.until_at = NOW - DAY
        a_member(db, care.course, other, Part.THERAPIST)
    [theirs], _ = _waits(care, other)
    assert theirs.attention.subject_id == action.id
    assert theirs.attention.action.owner == "Theo Tendril"
    _, [waits] = _waits(care, care.prescriber)
    assert waits.course.awaited(waits.attention).name == "Theo Tendril"
    [one] = _left(care, care.prescriber).actions
    assert one.owner == "Theo Tendril"


def test_where_nobody_came_after_the_owner_it_waits_on_who_is_left(care, action):
    with care.database.writing() as db:
        db.get_one(Clinician, care.therapist.clinician_id).suspended_at = NOW
    [mine], _ = _waits(care, care.prescriber)
    assert mine.attention.action.owner == care.prescriber.name
    [one] = _left(care, care.prescriber).actions
    assert (one.owner_id, one.owner) == (care.prescriber.clinician_id, care.prescriber.name)


def test_while_the_owner_is_away_it_waits_on_who_covers(care, action):
    with care.database.writing() as db:
        an_absence(db, care.therapist, care.therapist, cover=care.stranger)
    [mine], _ = _waits(care, care.stranger)
    assert mine.attention.subject_id == action.id


def test_the_front_desk_and_a_stranger_are_told_nothing(care, action):
    with care.database.writing() as db:
        a_mark(db, care.course, care.therapist)
    assert _waits(care, care.front_desk) == _waits(care, care.stranger) == ([], [])
    assert _left(care, care.front_desk).is_empty
    with care.database.reading() as db:
        found = caseload(db, care.asked_by(care.front_desk), Wanted())
    [course] = found.rows[0].courses
    assert (course.actions, course.marks, course.last_reviewed_at) == ((), (), None)


def test_with_others_in_the_room_a_list_shows_no_word_of_either(care, action):
    with care.database.writing() as db:
        a_mark(db, care.course, care.prescriber)
    [mine], _ = _waits(care, care.therapist, audience=Audience.OTHERS)
    assert mine.attention.action.words == ""
    assert [mark.words for mark in mine.course.marks] == [""]


def test_it_counts_among_what_waits_on_me_in_the_caseload(care, action):
    for who, number in ((care.therapist, 1), (care.prescriber, 0)):
        with care.database.reading() as db:
            found = caseload(db, care.asked_by(who), Wanted(view=View.WAITING_ON_ME))
        assert len(found.rows) == number


def test_the_caseload_knows_when_a_course_was_last_reviewed(care):
    with care.database.writing() as db:
        a_decision(db, care.course, care.therapist, at=NOW - 30 * DAY)
        a_decision(db, care.course, care.prescriber, at=NOW - 7 * DAY)
        not_reached = another_course(db, care, "Later")
        a_decision(db, not_reached, care.therapist, decision=None)
    with care.database.reading() as db:
        found = caseload(db, care.asked_by(care.therapist), Wanted())
    reviewed = {row.courses[0].episode_id: row.courses[0].last_reviewed_at for row in found.rows}
    assert reviewed == {care.course.id: NOW - 7 * DAY, not_reached.id: None}


@pytest.mark.parametrize(
    ("since", "is_missed"), [(None, True), (NOW - 8 * DAY, True), (NOW - DAY, False)]
)
def test_rule_60_whom_a_review_did_not_come_to_heads_the_next_agenda(care, since, is_missed):
    """Whatever it decided about others; until a review decides about them."""
    with care.database.writing() as db:
        review = a_case_review(db, care.therapist, care.prescriber)
        missed = another_course(db, care, "Later")
        decided_at = NOW - 7 * DAY + timedelta(minutes=10)
        a_decision(db, care.course, care.therapist, at=decided_at, review=review)
        a_decision(db, missed, care.therapist, decision=None, review=review)
        if since:
            a_decision(db, missed, care.therapist, at=since)
    with care.database.reading() as db:
        rows = case_agenda(db, care.asked_by(care.therapist)).rows
    found = [row.course.episode_id for row in rows if row.course.not_reached]
    assert found == ([missed.id] if is_missed else [])
    assert not is_missed or rows[0].course.episode_id == missed.id


def test_a_mark_stands_on_its_course_and_on_the_agenda(care):
    with care.database.writing() as db:
        mark = a_mark(db, care.course, care.prescriber)
        a_mark(db, care.course, care.therapist, settled_at=NOW)
    [one] = _left(care, care.therapist).marks
    assert (one.id, one.words, one.by) == (mark.id, mark.words, care.prescriber.name)
    with care.database.reading() as db:
        [row] = case_agenda(db, care.asked_by(care.therapist)).rows
    assert [each.id for each in row.course.marks] == [mark.id]


@pytest.mark.parametrize(
    ("decision", "confirmed_at", "is_proposed"),
    [
        (ReviewDecision.DOSE, None, True),
        (ReviewDecision.DOSE, NOW, False),
        (ReviewDecision.CONTINUE, None, False),
    ],
)
def test_rule_62_a_change_of_dose_that_nobody_confirmed_reads_proposed(
    care, decision, confirmed_at, is_proposed
):
    with care.database.writing() as db:
        a_decision(db, care.course, care.prescriber, at=NOW - 30 * DAY)
        a_decision(
            db,
            care.course,
            care.therapist,
            decision=decision,
            words="80 mg",
            confirmed_at=confirmed_at,
        )
    last = _left(care, care.prescriber).last
    assert (last.decision, last.is_proposed) == (decision, is_proposed)
    assert (last.words, last.by, last.at) == ("80 mg", "Thea Tallis", NOW - 7 * DAY)


def test_a_course_of_which_no_review_spoke_has_nothing(care):
    with care.database.writing() as db:
        an_action(db, another_course(db, care, "Other"), care.therapist)
    assert _left(care, care.therapist).is_empty


def test_a_list_says_that_it_cut_off_long_words_and_the_course_has_all_of_them(care):
    words = "word " * 180
    with care.database.writing() as db:
        an_action(db, care.course, care.therapist, words=words.strip())
    [mine], _ = _waits(care, care.therapist)
    assert mine.attention.action.words.endswith("word…")
    assert len(mine.attention.action.words) <= 301
    assert _left(care, care.therapist).actions[0].words == words.strip()


def test_a_course_takes_one_statement_more_however_much_was_left(care):
    counts = [_statements_of_course(care, in_full=False) + 1]
    for _ in range(2):
        with care.database.writing() as db:
            for _ in range(5):
                an_action(db, care.course, care.therapist)
                a_mark(db, care.course, care.prescriber)
        counts.append(_statements_of_course(care, in_full=True))
    assert len(set(counts)) == 1


def _statements_of_course(care, *, in_full):
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db, recorded_statements(care.database.engine) as statements:
        course(db, asked, care.course.id, in_full=in_full)
    return len(statements)
