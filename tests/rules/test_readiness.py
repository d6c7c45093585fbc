"""Two keys: what a ketamine session waits for, of whom, and when it may be called ready."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.ceiling import CeilingGap
from kapteam.rules.notes import IntentionStage, IntentionStanding
from kapteam.rules.readiness import (
    ASKED,
    KEYS,
    ON_THE_DAY,
    READ,
    Preparation,
    decides,
    is_ready,
    needs_words,
    possible_answers,
    still_to_ask,
    waits_for,
)
from kapteam.rules.thresholds import Thresholds
from kapteam.rules.vitals import Pressure, PressureGap, pressure_gap
from kapteam.vocabulary import Answer, OrderState, Part, ReadinessItem, Tone

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
Item = ReadinessItem
SIGNED = IntentionStanding(IntentionStage.SIGNED, Tone.PLAIN, signed_at=NOW)
NOT_DUE = IntentionStanding(IntentionStage.NOT_DUE, Tone.QUIET)
MISSING = IntentionStanding(IntentionStage.MISSING, Tone.AMBER)
POSTPONE = IntentionStanding(IntentionStage.POSTPONE, Tone.AMBER)
RIDE = {Item.RIDE: Answer.FINE}
READY = Preparation(
    planned_at=NOW + 24 * HOUR,
    at_home=False,
    home_gap="",
    missing_note="",
    cleared=True,
    consented=True,
    enrolled=True,
    ceiling_gap=None,
    pressure=None,
    pressure_gap=None,
    order_state=OrderState.ORDERED,
    intention=SIGNED,
    owes_before=False,
    answers=RIDE,
)


def _items(session: Preparation) -> list[Item]:
    return [one.item for one in waits_for(session, NOW)]


def test_with_all_that_is_known_before_the_day_it_is_ready_and_waits_on_nobody():
    assert waits_for(READY, NOW) == ()
    assert is_ready(READY, NOW)


@pytest.mark.parametrize(
    ("facts", "item", "part", "tone"),
    [
        ({"missing_note": "risk note"}, Item.NOTE, Part.PRESCRIBER, Tone.RED),
        ({"cleared": False}, Item.CLEARANCE, Part.PRESCRIBER, Tone.RED),
        ({"consented": False}, Item.CONSENT, Part.PRESCRIBER, Tone.RED),
        ({"enrolled": False}, Item.ENROLLMENT, Part.PRESCRIBER, Tone.RED),
        ({"ceiling_gap": CeilingGap.ABOVE}, Item.CEILING, Part.PRESCRIBER, Tone.RED),
        ({"ceiling_gap": CeilingGap.WEIGH}, Item.WEIGHT, Part.PRESCRIBER, Tone.AMBER),
        ({"order_state": OrderState.NONE}, Item.DOSE, Part.PRESCRIBER, Tone.AMBER),
        ({"order_state": OrderState.PROPOSED}, Item.DOSE, Part.PRESCRIBER, Tone.AMBER),
        ({"intention": POSTPONE}, Item.POSTPONE, Part.PRESCRIBER, Tone.AMBER),
        ({"intention": MISSING}, Item.INTENTION, Part.THERAPIST, Tone.AMBER),
        ({"answers": {}}, Item.RIDE, Part.THERAPIST, Tone.AMBER),
        ({"at_home": True, "home_gap": "where"}, Item.HOME, Part.THERAPIST, Tone.AMBER),
        *(
            ({"answers": RIDE | {item: Answer.NOT_FINE}}, item, KEYS[item], tone)
            for item, tone in (
                (Item.MEDICINES, Tone.AMBER),
                (Item.PREGNANCY, Tone.RED),
                (Item.MIND, Tone.RED),
                (Item.BLADDER, Tone.AMBER),
                (Item.FASTING, Tone.AMBER),
                (Item.EVENING, Tone.AMBER),
            )
        ),
    ],
)
def test_rules_21_25_26_and_30_each_thing_that_lacks_waits_on_one_of_the_two(
    facts, item, part, tone
):
    lacking = replace(READY, **facts)
    (one,) = waits_for(lacking, NOW)
    assert (one.item, one.part, one.tone) == (item, part, tone)
    assert not is_ready(lacking, NOW)


HIGH, AGAIN = Pressure(168, 102), Pressure(146, 88)


@pytest.mark.parametrize(
    ("pressure", "gap", "item", "tone", "what"),
    [
        (None, PressureGap.NOT_READ, Item.PRESSURE, Tone.AMBER, "blood pressure"),
        (AGAIN, PressureGap.AGAIN, Item.PRESSURE, Tone.AMBER, "blood pressure again"),
        (HIGH, PressureGap.HIGH, Item.PRESSURE_HIGH, Tone.RED, "blood pressure 168/102"),
    ],
)
def test_rule_24_the_pressure_before_the_dose_waits_on_the_prescriber(
    pressure, gap, item, tone, what
):
    session = replace(READY, pressure=pressure, pressure_gap=gap)
    (one,) = waits_for(session, NOW)
    assert (one.item, one.part, one.tone, one.what) == (item, Part.PRESCRIBER, tone, what)
    assert not is_ready(session, NOW)
    assert possible_answers(item) == (Answer.GO_AHEAD,)
    assert not decides(item, prescribes=False)

    gone_ahead = replace(session, answers=RIDE | {item: Answer.GO_AHEAD})
    assert is_ready(gone_ahead, NOW)
    # The front desk reads no figure.
    (told,) = waits_for(replace(session, names_questions=False), NOW)
    assert told.what == "a question of the day"


def test_going_ahead_with_a_raised_pressure_is_no_word_about_a_high_one():
    session = replace(
        READY,
        pressure=HIGH,
        pressure_gap=PressureGap.HIGH,
        answers=RIDE | {Item.PRESSURE: Answer.GO_AHEAD},
    )
    assert _items(session) == [Item.PRESSURE_HIGH]


@pytest.mark.parametrize(
    ("pressure", "has_arrived", "gap"),
    [
        # Who has not come cannot be read; who was read before coming in was read.
        (None, False, None),
        (None, True, PressureGap.NOT_READ),
        (Pressure(139, 89), True, None),
        (AGAIN, True, PressureGap.AGAIN),
        (AGAIN, False, PressureGap.AGAIN),
        (HIGH, True, PressureGap.HIGH),
    ],
)
def test_rule_24_what_the_last_pressure_asks_for(pressure, has_arrived, gap):
    assert pressure_gap(pressure, has_arrived=has_arrived, thresholds=Thresholds()) is gap


def test_rule_25_a_ride_is_asked_for_three_days_before_and_without_one_it_is_never_ready():
    far = replace(READY, planned_at=NOW + 72 * HOUR + timedelta(minutes=1), answers={})
    assert _items(far) == []
    assert not is_ready(far, NOW)
    assert _items(replace(far, planned_at=NOW + 72 * HOUR)) == [Item.RIDE]


def test_at_home_nobody_is_asked_for_a_ride():
    assert is_ready(replace(READY, at_home=True, answers={}), NOW)


def test_an_intention_that_is_not_due_is_neither_waited_for_nor_ready():
    early = replace(READY, intention=NOT_DUE)
    assert _items(early) == []
    assert not is_ready(early, NOW)


@pytest.mark.parametrize("answer", [Answer.FINE, Answer.NOT_NEEDED, Answer.GO_AHEAD])
def test_what_was_decided_or_is_as_it_should_be_keeps_nobody_waiting(answer):
    assert is_ready(replace(READY, answers=RIDE | {Item.PREGNANCY: answer}), NOW)


@pytest.mark.parametrize(
    ("hours", "facts", "waits"),
    [
        (23, {"owes_before": True}, [Item.LAST_NOTE]),
        (0, {"owes_before": True}, [Item.LAST_NOTE]),
        # Until the day before its own clock says it.
        (24, {"owes_before": True}, []),
        (23, {"owes_before": False}, []),
        (23, {"owes_before": True, "answers": RIDE | {Item.LAST_NOTE: Answer.GO_AHEAD}}, []),
    ],
)
def test_rule_27_the_last_integration_keeps_a_dose_waiting_softly_until_somebody_decides(
    hours, facts, waits
):
    session = replace(READY, planned_at=NOW + hours * HOUR, **facts)
    assert _items(session) == waits
    assert [one.tone for one in waits_for(session, NOW)] == [Tone.AMBER] * len(waits)
    assert decides(Item.LAST_NOTE, prescribes=False)
    assert possible_answers(Item.LAST_NOTE) == (Answer.GO_AHEAD,)


def test_nobody_answers_what_the_rows_say_of_clearance_consent_and_order():
    decided = {*ASKED, *READ, Item.LAST_NOTE}
    assert not any(possible_answers(item) for item in Item if item not in decided)


def test_what_nobody_asked_yet_keeps_nobody_waiting_before_the_day():
    assert still_to_ask(RIDE) == tuple(item for item in KEYS if item in ON_THE_DAY)
    assert is_ready(READY, NOW)


def test_who_may_not_know_what_was_asked_is_told_that_something_is_to_decide():
    told = replace(READY, answers=RIDE | {Item.MIND: Answer.NOT_FINE}, names_questions=False)
    (one,) = waits_for(told, NOW)
    assert one.what == "a question of the day"


def test_going_ahead_where_it_is_hard_is_the_prescriber_s():
    """Domain 1.5: what blocks a dose; the rest the therapist decides as well, with a reason."""
    alone = [item for item in ASKED if not decides(item, prescribes=False)]
    assert set(alone) == {Item.RIDE, Item.MEDICINES, Item.PREGNANCY, Item.MIND}
    assert all(decides(item, prescribes=True) for item in ASKED)


def test_nobody_answers_that_there_is_no_ride_and_only_pregnancy_may_not_apply():
    assert Answer.NOT_FINE not in possible_answers(Item.RIDE)
    may_not_apply = [one for one in ASKED if Answer.NOT_NEEDED in possible_answers(one)]
    assert may_not_apply == [Item.PREGNANCY]


def test_what_is_amiss_and_why_they_go_ahead_is_never_said_without_words():
    for item in ASKED:
        assert needs_words(item, Answer.NOT_FINE)
        assert needs_words(item, Answer.GO_AHEAD)
    assert [one for one in ASKED if needs_words(one, Answer.FINE)] == [Item.RIDE]


@given(
    facts=st.fixed_dictionaries(
        {
            "planned_at": st.integers(0, 14 * 24).map(lambda hours: NOW + hours * HOUR),
            "at_home": st.booleans(),
            "missing_note": st.sampled_from(["", "risk note"]),
            "cleared": st.booleans(),
            "consented": st.booleans(),
            "ceiling_gap": st.sampled_from([None, *CeilingGap]),
            "order_state": st.sampled_from(OrderState),
            "intention": st.sampled_from([SIGNED, NOT_DUE, MISSING, POSTPONE]),
            "owes_before": st.booleans(),
            "answers": st.dictionaries(st.sampled_from(ASKED), st.sampled_from(Answer)),
        }
    )
)
def test_nothing_is_ready_that_waits_for_anything_and_nothing_is_waited_for_twice(facts):
    session = replace(READY, **facts)
    items = _items(session)
    assert len(items) == len(set(items))
    assert items == [one for one in KEYS if one in items]
    assert not (items and is_ready(session, NOW))
