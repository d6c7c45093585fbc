"""Who is on the agenda of a case review, why and in what order; how it moves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.attention import Attention, Reason
from kapteam.rules.case_review import (
    CourseToReview,
    Topic,
    agenda,
    as_next,
    is_proposed,
    moved,
    next_open,
    time_left,
)
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import EpisodeState, ReviewDecision, Tone

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
DAY = timedelta(days=1)
USUAL = Thresholds()
CALM = CourseToReview(
    episode_id="calm",
    state=EpisodeState.SERIES,
    opened_at=NOW - 90 * DAY,
    attention=(),
    next_at=None,
    dose_at=None,
    last_reviewed_at=NOW - 7 * DAY,
    not_reached=False,
    overdue=0,
    marks=0,
    state_since=NOW - 90 * DAY,
    on_hold=False,
)
OVER = replace(CALM, state=EpisodeState.SERIES_REVIEW, state_since=NOW - 10 * DAY)
RED = Attention(Reason.INTEGRATION_LATE, Tone.RED, None, NOW - DAY)
AMBER = Attention(Reason.INTENTION, Tone.AMBER, None, NOW - DAY)
PLAIN = Attention(Reason.NO_NEXT_STEP, Tone.PLAIN, None)


@pytest.mark.parametrize(
    ("course", "topics"),
    [
        (replace(CALM, not_reached=True), (Topic.NOT_REACHED,)),
        (replace(CALM, overdue=1), (Topic.OVERDUE_ACTION,)),
        (replace(CALM, marks=2), (Topic.DISCUSS,)),
        (replace(CALM, dose_at=NOW + DAY), (Topic.DOSE_AHEAD,)),
        (
            replace(CALM, opened_at=NOW - 14 * DAY + timedelta(seconds=1), last_reviewed_at=None),
            (Topic.NEW,),
        ),
        (
            replace(CALM, last_reviewed_at=NOW - 28 * DAY - timedelta(seconds=1)),
            (Topic.NOT_REVIEWED,),
        ),
        (
            replace(
                CALM,
                state=EpisodeState.MAINTENANCE,
                last_reviewed_at=NOW - 60 * DAY - timedelta(seconds=1),
            ),
            (Topic.NOT_REVIEWED,),
        ),
        (replace(CALM, last_reviewed_at=None), (Topic.NOT_REVIEWED,)),
        (replace(OVER, last_reviewed_at=OVER.state_since - DAY), (Topic.SERIES_OVER,)),
        (replace(OVER, last_reviewed_at=None), (Topic.SERIES_OVER, Topic.NOT_REVIEWED)),
        (replace(CALM, attention=(PLAIN,)), ()),
    ],
)
def test_what_puts_a_course_on_the_agenda(course, topics):
    (entry,) = agenda([course], USUAL, NOW)
    assert entry.topics == topics


@pytest.mark.parametrize(
    "course",
    [
        CALM,
        replace(CALM, last_reviewed_at=NOW - 28 * DAY),
        replace(CALM, state=EpisodeState.MAINTENANCE, last_reviewed_at=NOW - 60 * DAY),
        replace(CALM, last_reviewed_at=None, opened_at=NOW - 14 * DAY),
        replace(OVER, last_reviewed_at=OVER.state_since),
        replace(OVER, state=EpisodeState.MAINTENANCE, last_reviewed_at=NOW - 20 * DAY),
    ],
)
def test_what_does_not(course):
    assert agenda([course], USUAL, NOW) == ()


def test_after_how_long_it_comes_back_is_the_practice_s_own():
    own = Thresholds(case_review_days=7)
    course = replace(CALM, last_reviewed_at=NOW - 8 * DAY)
    assert agenda([course], USUAL, NOW) == ()
    assert [one.topics for one in agenda([course], own, NOW)] == [(Topic.NOT_REVIEWED,)]


def test_the_order_is_not_reached_overdue_red_amber_and_marked_the_rest_and_steady_last():
    courses = [
        replace(CALM, episode_id="steady", last_reviewed_at=None),
        replace(CALM, episode_id="dose", dose_at=NOW + DAY, next_at=NOW + DAY),
        replace(CALM, episode_id="no next step", attention=(PLAIN,)),
        replace(CALM, episode_id="marked", marks=1),
        replace(OVER, episode_id="series over", last_reviewed_at=NOW - 20 * DAY, next_at=NOW),
        replace(CALM, episode_id="amber", attention=(AMBER,)),
        replace(CALM, episode_id="red", attention=(RED, PLAIN)),
        replace(CALM, episode_id="overdue", overdue=1, attention=(PLAIN,)),
        replace(CALM, episode_id="not reached", not_reached=True),
    ]
    found = agenda(courses, USUAL, NOW)
    assert [one.course.episode_id for one in found] == [
        "not reached",
        "overdue",
        "red",
        "amber",
        "series over",
        "marked",
        "no next step",
        "dose",
        "steady",
    ]
    assert [one.course.episode_id for one in found if one.is_steady] == ["steady"]


def test_who_is_on_hold_is_looked_at_alone_and_never_among_the_steady():
    turn = replace(CALM, last_reviewed_at=None)
    held = replace(turn, episode_id="held", on_hold=True)
    found = agenda([turn, held], USUAL, NOW)
    assert [(one.course.episode_id, one.is_steady) for one in found] == [
        ("held", False),
        ("calm", True),
    ]


def test_of_the_same_who_was_not_reviewed_for_longest_comes_first():
    courses = [
        replace(CALM, episode_id=name, last_reviewed_at=NOW - days * DAY)
        for name, days in (("a", 30), ("b", 90), ("c", 60))
    ]
    assert [one.course.episode_id for one in agenda(courses, USUAL, NOW)] == ["b", "c", "a"]


@given(st.permutations(range(6)))
def test_the_order_does_not_depend_on_how_the_courses_come(order):
    courses = [
        replace(CALM, episode_id=str(number), attention=(RED,) if number % 2 else (AMBER,))
        for number in range(6)
    ]
    assert agenda([courses[one] for one in order], USUAL, NOW) == agenda(courses, USUAL, NOW)


@given(st.integers(0, 5))
def test_what_changes_about_one_course_moves_no_other(which):
    courses = [
        replace(CALM, episode_id=str(number), attention=(replace(AMBER, at=NOW - number * DAY),))
        for number in range(6)
    ]
    before = [one.course.episode_id for one in agenda(courses, USUAL, NOW)]
    courses[which] = replace(courses[which], attention=(RED,))
    after = [one.course.episode_id for one in agenda(courses, USUAL, NOW)]
    assert after[0] == str(which)
    assert [one for one in after if one != str(which)] == [
        one for one in before if one != str(which)
    ]


ITEMS = ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("open_ids", "after", "expected"),
    [
        ({"b", "d"}, "b", "d"),
        ({"b"}, "d", "b"),
        ({"a", "b"}, "", "a"),
        (set(), "a", None),
        ({"a"}, "gone", "a"),
    ],
)
def test_the_next_one_is_the_next_that_nothing_is_decided_about(open_ids, after, expected):
    assert next_open(ITEMS, open_ids, after) == expected


@pytest.mark.parametrize(
    ("item", "place", "expected"),
    [
        ("b", 2, ["a", "c", "b", "d"]),
        ("b", 0, ["b", "a", "c", "d"]),
        ("b", 1, ["a", "b", "c", "d"]),
        ("a", -1, ["a", "b", "c", "d"]),
        ("d", 9, ["a", "b", "c", "d"]),
    ],
)
def test_an_item_moves_to_its_place_or_to_the_nearest_end(item, place, expected):
    assert moved(ITEMS, item, place, ITEMS) == expected


def test_places_are_counted_among_what_somebody_sees():
    assert moved(ITEMS, "d", 0, {"c", "d"}) == ["a", "b", "d", "c"]
    assert moved(ITEMS, "c", 1, {"c", "d"}) == ["a", "b", "d", "c"]


@pytest.mark.parametrize(
    ("item", "after", "expected"),
    [
        ("d", "a", ["a", "d", "b", "c"]),
        ("a", "c", ["b", "c", "a", "d"]),
        ("d", None, ["d", "a", "b", "c"]),
        ("b", "b", ["a", "b", "c", "d"]),
    ],
)
def test_an_urgent_one_comes_next(item, after, expected):
    assert as_next(ITEMS, item, after) == expected


def test_the_time_left_goes_below_nothing():
    assert time_left(NOW, 60, NOW + timedelta(minutes=24)) == timedelta(minutes=36)
    assert time_left(NOW, 60, NOW + timedelta(minutes=61)) == timedelta(minutes=-1)


@pytest.mark.parametrize("decision", [*ReviewDecision, None])
def test_only_a_change_of_dose_waits_for_a_prescriber_and_only_from_a_therapist(decision):
    assert is_proposed(decision, by_prescriber=False) is (decision is ReviewDecision.DOSE)
    assert not is_proposed(decision, by_prescriber=True)
