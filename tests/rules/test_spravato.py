"""Spravato: enrollment, devices against mg, and what the record of its monitoring still lacks."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kapteam.rules.spravato import (
    Device,
    Figures,
    Reading,
    Watched,
    count_problem,
    devices_left,
    is_enrolled,
    next_lot,
    not_enrolled,
)
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import AdministrationKind, ProductRoute

AT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ESK = ProductRoute.ESKETAMINE_NASAL
OTHERS = [one for one in ProductRoute if one is not ESK]
ON = date(2026, 11, 24)
THREE = tuple(Device(AT + n * MINUTE, 28_000, "L1") for n in (0, 5, 10))
LAST = AT + 10 * MINUTE


USUAL = Pressure(128, 82)


def _read(at, pressure=USUAL, oxygen=98):
    return Figures(at, pressure, oxygen)


ALL_THREE = (_read(AT - MINUTE), _read(LAST + 40 * MINUTE), _read(LAST + 118 * MINUTE))


@pytest.mark.parametrize(
    ("enrolled_on", "enrolled", "says"),
    [
        (None, False, "not enrolled in the Spravato REMS"),
        (ON - timedelta(days=1), True, ""),
        (ON, True, ""),
        (ON + timedelta(days=1), False, "only on Wed Nov 25, 2026"),
    ],
)
def test_rule_23_enrolled_before_the_dose_or_on_its_day_and_never_after(
    enrolled_on, enrolled, says
):
    assert is_enrolled(enrolled_on, ESK, ON) is enrolled
    sentence = not_enrolled(enrolled_on, ESK, ON)
    assert (sentence is None) is enrolled
    assert says in (sentence or "")


@pytest.mark.parametrize("route", OTHERS)
def test_rule_41_no_other_route_asks_for_enrollment_or_devices(route):
    assert is_enrolled(None, route, ON)
    assert not_enrolled(None, route, ON) is None
    assert count_problem(AdministrationKind.DOSE, 70_000, route) is None
    assert devices_left(84_000, [28_000], route) is None


@pytest.mark.parametrize(
    ("kind", "mg", "route", "says"),
    [
        (AdministrationKind.DEVICE, 28, ESK, None),
        (AdministrationKind.DEVICE, 14, ESK, None),
        (AdministrationKind.DEVICE, 56, ESK, "56 mg are 2 devices of 28 mg."),
        (AdministrationKind.DEVICE, 84, ESK, "84 mg are 3 devices of 28 mg."),
        (AdministrationKind.DOSE, 84, ESK, "84 mg are 3 devices of 28 mg."),
        (AdministrationKind.DOSE, 28, ESK, "given by devices."),
        (AdministrationKind.BOOSTER, 28, ESK, "given by devices."),
        (AdministrationKind.DEVICE, 70, ESK, "comes in devices of 28 mg."),
        (AdministrationKind.DEVICE, 28, ProductRoute.COMPOUNDED_NASAL, "Only Spravato comes"),
        (AdministrationKind.DOSE, 84, ProductRoute.COMPOUNDED_NASAL, None),
    ],
)
def test_a_giving_of_spravato_is_one_device(kind, mg, route, says):
    sentence = count_problem(kind, mg * 1000, route)
    assert (sentence is None) == (says is None)
    assert (says or "") in (sentence or "").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("ordered", "given", "says"),
    [
        (84_000, [28_000] * 3, None),
        (56_000, [28_000] * 3, None),
        (None, [28_000], None),
        (84_000, [28_000] * 2, "2 of 3 devices recorded, 56 mg of 84 mg."),
        (56_000, [], "0 of 2 devices recorded, 0 mg of 56 mg."),
        (28_000, [14_000], "1 of 1 device recorded, 14 mg of 28 mg."),
    ],
)
def test_rule_35_fewer_devices_than_ordered_are_asked_about(ordered, given, says):
    sentence = devices_left(ordered, given, ESK)
    assert (sentence is None) == (says is None)
    assert (says or "") in (sentence or "").replace("\u00a0", " ")


def test_rule_38_the_form_counts_from_the_first_device_and_the_minimum_from_the_last():
    watched = Watched(THREE, (), None)

    assert watched.since_first(LAST + 118 * MINUTE) == 128 * MINUTE
    assert watched.since_last(LAST + 118 * MINUTE) == 118 * MINUTE
    out = Watched(THREE, (), LAST + 119 * MINUTE)
    assert out.is_below_least
    assert out.since_first(LAST + 500 * MINUTE) == 129 * MINUTE
    assert not Watched(THREE, (), LAST + 120 * MINUTE).is_below_least
    assert not watched.is_below_least
    assert not Watched((), (), LAST).is_below_least


@pytest.mark.parametrize(
    ("minutes", "which"),
    [
        (-11, Reading.BEFORE),
        (35, Reading.FORTY),
        (40, Reading.FORTY),
        (50, Reading.FORTY),
        (105, Reading.LEAVING),
        (119, Reading.LEAVING),
        (180, Reading.LEAVING),
    ],
)
def test_rule_38_a_reading_is_the_one_whose_time_it_was(minutes, which):
    watched = Watched(THREE, (_read(LAST + minutes * MINUTE),), None)

    found = {one for one in Reading if watched.pressure(one)}
    assert found == {which}
    assert {one for one in Reading if watched.oxygen(one)} == {which}


@pytest.mark.parametrize("minutes", [-10, -3, 0, 20, 34, 51, 104])
def test_rule_38_a_reading_at_no_such_time_is_none_of_the_three(minutes):
    watched = Watched(THREE, (_read(LAST + minutes * MINUTE),), None)

    assert [one for one in Reading if watched.pressure(one)] == []


def test_of_two_the_one_nearest_to_40_counts_and_the_last_before_leaving():
    at = LAST + 36 * MINUTE
    figures = (
        _read(AT - 9 * MINUTE, Pressure(150, 95)),
        *ALL_THREE,
        _read(at, Pressure(170, 99)),
        _read(LAST + 106 * MINUTE, Pressure(101, 70)),
    )
    watched = Watched(THREE, figures, None)

    assert {one: str(watched.pressure(one)) for one in Reading} == dict.fromkeys(Reading, "128/82")


def test_of_who_left_at_50_minutes_one_reading_is_not_taken_for_two():
    read = _read(LAST + 45 * MINUTE)
    watched = Watched(THREE, (read,), LAST + 50 * MINUTE)

    assert watched.pressure(Reading.FORTY)
    assert watched.pressure(Reading.LEAVING) is None


def test_a_reading_after_they_left_is_not_the_one_before_leaving():
    watched = Watched(THREE, (_read(LAST + 125 * MINUTE),), LAST + 121 * MINUTE)

    assert watched.pressure(Reading.LEAVING) is None


def test_oxygen_may_be_read_by_itself():
    figures = (_read(LAST + 40 * MINUTE, oxygen=None), _read(LAST + 42 * MINUTE, None, 96))

    watched = Watched(THREE, figures, None)

    assert (str(watched.pressure(Reading.FORTY)), watched.oxygen(Reading.FORTY)) == ("128/82", 96)


NO_LOT = (THREE[0], Device(AT + 5 * MINUTE, 28_000, ""), THREE[2])


@pytest.mark.parametrize(
    ("devices", "figures", "minutes", "out", "says"),
    [
        ((), (), 0, None, []),
        (THREE, ALL_THREE, 119, None, []),
        (THREE, ALL_THREE, 600, 121, []),
        (THREE, (), 0, None, ["BP and oxygen before the dose"]),
        (THREE, ALL_THREE[:1], 34, None, []),
        (THREE, ALL_THREE[:1], 35, None, ["BP and oxygen at 40 min"]),
        (NO_LOT, ALL_THREE[:1], 60, None, ["BP and oxygen at 40 min", "lot of device 2"]),
        (THREE, ALL_THREE[:2], 119, None, []),
        (THREE, ALL_THREE[:2], 120, None, ["BP and oxygen before leaving"]),
        (
            THREE,
            ALL_THREE[:1],
            30,
            20,
            ["BP and oxygen at 40 min", "BP and oxygen before leaving"],
        ),
        (THREE, (_read(AT - MINUTE, oxygen=None),), 0, None, ["oxygen before the dose"]),
        (THREE, (_read(AT - MINUTE, pressure=None),), 0, None, ["BP before the dose"]),
    ],
)
def test_rule_38_what_is_missing_is_named_and_nothing_before_its_time(
    devices, figures, minutes, out, says
):
    discharged_at = None if out is None else LAST + out * MINUTE
    watched = Watched(devices, figures, discharged_at)

    assert list(watched.missing(LAST + minutes * MINUTE)) == says


def test_a_form_that_asks_for_no_oxygen_misses_none():
    watched = Watched(THREE, (_read(AT - MINUTE, oxygen=None),), None)

    assert watched.missing(LAST, with_oxygen=False) == ()


@pytest.mark.parametrize(
    ("lots", "starts"),
    [([], ""), ([""], ""), (["L1"], "L1"), (["L1", ""], "L1"), (["a", "b"], "b")],
)
def test_the_next_device_starts_from_the_last_lot_of_the_same_session(lots, starts):
    assert next_lot(lots) == starts
