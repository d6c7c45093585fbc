"""Where a planned contact stands, and what a course needs because of it."""

from datetime import UTC, datetime, timedelta

import pytest

from kapteam.rules.contacts import ContactStage, judge_contact
from kapteam.vocabulary import ContactKind, ContactOutcome, Function, How, Part, Tone, Touch

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
