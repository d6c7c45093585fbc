"""The weekly case review: who is on its agenda, why, in what order (domain 6, rules 58 to 62)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from kapteam.rules.attention import Attention
from kapteam.rules.notes import Field
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import EpisodeState, ReviewDecision, Term, Tone

NEW = timedelta(days=14)
"""A course of care is new for two weeks, as in Caseload."""
AGREED = Field("agreed", "What we agreed", "In one or two sentences")
"""What is written about a client while both look at them, kept as it is typed."""
NEEDS_WORDS = frozenset({ReviewDecision.DOSE, ReviewDecision.REFER, ReviewDecision.DISCHARGE})
"""What says too little by itself: to which dose, to whom, why."""


class Topic(Term):
    """Why a course is on the agenda besides what needs attention, in the order that it is said."""

    NOT_REACHED = "not_reached", "Not reached last time"
    OVERDUE_ACTION = "overdue_action", "Overdue action"
    DISCUSS = "discuss", "To discuss"
    SERIES_OVER = "series_over", "Series over, decide how it goes on"
    DOSE_AHEAD = "dose_ahead", "Ketamine session in the next 7 days"
    NEW = "new", "New"
    NOT_REVIEWED = "not_reviewed", "Not reviewed"


_AS_AMBER = frozenset({Topic.DISCUSS, Topic.SERIES_OVER})


@dataclass(frozen=True, slots=True)
class CourseToReview:
    """What the agenda asks of one open course of care.

    `attention` is what needs somebody, in order; `next_at` its next step. `not_reached`: the last
    review had it on its agenda and decided nothing. `overdue` are actions past their day, `marks`
    what somebody wants to discuss. `state_since` is when it came into its state.
    """

    episode_id: str
    state: EpisodeState
    opened_at: datetime
    attention: tuple[Attention, ...]
    next_at: datetime | None
    dose_at: datetime | None
    last_reviewed_at: datetime | None
    not_reached: bool
    overdue: int
    marks: int
    state_since: datetime
    on_hold: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One course on the agenda: its topics, and whether it is there for its turn alone."""

    course: CourseToReview
    topics: tuple[Topic, ...]

    @property
    def is_steady(self) -> bool:
        """Nothing but that it was not reviewed for long: such courses are looked at together.

        Never one on hold, which calls for a decision of its own.
        """
        flagged = self.course.attention or self.course.on_hold
        return self.topics == (Topic.NOT_REVIEWED,) and not flagged


def agenda(
    courses: Iterable[CourseToReview], thresholds: Thresholds, now: datetime
) -> tuple[Entry, ...]:
    """Every course that the review is about, in order (rules 58 to 60).

    Who was not reached last time comes first, then whose action is overdue; then red, then amber,
    what somebody marked and whose series is over, then the rest. Within these it is the order of
    Caseload, and of what is the same there, who was not reviewed for longest. Steady courses come
    last.
    """
    entries = (Entry(course, _topics(course, thresholds, now)) for course in courses)
    listed = [one for one in entries if one.topics or one.course.attention]
    return tuple(sorted(listed, key=_order))


def _topics(course: CourseToReview, thresholds: Thresholds, now: datetime) -> tuple[Topic, ...]:
    # Rule 59: then a course is on the agenda whatever else there is.
    in_maintenance = course.state is EpisodeState.MAINTENANCE
    again = timedelta(
        days=thresholds.case_review_maintenance_days
        if in_maintenance
        else thresholds.case_review_days
    )
    # Domain 1.1, state 7: the two decide how it goes on, which is open until a review has.
    is_over = course.state is EpisodeState.SERIES_REVIEW
    reviewed_at = course.last_reviewed_at
    is_true = {
        Topic.NOT_REACHED: course.not_reached,
        Topic.OVERDUE_ACTION: course.overdue > 0,
        Topic.DISCUSS: course.marks > 0,
        Topic.SERIES_OVER: is_over and (reviewed_at is None or reviewed_at < course.state_since),
        Topic.DOSE_AHEAD: course.dose_at is not None,
        Topic.NEW: course.last_reviewed_at is None and now - course.opened_at < NEW,
        Topic.NOT_REVIEWED: now - (course.last_reviewed_at or course.opened_at) > again,
    }
    return tuple(topic for topic in Topic if is_true[topic])


def _order(entry: Entry) -> tuple[bool, int, tuple[float, ...], float, float, str]:
    course = entry.course
    tone = course.attention[0].tone if course.attention else Tone.QUIET
    if Topic.NOT_REACHED in entry.topics:
        group = 0
    elif Topic.OVERDUE_ACTION in entry.topics:
        group = 1
    elif tone is Tone.RED:
        group = 2
    elif tone is Tone.AMBER or not _AS_AMBER.isdisjoint(entry.topics):
        group = 3
    else:
        group = 4
    return (
        entry.is_steady,
        group,
        course.attention[0].order if course.attention else (inf,),
        course.next_at.timestamp() if course.next_at else inf,
        (course.last_reviewed_at or course.opened_at).timestamp(),
        course.episode_id,
    )


def next_open(ids: Sequence[str], open_ids: Collection[str], after_id: str) -> str | None:
    """Of an agenda the first item after this one that is open yet, else the first of all."""
    start = ids.index(after_id) + 1 if after_id in ids else 0
    return next((one for one in (*ids[start:], *ids[:start]) if one in open_ids), None)


def moved(ids: Sequence[str], item_id: str, place: int, seen: Collection[str]) -> list[str]:
    """The agenda with one item in that place, counted from 0, or at the end that is nearest.

    Places are counted among those that somebody has `seen`.
    """
    others = [one for one in ids if one != item_id]
    behind = [one for one in others if one in seen][max(place, 0) :]
    others.insert(others.index(behind[0]) if behind else len(others), item_id)
    return others


def as_next(ids: Sequence[str], item_id: str, after_id: str | None) -> list[str]:
    """The agenda with one item right after the one that is open; first where none is."""
    if item_id == after_id:
        return list(ids)
    others = [one for one in ids if one != item_id]
    others.insert(others.index(after_id) + 1 if after_id in others else 0, item_id)
    return others


def time_left(started_at: datetime, minutes: int, now: datetime) -> timedelta:
    """What is left of the time that the review was planned for; negative when it is over."""
    return started_at + timedelta(minutes=minutes) - now


def is_proposed(decision: ReviewDecision | None, *, by_prescriber: bool) -> bool:
    """Rule 62: a change of dose that no prescriber decided waits for one."""
    return decision is ReviewDecision.DOSE and not by_prescriber
