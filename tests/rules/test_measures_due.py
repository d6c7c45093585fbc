"""Which measure is asked for when, and which is overdue."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kapteam.instruments import instruments
from kapteam.rules.change import Taken
from kapteam.rules.measures_due import DueFor, MeasuredCourse, due
from kapteam.vocabulary import EpisodeState, Indication, ServiceLine

ZONE = ZoneInfo("America/Phoenix")
TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)
PHQ_9 = instruments()["phq-9"]
PCL_5 = instruments()["pcl-5-month"]
WHO_5 = instruments()["who-5"]
AUDIT_C = instruments()["audit-c"]
EBI = instruments()["ebi"]
C_SSRS = instruments()["c-ssrs"]


def at(days, hour=10):
    """So many days from today, at an hour of Phoenix."""
    return datetime(2026, 11, 24, hour, tzinfo=ZONE).astimezone(UTC) + days * DAY


def a_course(doses=(), next_dose=None, state=EpisodeState.SERIES, **changes):
    return MeasuredCourse(
        ServiceLine.KAP,
        state,
        changes.pop("state_since", TODAY - 40 * DAY),
        changes.pop("is_held", False),
        changes.pop("indications", (Indication.DEPRESSION,)),
        tuple(at(days) for days in doses),
        None if next_dose is None else at(next_dose),
        **changes,
    )


def asked(course, *taken, of=PHQ_9, today=TODAY):
    """What is due as (what for, days from today, overdue); `taken` in days from today, at 9:00."""
    scores = [Taken(str(days), of.id, 12, at(days, 9), at(days, 9)) for days in taken]
    found = due(of, scores, course, today, ZONE)
    return found and (found.due_for, (found.due_on - today).days, found.is_overdue)


BEFORE, BASELINE = DueFor.BEFORE_DOSE, DueFor.BASELINE


@pytest.mark.parametrize(
    ("course", "taken", "expected"),
    [
        # Baseline: once the first dose is near enough for a score to be good on its day.
        (a_course(next_dose=20), [], (BASELINE, 20, False)),
        (a_course(next_dose=30), [], (BASELINE, 30, False)),
        (a_course(next_dose=31), [], None),
        (a_course(), [], None),
        (a_course(next_dose=20), [-10], None),
        (a_course(next_dose=20), [-11], (BASELINE, 20, False)),
        # Never taken: no baseline, overdue three days after the first dose.
        (a_course([-3]), [], (BASELINE, -3, False)),
        (a_course([-4]), [], (BASELINE, -4, True)),
        (a_course([-4, -1]), [-2], None),
        # Before each dose, unless taken fewer than 3 days before it.
        (a_course([-4], 2), [-4, 0], None),
        (a_course([-4], 2), [-4], (BEFORE, 2, False)),
        (a_course([-4], 3), [-4], None),
        (a_course([-4], 0), [-4, -2], None),
        (a_course([-4], 0), [-4, -3], (BEFORE, 0, False)),
        # One that was missed stays until it is made up for.
        (a_course([-9, -2], 5), [-9], (BEFORE, -2, False)),
        (a_course([-9, -4], 5), [-9], (BEFORE, -4, True)),
        (a_course([-9, -4], 5), [-9, -1], None),
        # The end of the series.
        (
            a_course([-9, -6], state=EpisodeState.SERIES_REVIEW, state_since=TODAY - DAY),
            [-9, -6],
            (DueFor.AT_END, -1, False),
        ),
        (
            a_course([-9, -6], state=EpisodeState.SERIES_REVIEW, state_since=TODAY - 5 * DAY),
            [-9, -6],
            (DueFor.AT_END, -5, True),
        ),
        (a_course([-9, -6], state=EpisodeState.SERIES_REVIEW), [-9, -6, -5], None),
        (a_course([-9, -6], state=EpisodeState.SERIES), [-9, -6], None),
        # The longest due first.
        (
            a_course([-9, -6], state=EpisodeState.SERIES_REVIEW, state_since=TODAY - DAY),
            [-9],
            (BEFORE, -6, True),
        ),
        # Monthly in maintenance.
        (a_course(state=EpisodeState.MAINTENANCE), [-29], None),
        (a_course(state=EpisodeState.MAINTENANCE), [-30], (DueFor.IN_MAINTENANCE, 0, False)),
        (a_course(state=EpisodeState.MAINTENANCE), [-34], (DueFor.IN_MAINTENANCE, -4, True)),
        (a_course(state=EpisodeState.MAINTENANCE), [], (DueFor.IN_MAINTENANCE, -40, True)),
    ],
)
def test_rule_51_the_phq_9_is_asked_for_as_its_schedule_says(course, taken, expected):
    assert asked(course, *taken) == expected


def test_a_score_of_the_day_of_the_dose_but_after_it_is_no_baseline():
    late = [Taken("a", PHQ_9.id, 12, at(-4, 15), at(-4, 15))]

    assert due(PHQ_9, late, a_course([-4]), TODAY, ZONE).due_for is BASELINE


@pytest.mark.parametrize(
    "changes",
    [
        {"is_held": True},
        {"state": EpisodeState.CLOSED},
        {"line": ServiceLine.PSYCHEDELIC_INTEGRATION},
    ],
    ids=str,
)
def test_rule_51_nothing_is_chased_where_care_rests_unless_somebody_set_it(changes):
    course = replace(a_course([-9], 1), **changes)

    assert asked(course) is None
    assert asked(replace(course, asked_on=TODAY)) == (BASELINE, -9, True)


@pytest.mark.parametrize(
    ("set_on", "taken", "expected"),
    [
        # There is no dose to be asked before: from the day on which it was set, then each month.
        (0, [], (DueFor.WITHOUT_KETAMINE, 0, False)),
        (-3, [], (DueFor.WITHOUT_KETAMINE, -3, False)),
        (-4, [], (DueFor.WITHOUT_KETAMINE, -4, True)),
        (-4, [-1], None),
        (-40, [-29], None),
        (-40, [-30], (DueFor.WITHOUT_KETAMINE, 0, False)),
        # One that was taken before it was set answers for as long as any other.
        (-4, [-10], None),
        (0, [-35], (DueFor.WITHOUT_KETAMINE, 0, False)),
    ],
)
def test_rule_51_where_care_has_no_ketamine_it_is_asked_for_from_when_it_was_set(
    set_on, taken, expected
):
    course = replace(
        a_course(state=EpisodeState.INTEGRATION),
        line=ServiceLine.PSYCHEDELIC_INTEGRATION,
        asked_on=TODAY + set_on * DAY,
    )

    assert asked(course, *taken) == expected
    assert asked(replace(course, asked_on=None), *taken) is None
    # What belongs to a dose must not be asked for, nor what is asked of other people.
    assert asked(course, *taken, of=EBI) is None
    assert asked(course, *taken, of=PCL_5) is None


def test_what_was_set_on_hold_asks_for_nothing_that_would_not_be_asked_for_anyway():
    held = replace(a_course([-9]), is_held=True, asked_on=TODAY)

    assert asked(held, -9, -8) == asked(a_course([-9]), -9, -8) is None


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([-40], (DueFor.IN_SERIES, -12, True)),
        ([-31], (DueFor.IN_SERIES, -3, False)),
        ([-31, -27], None),
        ([-31, -28], (DueFor.IN_SERIES, 0, False)),
    ],
)
def test_the_pcl_5_of_a_month_is_asked_for_every_four_weeks_of_trauma(taken, expected):
    course = a_course([-30, -20, -10], indications=(Indication.PTSD,))

    assert asked(course, *taken, of=PCL_5) == expected
    assert asked(a_course([-30, -20, -10]), *taken, of=PCL_5) is None


def test_a_score_of_the_other_pcl_5_must_not_answer():
    course = a_course([-30], indications=(Indication.PTSD,))
    week = [Taken("a", "pcl-5-week", 40, at(-1), at(-1))]

    assert due(PCL_5, week, course, TODAY, ZONE).due_for is BASELINE


def test_an_old_baseline_asks_for_the_next_one_no_sooner_than_the_series_began():
    assert asked(a_course([-1]), -31, of=WHO_5) == (DueFor.IN_SERIES, -1, False)


@pytest.mark.parametrize(
    ("doses", "taken", "expected"),
    [
        ([0], [], None),
        ([-1], [], (DueFor.AFTER_DOSE, 0, False)),
        ([-4], [], (DueFor.AFTER_DOSE, -3, False)),
        ([-5], [], (DueFor.AFTER_DOSE, -4, True)),
        ([-5], [-4], None),
        ([-5, -2], [-4], (DueFor.AFTER_DOSE, -1, False)),
        ([], [], None),
    ],
)
def test_the_day_after_a_dose_is_asked_for_once_and_for_the_last_dose_only(doses, taken, expected):
    assert asked(a_course(doses), *taken, of=EBI) == expected


def test_a_score_of_the_very_minute_of_a_dose_is_not_one_after_it():
    same = [Taken("a", EBI.id, 12, at(-5), at(-5))]

    assert due(EBI, same, a_course([-5]), TODAY, ZONE).due_for is DueFor.AFTER_DOSE


def test_what_has_no_schedule_must_not_be_asked_for():
    assert asked(a_course([-9], 1), of=C_SSRS) is None


def test_an_incomplete_form_must_not_answer():
    gap = [Taken("a", PHQ_9.id, None, at(-1), at(-1))]

    assert due(PHQ_9, gap, a_course([-9]), TODAY, ZONE).due_for is BASELINE


def test_it_says_when_it_was_last_taken_in_the_days_of_the_practice():
    evening = [Taken("a", AUDIT_C.id, 3, at(-200, 20), at(-200, 20))]
    found = due(AUDIT_C, evening, a_course([-190]), TODAY, ZONE)

    assert found.last_on == TODAY - 200 * DAY
    assert found.due_for is DueFor.IN_SERIES
    assert due(AUDIT_C, [], a_course([-1]), TODAY, ZONE).last_on is None
