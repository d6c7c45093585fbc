"""One ketamine session: what anchors its clock, and the questions nobody may forget to ask."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.dosing import (
    Given,
    MayAdd,
    Silence,
    beyond_order,
    check_administration_times,
    ends_session,
    estimated_last_given_at,
    last_given_at,
    silence,
    total_ug,
)
from kapteam.vocabulary import AdministrationKind, OrderState, ProductRoute, SessionStatus
from kapteam.wording import NBSP

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
STATUS = SessionStatus


def _minutes(amount: float) -> datetime:
    return NOW + timedelta(minutes=amount)


# --- what was given -------------------------------------------------------------------------------


def test_rule_4_a_booster_moves_the_anchor_and_counts_in_one_dose():
    given = [Given(_minutes(0), None, 70_000), Given(_minutes(12), None, 20_000)]
    assert last_given_at(given) == _minutes(12)
    assert total_ug(given) == 90_000


def test_rule_4_the_end_of_an_infusion_counts():
    given = [Given(_minutes(0), _minutes(40), 35_000), Given(_minutes(10), None, 5_000)]
    assert last_given_at(given) == _minutes(40)


def test_nothing_given_anchors_nothing():
    assert last_given_at([]) is None
    assert total_ug([]) == 0


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 300), st.integers(1, 10**7))))
def test_rule_4_nothing_given_is_later_than_the_anchor_in_any_order(rows):
    given = [Given(_minutes(at), _minutes(at + long), ug) for at, long, ug in rows]
    anchor = last_given_at(given)
    assert all(one.ended_at <= anchor for one in given)
    assert last_given_at(reversed(given)) == anchor
    assert total_ug(given) == sum(ug for _, _, ug in rows)


@pytest.mark.parametrize(
    ("route", "minutes"),
    [
        (ProductRoute.INTRAVENOUS, 40),
        (ProductRoute.ESKETAMINE_NASAL, 10),
        (ProductRoute.INTRAMUSCULAR, 0),
        (ProductRoute.SUBLINGUAL, 0),
    ],
)
def test_rule_2_without_a_record_the_plan_gives_the_time(route, minutes):
    assert estimated_last_given_at(NOW, route) == _minutes(minutes)


@pytest.mark.parametrize("status", STATUS)
def test_rule_3_only_what_never_took_place_owes_nothing(status):
    ended = status in {STATUS.CANCELLED, STATUS.MISSED, STATUS.NOT_GIVEN}
    assert ends_session(status) is ended
    assert not (ended and (status.is_given or status.is_open))


def test_rules_3_and_8_a_session_stopped_early_counts_as_a_dose():
    assert STATUS.STOPPED_EARLY.is_given
    assert [one for one in STATUS if one.is_given] == [STATUS.COMPLETED, STATUS.STOPPED_EARLY]


# --- silence --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes_after_end", "asked"), [(0, None), (29, None), (30, Silence.WAS_THIS_GIVEN)]
)
def test_half_an_hour_after_the_planned_end_somebody_is_asked(minutes_after_end, asked):
    now = _minutes(120 + minutes_after_end)
    assert silence(STATUS.PLANNED, NOW, 120, None, now) is asked


@pytest.mark.parametrize(("hours", "asked"), [(5.99, None), (6, Silence.NOT_CLOSED)])
def test_open_for_six_hours_reads_not_closed(hours, asked):
    now = NOW + timedelta(hours=hours)
    assert silence(STATUS.STARTED, NOW, 120, NOW, now) is asked


def test_rule_2_what_nobody_recorded_is_asked_about_for_ever():
    now = NOW + timedelta(days=400)
    assert silence(STATUS.PLANNED, NOW, 120, None, now) is Silence.WAS_THIS_GIVEN


@pytest.mark.parametrize("status", [one for one in STATUS if not one.is_open])
def test_a_closed_session_asks_nothing(status):
    assert silence(status, NOW, 120, None, NOW + timedelta(days=9)) is None


# --- the order ------------------------------------------------------------------------------------


D, B, N = AdministrationKind.DOSE, AdministrationKind.BOOSTER, AdministrationKind.DEVICE
MORE, ONCE, LARGE = "more than was ordered", "lets it be added once", "more than may be added"
WINDOW = MayAdd(30_000, 10, 20)


def _gave(kind, mg, minutes, *, infused=0):
    at = NOW + timedelta(minutes=minutes)
    return Given(at, at + timedelta(minutes=infused) if infused else None, mg * 1000, kind)


def _beyond(may_add, *given, ordered=70_000):
    """Why, of each of them in the order of recording."""
    rows = [_gave(*one) for one in given]
    found = beyond_order(OrderState.ORDERED, ordered, may_add, rows)
    return [(why or "").replace(NBSP, " ") for why in found]


@pytest.mark.parametrize(
    ("may_add", "given", "whys"),
    [
        # The dose.
        (None, [(D, 70, 0)], [""]),
        (None, [(D, 60, 0)], [""]),
        (None, [(D, 71, 0)], [MORE]),
        (None, [(D, 35, 0), (D, 35, 5)], ["", ""]),
        (None, [(D, 50, 0), (B, 20, 15)], ["", ""]),
        (None, [(D, 70, 0), (B, 1, 15)], ["", MORE]),
        # What may be added, whatever it is called; never all at once.
        (MayAdd(20_000), [(D, 70, 0), (B, 20, 0)], ["", ""]),
        (MayAdd(20_000), [(D, 70, 0), (B, 20, 600)], ["", ""]),
        (MayAdd(20_000), [(D, 70, 0), (D, 20, 15)], ["", ""]),
        (MayAdd(20_000), [(D, 70, 0), (B, 21, 15)], ["", MORE]),
        (MayAdd(20_000), [(D, 90, 0)], [MORE]),
        (MayAdd(20_000), [(D, 60, 0), (B, 30, 15)], ["", LARGE]),
        # Once.
        (MayAdd(20_000), [(D, 70, 0), (B, 10, 15), (B, 10, 20)], ["", "", ONCE]),
        (MayAdd(20_000), [(D, 70, 0), (B, 10, 20), (B, 10, 15)], ["", "", ONCE]),
        (MayAdd(20_000), [(D, 70, 0), (D, 10, 15), (B, 10, 20)], ["", "", ONCE]),
        # Within its minutes.
        (WINDOW, [(D, 70, 0), (B, 30, 10)], ["", ""]),
        (WINDOW, [(D, 70, 0), (B, 30, 20)], ["", ""]),
        (WINDOW, [(D, 70, 0), (B, 30, 9)], ["", "added 9 min after the dose"]),
        (WINDOW, [(D, 70, 0), (B, 30, 21)], ["", "the order says after 10 to 20 min"]),
        (WINDOW, [(D, 70, 0), (D, 30, 21)], ["", "added 21 min"]),
        (WINDOW, [(D, 70, 0), (B, 31, 15)], ["", MORE]),
        (MayAdd(30_000, 10, None), [(D, 70, 0), (B, 30, 90)], ["", ""]),
        (MayAdd(30_000, 10, None), [(D, 70, 0), (B, 30, 9)], ["", "says after 10 min"]),
        (MayAdd(30_000, None, 20), [(D, 70, 0), (B, 30, 1)], ["", ""]),
        (MayAdd(30_000, None, 20), [(D, 70, 0), (B, 30, 21)], ["", "says within 20 min"]),
        # From the last part of the dose on.
        (WINDOW, [(D, 35, 0), (D, 35, 15), (B, 30, 30)], ["", "", ""]),
        # In whatever order they were recorded; a dose that was corrected is no addition.
        (WINDOW, [(B, 30, 15), (D, 70, 0)], ["", ""]),
        (WINDOW, [(B, 30, 15)], [""]),
        (WINDOW, [(B, 30, 25), (D, 70, 0)], ["", "added 25 min"]),
        (WINDOW, [(B, 30, 25), (D, 70, 0), (D, 1, 30)], ["", "added 25 min", MORE]),
    ],
)
def test_rule_35_what_the_order_covers_and_what_it_asks_about(may_add, given, whys):
    for why, expected in zip(_beyond(may_add, *given), whys, strict=True):
        assert expected in why if expected else why == ""


def test_the_minutes_count_from_an_infusions_end():
    given = [_gave(D, 40, 0, infused=40), _gave(B, 10, 52)]
    assert beyond_order(OrderState.ORDERED, 40_000, MayAdd(10_000, 10, 20), given) == [None, None]


def test_a_third_nasal_device_may_be_added_as_what_it_is():
    given = [(N, 28, 0), (N, 28, 5), (N, 28, 20)]
    assert _beyond(MayAdd(28_000, 10, 20), *given, ordered=56_000) == ["", "", ""]
    assert MORE in _beyond(None, *given, ordered=56_000)[2]


@pytest.mark.parametrize(("state", "ug"), [(OrderState.PROPOSED, 70_000), (OrderState.NONE, None)])
def test_rule_15_without_an_order_nothing_is_covered(state, ug):
    assert beyond_order(state, ug, None, [_gave(D, 1, 0)]) == ["No dose was ordered."]


@given(st.sampled_from(OrderState), st.integers(1, 10**7), st.integers(1, 10**7))
def test_rule_15_a_proposal_never_covers_a_dose(state, figure, given_ug):
    if state is not OrderState.ORDERED:
        assert all(beyond_order(state, figure, MayAdd(figure), [Given(NOW, None, given_ug)]))


@given(
    st.lists(
        st.tuples(st.sampled_from(AdministrationKind), st.integers(1, 200), st.integers(0, 90)),
        min_size=1,
        max_size=4,
    )
)
def test_rule_35_more_than_everything_ordered_is_never_passed_over(given):
    if sum(mg for _, mg, _ in given) > 100:
        assert any(_beyond(WINDOW, *given))


# --- times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("started", "ended", "field", "says"),
    [
        (0, None, None, None),
        (-40, 0, None, None),
        (-10, -10, None, None),
        (-360, 0, None, None),
        (1, None, "started", "future"),
        (1, 2, "started", "future"),
        (-10, 1, "ended", "future"),
        (-10, -11, "ended", "before the start"),
        (-361, 0, "ended", "longer than six hours"),
    ],
)
def test_rule_36_times_that_cannot_be_are_refused_beside_the_field(started, ended, field, says):
    ended_at = None if ended is None else _minutes(ended)
    problems = check_administration_times(_minutes(started), ended_at, NOW)
    assert set(problems) == ({field} if field else set())
    if field:
        assert says in problems[field]


def test_rule_9_a_session_over_midnight_is_one_session():
    phoenix_midnight = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    started, ended = phoenix_midnight - timedelta(minutes=20), phoenix_midnight
    assert check_administration_times(started, ended, ended) == {}
    assert last_given_at([Given(started, ended, 35_000)]) == ended
