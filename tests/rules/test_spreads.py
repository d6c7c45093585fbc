"""How results are counted and drawn: quartiles are exact, and a scale is the whole measure's."""

import json
from collections import Counter
from datetime import date
from fractions import Fraction
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam import sentences
from kapteam.charts.palette import DARK, LIGHT
from kapteam.charts.spreads import gains, gains_in_words
from kapteam.instruments import instruments
from kapteam.rules.outcomes import Finding, Period, Rate, Spread, spread

PHQ = instruments()["phq-9"]
ONE = Spread(12, -2, Fraction(3), Fraction(17, 2), Fraction(11), 18)
GROUPS = [("After dose 4 (12)", ONE), ("After dose 6 (5)", ONE)]


@given(st.lists(st.integers(-80, 80), min_size=2, max_size=60))
def test_quartiles_are_those_of_the_values_themselves(values):
    found = spread(Counter(values))

    quarters = quantiles([Fraction(one) for one in values], n=4, method="inclusive")
    assert [found.first_quarter, found.median, found.third_quarter] == quarters
    assert (found.number, found.least, found.most) == (len(values), min(values), max(values))


def test_of_one_value_all_is_that_and_of_none_there_is_no_spread():
    assert spread({7: 1}) == Spread(1, 7, Fraction(7), Fraction(7), Fraction(7), 7)
    assert spread({}) is None
    assert spread({7: 0}) is None


def test_only_yes_and_no_are_judged():
    assert {one for one in Finding if one.is_judged} == {Finding.YES, Finding.NO}


@pytest.mark.parametrize(
    ("period", "begins_on"),
    [
        (Period.QUARTER, date(2026, 8, 25)),
        (Period.YEAR, date(2025, 11, 24)),
        (Period.ALL, None),
    ],
)
def test_a_period_begins_on_a_day(period, begins_on):
    assert period.begins_on(date(2026, 11, 24)) == begins_on


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (Rate(31, 44, {"no score since": 9}), "31 of 44 (70%), 9 not judged"),
        (Rate(0, 44, {}), "0 of 44 (0%), none not judged"),
        (Rate(5, 5, {}), "5 of 5 (100%), none not judged"),
        # Of four no percentage, and of none no division.
        (Rate(3, 4, {}), "3 of 4, none not judged"),
        (Rate(0, 0, {"no score since": 2}), "none of 2 judged"),
    ],
)
def test_a_rate_is_never_without_what_it_is_of(rate, said):
    assert sentences.rate(rate) == said


def test_a_spread_says_better_and_worse_and_never_a_mean():
    assert sentences.gains(ONE) == (
        "12 judged, median 8.5 better, middle half 3 better to 11 better, all 2 worse to 18 better"
    )
    still = Spread(5, 0, Fraction(0), Fraction(0), Fraction(1, 4), 1)
    assert sentences.gains(still) == (
        "5 judged, median no change, middle half no change to 0.2 better, all no change to 1 better"
    )


def test_the_scale_is_the_whole_range_both_ways_and_does_not_move():
    for one in (ONE, Spread(5, 0, Fraction(0), Fraction(0), Fraction(0), 0)):
        spec = gains([("After dose 4 (5)", one)], PHQ).to_dict()
        for layer in spec["layer"]:
            scale = layer["encoding"]["x"].get("scale")
            assert scale is None or scale["domain"] == [-27, 27]


def test_no_change_and_the_measures_own_error_are_marked():
    spec = gains(GROUPS, PHQ).to_dict()
    assert spec["datasets"]["lines"] == [{"points": 0}, {"points": 6}]


def test_quartiles_and_median_are_drawn_and_the_words_say_them():
    spec = gains(GROUPS, PHQ).to_dict()
    assert not {"vconcat", "hconcat", "facet"} & set(json.dumps(spec).split('"'))
    row = spec["datasets"]["groups"][0]
    assert (row["first_quarter"], row["median"], row["third_quarter"]) == (3, 8.5, 11)
    fields = {layer["encoding"]["x"].get("field") for layer in spec["layer"]}
    assert {"least", "first_quarter", "median"} <= fields
    assert gains_in_words(GROUPS, PHQ).count("median 8.5 better") == 2


def test_the_dark_theme_has_its_own_colors():
    dark = json.dumps(gains(GROUPS, PHQ, DARK).to_dict())
    assert DARK.blue in dark
    assert not any(color in dark for color in (LIGHT.text, LIGHT.quiet, LIGHT.blue))
