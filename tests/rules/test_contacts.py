"""Where a planned contact stands, and what a course needs because of it."""

from datetime import UTC, datetime, timedelta

import pytest

from kapteam.rules.contacts import (
    ContactStage,
    Touches,
    judge_contact,
    out_of_touch_since,
    own_interval,
    video_gap,
)
from kapteam.vocabulary import (
    ContactKind,
    ContactOutcome,
    EpisodeState,
    Function,
    How,
    Part,
    Tone,
    Touch,
)

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
AHEAD, ASKED = ContactStage.AHEAD, ContactStage.DID_IT_HAPPEN


@pytest.mark.parametrize(
    ("minutes_ago", "stage", "tone"),
    [
        (-1_440, AHEAD, Tone.BLUE),
        (0, AHEAD, Tone.BLUE),
        (59, AHEAD, Tone.BLUE),
        (60, ASKED, Tone.AMBER),
        (60 * 24 * 30, ASKED, Tone.AMBER),
    ],
)
def test_an_hour_past_its_time_it_is_asked_about_until_somebody_says(minutes_ago, stage, tone):
    planned_at = NOW - timedelta(minutes=minutes_ago)

    found = judge_contact(ContactKind.INTAKE, planned_at, How.VIDEO, Part.THERAPIST, NOW)

    assert (found.stage, found.tone, found.part) == (stage, tone, Part.THERAPIST)


@pytest.mark.parametrize("kind", list(ContactKind))
def test_an_appointment_is_held_or_missed_and_somebody_called_is_reached_or_not(kind):
    telephone = {ContactKind.CALL, ContactKind.MESSAGE, ContactKind.OUTREACH}
    assert (ContactOutcome.REACHED in kind.outcomes) == (kind in telephone)
    assert (ContactOutcome.HELD in kind.outcomes) == (kind not in telephone)
    assert (ContactOutcome.MISSED in kind.outcomes) == (kind not in telephone)
    assert ContactOutcome.CANCELLED in kind.outcomes


def test_an_evaluation_is_the_prescribers_and_a_preparation_the_therapists():
    whose = {kind: kind.function for kind in ContactKind if kind.function}
    assert whose == {
        ContactKind.INTAKE: Function.THERAPIST,
        ContactKind.PREPARATION: Function.THERAPIST,
        ContactKind.EVALUATION: Function.PRESCRIBER,
        ContactKind.FOLLOW_UP: Function.PRESCRIBER,
    }


@pytest.mark.parametrize("touch", list(Touch))
def test_nobody_is_reached_by_a_message_or_a_call_that_nobody_took(touch):
    unheard = touch in {Touch.CALLED_NOT_REACHED, Touch.WE_WROTE}
    assert (touch.outcome is ContactOutcome.NOT_REACHED) == unheard
    assert not (touch.is_from_client and unheard)


def _days(number: float) -> timedelta:
    return timedelta(days=number)


def _touches(doses=(), talks=()):
    """Touches so many days ago."""
    found = {}
    for name, ago in (("dose", doses), ("talk", talks)):
        if ago:
            found[f"{name}s"] = len(ago)
            found[f"first_{name}_at"] = NOW - _days(max(ago))
            found[f"last_{name}_at"] = NOW - _days(min(ago))
    return Touches(**found)


SERIES, MAINTENANCE = EpisodeState.SERIES, EpisodeState.MAINTENANCE


@pytest.mark.parametrize(
    ("doses", "talks", "state", "days"),
    [
        ((), (), SERIES, 14),
        ((), (), MAINTENANCE, 45),
        ((10,), (9,), SERIES, 14),
        ((40, 30, 20, 10), (), SERIES, 10),
        ((90, 60, 30), (89, 88, 59, 29), MAINTENANCE, 30),
        ((9, 6, 3), (), SERIES, 7),
        ((), (50, 30, 10), SERIES, 20),
        ((10,), (50, 30, 10), SERIES, 20),
    ],
)
def test_ones_own_interval_is_that_of_the_doses_else_of_the_talks(doses, talks, state, days):
    assert own_interval(_touches(doses, talks), state) == _days(days)


@pytest.mark.parametrize(
    ("doses", "talks", "opened", "since"),
    [
        ((), (), 21, None),
        ((), (), 22, 22),
        ((40, 30, 20), (19,), 100, 19),
        ((40, 30, 20), (14,), 100, None),
        ((40, 30, 20), (), 100, 20),
        ((25, 15), (), 100, None),
        ((), (300, 1), 400, None),
    ],
)
def test_out_of_touch_is_half_as_long_again_as_the_own_interval(doses, talks, opened, since):
    found = out_of_touch_since(_touches(doses, talks), SERIES, NOW - _days(opened), NOW)

    assert found == (NOW - _days(since) if since else None)


@pytest.mark.parametrize(
    ("how", "place", "number", "gap"),
    [
        (How.VIDEO, "", "", "where they will be"),
        (How.VIDEO, "", "911", "where they will be"),
        (How.VIDEO, "At her mother's", "", "the emergency number there"),
        (How.VIDEO, "At her mother's", "911", ""),
        (How.PHONE, "", "", ""),
        (How.IN_PERSON, "", "", ""),
        (None, "", "", ""),
    ],
)
def test_by_video_somebody_has_to_know_where_help_is_sent(how, place, number, gap):
    assert video_gap(how, place, number) == gap
