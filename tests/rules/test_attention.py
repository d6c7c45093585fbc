"""What needs a human on a course of care: each reason, whom it waits on, and their order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.attention import (
    Attention,
    CourseFacts,
    PlannedDose,
    Reason,
    ToSign,
    Unkept,
    attend,
)
from kapteam.rules.ceiling import CeilingGap
from kapteam.rules.concerns import ConcernStanding
from kapteam.rules.contacts import judge_contact
from kapteam.rules.dosing import Silence
from kapteam.rules.integration import IntegrationFacts, judge
from kapteam.rules.monitoring_form import FormStage, FormStanding
from kapteam.rules.notes import IntentionStage, IntentionStanding
from kapteam.rules.pathway import ConsentFacts
from kapteam.rules.readiness import Preparation, waits_for
from kapteam.rules.thresholds import Thresholds
from kapteam.rules.waits import AuthorizationFacts, OutsideWaitFacts, Stuck, StuckOn
from kapteam.vocabulary import (
    Answer,
    ConcernKind,
    ConcernLevel,
    ConsentType,
    ContactKind,
    EpisodeState,
    OrderState,
    OutsideParty,
    Part,
    ReadinessItem,
    RecordPart,
    SessionStatus,
    Tone,
)

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)
R = Reason
SIGNED = IntentionStanding(IntentionStage.SIGNED, Tone.PLAIN, signed_at=NOW)
MISSING = IntentionStanding(IntentionStage.MISSING, Tone.AMBER)
PREGNANT = {ReadinessItem.RIDE: Answer.FINE, ReadinessItem.PREGNANCY: Answer.NOT_FINE}
CALM = CourseFacts(
    episode_id="course",
    contacts=(),
    state=EpisodeState.SERIES,
    doses=(),
    integrations=(),
    unconfirmed=(),
    breaches=(),
    proposed=(),
    to_sign=(),
    forms=(),
    clearance_until_on=TODAY + timedelta(days=200),
    consents=(),
    concerns=(),
    hold_look_again_on=None,
    on_hold=False,
    series_given=3,
    stuck=None,
    series_booked=1,
    series_ordered=6,
    series_dose_id="dose",
    has_next_step=True,
    has_touch_ahead=True,
    misses=0,
    out_of_touch_since=None,
    waits=(),
    authorization=None,
    home=None,
    signals=(),
    quieted=(),
    to_rebook=None,
    asks=(),
    actions=(),
)


def _dose(hours=24.0, *, is_ahead=True, silence=None, intention=SIGNED, **facts):
    """A ketamine session so many hours ahead that lacks nothing but what `facts` say."""
    prepared = Preparation(
        planned_at=NOW + timedelta(hours=hours),
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
        intention=intention,
        owes_before=False,
        answers={ReadinessItem.RIDE: Answer.FINE},
    )
    prepared = replace(prepared, **facts)
    lacks = waits_for(prepared, NOW)
    return PlannedDose("dose", prepared.planned_at, is_ahead, silence, intention, lacks)


def _integration(hours, **facts):
    given_at = None if hours is None else NOW - timedelta(hours=hours)
    return ("integration", judge(IntegrationFacts(given_at, **facts), Thresholds(), NOW, TODAY))


def _found(**facts) -> list[tuple[Reason, Tone, Part]]:
    found = attend(replace(CALM, **facts), NOW, TODAY)
    return [(one.reason, one.tone, one.waits_on) for one in found]


PRESCRIBER, THERAPIST = Part.PRESCRIBER, Part.THERAPIST


@pytest.mark.parametrize("part", [PRESCRIBER, THERAPIST])
def test_a_contact_whose_time_has_passed_waits_for_whose_it_is_also_on_hold(part):
    def planned(minutes):
        at = NOW + timedelta(minutes=minutes)
        return ("contact", judge_contact(ContactKind.CHECK_IN, at, None, part, NOW))

    passed = [(R.DID_IT_HAPPEN, Tone.AMBER, part)]
    assert _found(contacts=(planned(-60), planned(60))) == passed
    assert _found(contacts=(planned(-60),), on_hold=True) == passed
    assert _found(contacts=(planned(-59),)) == []


def _visit(hours, kind=ContactKind.FOLLOW_UP, part=PRESCRIBER):
    return ("visit", judge_contact(kind, NOW + hours * HOUR, None, part, NOW))


_BEFORE_A_VISIT = (R.NOTE_BEFORE_VISIT, Tone.AMBER, THERAPIST)


@pytest.mark.parametrize(
    ("integration", "visit", "is_said"),
    [
        # Held and not signed; late; asked about; not booked; booked for after the visit.
        ({"hours": 20, "held_at": NOW - HOUR}, _visit(20), True),
        ({"hours": 30}, _visit(20), True),
        ({"hours": 20, "planned_at": NOW - 2 * HOUR}, _visit(20), True),
        ({"hours": 5}, _visit(20), True),
        ({"hours": 5, "planned_at": NOW + 18 * HOUR}, _visit(17), True),
        ({"hours": 30, "agreed_for": TODAY}, _visit(20), True),
        ({"hours": 5}, _visit(20, ContactKind.EVALUATION), True),
        # Held before the visit as it is booked; nothing was given yet; too far ahead to say.
        ({"hours": 5, "planned_at": NOW + 18 * HOUR}, _visit(20), False),
        ({"hours": None, "expected_at": NOW + 2 * HOUR}, _visit(20), False),
        ({"hours": 5}, _visit(73), False),
        # No visit to the prescriber, or one that is over.
        ({"hours": 5}, _visit(20, ContactKind.CALL), False),
        ({"hours": 5}, _visit(20, part=THERAPIST), False),
        ({"hours": 5}, _visit(-2), False),
    ],
)
def test_an_integration_note_that_a_visit_will_miss_is_said_also_on_hold(
    integration, visit, is_said
):
    integrations = (_integration(**integration),)
    for on_hold in (False, True):
        found = _found(integrations=integrations, contacts=(visit,), on_hold=on_hold)
        assert (_BEFORE_A_VISIT in found) == is_said
    assert _BEFORE_A_VISIT not in _found(contacts=(visit,))


def test_of_several_visits_the_first_says_what_it_will_miss():
    found = _found(integrations=(_integration(5),), contacts=(_visit(40), _visit(20)))
    assert found.count(_BEFORE_A_VISIT) == 1


@pytest.mark.parametrize("times", [2, 3])
def test_two_misses_in_a_row_are_said_also_on_hold(times):
    said = [(R.MISSED_AGAIN, Tone.AMBER, THERAPIST)]
    assert _found(misses=times) == said
    assert _found(misses=times, on_hold=True) == said
    assert _found(misses=1) == []


def test_a_calm_course_needs_nobody():
    assert _found() == []
    assert _found(doses=(_dose(),), integrations=(_integration(2, planned_at=NOW),)) == []


@pytest.mark.parametrize(
    ("dose", "reason", "tone", "waits_on"),
    [
        (_dose(-3, silence=Silence.WAS_THIS_GIVEN), R.WAS_THIS_GIVEN, Tone.RED, PRESCRIBER),
        (_dose(-7, silence=Silence.NOT_CLOSED), R.NOT_CLOSED, Tone.AMBER, PRESCRIBER),
        (_dose(cleared=False), R.NOT_CLEARED, Tone.RED, PRESCRIBER),
        (_dose(ceiling_gap=CeilingGap.ABOVE), R.ABOVE_CEILING, Tone.RED, PRESCRIBER),
        (_dose(ceiling_gap=CeilingGap.WEIGH), R.WEIGH_FIRST, Tone.AMBER, PRESCRIBER),
        (
            _dose(order_state=OrderState.PROPOSED),
            R.DOSE_NOT_ORDERED,
            Tone.AMBER,
            PRESCRIBER,
        ),
        (_dose(order_state=OrderState.NONE), R.DOSE_NOT_ORDERED, Tone.AMBER, PRESCRIBER),
        (_dose(intention=MISSING), R.INTENTION, Tone.AMBER, THERAPIST),
        (_dose(consented=False), R.NO_CONSENT, Tone.RED, PRESCRIBER),
        (_dose(enrolled=False), R.NOT_ENROLLED, Tone.RED, PRESCRIBER),
        (_dose(answers={}), R.NO_RIDE, Tone.AMBER, THERAPIST),
        (_dose(at_home=True, home_gap="where"), R.HOME_UNKNOWN, Tone.AMBER, THERAPIST),
        (_dose(answers=PREGNANT), R.TO_DECIDE, Tone.RED, PRESCRIBER),
    ],
)
def test_rules_21_and_28_what_a_dose_waits_for(dose, reason, tone, waits_on):
    assert _found(doses=(dose,)) == [(reason, tone, waits_on)]


def test_a_dose_more_than_72_hours_ahead_may_still_wait_for_its_order():
    far = _dose(72.1, order_state=OrderState.NONE, cleared=False, ceiling_gap=CeilingGap.WEIGH)
    assert _found(doses=(far,)) == []
    assert len(_found(doses=(replace(far, planned_at=NOW + timedelta(hours=72)),))) == 3


def test_a_session_under_way_is_no_longer_asked_to_be_prepared():
    lacking = _dose(-1, order_state=OrderState.NONE, intention=MISSING, cleared=False)
    started = replace(lacking, is_ahead=False)
    assert _found(doses=(started,)) == []


def test_an_intention_drafted_early_disturbs_nobody():
    early = IntentionStanding(IntentionStage.DRAFT, Tone.BLUE, holder="Thea Tallis")
    assert _found(doses=(_dose(100, intention=early),)) == []


@pytest.mark.parametrize(
    ("integration", "reason", "tone"),
    [
        (_integration(30), R.INTEGRATION_LATE, Tone.AMBER),
        (_integration(50), R.INTEGRATION_LATE, Tone.RED),
        (_integration(3), R.INTEGRATION_NOT_BOOKED, Tone.PLAIN),
        (
            _integration(3, planned_at=NOW + timedelta(hours=30)),
            R.INTEGRATION_OUTSIDE,
            Tone.AMBER,
        ),
        (
            _integration(20, planned_at=NOW - timedelta(hours=2)),
            R.WAS_THIS_HELD,
            Tone.AMBER,
        ),
        (_integration(30, held_at=NOW), R.NOTE_TO_FINISH, Tone.AMBER),
        (_integration(None, due_on=TODAY - timedelta(days=1)), R.INTEGRATION_LATE, Tone.AMBER),
    ],
)
def test_what_an_integration_waits_for_is_the_therapists(integration, reason, tone):
    assert _found(integrations=(integration,)) == [(reason, tone, THERAPIST)]


def test_a_day_agreed_for_and_a_booking_inside_the_window_disturb_nobody():
    agreed = _integration(60, agreed_for=TODAY)
    booked = _integration(3, planned_at=NOW + timedelta(hours=12))
    assert _found(integrations=(agreed, booked)) == []


def test_a_dose_on_somebodys_word_is_red_until_confirmed():
    assert _found(unconfirmed=(("dose", NOW),)) == [(R.UNCONFIRMED_DOSE, Tone.RED, PRESCRIBER)]


def test_a_record_to_sign_waits_on_whose_part_it_is_and_also_on_hold():
    day = timedelta(days=1)
    asked = tuple(ToSign("dose", NOW - 4 * day, part, NOW - day) for part in RecordPart)
    said = [(R.SIGN_MEDICAL, Tone.PLAIN, PRESCRIBER), (R.SIGN_SUPPORT, Tone.PLAIN, THERAPIST)]
    assert _found(to_sign=asked) == said
    assert _found(to_sign=asked, on_hold=True, hold_look_again_on=TODAY + day) == said
    old = (replace(asked[0], asked_at=NOW - 3 * day),)
    assert _found(to_sign=old) == [(R.SIGN_MEDICAL, Tone.AMBER, PRESCRIBER)]


def test_rule_35_a_breach_is_said_for_a_week_and_also_on_hold():
    day = timedelta(days=1)
    said = [(R.BREACH, Tone.AMBER, PRESCRIBER)]
    assert _found(breaches=(("dose", NOW - 6 * day),)) == said
    assert _found(breaches=(("dose", NOW - 7 * day),)) == []
    on_hold = {"on_hold": True, "hold_look_again_on": TODAY + day}
    assert _found(breaches=(("dose", NOW - day),), **on_hold) == said


def test_rule_62_a_proposed_change_waits_on_the_prescriber_also_on_hold():
    day = timedelta(days=1)
    said = [(R.CHANGE_TO_CONFIRM, Tone.AMBER, PRESCRIBER)]
    assert _found(proposed=(("item", NOW - 9 * day),)) == said
    on_hold = {"on_hold": True, "hold_look_again_on": TODAY + day}
    assert _found(proposed=(("item", NOW - day),), **on_hold) == said


def test_rule_57_a_hold_quiets_doses_and_never_a_due_integration():
    waiting = _dose(order_state=OrderState.NONE, intention=MISSING, cleared=False)
    facts = {
        "on_hold": True,
        "hold_look_again_on": TODAY + timedelta(days=1),
        "doses": (waiting,),
        "has_next_step": False,
        "clearance_until_on": TODAY,
    }
    on_hold = (R.DOSE_ON_HOLD, Tone.AMBER, PRESCRIBER)
    assert _found(**facts) == [on_hold]
    assert _found(**facts, integrations=(_integration(50),)) == [
        (R.INTEGRATION_LATE, Tone.RED, THERAPIST),
        on_hold,
    ]
    assert _found(**facts | {"doses": (replace(waiting, planned_at=NOW + 73 * HOUR),)}) == []
    unrecorded = _dose(-3, silence=Silence.WAS_THIS_GIVEN)
    assert _found(**facts | {"doses": (unrecorded,)}) == [(R.WAS_THIS_GIVEN, Tone.RED, PRESCRIBER)]


_PASSED = ("contact", judge_contact(ContactKind.CALL, NOW - HOUR, None, PRESCRIBER, NOW))
_AHEAD = ("contact", judge_contact(ContactKind.CALL, NOW + HOUR, None, PRESCRIBER, NOW))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"doses": (_dose(order_state=OrderState.NONE),)}, R.DOSE_NOT_ORDERED),
        ({"doses": (_dose(cleared=False),)}, R.NOT_CLEARED),
        ({"doses": (_dose(ceiling_gap=CeilingGap.ABOVE),)}, R.ABOVE_CEILING),
        ({"doses": (_dose(ceiling_gap=CeilingGap.WEIGH),)}, R.WEIGH_FIRST),
        ({"doses": (_dose(intention=MISSING),)}, R.INTENTION),
        ({"series_ordered": None}, R.NUMBER_NOT_ORDERED),
        ({"series_booked": 0}, R.NO_DOSE_BOOKED),
        ({"series_given": 6}, R.SERIES_DONE),
        ({"has_next_step": False}, R.NO_NEXT_STEP),
        ({"clearance_until_on": TODAY}, R.CLEARANCE_ENDS),
        (
            {"consents": (ConsentFacts(ConsentType.OFF_LABEL, TODAY, None),)},
            R.CONSENT_ENDS,
        ),
    ],
)
def test_rule_57_a_hold_stops_this_reminder(facts, reason):
    assert reason in [found for found, *_ in _found(**facts)]
    assert reason not in [found for found, *_ in _found(**facts, on_hold=True)]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"doses": (_dose(-3, silence=Silence.WAS_THIS_GIVEN),)}, R.WAS_THIS_GIVEN),
        ({"doses": (_dose(-7, silence=Silence.NOT_CLOSED),)}, R.NOT_CLOSED),
        ({"unconfirmed": (("dose", NOW),)}, R.UNCONFIRMED_DOSE),
        ({"breaches": (("dose", NOW),)}, R.BREACH),
        ({"proposed": (("item", NOW),)}, R.CHANGE_TO_CONFIRM),
        ({"misses": 2}, R.MISSED_AGAIN),
        ({"contacts": (_PASSED,)}, R.DID_IT_HAPPEN),
        ({"integrations": (_integration(50),)}, R.INTEGRATION_LATE),
        ({"integrations": (_integration(3),)}, R.INTEGRATION_NOT_BOOKED),
        (
            {"integrations": (_integration(20, planned_at=NOW - 2 * HOUR),)},
            R.WAS_THIS_HELD,
        ),
        (
            {"integrations": (_integration(3, planned_at=NOW + 30 * HOUR),)},
            R.INTEGRATION_OUTSIDE,
        ),
        ({"integrations": (_integration(30, held_at=NOW),)}, R.NOTE_TO_FINISH),
    ],
)
def test_rule_57_a_hold_never_quiets_safety_or_an_integration(facts, reason):
    before = [one for one in _found(**facts) if one[0] is reason]
    assert before
    assert [one for one in _found(**facts, on_hold=True) if one[0] is reason] == before
    # And what is still ahead asks for nothing because of the hold.
    assert R.DID_IT_HAPPEN not in [one for one, *_ in _found(contacts=(_AHEAD,), on_hold=True)]


@pytest.mark.parametrize(("days", "asked"), [(-1, True), (0, True), (1, False)])
def test_a_hold_is_looked_at_again_on_its_day(days, asked):
    found = _found(on_hold=True, hold_look_again_on=TODAY + timedelta(days=days))
    assert found == ([(R.LOOK_AGAIN, Tone.AMBER, PRESCRIBER)] if asked else [])


@pytest.mark.parametrize(
    ("state", "days", "tone"),
    [
        (EpisodeState.SERIES, 31, None),
        (EpisodeState.SERIES, 30, Tone.AMBER),
        (EpisodeState.SERIES, 0, Tone.AMBER),
        (EpisodeState.MAINTENANCE, -1, Tone.RED),
        (EpisodeState.PREPARATION, -1, None),
    ],
)
def test_a_clearance_warns_30_days_before_it_ends_while_there_are_doses(state, days, tone):
    until_on = TODAY + timedelta(days=days)
    found = attend(replace(CALM, state=state, clearance_until_on=until_on), NOW, TODAY)
    expected = Attention(R.CLEARANCE_ENDS, tone, PRESCRIBER, on=until_on)
    assert [replace(one, signal=None) for one in found] == ([expected] if tone else [])


@pytest.mark.parametrize(
    ("state", "given_doses", "ordered", "asked"),
    [
        (EpisodeState.SERIES, 5, 6, False),
        (EpisodeState.SERIES, 6, 6, True),
        (EpisodeState.SERIES, 7, 6, True),
        (EpisodeState.SERIES, 0, 0, False),
        (EpisodeState.SERIES_REVIEW, 6, 6, False),
    ],
)
def test_rule_8_a_series_that_is_done_asks_for_a_decision(state, given_doses, ordered, asked):
    found = _found(state=state, series_given=given_doses, series_ordered=ordered)
    assert [reason for reason, *_ in found] == ([R.SERIES_DONE] if asked else [])


@pytest.mark.parametrize("state", [EpisodeState.PREPARATION, EpisodeState.SERIES])
def test_rule_15_a_series_without_a_number_waits_on_the_prescriber(state):
    waits = [(R.NUMBER_NOT_ORDERED, Tone.PLAIN, PRESCRIBER)]
    unnumbered = {"state": state, "series_ordered": None}
    for given_doses, booked in ((0, 1), (1, 0), (7, 1)):
        counts = {"series_given": given_doses, "series_booked": booked}
        assert _found(**unnumbered, **counts) == waits
    assert _found(**unnumbered, series_dose_id="") == []
    assert _found(**unnumbered, on_hold=True) == []


def test_an_intention_that_says_postpone_waits_on_the_prescriber():
    postpone = IntentionStanding(IntentionStage.POSTPONE, Tone.AMBER, signed_at=NOW)
    assert _found(doses=(_dose(intention=postpone),)) == [(R.INTENTION, Tone.AMBER, PRESCRIBER)]


def test_no_next_step_waits_on_the_therapist():
    assert _found(has_next_step=False) == [(R.NO_NEXT_STEP, Tone.AMBER, THERAPIST)]


def test_who_is_out_of_touch_is_said_instead_of_having_no_next_step():
    long_ago = NOW - timedelta(days=40)

    nothing = {"has_next_step": False, "has_touch_ahead": False, "out_of_touch_since": long_ago}
    assert _found(**nothing) == [(R.OUT_OF_TOUCH, Tone.AMBER, THERAPIST)]
    assert _found(out_of_touch_since=long_ago) == []
    assert _found(**nothing, on_hold=True) == []


def test_to_call_somebody_outside_is_a_step_and_no_touch_of_the_client():
    call_back = {"has_next_step": True, "has_touch_ahead": False}
    assert _found(**call_back) == []
    assert _found(**call_back, out_of_touch_since=NOW - timedelta(days=40)) == [
        (R.OUT_OF_TOUCH, Tone.AMBER, THERAPIST)
    ]


def test_the_loudest_comes_first_then_the_order_of_reasons():
    found = _found(
        doses=(
            _dose(20, intention=MISSING, order_state=OrderState.NONE),
            _dose(-3, silence=Silence.WAS_THIS_GIVEN),
        ),
        integrations=(_integration(3), _integration(50)),
        unconfirmed=(("dose", NOW),),
        has_next_step=False,
    )
    assert [reason for reason, *_ in found] == [
        R.WAS_THIS_GIVEN,
        R.UNCONFIRMED_DOSE,
        R.INTEGRATION_LATE,
        R.DOSE_NOT_ORDERED,
        R.INTENTION,
        R.NO_NEXT_STEP,
        R.INTEGRATION_NOT_BOOKED,
    ]


def test_what_tonight_s_dose_lacks_comes_before_what_friday_s_lacks():
    soon = _dose(4, intention=MISSING)
    later = replace(_dose(60, order_state=OrderState.NONE), id="later")
    for doses in ((soon, later), (later, soon)):
        found = _found(doses=doses)
        assert [reason for reason, *_ in found] == [R.INTENTION, R.DOSE_NOT_ORDERED]


def test_of_two_alike_the_older_comes_first():
    older, newer = _integration(60), _integration(50)
    found = attend(replace(CALM, integrations=(newer, older)), NOW, TODAY)
    assert [one.integration.since for one in found] == [
        timedelta(hours=60),
        timedelta(hours=50),
    ]


@given(
    st.permutations(
        [
            Attention(reason, tone, THERAPIST, NOW - timedelta(hours=place))
            for place, reason in enumerate(Reason)
            for tone in (Tone.RED, Tone.AMBER, Tone.PLAIN)
        ]
    )
)
def test_red_is_never_below_amber_nor_amber_below_plain(shuffled):
    tones = [one.tone for one in sorted(shuffled, key=lambda one: one.order)]
    assert tones == sorted(tones, key=[Tone.RED, Tone.AMBER, Tone.PLAIN].index)


@pytest.mark.parametrize(
    ("ends", "revoked", "tone"),
    [
        (31, None, None),
        (30, None, Tone.AMBER),
        (0, None, Tone.AMBER),
        (-1, None, Tone.RED),
        (200, 0, Tone.RED),
        (None, None, None),
    ],
)
def test_rule_22_a_consent_that_ends_is_said_in_time(ends, revoked, tone):
    on, gone = (None if one is None else TODAY + timedelta(days=one) for one in (ends, revoked))
    consents = (ConsentFacts(ConsentType.OFF_LABEL, on, gone),)
    said = [] if tone is None else [(R.CONSENT_ENDS, tone, PRESCRIBER)]
    assert _found(consents=consents) == said
    assert _found(consents=consents, state=EpisodeState.PREPARATION) == []


@pytest.mark.parametrize(
    "state", [EpisodeState.PREPARATION, EpisodeState.SERIES, EpisodeState.MAINTENANCE]
)
def test_what_was_called_off_is_to_be_booked_again_by_either_instead_of_what_says_less(state):
    again = {"to_rebook": Unkept("dose", NOW, SessionStatus.CANCELLED), "state": state}
    assert _found(**again, series_booked=0) == [(R.TO_REBOOK, Tone.PLAIN, None)]
    nothing = {"series_booked": 0, "has_next_step": False}
    assert _found(**again, **nothing) == [(R.TO_REBOOK, Tone.AMBER, None)]
    assert _found(**again, **nothing, on_hold=True) == []


@pytest.mark.parametrize("state", [EpisodeState.ASSESSMENT, EpisodeState.SERIES_REVIEW])
def test_nothing_is_to_be_booked_again_while_no_dose_is_the_next(state):
    again = {"to_rebook": Unkept("dose", NOW, SessionStatus.MISSED), "state": state}
    assert R.TO_REBOOK not in [one for one, *_ in _found(**again)]


def test_a_series_with_doses_left_and_no_date_for_the_next_is_said_quietly():
    ordered = [(R.NO_DOSE_BOOKED, Tone.PLAIN, PRESCRIBER)]
    assert _found(series_booked=0) == ordered
    assert _found(series_booked=0, state=EpisodeState.SERIES_REVIEW) == []
    assert R.NO_DOSE_BOOKED not in [one for one, *_ in _found(series_booked=0, series_given=6)]
    assert _found(series_booked=0, has_next_step=False) == [(R.NO_NEXT_STEP, Tone.AMBER, THERAPIST)]


def _concern(level=ConcernLevel.MODERATE, unseen=0, hours=1.0, kind=ConcernKind.SUICIDE_RISK):
    at = NOW - timedelta(hours=hours)
    names = ("Robin Prescott",) * unseen
    return ("concern", ConcernStanding(kind, level, at, "Thea Tallis", names, None))


@pytest.mark.parametrize(
    ("level", "unseen", "tone"),
    [
        (ConcernLevel.LOW, 0, Tone.AMBER),
        (ConcernLevel.MODERATE, 0, Tone.AMBER),
        (ConcernLevel.HIGH, 0, Tone.RED),
        (ConcernLevel.LOW, 1, Tone.RED),
    ],
)
def test_a_concern_is_red_while_it_is_high_or_a_colleague_has_not_seen_it(level, unseen, tone):
    assert _found(concerns=(_concern(level, unseen),)) == [(R.CONCERN, tone, None)]


@pytest.mark.parametrize("kind", ConcernKind)
def test_rule_17_what_is_not_either_s_waits_on_the_prescriber(kind):
    either = kind in {ConcernKind.SUICIDE_RISK, ConcernKind.OTHER}
    [(_, _, waits_on)] = _found(concerns=(_concern(kind=kind),))
    assert waits_on == (None if either else PRESCRIBER)


def test_rule_57_a_hold_quiets_no_concern_and_it_comes_before_everything_as_loud():
    loud = {"concerns": (_concern(unseen=1),), "unconfirmed": (("dose", NOW - 9 * HOUR),)}
    reasons = [reason for reason, _, _ in _found(**loud, on_hold=True)]
    assert reasons == [R.CONCERN, R.UNCONFIRMED_DOSE]
    late = _found(concerns=(_concern(),), unconfirmed=(("dose", NOW),))
    assert [reason for reason, _, _ in late] == [R.UNCONFIRMED_DOSE, R.CONCERN]


def _waits(**facts):
    wait = OutsideWaitFacts("wait", OutsideParty.INSURER, "", TODAY, TODAY, "desk")
    return replace(wait, **facts)


def _authorized(used):
    return AuthorizationFacts("yes", "desk", 6, used, TODAY + timedelta(days=90))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"waits": (_waits(),)}, [(R.CALL_BACK, Tone.AMBER)]),
        ({"waits": (_waits(call_back_on=TODAY + timedelta(days=1)),)}, []),
        ({"waits": (_waits(call_back_on=None),)}, []),
        (
            {"waits": (_waits(call_back_on=None, since_on=TODAY - timedelta(days=8)),)},
            [(R.NO_DAY_TO_CALL_BACK, Tone.PLAIN)],
        ),
        ({"authorization": _authorized(4)}, []),
        ({"authorization": _authorized(5)}, [(R.AUTHORIZATION_ENDS, Tone.AMBER)]),
        ({"authorization": _authorized(6)}, [(R.AUTHORIZATION_ENDS, Tone.RED)]),
        (
            {"authorization": _authorized(6), "state": EpisodeState.SERIES_REVIEW},
            [(R.AUTHORIZATION_ENDS, Tone.AMBER)],
        ),
        (
            {
                "authorization": _authorized(6),
                "state": EpisodeState.SERIES_REVIEW,
                "doses": (_dose(),),
            },
            [(R.AUTHORIZATION_ENDS, Tone.RED)],
        ),
        (
            {"authorization": _authorized(5), "waits": (_waits(),)},
            [(R.CALL_BACK, Tone.AMBER)],
        ),
        (
            {"authorization": _authorized(5), "waits": (_waits(kind=OutsideParty.PHARMACY),)},
            [(R.AUTHORIZATION_ENDS, Tone.AMBER), (R.CALL_BACK, Tone.AMBER)],
        ),
    ],
)
def test_whom_to_call_outside_is_the_caller_s_and_quiet_on_hold(facts, expected):
    """Rule 57: on hold nobody is reminded."""
    course = replace(CALM, **facts)
    found = attend(course, NOW, TODAY)
    assert [(one.reason, one.tone) for one in found] == expected
    assert all(one.person_id == "desk" for one in found)
    paused = replace(course, on_hold=True, hold_look_again_on=TODAY + timedelta(days=1), doses=())
    assert attend(paused, NOW, TODAY) == ()


def test_rule_30_the_note_that_a_dose_waits_for_waits_on_the_prescriber_once_it_is_near():
    def dose(hours):
        return _dose(hours, missing_note="risk note")

    assert _found(doses=(dose(72),)) == [(R.NOTE_BEFORE_DOSE, Tone.RED, PRESCRIBER)]
    assert _found(doses=(dose(73),)) == []
    on_hold = _found(doses=(dose(24),), on_hold=True)
    assert R.NOTE_BEFORE_DOSE not in [reason for reason, _, _ in on_hold]


def test_a_clearance_that_is_waited_for_waits_on_the_prescriber_whatever_else_is_planned():
    stuck = Stuck(StuckOn.CLEARANCE, 3, is_since_call=True)
    for has_next_step in (True, False):
        found = _found(state=EpisodeState.ASSESSMENT, stuck=stuck, has_next_step=has_next_step)
        assert (R.CLEARANCE_TO_DECIDE, Tone.PLAIN, PRESCRIBER) in found
    held = _found(state=EpisodeState.ASSESSMENT, stuck=stuck, on_hold=True)
    assert R.CLEARANCE_TO_DECIDE not in [one for one, *_ in held]
    on_consents = Stuck(StuckOn.CONSENTS, 3, is_since_call=True)
    assert R.CLEARANCE_TO_DECIDE not in [one for one, *_ in _found(stuck=on_consents)]


@pytest.mark.parametrize(
    ("stage", "days", "tone"),
    [
        (FormStage.DUE, 5, Tone.PLAIN),
        (FormStage.DUE, 1, Tone.AMBER),
        (FormStage.OVERDUE, -1, Tone.RED),
        (FormStage.NOT_DUE, 5, None),
        (FormStage.SUBMITTED, 5, None),
    ],
)
@pytest.mark.parametrize("on_hold", [False, True])
def test_rule_39_a_form_to_submit_is_the_prescriber_s_also_on_hold(stage, days, tone, on_hold):
    form = FormStanding(stage, TODAY + timedelta(days=days))
    found = _found(forms=(("dose", form),), on_hold=on_hold)

    assert found == ([(R.MONITORING_FORM, tone, PRESCRIBER)] if tone else [])
