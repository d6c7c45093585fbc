"""The practice's name, zone and thresholds: administrators only, within bounds, audited."""

from datetime import timedelta

import pytest

from kapteam.actions.practice import (
    NameEntered,
    SettingEntered,
    ThemeEntered,
    ZoneEntered,
    add_theme,
    change_name,
    change_setting,
    change_zone,
    take_out_theme,
)
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import PracticeSetting
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.rules.themes import USUAL_THEMES
from kapteam.rules.thresholds import THRESHOLDS
from kapteam.vocabulary import Function
from tests.factories import NOW, a_clinician, a_practice, audit_events, count_rows


@pytest.fixture
def administrator(database):
    with database.writing() as db:
        a_practice(db)
        return a_clinician(db, Function.PRESCRIBER, is_administrator=True)


def _change(database, viewer, key, value, now=NOW):
    with database.writing() as db:
        change_setting(db, viewer, SettingEntered(key, value), now)


def _in_force(database, now):
    with database.reading() as db:
        return practice_in_force(db, now).thresholds


def test_a_change_is_in_force_from_now_on_and_not_before(database, administrator):
    _change(database, administrator, "integration_target_hours", " 36 ")
    assert _in_force(database, NOW).integration_target_hours == 36
    assert _in_force(database, NOW - timedelta(seconds=1)).integration_target_hours == 24
    [event] = audit_events(database)
    assert event.tag == "setting:changed"
    assert event.changes == {"key": "integration_target_hours", "value": [24, 36]}


def test_a_second_save_is_one_row_and_one_audit_event(database, administrator):
    for minutes in (0, 1):
        _change(database, administrator, "idle_minutes", "5", now=NOW + timedelta(minutes=minutes))
    assert count_rows(database, PracticeSetting) == 1
    assert len(audit_events(database)) == 1


def test_a_bound_of_a_dose_is_a_setting_like_any_other(database, administrator):
    key = "dose.IM.say_why.most_ug"
    for _ in range(2):
        _change(database, administrator, key, "180 mg")
    with database.reading() as db:
        assert practice_in_force(db, NOW).dose_bounds.value(key) == 180_000
        before = practice_in_force(db, NOW - timedelta(seconds=1))
    assert before.dose_bounds.value(key) == 200_000
    [event] = audit_events(database)
    assert event.changes == {"key": key, "value": [200_000, 180_000]}
    with database.writing() as db:
        prescriber = a_clinician(db, Function.PRESCRIBER)
    with pytest.raises(NotAllowed, match="administrator"):
        _change(database, prescriber, key, "190")


def test_how_often_ketamine_is_given_is_a_setting_like_any_other(database, administrator):
    key = "cadence.SL.most_per_week"
    for _ in range(2):
        _change(database, administrator, key, " 3 ")
    with database.reading() as db:
        now, before = (practice_in_force(db, at) for at in (NOW, NOW - timedelta(seconds=1)))
    assert (now.cadences.value(key), before.cadences.value(key)) == (3, 2)
    [event] = audit_events(database)
    assert event.changes == {"key": key, "value": [2, 3]}
    with pytest.raises(Invalid) as refused:
        _change(database, administrator, key, "8")
    assert refused.value.fields == {"value": "Enter a number from 1 to 7."}


def test_every_change_is_kept(database, administrator):
    for day, value in enumerate(("5", "10", "15")):
        _change(database, administrator, "idle_minutes", value, now=NOW + timedelta(days=day))
    assert count_rows(database, PracticeSetting) == 3
    assert _in_force(database, NOW + timedelta(days=1)).idle_minutes == 10


def test_only_an_administrator_changes_a_setting(database, administrator):
    with database.writing() as db:
        prescriber = a_clinician(db, Function.PRESCRIBER, Function.THERAPIST)
    with pytest.raises(NotAllowed, match="administrator"):
        _change(database, prescriber, "idle_minutes", "5")
    assert count_rows(database, PracticeSetting) == 0
    assert audit_events(database) == []


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("dose.IM.say_why.most_ug", "NaN", "number of mg"),
        ("dose.IM.say_why.most_ug", "500", "each is more than the one before"),
        ("idle_minutes", "", "whole number"),
        ("idle_minutes", "soon", "whole number"),
        ("idle_minutes", "7.5", "whole number"),
        ("idle_minutes", "-5", "whole number"),
        ("idle_minutes", "NaN", "whole number"),
        ("idle_minutes", "٥", "whole number"),
        ("idle_minutes", "0", "from 1 to 60"),
        ("idle_minutes", "61", "from 1 to 60"),
        ("everyone_sees_caseload", "2", "from 0 to 1"),
        ("integration_target_hours", "48", "late only after its target"),
        ("integration_late_hours", "24", "late only after its target"),
        ("integration_late_hours", "72", "window ends only after"),
        ("integration_past_hours", "48", "window ends only after"),
    ],
)
def test_a_bad_value_is_refused_beside_the_field(database, administrator, key, value, says):
    with pytest.raises(Invalid) as refused:
        _change(database, administrator, key, value)
    assert says in refused.value.fields["value"]
    assert count_rows(database, PracticeSetting) == 0


