"""How often ketamine is given: what is asked about, and where the Spravato plan stands."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.cadence import (
    CADENCE_SETTINGS,
    USUAL_CADENCES,
    Cadence,
    Cadences,
    OtherSession,
    cadences_in_force,
    near_on_another_course,
    read_cadence,
    spravato_plan,
    too_often,
    usual_days,
    week_of,
)
from kapteam.vocabulary import ProductRoute

DAY = timedelta(days=1)
MON = date(2026, 11, 23)
TUE, WED, THU, FRI, SUN = (MON + days * DAY for days in (1, 2, 3, 4, 6))
IV, IM, SL = ProductRoute.INTRAVENOUS, ProductRoute.INTRAMUSCULAR, ProductRoute.SUBLINGUAL
SPRAVATO, ORAL = ProductRoute.ESKETAMINE_NASAL, ProductRoute.ORAL
UNKNOWN = (ProductRoute.COMPOUNDED_NASAL, ProductRoute.SUBCUTANEOUS)


@pytest.mark.parametrize(
    ("route", "day", "others", "near", "in_week"),
    [
        (SL, FRI, [MON, WED], None, 3),
        (ORAL, FRI, [MON, WED], None, 3),
        (SL, SUN, [MON, THU], None, 3),
        (SPRAVATO, TUE, [MON], MON, 0),
        (SPRAVATO, MON, [MON], MON, 0),
        (SPRAVATO, FRI, [MON, WED], None, 3),
        (SPRAVATO, THU, [MON, WED], WED, 3),
        # A session that is to come later is as near as one before.
        (SPRAVATO, MON, [TUE], TUE, 0),
        (IM, TUE, [MON], MON, 0),
        (IV, SUN, [MON, WED, FRI], None, 4),
    ],
)
def test_rule_34_what_is_more_often_than_usual_is_asked_about(route, day, others, near, in_week):
    found = too_often(day, others, USUAL_CADENCES.of(route))
    assert found
    assert (found.nearest_on, found.in_week) == (near, in_week)
    assert found.week_from == (MON if in_week else None)


@pytest.mark.parametrize(
    ("route", "day", "others"),
    [
        (SL, WED, [MON]),
        (SL, TUE, [MON]),
        (SL, MON + 7 * DAY, [THU, SUN]),
        (SPRAVATO, THU, [MON]),
        (SPRAVATO, WED, [MON]),
        (SPRAVATO, MON, []),
        (IM, THU, [MON]),
        (IV, FRI, [MON, WED]),
        *((route, MON, [MON, MON, MON]) for route in UNKNOWN),
    ],
)
def test_rule_34_what_is_within_the_cadence_is_never_asked_about(route, day, others):
    assert too_often(day, others, USUAL_CADENCES.of(route)) is None


@pytest.mark.parametrize(
    ("route", "others", "found"),
    [
        # Two days after esketamine, where both routes by themselves would have it.
        (IM, [(SPRAVATO, MON)], MON),
        (SPRAVATO, [(IM, MON)], MON),
        (IM, [(SPRAVATO, WED)], WED),
        (IM, [(SPRAVATO, MON + 8 * DAY)], MON + 8 * DAY),
        (UNKNOWN[0], [(UNKNOWN[1], TUE)], TUE),
        # The nearest of several.
        (IM, [(SPRAVATO, MON), (SPRAVATO, THU), (IV, MON - 3 * DAY)], THU),
        # Within a week also where both are given more often.
        (SPRAVATO, [(IV, WED - 6 * DAY)], WED - 6 * DAY),
    ],
)
def test_rule_34_ketamine_on_another_course_within_a_week_is_said(route, others, found):
    sessions = [OtherSession(on, of, is_to_come=False) for of, on in others]
    near = near_on_another_course(WED, sessions, route, USUAL_CADENCES)
    assert near
    assert near.on == found


@pytest.mark.parametrize(
    ("route", "others"),
    [(IM, []), (IM, [(SPRAVATO, WED - 7 * DAY)]), (SPRAVATO, [(IM, WED + 7 * DAY)])],
)
def test_rule_34_what_is_a_week_away_on_another_course_is_not_said(route, others):
    sessions = [OtherSession(on, of, is_to_come=False) for of, on in others]
    assert near_on_another_course(WED, sessions, route, USUAL_CADENCES) is None


def test_rule_34_what_is_usually_rarer_than_weekly_is_said_until_then():
    rarer = Cadences((("cadence.IM.usual_days", 14),))
    session = OtherSession(WED - 10 * DAY, SPRAVATO, is_to_come=False)
    assert near_on_another_course(WED, [session], IM, rarer) == session
    assert near_on_another_course(WED, [session], SPRAVATO, rarer) is None


def test_a_week_goes_from_monday_to_sunday():
    assert {week_of(MON + days * DAY) for days in range(7)} == {MON}
    assert week_of(MON - DAY) == MON - 7 * DAY


@pytest.mark.parametrize(
    ("given_doses", "week", "days"),
    [(0, 1, 3), (1, 1, 3), (2, 2, 3), (7, 4, 3), (8, 5, 7), (11, 8, 7), (12, 9, 7), (20, 17, 7)],
)
def test_the_week_of_the_spravato_plan_comes_from_the_doses_given(given_doses, week, days):
    found = spravato_plan(given_doses, 3)
    assert (found.week, found.days, found.given) == (week, days, given_doses)
    assert usual_days(SPRAVATO, USUAL_CADENCES.of(SPRAVATO), given_doses) == days


@given(st.integers(0, 200))
def test_one_more_dose_never_skips_a_week_of_the_plan(doses):
    assert spravato_plan(doses + 1, 3).week - spravato_plan(doses, 3).week in {0, 1}


def test_other_products_do_not_follow_the_spravato_plan():
    for route in set(ProductRoute) - {SPRAVATO}:
        cadence = USUAL_CADENCES.of(route)
        assert {usual_days(route, cadence, doses) for doses in range(20)} == {cadence.usual_days}


def test_a_route_without_a_known_cadence_has_no_bounds():
    for route in UNKNOWN:
        assert USUAL_CADENCES.of(route) == Cadence(7, None, None)
        assert not any(key.startswith(f"cadence.{route.value}.") for key in CADENCE_SETTINGS)


def test_every_figure_is_a_setting_with_its_source_and_a_label_of_its_own():
    assert len({one.label for one in CADENCE_SETTINGS.values()}) == len(CADENCE_SETTINGS) == 13
    assert all(one.source for one in CADENCE_SETTINGS.values())
    assert CADENCE_SETTINGS["cadence.SL.most_per_week"].default == 2
    assert CADENCE_SETTINGS["cadence.NASAL_ESK.least_days"].source == "the Spravato label"


def test_the_newest_value_of_a_figure_is_in_force_and_other_settings_are_none_of_it():
    stored = [
        ("cadence.SL.most_per_week", "1"),
        ("idle_minutes", "5"),
        ("cadence.SL.most_per_week", "3"),
    ]
    cadences = cadences_in_force(stored)
    assert cadences.of(SL) == replace(USUAL_CADENCES.of(SL), most_per_week=3)
    assert cadences.of(IM) == USUAL_CADENCES.of(IM)


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("cadence.IM.usual_days", "abc", "whole number"),
        ("cadence.IM.usual_days", "", "whole number"),
        ("cadence.IM.usual_days", "-3", "whole number"),
        ("cadence.IM.usual_days", "0", "1 to 90"),
        ("cadence.IM.usual_days", "91", "1 to 90"),
        ("cadence.IM.most_per_week", "8", "1 to 7"),
        ("cadence.IM.usual_days", "1", "would be asked about"),
        ("cadence.IM.least_days", "8", "would be asked about"),
    ],
)
def test_a_figure_that_is_none_gets_a_sentence(key, text, says):
    with pytest.raises(ValueError, match=says):
        read_cadence(key, text, USUAL_CADENCES)


def test_a_figure_is_read_beside_those_in_force():
    beside = Cadences((("cadence.IM.usual_days", 14),))
    assert read_cadence("cadence.IM.least_days", " 10 ", beside) == 10
