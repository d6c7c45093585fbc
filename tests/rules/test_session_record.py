"""Two parts of a record: who is asked, how loud, what names what was seen, and its words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.session_record import (
    SupportGiven,
    TouchGiven,
    asked_of,
    drawn_from,
    support_lines,
    to_sign_tone,
    touch_at,
)
from kapteam.vocabulary import IntentionTouched, Part, RecordPart, Support, Tone, TouchBegan

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHOENIX = ZoneInfo("America/Phoenix")
MEDICAL, SUPPORT = RecordPart


@pytest.mark.parametrize(
    ("members", "asked"),
    [
        ([(Part.PRESCRIBER, "a"), (Part.THERAPIST, "b")], (MEDICAL, SUPPORT)),
        ([(Part.PRESCRIBER, "a"), (Part.THERAPIST, "a")], (MEDICAL, SUPPORT)),
        ([(Part.PRESCRIBER, "a"), (Part.THERAPIST, None)], (MEDICAL,)),
        ([(Part.PRESCRIBER, None), (Part.THERAPIST, "b")], (SUPPORT,)),
        # Who covers signs for those who treat and is never asked beside them.
        ([(Part.PRESCRIBER, "a"), (Part.COVER, "c")], (MEDICAL,)),
        ([(Part.COVER, "c")], ()),
        ([], ()),
    ],
)
def test_a_part_is_asked_of_whom_of_the_team_has_it_and_of_nobody_elsewhere(members, asked):
    assert asked_of(members) == asked


@pytest.mark.parametrize(
    ("hours", "tone"), [(0, Tone.PLAIN), (71.9, Tone.PLAIN), (72, Tone.AMBER), (999, Tone.AMBER)]
)
def test_after_three_days_it_is_said_louder(hours, tone):
    assert to_sign_tone(NOW - hours * HOUR, NOW) is tone


_ROWS = st.sets(st.sampled_from(["dose", "booster", "ondansetron", "clonidine"]))


@given(_ROWS, _ROWS, st.integers(1, 9), st.integers(1, 9))
def test_another_row_is_another_state_and_so_is_a_time_of_the_medical_part(one, other, v, w):
    assert drawn_from(MEDICAL, v, one) == drawn_from(MEDICAL, v, sorted(one, reverse=True))
    is_same = drawn_from(MEDICAL, v, one) == drawn_from(MEDICAL, w, other)
    assert is_same == ((v, one) == (w, other))
    # A time that changes is nothing of the support.
    assert drawn_from(SUPPORT, v, one) == drawn_from(SUPPORT, w, one)


@pytest.mark.parametrize(
    ("typed", "began", "at"),
    [
        # At 11:40 am, the dose at 11:30 am.
        (NOW - 2 * HOUR, NOW - 3 * HOUR, NOW - 2 * HOUR),
        # Before the dose, as it was prepared.
        (NOW - 4 * HOUR, NOW - 3 * HOUR, NOW - 4 * HOUR),
        # 12:15 am, the dose at 11:30 pm: of the day after.
        (NOW - 23 * HOUR, NOW, NOW + HOUR),
    ],
)
def test_rule_9_a_touch_lies_as_near_the_dose_as_may_be(typed, began, at):
    assert touch_at(typed, typed + DAY, began) == at


def test_what_is_kept_of_the_support_is_read_back_the_same():
    touch = TouchGiven("Hand held", TouchBegan.ASKED_FOR, "Yes", NOW)
    support = SupportGiven(
        (Support.PRESENCE, Support.HAND), "Quiet.", IntentionTouched.PARTLY, (touch,)
    )
    kept = [one.kept() for one in support.touches]
    assert SupportGiven.of(["presence", "hand"], "Quiet.", support.touched, kept, None) == support


def test_the_support_in_words_says_nothing_that_nobody_said():
    assert support_lines(SupportGiven((Support.PRESENCE,)), PHOENIX) == ["Support given: Presence"]
    touch = TouchGiven("Hand held", TouchBegan.OFFERED, "No, thank you", NOW)
    whole = SupportGiven((Support.BREATH,), "Quiet.", IntentionTouched.NO, (touch,))
    assert [one.replace("\u00a0", " ") for one in support_lines(whole, PHOENIX)] == [
        "Support given: Breath",
        "Intention touched: no",
        "Touch, Tue Nov 24, 2026, 2:30 pm MST: Hand held, offered. Client: No, thank you",
        "In the client's own words: Quiet.",
    ]