def test_a_combination_is_judged_with_what_is_in_force(database, administrator):
    _change(database, administrator, "integration_past_hours", "100")
    _change(database, administrator, "integration_late_hours", "80")
    assert _in_force(database, NOW).integration_late_hours == 80


def test_there_is_no_setting_by_another_name(database, administrator):
    assert "favorite_color" not in THRESHOLDS
    with pytest.raises(NotFound):
        _change(database, administrator, "favorite_color", "7")


def _do(database, action, viewer, entered):
    with database.writing() as db:
        action(db, viewer, entered, NOW)


def _practice(database):
    with database.reading() as db:
        return practice_in_force(db, NOW)


CHANGES = [
    (change_name, NameEntered(" Ocotillo Practice "), "practice:renamed"),
    (change_zone, ZoneEntered("America/Denver"), "practice:zone_changed"),
]


@pytest.mark.parametrize(("action", "entered", "tag"), CHANGES)
def test_name_and_zone_are_changed_once_and_audited(database, administrator, action, entered, tag):
    for _ in range(2):
        _do(database, action, administrator, entered)
    [event] = audit_events(database, tag)
    practice = _practice(database)
    [(old, new)] = event.changes.values()
    assert old in ("Saguaro Practice", "America/Phoenix")
    assert new in (practice.name, practice.zone.key)


@pytest.mark.parametrize(("action", "entered", "tag"), CHANGES)
def test_nobody_else_changes_name_or_zone(database, administrator, action, entered, tag):
    with database.writing() as db:
        prescriber = a_clinician(db, Function.PRESCRIBER)
    with pytest.raises(NotAllowed, match="administrator"):
        _do(database, action, prescriber, entered)
    practice = _practice(database)
    assert (practice.name, practice.zone.key) == ("Saguaro Practice", "America/Phoenix")
    assert audit_events(database) == []


@pytest.mark.parametrize(
    ("action", "entered", "field"),
    [
        (change_name, NameEntered("  "), "name"),
        (change_name, NameEntered("x" * 121), "name"),
        (change_name, NameEntered("Sag\x00uaro"), "name"),
        (change_zone, ZoneEntered(""), "zone"),
        (change_zone, ZoneEntered("Mars/Olympus"), "zone"),
        (change_zone, ZoneEntered("../etc/passwd"), "zone"),
    ],
)
def test_a_name_or_zone_that_cannot_be_is_refused_beside_its_field(
    database, administrator, action, entered, field
):
    with pytest.raises(Invalid) as refused:
        _do(database, action, administrator, entered)
    assert list(refused.value.fields) == [field]
    assert audit_events(database) == []


def _themes(database, now=NOW):
    with database.reading() as db:
        return practice_in_force(db, now).themes


def _with_themes(database, viewer, action, theme, now=NOW):
    with database.writing() as db:
        action(db, viewer, ThemeEntered(theme), now)


def test_a_theme_is_added_and_taken_out_from_now_on_and_not_before(database, administrator):
    assert _themes(database) == USUAL_THEMES
    for minutes, action, theme in ((0, add_theme, " The  sea "), (1, take_out_theme, "Grief")):
        for seconds in (0, 1):
            at = NOW + timedelta(minutes=minutes, seconds=seconds)
            _with_themes(database, administrator, action, theme, at)

    later = NOW + timedelta(hours=1)
    assert _themes(database, NOW - timedelta(seconds=1)) == USUAL_THEMES
    assert _themes(database, NOW) == (*USUAL_THEMES, "The sea")
    assert _themes(database, later) == (*USUAL_THEMES[1:], "The sea")
    with database.reading() as db:
        assert "Grief" in practice_in_force(db, later).themes_ever
    assert count_rows(database, PracticeSetting) == 2
    assert [(one.tag, one.changes) for one in audit_events(database)] == [
        ("practice:theme_added", {"theme": "The sea"}),
        ("practice:theme_taken_out", {"theme": "Grief"}),
    ]


@pytest.mark.parametrize("action", [add_theme, take_out_theme])
@pytest.mark.parametrize("function", Function)
def test_only_an_administrator_changes_the_themes(database, administrator, action, function):
    with database.writing() as db:
        somebody = a_clinician(db, function)
    with pytest.raises(NotAllowed, match="administrator"):
        _with_themes(database, somebody, action, "Grief")
    assert audit_events(database) == []


@pytest.mark.parametrize(
    ("action", "theme"),
    [
        (add_theme, ""),
        (add_theme, "x" * 200),
        (add_theme, "grief"),
        (add_theme, "One, two"),
        (add_theme, "Bell\x07"),
        (take_out_theme, ""),
    ],
)
def test_what_is_no_theme_is_refused(database, administrator, action, theme):
    with pytest.raises(Invalid) as refused:
        _with_themes(database, administrator, action, theme)
    assert list(refused.value.fields) == ["theme"]
    assert _themes(database) == USUAL_THEMES


def test_every_theme_can_be_taken_out_and_one_comes_back(database, administrator):
    for number, theme in enumerate((*USUAL_THEMES, "Never there")):
        at = NOW + timedelta(seconds=number)
        _with_themes(database, administrator, take_out_theme, theme, at)
    later = NOW + timedelta(hours=1)
    assert _themes(database, later) == ()
    _with_themes(database, administrator, add_theme, "grief", later)
    assert _themes(database, later) == ("grief",)
