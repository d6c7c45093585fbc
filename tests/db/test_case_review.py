"""Case reviews: begun by two, gone through, decided, interrupted, ended; by whom alone."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from kapteam.actions.case_reviews import (
    AgendaLine,
    DecisionEntered,
    DiscussEntered,
    ItemEntered,
    ReasonSaid,
    ReviewEntered,
    add_item,
    bring_next,
    confirm_decision,
    confirm_minutes,
    decide,
    drop_item,
    end_action,
    end_review,
    mark_to_discuss,
    move_item,
    no_change_for_all,
    open_item,
    save_words,
    start_review,
    take_mark_back,
)
from kapteam.db.tables import (
    Action,
    CaseReview,
    CaseReviewMember,
    Clinician,
    DiscussMark,
    Episode,
    EpisodeMember,
    ReviewItem,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.case_review import case_agenda, meeting, presented, running_meeting
from kapteam.queries.review_facts import reasons_now
from kapteam.queries.standing import course_standings
from kapteam.queries.today import today
from kapteam.rules.attention import Reason
from kapteam.rules.case_review import Topic
from kapteam.rules.permissions import Beside
from kapteam.vocabulary import ActionEnd, EpisodeState, Function, Part, ReviewDecision, Tone
from tests.factories import NOW, TODAY, a_clinician, a_member, audit_events, count_rows
from tests.factories_care import (
    a_cared_for_client,
    a_ketamine_session,
    a_signed_intention,
    another_course,
)
from tests.query_recorder import recorded_statements

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
D = ReviewDecision


@pytest.fixture
def care(database):
    return a_cared_for_client(database)


@pytest.fixture
def courses(care):
    """Three courses of the pair: the client's own and two more."""
    with care.database.writing() as db:
        more = [another_course(db, care, family).id for family in ("Ash", "Birch")]
    return (care.course.id, *more)


def _line(episode_id, *, steady=False, why="For its turn"):
    return AgendaLine(episode_id, (ReasonSaid(why, why, Tone.PLAIN),), steady)


def _entered(care, courses, **values):
    usual = {
        "id": new_id(),
        "colleague_id": care.prescriber.clinician_id,
        "minutes": 60,
        "lines": tuple(map(_line, courses)),
    }
    return ReviewEntered(**(usual | values))


def _begin(care, courses, **values):
    return care.do(start_review, care.therapist, _entered(care, courses, **values))


def _meeting(care, review, who=None, now=NOW):
    asked = care.asked_by(who or care.therapist, now)
    with care.database.reading() as db:
        return meeting(db, asked, review)


def _item(care, review, course, who=None):
    return next(one for one in _meeting(care, review, who).items if one.episode_id == course)


def _decided(item, decision=D.NO_CHANGE, **values):
    return DecisionEntered(item.id, values.pop("version", item.version), decision, (), **values)


def _do(care, who, action, *arguments, now=NOW):
    return care.do(lambda db, viewer, at: action(db, viewer, *arguments, at), who, now=now)


def _say(care, who, item, text, seen=0, **values):
    return care.do(
        lambda db, viewer, now: save_words(db, viewer, item.id, text, seen, now, **values), who
    )


def _agenda(care, who, now=NOW):
    asked = care.asked_by(who, now)
    with care.database.reading() as db:
        return case_agenda(db, asked)


def test_a_review_from_its_beginning_to_its_minutes(care, courses):
    review = _begin(care, courses)
    first = _meeting(care, review, care.prescriber)
    assert [one.episode_id for one in first.shown] == list(courses)
    assert first.current.episode_id == courses[0]
    assert {one.id for one in first.head.members} == {
        care.therapist.clinician_id,
        care.prescriber.clinician_id,
    }

    item = _item(care, review, courses[0])
    _say(care, care.therapist, item, "As planned.")
    agreed = {"action_words": "Call the cardiologist", "due_on": TODAY + 3 * DAY}
    owner = care.prescriber.clinician_id
    care.do(decide, care.therapist, _decided(item, D.CONTINUE, owner_id=owner, **agreed))
    _do(care, care.prescriber, open_item, _item(care, review, courses[1]).id)
    assert _meeting(care, review).current.episode_id == courses[1]

    _do(care, care.therapist, end_review, review)
    minutes = _meeting(care, review, care.prescriber)
    decided = _item(care, review, courses[0])
    assert (decided.decision, decided.words, decided.decided_by) == (
        D.CONTINUE,
        "As planned.",
        care.therapist.name,
    )
    assert [(one.words, one.owner_id) for one in decided.actions] == [
        ("Call the cardiologist", owner)
    ]
    assert [one.episode_id for one in minutes.not_reached] == list(courses[1:])
    for who in (care.therapist, care.prescriber, care.therapist):
        _do(care, who, confirm_minutes, review)
    assert all(one.confirmed_at for one in _meeting(care, review).head.members)
    assert len(audit_events(care.database, "case_review:minutes_confirmed")) == 2


