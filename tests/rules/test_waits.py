"""Waits on someone outside: what is due, what an authorization allows, where one is stuck."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kapteam import sentences
from kapteam.rules.waits import (
    AuthorizationFacts,
    Authorized,
    BeyondAuthorized,
    OutsideWaitFacts,
    Stuck,
    StuckFacts,
    StuckOn,
    beyond_authorized,
    where_stuck,
)
from kapteam.vocabulary import (
    ClearanceDecision,
    ConsentType,
    EpisodeState,
    OutsideParty,
    ServiceLine,
    Tone,
)

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)
WAIT = OutsideWaitFacts("wait", OutsideParty.INSURER, "", TODAY - 12 * DAY, TODAY + 6 * DAY, "desk")
NEW = StuckFacts(
    service_line=ServiceLine.KAP,
    state=EpisodeState.ASSESSMENT,
    is_dosed=False,
    opened_on=TODAY - 20 * DAY,
    called_on=TODAY - 23 * DAY,
    waits=(),
    cleared=False,
    missing_consents=(ConsentType.KAP_TREATMENT, ConsentType.THERAPY),
    dose_booked=False,
)
READY = replace(NEW, state=EpisodeState.PREPARATION, cleared=True, missing_consents=())
TALKING = replace(NEW, service_line=ServiceLine.PSYCHEDELIC_INTEGRATION)
SERIES = replace(READY, state=EpisodeState.SERIES, is_dosed=True, dose_booked=True)


@pytest.mark.parametrize(
    ("in_days", "is_due"), [(-30, True), (-1, True), (0, True), (1, False), (None, False)]
)
def test_a_call_back_is_due_on_its_day_and_until_somebody_says(in_days, is_due):
    on = None if in_days is None else TODAY + in_days * DAY
    assert replace(WAIT, call_back_on=on).is_due(TODAY) == is_due


@pytest.mark.parametrize(
    ("days_ago", "call_back_on", "is_forgotten"),
    [(7, None, False), (8, None, True), (8, TODAY + DAY, False), (8, TODAY - DAY, False)],
)
def test_a_wait_without_a_day_to_call_back_is_said_after_a_week(
    days_ago, call_back_on, is_forgotten
):
    wait = replace(WAIT, since_on=TODAY - days_ago * DAY, call_back_on=call_back_on)
    assert wait.is_forgotten(TODAY) == is_forgotten


@pytest.mark.parametrize(
    ("visits", "used", "ends_in", "unneeded", "needed"),
    [
        (6, 0, 31, None, None),
        (6, 4, 31, None, None),
        (6, 0, 30, Tone.AMBER, Tone.AMBER),
        (6, 0, 0, Tone.AMBER, Tone.AMBER),
        (6, 5, 90, Tone.AMBER, Tone.AMBER),
        (1, 0, 90, Tone.AMBER, Tone.AMBER),
        (6, 6, 90, Tone.AMBER, Tone.RED),
        (6, 7, 90, Tone.AMBER, Tone.RED),
        (6, 0, -1, Tone.AMBER, Tone.RED),
    ],
)
def test_an_authorization_is_loud_before_it_ends_and_louder_once_a_dose_would_be_without(
    visits, used, ends_in, unneeded, needed
):
    known = AuthorizationFacts("wait", "desk", visits, used, TODAY + ends_in * DAY)
    assert known.tone(TODAY, needed=False) is unneeded
    assert known.tone(TODAY, needed=True) is needed


AT = datetime(2026, 12, 1, 17, tzinfo=UTC)
FIVE = Authorized(5, AT - 20 * DAY, AT + 40 * DAY)
NEXT = Authorized(2, AT + 40 * DAY, AT + 90 * DAY)


@pytest.mark.parametrize(
    ("days", "others", "known", "beyond"),
    [
        (0, [-7, -6, -5, -4, -3], [FIVE], BeyondAuthorized(FIVE, 6)),
        # What is booked later uses one up as well.
        (0, [-7, -6, 5, 6, 7], [FIVE], BeyondAuthorized(FIVE, 6)),
        (0, [-7, -6, -5, -4, -3, -2, -1], [FIVE], BeyondAuthorized(FIVE, 8)),
        (40, [], [FIVE], BeyondAuthorized(FIVE, None)),
        (-21, [], [FIVE], BeyondAuthorized(FIVE, None)),
        (95, [], [NEXT, FIVE], BeyondAuthorized(NEXT, None)),
        (0, [1, 2, 3, 4, 5], [FIVE, NEXT], BeyondAuthorized(FIVE, 6)),
    ],
)
def test_one_visit_more_than_was_authorized_is_found_before_it_is_booked(
    days, others, known, beyond
):
    at = [AT + one * DAY for one in others]
    assert beyond_authorized(AT + days * DAY, at, known) == beyond


@pytest.mark.parametrize(
    ("days", "others", "known"),
    [
        (0, [-7, -6, -5, -4], [FIVE]),
        # Before or after the days that were authorized none is used up.
        (0, [-7, -6, -5, -4, -21, 40], [FIVE]),
        (0, [-7, -6, -5, -4, -3], []),
        # Another one has room.
        (50, [-7, -6, -5, -4, -3], [FIVE, NEXT]),
        (0, [-7, -6, -5, -4, -3], [FIVE, replace(FIVE, visits=9)]),
        (-20, [], [FIVE]),
    ],
)
def test_a_visit_that_was_authorized_is_never_said_to_be_beyond(days, others, known):
    at = [AT + one * DAY for one in others]
    assert beyond_authorized(AT + days * DAY, at, known) is None


@pytest.mark.parametrize(
    ("beyond", "said"),
    [
        (
            BeyondAuthorized(FIVE, 6),
            "The insurer authorized 5 visits until Sun Jan 10, and this would be the 6th.",
        ),
        (
            BeyondAuthorized(replace(FIVE, visits=1), 2),
            "The insurer authorized 1 visit until Sun Jan 10, and this would be the 2nd.",
        ),
        (
            BeyondAuthorized(FIVE, None),
            "The insurer authorized visits from Wed Nov 11 to Sun Jan 10, and this is another day.",
        ),
    ],
)
def test_beyond_what_was_authorized_is_said_softly(beyond, said):
    found = sentences.beyond_authorized(beyond, TODAY, ZoneInfo("America/Phoenix"))
    assert (found.text, found.tone) == (f"{said} It may be meant.", Tone.AMBER)


def test_more_visits_than_were_authorized_leave_none_and_never_fewer():
    assert AuthorizationFacts("wait", "desk", 6, 8, TODAY).left == 0


@pytest.mark.parametrize(
    ("facts", "on"),
    [
        (NEW, StuckOn.CLEARANCE),
        (replace(NEW, waits=(WAIT,)), StuckOn.OUTSIDE),
        (replace(NEW, cleared=True), StuckOn.CONSENTS),
        (replace(READY, state=EpisodeState.ASSESSMENT), StuckOn.DOSE),
        (READY, StuckOn.DOSE),
        (replace(READY, cleared=False, dose_booked=True), StuckOn.CLEARANCE),
        (replace(READY, dose_booked=True), StuckOn.NOTHING),
        (replace(READY, dose_booked=True, waits=(WAIT,)), StuckOn.OUTSIDE),
        (TALKING, StuckOn.NOTHING),
        (replace(TALKING, waits=(WAIT,)), StuckOn.OUTSIDE),
        (replace(SERIES, waits=(WAIT,)), StuckOn.OUTSIDE),
    ],
)
def test_a_course_is_stuck_on_the_first_of_these(facts, on):
    found = where_stuck(facts, TODAY)
    assert found.on is on
    assert found.waits == (facts.waits if on is StuckOn.OUTSIDE else ())
    assert found.consents == (facts.missing_consents if on is StuckOn.CONSENTS else ())


@pytest.mark.parametrize(
    "facts",
    [
        SERIES,
        replace(SERIES, cleared=False),
        replace(SERIES, state=EpisodeState.MAINTENANCE),
        replace(READY, is_dosed=True),
        replace(TALKING, state=EpisodeState.INTEGRATION),
    ],
)
def test_after_the_first_dose_with_nobody_outside_nobody_asks_where_it_is_stuck(facts):
    assert where_stuck(facts, TODAY) is None


@pytest.mark.parametrize(
    ("called", "opened", "day", "is_since_call"),
    [(23, 20, 24, True), (0, 0, 1, True), (None, 20, 21, False), (None, 0, 1, False)],
)
def test_the_day_of_the_first_call_is_day_1(called, opened, day, is_since_call):
    called_on = None if called is None else TODAY - called * DAY
    facts = replace(NEW, called_on=called_on, opened_on=TODAY - opened * DAY)
    found = where_stuck(facts, TODAY)
    assert (found.day, found.is_since_call) == (day, is_since_call)


def test_a_wait_in_a_running_series_counts_no_days_since_the_first_call():
    assert where_stuck(replace(SERIES, waits=(WAIT,)), TODAY).day is None


def test_the_sentence_of_the_issue():
    wait = replace(WAIT, since_on=date(2026, 11, 12), call_back_on=date(2026, 11, 30))
    said = sentences.outside_wait(wait, "Frida Desk", TODAY)
    stuck = Stuck(StuckOn.OUTSIDE, 24, is_since_call=True, waits=(wait,))
    assert sentences.stuck(stuck, [said], "Elias Mesquite", "") == (
        "Day 24 since first call. Waiting on: insurer since Thu Nov 12, call back Mon Nov 30, "
        "Frida Desk"
    )


@pytest.mark.parametrize(
    ("stuck", "said"),
    [
        (
            Stuck(StuckOn.CLEARANCE, 3, is_since_call=False),
            "Day 3 since the course was opened. Waiting on: clearance, Elias Mesquite",
        ),
        (
            Stuck(StuckOn.CONSENTS, 3, is_since_call=True, consents=(ConsentType.THERAPY,)),
            "Day 3 since first call. Waiting on: consent “Therapist's treatment”",
        ),
        (Stuck(StuckOn.DOSE, 3, is_since_call=True), "Day 3 since first call. Dose not booked"),
        (
            Stuck(StuckOn.NOTHING, 3, is_since_call=True),
            "Day 3 since first call. Next: Intake Thu Nov 26, 10:00 am",
        ),
    ],
)
def test_what_else_a_course_waits_on(stuck, said):
    assert sentences.stuck(stuck, [], "Elias Mesquite", "Intake Thu Nov 26, 10:00 am") == said


def test_with_nothing_planned_there_is_no_next_step_and_nobody_to_clear_is_said():
    nothing = Stuck(StuckOn.NOTHING, 1, is_since_call=True)
    assert sentences.stuck(nothing, [], "", "").endswith("No next step")
    uncleared = Stuck(StuckOn.CLEARANCE, 1, is_since_call=True)
    assert sentences.stuck(uncleared, [], "", "").endswith("clearance, no prescriber yet")


@pytest.mark.parametrize(
    ("kind", "who", "said"),
    [
        (OutsideParty.INSURER, "", "insurer"),
        (OutsideParty.INSURER, "Sonora Health", "insurer (Sonora Health)"),
        (OutsideParty.CLIENT_FORMS, "", "the client's forms"),
        (OutsideParty.OTHER, "Dr. Vail's office", "Dr. Vail's office"),
        (OutsideParty.OTHER, "", "somebody else"),
    ],
)
def test_whom_it_waits_on_is_named_where_the_name_may_be_shown(kind, who, said):
    assert sentences.party(replace(WAIT, kind=kind, who=who)) == said


@pytest.mark.parametrize("decision", ClearanceDecision)
def test_that_a_prescriber_decided_against_it_for_now_is_where_it_is_stuck(decision):
    found = where_stuck(replace(NEW, decision=decision), TODAY)
    assert found.on is StuckOn.CLEARANCE
    assert found.refused is (None if decision.allows_ketamine else decision)
    said = sentences.stuck(found, (), "Robin Prescott", "")
    assert said.endswith("Waiting on: clearance, Robin Prescott") is decision.allows_ketamine
    assert ("(deferred)" in said) is (decision is ClearanceDecision.DEFERRED)
