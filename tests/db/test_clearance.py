"""The prescriber's clearance: only a prescriber's, never edited, the newest one holds."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from kapteam.actions.clearance import ClearanceEntered, record_clearance
from kapteam.actions.loading import clearance_at
from kapteam.db.tables import Clearance
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.vocabulary import (
    ClearanceDecision,
    EpisodeState,
    Function,
    ProductRoute,
    ServiceLine,
)
from tests.factories import (
    NOW,
    TODAY,
    a_client,
    a_clinician,
    a_course,
    a_practice,
    audit_events,
    count_rows,
)


@pytest.fixture
def prescriber(database):
    with database.writing() as db:
        a_practice(db)
        return a_clinician(db, Function.PRESCRIBER)


@pytest.fixture
def course(database, prescriber):
    with database.writing() as db:
        client = a_client(db, prescriber)
        return a_course(db, client, prescriber=prescriber, state=EpisodeState.ASSESSMENT)


def _decision(course, **typed):
    entered = ClearanceEntered(
        id=new_id(),
        episode_id=course.id,
        decision=ClearanceDecision.CLEARED,
        routes=(ProductRoute.SUBLINGUAL, ProductRoute.INTRAMUSCULAR),
        ceiling="130 mg",
        conditions="",
        valid_until_on=TODAY + timedelta(days=1),
        in_person_on=TODAY,
    )
    return replace(entered, **typed)


def _write(database, viewer, entered, now=NOW):
    with database.writing() as db:
        record_clearance(db, viewer, entered, now)


def _only(database):
    with database.reading() as db:
        return db.scalars(select(Clearance)).one()


def test_a_clearance_is_kept_in_micrograms(database, prescriber, course):
    _write(database, prescriber, _decision(course))
    kept = _only(database)
    assert (kept.routes, kept.ceiling_ug) == (["IM", "SL"], 130_000)
    assert (kept.decided_by_id, kept.decided_at) == (prescriber.clinician_id, NOW)
    [event] = audit_events(database)
    assert event.changes["ceiling_ug"] == [None, 130_000]


def test_a_second_save_is_one_row_and_one_audit_event(database, prescriber, course):
    entered = _decision(course)
    for _ in range(2):
        _write(database, prescriber, entered)
    assert count_rows(database, Clearance) == 1
    assert len(audit_events(database)) == 1


def test_a_new_decision_takes_the_place_of_the_old_and_keeps_it(database, prescriber, course):
    first = _decision(course)
    _write(database, prescriber, first)
    deferred = {"decision": ClearanceDecision.DEFERRED, "conditions": "Pressure first."}
    _write(
        database,
        prescriber,
        _decision(course, follows_id=first.id, **deferred),
        NOW + timedelta(days=1),
    )
    assert count_rows(database, Clearance) == 2
    with database.reading() as db:
        newest = clearance_at(db, course.id, NOW + timedelta(days=2))
    assert newest.decision is ClearanceDecision.DEFERRED
    assert (newest.routes, newest.ceiling, newest.valid_until_on) == (frozenset(), None, None)
    event = audit_events(database)[-1]
    assert event.changes["decision"] == ["cleared", "deferred"]
    assert event.changes["ceiling_ug"] == [130_000, None]
    assert "Pressure" not in str(event.changes)


def test_a_ceiling_is_not_needed(database, prescriber, course):
    _write(database, prescriber, _decision(course, ceiling=" "))
    assert _only(database).ceiling_ug is None


@pytest.mark.parametrize("function", [Function.THERAPIST, Function.NURSE, Function.COORDINATOR])
def test_only_a_prescriber_clears(database, course, function):
    """Rule 15."""
    with database.writing() as db:
        other = a_clinician(db, function, sees_everyone=True)
    with pytest.raises(NotAllowed, match="prescriber"):
        _write(database, other, _decision(course))
    assert count_rows(database, Clearance) == 0
    assert audit_events(database) == []


def test_a_prescriber_who_is_not_on_the_course_finds_nothing(database, course):
    with database.writing() as db:
        outsider = a_clinician(db, Function.PRESCRIBER)
    with pytest.raises(NotFound):
        _write(database, outsider, _decision(course))
    assert count_rows(database, Clearance) == 0


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("decision", {"decision": None}),
        ("routes", {"routes": ()}),
        ("ceiling", {"ceiling": "0"}),
        ("ceiling", {"ceiling": "-5"}),
        ("ceiling", {"ceiling": "NaN"}),
        ("ceiling", {"ceiling": "a lot"}),
        ("conditions", {"decision": ClearanceDecision.CLEARED_WITH_CONDITIONS}),
        ("conditions", {"conditions": "c" * 8001}),
        ("valid_until_on", {"valid_until_on": None}),
        ("valid_until_on", {"valid_until_on": TODAY}),
        ("in_person_on", {"in_person_on": TODAY + timedelta(days=1)}),
    ],
)
def test_bad_input_is_refused_beside_the_field(database, prescriber, course, field, typed):
    with pytest.raises(Invalid) as refused:
        _write(database, prescriber, _decision(course, **typed))
    assert set(refused.value.fields) == {field}
    assert count_rows(database, Clearance) == 0
    assert audit_events(database) == []


@pytest.mark.parametrize(
    "situation",
    [
        {"service_line": ServiceLine.PSYCHEDELIC_INTEGRATION},
        {"state": EpisodeState.CLOSED},
    ],
)
def test_nothing_is_cleared_without_ketamine_or_after_the_end(database, prescriber, situation):
    """Rule 11: a course without ketamine has no clearance."""
    with database.writing() as db:
        course = a_course(db, a_client(db, prescriber), prescriber=prescriber, **situation)
    with pytest.raises(NotAllowed):
        _write(database, prescriber, _decision(course))
    assert count_rows(database, Clearance) == 0