def test_the_agenda_is_of_both_together_and_says_why(care, courses):
    with care.database.writing() as db:
        mine_alone = another_course(db, care, "Cedar", prescriber=None)
        elsewhere = another_course(db, care, "Cypress", prescriber="Dr. Elsewhere")
        another_s = another_course(db, care, "Elm", prescriber=care.stranger)
        a_ketamine_session(db, db.get_one(Episode, courses[1]), planned_at=NOW + 2 * DAY)
    entered = DiscussEntered(new_id(), courses[2], "Family wants to come along")
    care.do(mark_to_discuss, care.prescriber, entered)
    rows = {one.course.episode_id: one for one in _agenda(care, care.therapist).rows}
    assert another_s.id not in rows
    assert {mine_alone.id, elsewhere.id} <= set(rows)
    assert Topic.DOSE_AHEAD in rows[courses[1]].entry.topics
    assert Topic.DISCUSS in rows[courses[2]].entry.topics
    assert [one.words for one in rows[courses[2]].course.marks] == ["Family wants to come along"]
    theirs = [one.course.episode_id for one in _agenda(care, care.prescriber).rows]
    assert theirs == [one for one in rows if one in courses]


def test_who_was_not_reached_heads_the_next_agenda_until_somebody_decides(care, courses):
    review = _begin(care, courses)
    care.do(decide, care.therapist, _decided(_item(care, review, courses[0])))
    _do(care, care.therapist, drop_item, _item(care, review, courses[1]).id)
    _do(care, care.therapist, end_review, review)
    week = NOW + 7 * DAY
    first = _agenda(care, care.prescriber, week).rows[0]
    assert (first.course.episode_id, first.entry.topics[0]) == (courses[2], Topic.NOT_REACHED)
    reasons = [one.text for one in reasons_now(care.asked_by(care.prescriber, week), first)]
    assert (reasons[0], reasons.count("Not reached last time")) == ("Not reached last time", 1)
    assert len(reasons) > 1
    others = _agenda(care, care.prescriber, week).rows[1:]
    assert not any(Topic.NOT_REACHED in one.entry.topics for one in others)

    again = care.do(start_review, care.therapist, _entered(care, courses[2:]), now=week)
    care.do(decide, care.therapist, _decided(_item(care, again, courses[2])), now=week)
    _do(care, care.therapist, end_review, again, now=week)
    later = _agenda(care, care.prescriber, week + DAY).rows
    assert not any(Topic.NOT_REACHED in one.entry.topics for one in later)


def test_a_decision_settles_what_was_marked_and_counts_as_reviewed(care, courses):
    mark = DiscussEntered(new_id(), courses[0], "Sleep")
    care.do(mark_to_discuss, care.therapist, mark)
    assert _agenda(care, care.therapist).rows[0].course.last_reviewed_at is None
    review = _begin(care, courses)
    late = DiscussEntered(new_id(), courses[0], "Set while they talked, and not read")
    care.do(mark_to_discuss, care.prescriber, late)
    item = _item(care, review, courses[0])
    care.do(decide, care.therapist, _decided(item, mark_ids=(mark.id,)))
    assert care.row(DiscussMark, mark.id).settled_at == NOW
    assert care.row(DiscussMark, late.id).settled_at is None
    rows = {one.course.episode_id: one for one in _agenda(care, care.therapist).rows}
    assert courses[0] not in rows or Topic.NOT_REVIEWED not in rows[courses[0]].entry.topics


