"""Which measures a practice uses: those of the files that are on, until it switches one."""

import pytest

from kapteam.instruments import instruments
from kapteam.rules.measures_in_use import (
    is_measure_on,
    measure_settings,
    measures_in_use,
    read_switch,
    switched,
)

ON = {"phq-9", "gad-7", "pcl-5-month", "audit-c", "c-ssrs"}


@pytest.mark.parametrize(
    ("stored", "in_use"),
    [
        ([], ON),
        ([("measure.madrs", "1")], ON | {"madrs"}),
        ([("measure.phq-9", "0")], ON - {"phq-9"}),
        ([("measure.phq-9", "0"), ("measure.phq-9", "1")], ON),
        ([("measure.gone", "1"), ("idle_minutes", "0")], ON),
    ],
)
def test_the_last_switch_of_a_measure_counts(stored, in_use):
    assert set(measures_in_use(instruments(), switched(stored))) == in_use


def test_each_measure_has_one_switch_that_stands_as_its_file_says():
    settings = measure_settings(instruments())
    assert [one.label for one in settings.values()] == [one.name for one in instruments().values()]
    assert {key for key, one in settings.items() if one.default} == {f"measure.{id_}" for id_ in ON}
    assert all(one.is_yes_or_no for one in settings.values())
    for key, one in settings.items():
        assert is_measure_on(instruments(), {}, key) == bool(one.default)


@pytest.mark.parametrize("text", ["", "2", "yes", "-1", "1.0", "١"])
def test_a_switch_is_1_or_0(text):
    with pytest.raises(ValueError, match="on or off"):
        read_switch(text)
    assert [read_switch(" 1 "), read_switch("0")] == [1, 0]
