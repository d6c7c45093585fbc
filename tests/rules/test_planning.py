"""A plan for the rest of a series: days that fit, and an integration inside the window of each."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.cadence import USUAL_CADENCES, Cadence, too_often
from kapteam.rules.integration import due_at
from kapteam.rules.planning import (
    Surroundings,
    Taken,
    Wanted,
    in_the_way,
    integration_after,
    is_inside,
    plan,
)
from kapteam.rules.slots import USUAL_HOURS, WORKING_DAYS, Busy, Closure, OpeningHours
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import ProductRoute, Weekday

PHOENIX = ZoneInfo("America/Phoenix")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TUE = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
IM = USUAL_CADENCES.of(ProductRoute.INTRAMUSCULAR)
THANKSGIVING = Closure(date(2026, 12, 1), date(2026, 12, 1), "Founders’ day")
AROUND = Surroundings(NOW, PHOENIX, USUAL_HOURS, Thresholds(), IM)
WEEKLY = Wanted(TUE, (7, 7, 7), time(10), 2 * HOUR, timedelta(0), HOUR)


def _at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = PHOENIX) -> datetime:
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def _days(planned) -> list[date | None]:
    return [one.at and one.at.astimezone(PHOENIX).date() for one in planned]


def test_the_days_follow_the_last_session_at_its_time_with_an_integration_on_the_day_after():
    planned = plan(WEEKLY, AROUND)
    assert _days(planned) == [TUE + 7 * DAY, TUE + 14 * DAY, TUE + 21 * DAY]
    assert planned[0].at == _at(TUE + 7 * DAY, 10)
    assert all(one.said == "" for one in planned)
    integration = planned[0].integration
    assert integration
    assert (integration.at, integration.is_inside) == (_at(TUE + 8 * DAY, 8), True)


def test_a_closed_day_puts_one_session_off_and_the_rhythm_stays():
    hours = replace(USUAL_HOURS, closures=(THANKSGIVING,))
    planned = plan(WEEKLY, replace(AROUND, hours=hours))
    assert _days(planned) == [TUE + 8 * DAY, TUE + 14 * DAY, TUE + 21 * DAY]
    assert planned[0].said == "Not Tue Dec 1: the practice is closed (Founders’ day)."
    assert planned[1].said == ""


def test_every_day_that_was_gone_past_is_named_with_what_stood_in_its_way():
    room = [
        Taken(_at(TUE + ahead * DAY, 9), _at(TUE + ahead * DAY, 11), "Room 4 is taken")
        for ahead in (13, 14, 15, 16)
    ]
    spravato = USUAL_CADENCES.of(ProductRoute.ESKETAMINE_NASAL)
    around = replace(AROUND, cadence=spravato, taken=tuple(room))
    # Three days after a Thursday is a Sunday.
    (found,) = plan(replace(WEEKLY, after_on=TUE + 9 * DAY, gaps=(3,)), around)
    assert _days([found]) == [TUE + 17 * DAY]
    assert found.said == (
        "Not Sun Dec 6: the practice is closed. Not Mon Dec 7 to Thu Dec 10: Room 4 is taken."
    )


def test_a_day_with_two_obstacles_has_both_named():
    room = Taken(_at(TUE + 7 * DAY, 11), _at(TUE + 7 * DAY, 13), "Room 2 is taken")
    away = Taken(_at(TUE + 7 * DAY, 0), _at(TUE + 9 * DAY, 0), "Robin Prescott is away")
    around = replace(AROUND, taken=(room, away), other_days=(TUE + 8 * DAY,))
    (found, *_) = plan(WEEKLY, around)
    assert found.said == (
        "Not Tue Dec 1: Room 2 is taken. Not Tue Dec 1 and Wed Dec 2: Robin Prescott is away. "
        "Not Tue Dec 1 and Thu Dec 3: it would be less than 2 days from the session of Wed Dec 2. "
        "Not Wed Dec 2: the client has a ketamine session on that day."
    )


def test_a_closed_weekend_does_not_split_what_lies_on_both_sides_of_it():
    away = Taken(_at(TUE + 7 * DAY, 0), _at(TUE + 15 * DAY, 0), "Robin Prescott is away")
    (found, *_) = plan(WEEKLY, replace(AROUND, taken=(away,)))
    assert found.said == (
        "Not Tue Dec 1 to Tue Dec 8: Robin Prescott is away. "
        "Not Sat Dec 5 and Sun Dec 6: the practice is closed."
    )


def test_a_day_that_nothing_stands_in_the_way_of_is_never_gone_past():
    (found, *_) = plan(WEEKLY, AROUND)
    assert found.said == ""


def test_who_is_away_for_two_weeks_begins_anew_and_nothing_crowds():
    away = Taken(_at(TUE + DAY, 0), _at(TUE + 15 * DAY, 0), "Robin Prescott is away")
    planned = plan(WEEKLY, replace(AROUND, taken=(away,)))
    assert _days(planned) == [TUE + 15 * DAY, TUE + 21 * DAY, TUE + 28 * DAY]
    assert "Robin Prescott is away" in planned[0].said


def test_what_is_taken_at_that_time_is_named_and_not_taken_again():
    room = Taken(_at(TUE + 7 * DAY, 11), _at(TUE + 7 * DAY, 13), "Room 2 has another session")
    (first, *_) = plan(WEEKLY, replace(AROUND, taken=(room,)))
    assert _days([first]) == [TUE + 8 * DAY]
    assert first.said == "Not Tue Dec 1: Room 2 has another session."


def test_twice_a_week_keeps_two_days_between_and_two_in_a_week():
    spravato = USUAL_CADENCES.of(ProductRoute.ESKETAMINE_NASAL)
    around = replace(AROUND, cadence=spravato, other_days=(TUE,))
    days = _days(plan(replace(WEEKLY, gaps=(3,) * 8), around))
    known = [one for one in days if one]
    assert len(known) == 8
    assert all(
        too_often(day, [other for other in (*known, TUE) if other != day], spravato) is None
        for day in known
    )


def test_a_time_outside_the_opening_hours_finds_no_day_and_says_so():
    planned = plan(replace(WEEKLY, at=time(17)), AROUND)
    assert _days(planned) == [None, None, None]
    said = planned[0].said
    assert said.startswith(
        "No day in 3 weeks. Not Tue Dec 1 to Mon Dec 21: it is outside the opening hours. "
        "Not Sat Dec 5, Sun Dec 6, Sat Dec 12, "
    )
    assert planned[0].integration is None


def test_where_no_integration_is_expected_none_is_planned():
    assert {one.integration for one in plan(replace(WEEKLY, integration=None), AROUND)} == {None}


def test_a_friday_cannot_have_an_integration_inside_the_window_and_says_why():
    (friday,) = plan(replace(WEEKLY, after_on=TUE + 3 * DAY, gaps=(7,)), AROUND)
    integration = friday.integration
    assert integration
    assert (integration.is_inside, integration.at) == (False, _at(TUE + 13 * DAY, 8))
    assert integration.why_not.replace("\u00a0", " ") == (
        "No integration within 24 hours of the dose. Sat Dec 5: closed."
    )


@pytest.mark.parametrize(
    ("taken", "instead"),
    [
        # A day nearer than usual is nearest to it, else the first day after.
        ([], TUE + 9 * DAY),
        ([TUE + 9 * DAY], TUE + 13 * DAY),
        # Not one on which the session after it would be due by then.
        ([TUE + 9 * DAY, *(TUE + ahead * DAY for ahead in range(13, 17))], None),
    ],
)
def test_for_a_date_without_an_integration_the_nearest_that_has_one_is_offered(taken, instead):
    rooms = [Taken(_at(day, 9), _at(day, 12), "Room 2 is taken") for day in taken]
    around = replace(AROUND, taken=tuple(rooms))
    (friday,) = plan(replace(WEEKLY, after_on=TUE + 3 * DAY, gaps=(7,)), around)
    found = friday.instead and (friday.instead.at, friday.instead.integration_at)
    assert found == (instead and (_at(instead, 10), _at(instead + DAY, 8)))


def test_who_is_put_off_is_offered_a_day_near_the_one_found():
    away = Taken(_at(TUE + 7 * DAY, 0), _at(TUE + 10 * DAY, 0), "Robin Prescott is away")
    (friday, *_) = plan(WEEKLY, replace(AROUND, taken=(away,)))
    assert _days([friday]) == [TUE + 10 * DAY]
    assert friday.instead
    assert friday.instead.at == _at(TUE + 13 * DAY, 10)


def test_nothing_is_offered_in_the_place_of_a_date_that_has_its_integration_nor_where_none_has():
    assert {one.instead for one in plan(WEEKLY, AROUND)} == {None}
    away = Busy(_at(TUE, 0), _at(TUE + 90 * DAY, 0), is_away=True)
    around = replace(AROUND, therapist_busy=(away,))
    assert {one.instead for one in plan(WEEKLY, around)} == {None}


@pytest.mark.parametrize(
    ("busy", "why"),
    [
        (Busy(_at(TUE + 7 * DAY, 0), _at(TUE + 9 * DAY, 0), is_away=True), "therapist is away"),
        (Busy(_at(TUE + 8 * DAY, 8), _at(TUE + 8 * DAY, 18)), "therapist has no time free"),
    ],
)
def test_why_a_working_day_has_no_time_is_said(busy, why):
    (first,) = plan(replace(WEEKLY, gaps=(7,)), replace(AROUND, therapist_busy=(busy,)))
    assert first.integration
    assert not first.integration.is_inside
    assert first.integration.why_not.startswith("No integration within")
    assert f"Wed Dec 2: the {why}" in first.integration.why_not


def test_a_window_that_ends_before_the_practice_opens_is_said():
    around = replace(AROUND, thresholds=Thresholds(integration_target_hours=20))
    found = integration_after(_at(TUE, 9), HOUR, (), around)
    assert not found.is_inside
    assert "the window ends before the practice opens" in found.why_not
    short = replace(AROUND, thresholds=Thresholds(integration_target_hours=3))
    assert "ends on its day" in integration_after(_at(TUE, 9), HOUR, (), short).why_not


def test_nothing_is_planned_in_the_past():
    planned = plan(replace(WEEKLY, after_on=TUE - 7 * DAY), AROUND)
    assert _days(planned)[0] == TUE + DAY
    assert planned[0].said == "Not Tue Nov 24: that time is over."


def test_a_time_that_the_clocks_skip_is_not_planned():
    chicago = ZoneInfo("America/Chicago")
    every_day = OpeningHours(time(0), time(23), frozenset(Weekday))
    around = replace(AROUND, zone=chicago, hours=every_day)
    # Sunday, March 14, 2027: from 2 am straight to 3 am.
    wanted = Wanted(date(2027, 3, 7), (7,), time(2, 30), HOUR, timedelta(0), None)
    (first,) = plan(wanted, around)
    assert first.at == datetime(2027, 3, 15, 2, 30, tzinfo=chicago).astimezone(UTC)
    assert first.said == "Not Sun Mar 14: the clocks skip that time."


@pytest.mark.parametrize(
    ("at", "others", "said"),
    [
        (_at(TUE + DAY, 10), [], ()),
        (
            _at(TUE + DAY, 10),
            [TUE],
            ("it would be less than 2 days from the session of Tue Nov 24",),
        ),
        (
            _at(TUE + 2 * DAY, 10),
            [TUE - DAY, TUE + DAY],
            (
                "it would be less than 2 days from the session of Wed Nov 25",
                "it would be 3 in the week of Mon Nov 23, where at most 2 are usual",
            ),
        ),
        (
            _at(TUE + 15 * DAY, 10),
            [TUE + 14 * DAY],
            (
                "Room 2 is taken",
                "it would be less than 2 days from the session of Tue Dec 8",
            ),
        ),
        (_at(TUE + 16 * DAY, 10), [TUE + 14 * DAY], ()),
    ],
)
def test_rule_34_a_day_that_somebody_typed_is_judged_by_all_that_speaks_against_it(
    at, others, said
):
    room = Taken(_at(TUE + 15 * DAY, 9), _at(TUE + 15 * DAY, 11), "Room 2 is taken")
    assert in_the_way(at, 2 * HOUR, others, replace(AROUND, taken=(room, room))) == said


_days_ahead = st.integers(0, 60).map(lambda days: TUE + days * DAY)
_stretches = st.tuples(_days_ahead, st.integers(0, 23), st.integers(1, 240))
_closures = st.lists(
    st.tuples(_days_ahead, st.integers(0, 10)).map(
        lambda one: Closure(one[0], one[0] + one[1] * DAY, "Closed")
    ),
    max_size=4,
)
_hours = st.builds(
    OpeningHours,
    opens=st.sampled_from([time(7), time(8), time(9, 30)]),
    closes=st.sampled_from([time(17), time(18), time(20)]),
    weekdays=st.sampled_from([WORKING_DAYS, frozenset(Weekday), frozenset(list(Weekday)[1:4])]),
    closures=_closures.map(tuple),
)
_cadences = st.builds(
    Cadence,
    usual_days=st.integers(1, 30),
    least_days=st.none() | st.integers(1, 6),
    most_per_week=st.none() | st.integers(1, 4),
)


@st.composite
def _situations(draw):
    zone = ZoneInfo(
        draw(st.sampled_from(["America/Phoenix", "America/Chicago", "Europe/Berlin", "UTC"]))
    )
    # From the middle of summer to past the change of the clocks in both halves of the year.
    now = datetime(2026, draw(st.sampled_from([2, 3, 10, 11])), 20, 17, tzinfo=UTC)
    begin = now.astimezone(zone).date()

    def moved(day: date) -> date:
        return begin + (day - TUE)

    def stretch(one):
        day, hour, hours = one
        start = datetime.combine(moved(day), time(hour), zone).astimezone(UTC)
        return start, start + hours * HOUR

    taken = [Taken(*stretch(one), "taken") for one in draw(st.lists(_stretches, max_size=4))]
    busy = [
        Busy(*stretch(one), is_away=draw(st.booleans()))
        for one in draw(st.lists(_stretches, max_size=6))
    ]
    hours = draw(_hours)
    closures = tuple(
        Closure(moved(one.from_on), moved(one.until_on), one.name) for one in hours.closures
    )
    cadence = draw(_cadences)
    around = Surroundings(
        now=now,
        zone=zone,
        hours=replace(hours, closures=closures),
        thresholds=Thresholds(integration_target_hours=draw(st.sampled_from([12, 24, 36, 47]))),
        cadence=cadence,
        taken=tuple(taken),
        therapist_busy=tuple(busy),
        other_days=tuple(moved(one) for one in draw(st.lists(_days_ahead, max_size=5))),
    )
    gaps = (cadence.usual_days,) * draw(st.integers(1, 8))
    wanted = Wanted(
        after_on=begin + draw(st.integers(-20, 20)) * DAY,
        gaps=gaps,
        at=draw(st.sampled_from([time(2, 30), time(8), time(10), time(14, 30), time(17)])),
        length=draw(st.sampled_from([HOUR, 2 * HOUR])),
        giving=timedelta(minutes=draw(st.sampled_from([0, 10, 40]))),
        integration=HOUR,
    )
    return wanted, around


@given(_situations())
def test_no_day_of_a_plan_is_one_that_must_not_be(situation):
    wanted, around = situation
    planned = plan(wanted, around)
    assert len(planned) == len(wanted.gaps)
    times = [one.at for one in planned if one.at is not None]
    days = [one.astimezone(around.zone).date() for one in times]
    for at, day in zip(times, days, strict=True):
        local, end = at.astimezone(around.zone), (at + wanted.length).astimezone(around.zone)
        assert at > around.now
        assert around.hours.is_open_on(day), "closed"
        assert around.hours.opens <= local.time()
        assert (end.date(), end.time() <= around.hours.closes) == (day, True)
        assert local.time() == wanted.at, "another time of day than was asked for"
        away = [one for one in around.taken if at < one.until_at and one.from_at < end]
        assert away == [], "away or taken"
        others = [*around.other_days, *(one for one in days if one != day)]
        assert day not in around.other_days
        assert too_often(day, others, around.cadence) is None, "nearer than the cadence allows"
    last_on = wanted.after_on
    for one in planned:
        if one.instead is not None:
            day = one.instead.at.astimezone(around.zone).date()
            end = one.instead.at + wanted.length
            assert one.instead.at > around.now
            assert around.hours.is_open_on(day)
            assert day > last_on
            assert one.at
            assert day < one.at.astimezone(around.zone).date() + wanted.gaps[0] * DAY
            assert not [
                away
                for away in around.taken
                if one.instead.at < away.until_at and away.from_at < end
            ]
            assert day not in around.other_days
            assert is_inside(
                one.instead.integration_at, one.instead.at + wanted.giving, around.thresholds
            )
        last_on = one.at.astimezone(around.zone).date() if one.at else last_on
    usual = wanted.gaps[0]
    assert all((after - before).days >= max(1, usual - 1) for before, after in pairwise(days))
    assert all(one.said for one in planned if one.at is None)


@given(_situations())
def test_no_integration_outside_the_window_is_called_inside(situation):
    wanted, around = situation
    booked: list[tuple[datetime, datetime]] = []
    for one in plan(wanted, around):
        if one.at is None:
            assert one.integration is None
            continue
        found, dose_at = one.integration, one.at + wanted.giving
        assert found is not None
        if found.at is None:
            assert not found.is_inside
            assert found.why_not
            continue
        assert found.is_inside == is_inside(found.at, dose_at, around.thresholds)
        assert found.is_inside == (dose_at <= found.at <= due_at(dose_at, around.thresholds))
        assert bool(found.why_not) is not found.is_inside
        until = found.at + HOUR
        assert around.hours.is_open_at(found.at.astimezone(around.zone))
        busy = [(each.from_at, each.until_at) for each in around.therapist_busy]
        assert not any(found.at < end and start < until for start, end in (*busy, *booked))
        booked.append((found.at, until))
