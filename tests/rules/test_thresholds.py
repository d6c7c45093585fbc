"""The practice's thresholds: named, bounded, with their source; what is stored is what counts."""

import re
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.thresholds import THRESHOLDS, Thresholds, in_force, read_value

USUAL = Thresholds()


def test_every_threshold_has_a_field_and_every_field_a_threshold():
    assert set(THRESHOLDS) == {field.name for field in fields(Thresholds)}


@pytest.mark.parametrize("key", THRESHOLDS)
def test_a_default_lies_within_its_bounds_and_names_its_source(key):
    threshold = THRESHOLDS[key]
    assert threshold.least <= threshold.default <= threshold.most
    assert threshold.source
    assert threshold.label
    # A clinician reads it: no file, no rule by its number.
    assert not re.search(r"(?i)\.md|rule|domain", threshold.source)
    assert getattr(USUAL, key) == threshold.default
    assert read_value(key, str(threshold.default), USUAL) == threshold.default


def test_defaults_are_those_of_the_product():
    assert USUAL.target == timedelta(hours=24)
    assert (USUAL.integration_late_hours, USUAL.integration_past_hours) == (48, 72)
    assert (USUAL.intention_due_hours, USUAL.intention_fresh_days) == (72, 7)
    assert USUAL.rest(is_shared=False) == timedelta(minutes=15)
    assert USUAL.rest(is_shared=True) == timedelta(minutes=10)
    assert USUAL.everyone_sees_caseload == 0


def test_a_screen_that_two_share_never_rests_longer_than_one_that_is_not_shared():
    strict = replace(USUAL, idle_minutes=5)
    assert strict.rest(is_shared=True) == strict.rest(is_shared=False) == timedelta(minutes=5)


def test_the_newest_stored_value_counts_and_unknown_keys_do_not():
    stored = [("idle_minutes", "5"), ("idle_minutes", "10"), ("from_a_newer_version", "7")]
    assert in_force(stored) == replace(USUAL, idle_minutes=10)
    assert in_force([]) == USUAL


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("idle_minutes", "", "whole number"),
        ("idle_minutes", "1.5", "whole number"),
        ("idle_minutes", "1e1", "whole number"),
        ("idle_minutes", "-1", "whole number"),
        ("idle_minutes", "٥", "whole number"),
        ("idle_minutes", "9999999999", "whole number"),
        ("idle_minutes", "0", "from 1 to 60"),
        ("idle_minutes", "61", "from 1 to 60"),
        ("integration_target_hours", "48", "target 48 hours, late 48 hours"),
        ("integration_late_hours", "72", "late 72 hours, end of the window 72 hours"),
        ("integration_past_hours", "48", "late 48 hours, end of the window 48 hours"),
    ],
)
def test_a_bad_value_is_refused_in_a_sentence(key, text, says):
    with pytest.raises(ValueError, match=says):
        read_value(key, text, USUAL)


@given(st.lists(st.tuples(st.sampled_from(sorted(THRESHOLDS)), st.integers(-5, 400).map(str))))
def test_no_run_of_changes_makes_an_integration_late_before_it_is_due(changes):
    now = USUAL
    for key, text in changes:
        try:
            now = replace(now, **{key: read_value(key, text, now)})
        except ValueError:
            continue
    hours = (now.integration_target_hours, now.integration_late_hours, now.integration_past_hours)
    assert hours[0] < hours[1] < hours[2]
    for key, threshold in THRESHOLDS.items():
        assert threshold.least <= getattr(now, key) <= threshold.most
