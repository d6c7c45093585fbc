"""Who signs off the end of a course of care, and when it is said louder."""

from datetime import UTC, datetime, timedelta

import pytest

from kapteam.rules.attention import Attention, Reason, attend_ended
from kapteam.rules.sign_off import who_signs_off
from kapteam.vocabulary import Part, Tone

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
PRESCRIBER, THERAPIST, COVER = Part.PRESCRIBER, Part.THERAPIST, Part.COVER


@pytest.mark.parametrize(
    ("members", "who"),
    [
        (
            [(PRESCRIBER, "robin"), (THERAPIST, "thea")],
            {"robin": PRESCRIBER, "thea": THERAPIST},
        ),
        ([(PRESCRIBER, "robin"), (THERAPIST, "robin")], {"robin": PRESCRIBER}),
        ([(PRESCRIBER, None), (THERAPIST, "thea")], {"thea": THERAPIST}),
        ([(THERAPIST, "thea"), (COVER, "nico")], {"thea": THERAPIST}),
        ([], {}),
    ],
)
def test_rule_56_each_who_treats_here_signs_once(members, who):
    assert who_signs_off(members) == who


@pytest.mark.parametrize(
    ("days", "tone"), [(0, Tone.PLAIN), (6.99, Tone.PLAIN), (7, Tone.AMBER), (40, Tone.AMBER)]
)
def test_rule_56_a_sign_off_is_said_louder_after_a_week(days, tone):
    asked_at = NOW - timedelta(days=days)
    assert attend_ended(PRESCRIBER, asked_at, NOW) == Attention(
        Reason.SIGN_OFF, tone, PRESCRIBER, asked_at, subject_id="prescriber"
    )