def test_a_mark_can_be_taken_back_once(care, courses):
    mark = DiscussEntered(new_id(), courses[0], "Sleep")
    for _ in range(2):
        care.do(mark_to_discuss, care.therapist, mark)
        _do(care, care.prescriber, take_mark_back, mark.id)
    assert len(audit_events(care.database, "discuss_mark:set")) == 1
    assert len(audit_events(care.database, "discuss_mark:taken_back")) == 1
    assert not any(one.course.marks for one in _agenda(care, care.therapist).rows)


def test_beginning_twice_by_one_press_is_one_review(care, courses):
    entered = _entered(care, courses)
    for _ in range(2):
        care.do(start_review, care.therapist, entered)
    assert count_rows(care.database, CaseReview) == 1
    assert count_rows(care.database, ReviewItem) == 3
    assert count_rows(care.database, CaseReviewMember) == 2


def test_two_reviews_of_one_person_do_not_run_at_once(care, courses):
    review = _begin(care, courses)
    for who, colleague in ((care.therapist, care.prescriber), (care.prescriber, care.therapist)):
        entered = _entered(care, courses, colleague_id=colleague.clinician_id)
        with pytest.raises(NotAllowed, match="running already"):
            care.do(start_review, who, entered)
    _do(care, care.prescriber, end_review, review)
    _begin(care, courses)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"minutes": 5}, "minutes"), ({"minutes": 300}, "minutes"), ({"minutes": None}, "minutes")],
)
def test_for_how_long_is_refused_beside_its_field(care, courses, values, field):
    with pytest.raises(Invalid) as refused:
        _begin(care, courses, **values)
    assert set(refused.value.fields) == {field}
    assert count_rows(care.database, CaseReview) == 0


def test_with_oneself_or_with_who_cannot_sign_in_there_is_none(care, courses):
    with care.database.writing() as db:
        db.get_one(Clinician, care.prescriber.clinician_id).suspended_at = NOW
    for colleague in (care.therapist, care.prescriber):
        with pytest.raises(Invalid) as refused:
            _begin(care, courses, colleague_id=colleague.clinician_id)
        assert set(refused.value.fields) == {"colleague_id"}


def test_the_courses_of_a_colleague_who_cannot_sign_in_any_more_are_on_one_s_own_agenda(
    care, courses
):
    with care.database.writing() as db:
        away = a_clinician(db, Function.PRESCRIBER, name="Otto Off")
        another_course(db, care, "Cedar", prescriber=away)
        elsewhere = another_course(db, care, "Dale", prescriber=care.stranger)
    before = _agenda(care, care.therapist)
    assert away.clinician_id in {one.id for one in before.colleagues}
    assert before.in_scope == 3
    with care.database.writing() as db:
        db.get_one(Clinician, away.clinician_id).suspended_at = NOW
    shown = _agenda(care, care.therapist)
    assert away.clinician_id not in {one.id for one in shown.colleagues}
    assert shown.in_scope == 4
    assert elsewhere.id not in {one.course.episode_id for one in shown.rows}


def test_an_agenda_of_none_begins_nothing(care):
    with pytest.raises(NotAllowed, match="Nobody is on the agenda"):
        _begin(care, ())


@pytest.mark.parametrize("who", ["nurse", "front_desk"])
def test_a_review_is_for_those_who_treat(care, courses, who):
    with pytest.raises(NotAllowed):
        care.do(start_review, getattr(care, who), _entered(care, courses))
    mark = DiscussEntered(new_id(), courses[0], "Sleep")
    with pytest.raises(NotAllowed):
        care.do(mark_to_discuss, getattr(care, who), mark)


def test_nobody_puts_on_an_agenda_what_they_may_not_see(care, courses):
    with pytest.raises(NotFound):
        care.do(
            start_review,
            care.stranger,
            _entered(care, courses, colleague_id=None),
        )
    assert count_rows(care.database, CaseReview) == 0


def test_who_is_not_in_a_review_changes_nothing_of_it_and_reads_nothing(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    with care.database.writing() as db:
        a_member(db, db.get_one(Episode, courses[0]), care.stranger, Part.COVER)
    attempts = [
        partial(care.do, decide, care.stranger, _decided(item)),
        partial(_do, care, care.stranger, open_item, item.id),
        partial(_do, care, care.stranger, move_item, item.id, 1),
        partial(_do, care, care.stranger, bring_next, item.id),
        partial(_do, care, care.stranger, drop_item, item.id),
        partial(_do, care, care.stranger, confirm_decision, item.id, item.version),
        partial(_do, care, care.stranger, end_review, review),
        partial(_do, care, care.stranger, confirm_minutes, review),
        partial(_do, care, care.stranger, no_change_for_all, review, {}),
        partial(_say, care, care.stranger, item, "Mine"),
        partial(care.do, add_item, care.stranger, ItemEntered(new_id(), review, courses[0])),
    ]
    for attempt in attempts:
        with pytest.raises((NotFound, NotAllowed)):
            attempt()
    with pytest.raises(NotFound):
        _meeting(care, review, care.stranger)
    asked = care.asked_by(care.stranger)
    with care.database.reading() as db:
        assert running_meeting(db, asked) is None


def test_a_decision_is_needed_and_some_need_words(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    for decision in (None, D.DOSE, D.REFER, D.DISCHARGE):
        with pytest.raises(Invalid) as refused:
            care.do(decide, care.therapist, _decided(item, decision))
        assert set(refused.value.fields) == {"decision"}
    assert _item(care, review, courses[0]).is_open
    assert not audit_events(care.database, "case_review:decided")


def test_one_press_is_one_decision_and_another_one_replaces_it(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    for _ in range(2):
        care.do(decide, care.therapist, _decided(item, D.HOLD))
    assert len(audit_events(care.database, "case_review:decided")) == 1
    care.do(decide, care.prescriber, _decided(_item(care, review, courses[0]), D.CONTINUE))
    assert _item(care, review, courses[0]).decision is D.CONTINUE


def test_of_two_who_decide_at_once_the_second_sees_both(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    care.do(decide, care.therapist, _decided(item, D.HOLD))
    with pytest.raises(Conflict) as conflict:
        care.do(decide, care.prescriber, _decided(item, D.CONTINUE))
    assert conflict.value.theirs["decision"] == D.HOLD
    assert _item(care, review, courses[0]).decision is D.HOLD


def test_words_are_kept_as_typed_and_the_second_of_two_loses_none(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    kept = _say(care, care.therapist, item, "Slowly.")
    assert (kept.typed_version, kept.typed_by_id) == (1, care.therapist.clinician_id)
    assert _say(care, care.therapist, item, "Slowly.").typed_version == 1
    with pytest.raises(Conflict) as conflict:
        _say(care, care.prescriber, item, "Faster.")
    assert (conflict.value.theirs, conflict.value.mine) == (
        {"typed": "Slowly."},
        {"typed": "Faster."},
    )
    assert _item(care, review, courses[0]).typed == "Slowly."
    assert _say(care, care.prescriber, item, "Faster.", 1).typed_version == 2
    assert _say(care, care.prescriber, item, "Faster now.", 1, unanswered="Faster.")
    assert _item(care, review, courses[0]).typed == "Faster now."


def _waits_for_confirmation(care, who) -> list[str]:
    """The items whose change of dose waits for a prescriber, as that person's lists say it."""
    asked = care.asked_by(who)
    with care.database.reading() as db:
        found = course_standings(db, asked)
    return [
        one.subject_id
        for course in found
        for one in course.attention
        if one.reason is Reason.CHANGE_TO_CONFIRM
    ]


def test_rule_62_a_proposed_change_of_dose_stays_in_sight_until_a_prescriber_confirms(
    care, courses
):
    review = _begin(care, courses)
    for course in courses[:2]:
        item = _item(care, review, course)
        _say(care, care.therapist, item, "80 mg.")
        care.do(decide, care.therapist, _decided(item, D.DOSE))
    _do(care, care.therapist, end_review, review)
    first, second = (_item(care, review, one) for one in courses[:2])
    for who in (care.prescriber, care.therapist):
        assert set(_waits_for_confirmation(care, who)) == {first.id, second.id}
    assert _waits_for_confirmation(care, care.front_desk) == []
    care.do(confirm_decision, care.prescriber, first.id, first.version)
    assert _waits_for_confirmation(care, care.prescriber) == [second.id]
    again = care.do(start_review, care.therapist, _entered(care, courses), now=NOW + DAY)
    item = _item(care, again, courses[1])
    care.do(decide, care.therapist, _decided(item, D.NO_CHANGE), now=NOW + DAY)
    assert _waits_for_confirmation(care, care.prescriber) == []


def test_a_prescriber_s_own_change_of_dose_waits_for_nobody(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    _say(care, care.prescriber, item, "80 mg.")
    care.do(decide, care.prescriber, _decided(item, D.DOSE))
    assert _waits_for_confirmation(care, care.prescriber) == []


def test_what_is_typed_after_a_decision_changes_it_only_once_it_is_saved(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    _say(care, care.therapist, item, "80 mg.")
    care.do(decide, care.prescriber, _decided(item, D.DOSE))
    _say(care, care.therapist, item, "90 mg.", 1)
    now_seen = _item(care, review, courses[0])
    assert (now_seen.words, now_seen.unsaved, now_seen.is_proposed) == ("80 mg.", "90 mg.", False)
    care.do(decide, care.therapist, _decided(now_seen, D.DOSE))
    now_seen = _item(care, review, courses[0])
    assert (now_seen.words, now_seen.unsaved, now_seen.is_proposed) == ("90 mg.", "", True)


def test_a_minute_of_fifty_thousand_characters_is_a_sentence_and_loses_nothing(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    _say(care, care.therapist, item, "Slowly.")
    with pytest.raises(Invalid, match="50,000 characters"):
        _say(care, care.therapist, item, "x" * 50_000, 1)
    assert _item(care, review, courses[0]).typed == "Slowly."


def test_a_change_of_dose_by_a_therapist_is_proposed_until_a_prescriber_confirms(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    _say(care, care.therapist, item, "80 mg next time.")
    care.do(decide, care.therapist, _decided(item, D.DOSE))
    assert _item(care, review, courses[0]).is_proposed
    with pytest.raises(NotAllowed):
        _do(care, care.therapist, confirm_decision, item.id, item.version)
    _do(care, care.therapist, end_review, review)
    with pytest.raises(NotAllowed, match="meanwhile"):
        _do(care, care.prescriber, confirm_decision, item.id, item.version)
    item = _item(care, review, courses[0])
    for _ in range(2):
        _do(care, care.prescriber, confirm_decision, item.id, item.version)
    assert _item(care, review, courses[0]).confirmed_by == care.prescriber.name
    assert len(audit_events(care.database, "case_review:confirmed")) == 1
    assert not audit_events(care.database, "dose:ordered")


def test_a_prescriber_s_own_change_needs_no_second_word_and_a_new_one_is_open_again(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    _say(care, care.prescriber, item, "80 mg next time.")
    care.do(decide, care.prescriber, _decided(item, D.DOSE))
    assert not _item(care, review, courses[0]).is_proposed
    now_seen = _item(care, review, courses[0])
    care.do(decide, care.therapist, _decided(now_seen, D.DOSE))
    assert _item(care, review, courses[0]).is_proposed
    other = _item(care, review, courses[1])
    with pytest.raises(NotAllowed, match="Something else was decided"):
        _do(care, care.prescriber, confirm_decision, other.id, other.version)


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"action_words": "Call"}, {"owner_id", "due_on"}),
        ({"action_words": "Call", "owner_id": "stranger", "due_on": TODAY}, {"owner_id"}),
        ({"action_words": " ", "owner_id": "prescriber", "due_on": TODAY}, {"action_words"}),
        (
            {"action_words": "Call", "owner_id": "prescriber", "due_on": TODAY - DAY},
            {"due_on"},
        ),
        (
            {"action_words": "x" * 1_001, "owner_id": "prescriber", "due_on": TODAY},
            {"action_words"},
        ),
    ],
)
def test_an_action_has_words_one_of_the_two_and_a_day_ahead(care, courses, values, fields):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    if "owner_id" in values:
        values = values | {"owner_id": getattr(care, values["owner_id"]).clinician_id}
    with pytest.raises(Invalid) as refused:
        care.do(decide, care.therapist, _decided(item, **values))
    assert set(refused.value.fields) == fields
    assert _item(care, review, courses[0]).is_open
    assert count_rows(care.database, Action) == 0


def _an_action(care, review, course, *, owner, due_on=TODAY):
    item = _item(care, review, course)
    values = {"action_words": "Call the cardiologist", "owner_id": owner.clinician_id}
    care.do(decide, care.therapist, _decided(item, due_on=due_on, **values))
    return _item(care, review, course).actions[-1].id


def _actions_of(care, who, now=NOW):
    asked = care.asked_by(who, now)
    with care.database.reading() as db:
        shown = today(db, asked)
    return tuple(
        [row.attention.tone for row in rows if row.attention.action]
        for rows in (shown.waiting_on_me, shown.waiting_on_others)
    )


def test_no_action_is_given_to_who_was_turned_off_in_mid_meeting(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    with care.database.writing() as db:
        db.get_one(Clinician, care.prescriber.clinician_id).suspended_at = NOW
    theirs = {"action_words": "Call", "owner_id": care.prescriber.clinician_id, "due_on": TODAY}
    with pytest.raises(Invalid) as refused:
        care.do(decide, care.therapist, _decided(item, **theirs))
    assert set(refused.value.fields) == {"owner_id"}
    assert count_rows(care.database, Action) == 0


def test_an_action_waits_on_its_owner_until_it_is_done_and_then_on_nobody(care, courses):
    review = _begin(care, courses)
    action = _an_action(care, review, courses[0], owner=care.prescriber, due_on=TODAY + 2 * DAY)
    assert _actions_of(care, care.prescriber) == ([Tone.PLAIN], [])
    assert _actions_of(care, care.therapist) == ([], [Tone.PLAIN])
    assert _actions_of(care, care.prescriber, NOW + 3 * DAY) == ([Tone.AMBER], [])
    first = _agenda(care, care.therapist, NOW + 3 * DAY).rows[0]
    assert (first.course.episode_id, first.entry.topics[0]) == (courses[0], Topic.OVERDUE_ACTION)
    for _ in range(2):
        care.do(
            lambda db, who, now: end_action(db, who, action, ActionEnd.DONE, now), care.therapist
        )
    assert _actions_of(care, care.prescriber, NOW + 3 * DAY) == ([], [])
    assert len(audit_events(care.database, "action:ended")) == 1


def test_an_action_is_ended_by_who_is_on_the_course_alone(care, courses):
    review = _begin(care, courses)
    action = _an_action(care, review, courses[0], owner=care.prescriber)
    for who in (care.stranger, care.front_desk, care.nurse):
        with pytest.raises((NotFound, NotAllowed)):
            care.do(
                lambda db, viewer, now: end_action(db, viewer, action, ActionEnd.DROPPED, now), who
            )
    assert _actions_of(care, care.prescriber) == ([Tone.AMBER], [])


def test_an_action_of_a_course_that_has_ended_does_not_vanish(care, courses):
    review = _begin(care, courses)
    _an_action(care, review, courses[0], owner=care.prescriber)
    with care.database.writing() as db:
        course = db.get_one(Episode, courses[0])
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
    assert _actions_of(care, care.prescriber) == ([Tone.AMBER], [])


def test_the_steady_ones_are_decided_together_and_no_other(care, courses):
    lines = (_line(courses[0]), *(_line(one, steady=True) for one in courses[1:]))
    review = _begin(care, courses, lines=lines)
    care.do(decide, care.therapist, _decided(_item(care, review, courses[1]), D.HOLD))
    shown = [{"label": "Stage", "words": "Series, 2 of 6", "tone": "plain"}]
    kept = {_item(care, review, courses[2]).id: shown}
    _do(care, care.therapist, no_change_for_all, review, {})
    assert _item(care, review, courses[2]).is_open
    for _ in range(2):
        _do(care, care.therapist, no_change_for_all, review, kept)
    assert [_item(care, review, one).decision for one in courses] == [None, D.HOLD, D.NO_CHANGE]
    assert [one.words for one in _item(care, review, courses[2]).facts] == ["Series, 2 of 6"]
    assert len(audit_events(care.database, "case_review:decided")) == 2


def test_the_agenda_is_frozen_and_both_move_it(care, courses):
    review = _begin(care, courses)
    ids = [one.id for one in _meeting(care, review).shown]
    for _ in range(2):
        _do(care, care.prescriber, move_item, ids[2], 1)
    assert len(audit_events(care.database, "case_review:moved")) == 1
    assert [one.id for one in _meeting(care, review).shown] == [ids[0], ids[2], ids[1]]
    for _ in range(2):
        _do(care, care.therapist, open_item, ids[0])
    assert len(audit_events(care.database, "case_review:opened")) == 1
    _do(care, care.prescriber, bring_next, ids[1])
    assert [one.id for one in _meeting(care, review).shown] == [ids[0], ids[1], ids[2]]
    _do(care, care.therapist, drop_item, ids[1])
    assert [one.id for one in _meeting(care, review).shown] == [ids[0], ids[2]]
    _do(care, care.therapist, move_item, ids[2], 0)
    assert [one.id for one in _meeting(care, review).shown] == [ids[2], ids[0]]
    with pytest.raises(NotAllowed, match="taken off"):
        _do(care, care.therapist, move_item, ids[1], 0)
    with care.database.writing() as db:
        another_course(db, care, "Dogwood")
    assert len(_meeting(care, review).shown) == 2


def test_who_is_added_comes_last_and_once(care, courses):
    review = _begin(care, courses[:2])
    entered = ItemEntered(new_id(), review, courses[2])
    for _ in range(2):
        care.do(add_item, care.prescriber, entered)
    assert [one.episode_id for one in _meeting(care, review).shown] == list(courses)
    assert _item(care, review, courses[2]).added_by == care.prescriber.name
    with pytest.raises(Invalid, match="already"):
        care.do(add_item, care.therapist, ItemEntered(new_id(), review, courses[0]))
    _do(care, care.therapist, drop_item, _item(care, review, courses[0]).id)
    care.do(add_item, care.therapist, ItemEntered(new_id(), review, courses[0]))
    assert [one.episode_id for one in _meeting(care, review).shown][-1] == courses[0]


def test_what_is_decided_is_not_dropped(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    care.do(decide, care.therapist, _decided(item))
    with pytest.raises(NotAllowed, match="stay in the minutes"):
        _do(care, care.therapist, drop_item, item.id)


def test_a_course_that_the_next_review_took_off_was_not_missed_by_it(care, courses):
    first = _begin(care, courses)
    _do(care, care.therapist, end_review, first)
    week = NOW + 7 * DAY
    second = care.do(start_review, care.therapist, _entered(care, courses), now=week)
    _do(care, care.therapist, drop_item, _item(care, second, courses[0]).id, now=week)
    _do(care, care.therapist, end_review, second, now=week)
    rows = {
        one.course.episode_id: one.entry.topics
        for one in _agenda(care, care.therapist, week + DAY).rows
    }
    missed = {course for course, topics in rows.items() if Topic.NOT_REACHED in topics}
    assert missed == set(courses[1:])


def test_what_one_may_not_see_stops_neither_the_order_nor_the_steady_ones(care, courses):
    """The therapist has a course of her own in the review, and it comes first."""
    with care.database.writing() as db:
        own = another_course(db, care, "Cedar", prescriber=None).id
    lines = (_line(own, steady=True), *(_line(one, steady=True) for one in courses))
    review = _begin(care, courses, lines=lines)
    seen = _meeting(care, review, care.prescriber)
    assert (len(seen.shown), seen.hidden) == (3, 1)
    _do(care, care.prescriber, move_item, seen.shown[0].id, 1)
    after = _meeting(care, review, care.prescriber)
    assert [one.episode_id for one in after.shown] == [courses[1], courses[0], courses[2]]
    _do(care, care.prescriber, no_change_for_all, review, {one.id: [] for one in after.shown})
    assert [one.decision for one in _meeting(care, review).shown].count(D.NO_CHANGE) == 3


def test_an_action_that_a_colleague_dropped_is_not_said_to_be_done(care, courses):
    review = _begin(care, courses)
    action = _an_action(care, review, courses[0], owner=care.prescriber)

    def end(who, how):
        care.do(lambda db, viewer, now: end_action(db, viewer, action, how, now), who)

    end(care.prescriber, ActionEnd.DROPPED)
    with pytest.raises(NotAllowed, match="dropped"):
        end(care.therapist, ActionEnd.DONE)
    assert care.row(Action, action).ended_as is ActionEnd.DROPPED


def test_who_is_at_this_screen_too_is_with_whom_the_review_is(care, courses):
    """Also who only covers: what they are on together is the agenda."""
    with care.database.writing() as db:
        a_member(db, db.get_one(Episode, courses[1]), care.stranger, Part.COVER)
    asked = care.asked_by(care.therapist)
    beside = Beside(care.stranger.clinician_id, care.stranger.name)
    for chosen in (None, care.prescriber.clinician_id):
        both = replace(asked, viewer=replace(asked.viewer, beside=beside))
        with care.database.reading() as db:
            shown = case_agenda(db, both, chosen)
        assert shown.colleague.id == care.stranger.clinician_id
        assert {one.course.episode_id for one in shown.rows} == {courses[1]}


def test_a_review_that_has_ended_changes_no_more(care, courses):
    review = _begin(care, courses)
    item = _item(care, review, courses[0])
    with pytest.raises(NotAllowed, match="running"):
        _do(care, care.therapist, confirm_minutes, review)
    for _ in range(2):
        _do(care, care.therapist, end_review, review)
    assert len(audit_events(care.database, "case_review:ended")) == 1
    attempts = [
        partial(care.do, decide, care.therapist, _decided(item)),
        partial(_do, care, care.therapist, open_item, item.id),
        partial(_do, care, care.therapist, move_item, item.id, 1),
        partial(_do, care, care.therapist, drop_item, item.id),
        partial(_do, care, care.therapist, no_change_for_all, review, {}),
        partial(_say, care, care.therapist, item, "Late"),
        partial(care.do, add_item, care.therapist, ItemEntered(new_id(), review, courses[0])),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed, match="has ended"):
            attempt()


def test_a_client_discharged_in_mid_meeting_is_still_decided_about(care, courses):
    review = _begin(care, courses)
    with care.database.writing() as db:
        course = db.get_one(Episode, courses[0])
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
    item = _item(care, review, courses[0])
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        assert presented(db, asked, item).course is None
    care.do(decide, care.therapist, _decided(item))
    assert _item(care, review, courses[0]).decision is D.NO_CHANGE
    entered = DiscussEntered(new_id(), courses[0], "Sleep")
    with pytest.raises(NotAllowed, match="closed"):
        care.do(mark_to_discuss, care.therapist, entered)


def test_what_a_member_may_no_longer_see_is_counted_and_not_shown(care, courses):
    review = _begin(care, courses)
    with care.database.writing() as db:
        theirs = {"episode_id": courses[0], "clinician_id": care.therapist.clinician_id}
        db.scalars(select(EpisodeMember).filter_by(**theirs)).one().until_at = NOW - MINUTE
    shown = _meeting(care, review, care.therapist)
    assert [one.episode_id for one in shown.items] == list(courses[1:])
    assert shown.hidden == 1
    assert _meeting(care, review, care.prescriber).hidden == 0


def test_the_presenter_shows_the_latest_signed_intention(care, courses):
    with care.database.writing() as db:
        session = a_ketamine_session(db, db.get_one(Episode, courses[0]), planned_at=NOW + DAY)
        a_signed_intention(db, session, care.therapist)
    review = _begin(care, courses)
    asked = care.asked_by(care.prescriber)
    with care.database.reading() as db:
        shown = presented(db, asked, _item(care, review, courses[0]))
        other = presented(db, asked, _item(care, review, courses[1]))
    assert shown.intention
    assert other.intention == ""


def test_the_statements_are_as_many_for_three_clients_as_for_thirty(care, courses):
    def read():
        asked = care.asked_by(care.therapist)
        with recorded_statements(care.database.engine) as statements, care.database.reading() as db:
            presented(db, asked, running_meeting(db, asked).current)
        return len(statements)

    review = _begin(care, courses)
    few = read()
    _do(care, care.therapist, end_review, review)
    with care.database.writing() as db:
        more = [another_course(db, care, f"Elm {number}").id for number in range(27)]
    _begin(care, (*courses, *more))
    assert read() == few == 9
