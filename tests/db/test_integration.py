"""Integration: every stage in its section, and a count that is the length of one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kapteam.db.in_force import practice_in_force
from kapteam.queries.integration import SECTIONS, integrations, is_owed
from kapteam.queries.standing import Asked, Scope
from kapteam.queries.today import today
from kapteam.rules.integration import IntegrationStage
from kapteam.vocabulary import EpisodeState, ServiceLine
from tests.factories import NOW, TODAY
from tests.factories_care import (
    Care,
    a_booked_pair,
    a_cared_for_client,
    a_given_session,
    an_integration_session,
    an_overdue_integration,
    an_unrecorded_session,
    another_course,
)
from tests.query_recorder import recorded_statements

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_OF_STAGE = {
    "Late": IntegrationStage.LATE,
    "Later": IntegrationStage.LATE,
    "Elsewhere": IntegrationStage.LATE,
    "Asked": IntegrationStage.WAS_THIS_HELD,
    "Owed": IntegrationStage.NOT_BOOKED,
    "Booked": IntegrationStage.BOOKED,
    "Ahead": IntegrationStage.BOOKED,
    "Outside": IntegrationStage.BOOKED_OUTSIDE,
    "Agreed": IntegrationStage.AGREED,
    "Held": IntegrationStage.HELD,
}


@pytest.fixture
def care(database) -> Care:
    """One client at every stage, named after it; the first client has nothing."""
    care = a_cared_for_client(database)
    with database.writing() as db:
        an_overdue_integration(db, another_course(db, care, "Late"), hours=50)
        an_overdue_integration(db, another_course(db, care, "Later"), hours=30)
        an_integration_session(
            db,
            another_course(
                db,
                care,
                "Elsewhere",
                prescriber=None,
                service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
                state=EpisodeState.INTEGRATION,
            ),
            due_on=TODAY - DAY,
        )
        for family, slot in (("Booked", 1), ("Outside", 10), ("Asked", -3)):
            course = another_course(db, care, family)
            given = a_given_session(db, course, given_at=NOW - 20 * HOUR)
            an_integration_session(db, course, given, planned_at=NOW + slot * HOUR)
        a_booked_pair(db, another_course(db, care, "Ahead"))
        a_given_session(db, another_course(db, care, "Owed"), given_at=NOW - HOUR)
        course = another_course(db, care, "Agreed")
        given = a_given_session(db, course, given_at=NOW - 60 * HOUR)
        an_integration_session(db, course, given, agreed_for=TODAY + DAY, agreed_reason="Away.")
        course = another_course(db, care, "Held")
        given = a_given_session(db, course, given_at=NOW - 30 * HOUR)
        an_integration_session(db, course, given, held_at=NOW - 10 * HOUR)
    return care


def ask(care, query, viewer=None, **more):
    with care.database.reading() as db:
        asked = Asked(viewer or care.therapist, practice_in_force(db, NOW), NOW)
        return query(db, asked, **more)


def test_every_integration_stands_in_the_section_of_its_stage_and_nowhere_else(care):
    sections = ask(care, integrations)

    assert tuple(section.stage for section in sections) == SECTIONS
    assert {
        row.course.client.family: section.stage for section in sections for row in section.rows
    } == _OF_STAGE
    assert sum(len(section.rows) for section in sections) == len(_OF_STAGE)


def test_the_page_has_a_section_for_every_stage_there_is():
    assert set(SECTIONS) == set(IntegrationStage)


def test_within_a_section_the_loudest_then_the_least_time_left_comes_first(care):
    rows = {section.stage: section.rows for section in ask(care, integrations)}

    assert [row.course.client.family for row in rows[IntegrationStage.LATE]] == [
        "Late",
        "Elsewhere",
        "Later",
    ]
    assert [row.course.client.family for row in rows[IntegrationStage.BOOKED]] == [
        "Booked",
        "Ahead",
    ]


def test_an_unrecorded_session_owes_one_too(care):
    with care.database.writing() as db:
        an_unrecorded_session(db, care.course)

    (not_booked,) = (
        section
        for section in ask(care, integrations)
        if section.stage is IntegrationStage.NOT_BOOKED
    )

    assert care.client.id in {row.course.client.id for row in not_booked.rows}


@pytest.mark.parametrize(
    ("family", "owed"),
    [
        ("Late", True),
        ("Elsewhere", True),
        ("Asked", True),
        ("Owed", True),
        ("Booked", True),
        ("Outside", True),
        ("Agreed", True),
        ("Ahead", False),
        ("Held", False),
    ],
)
def test_what_is_ahead_or_held_is_not_owed_now(care, family, owed):
    lines = [
        row.line
        for section in ask(care, integrations)
        for row in section.rows
        if row.course.client.family == family
    ]

    assert [is_owed(line) for line in lines] == [owed]


def test_mine_leaves_out_what_a_colleague_treats_and_everyone_s_does_not(care):
    other = replace(care.stranger, sees_everyone=True)

    assert not any(section.rows for section in ask(care, integrations, other))
    assert sum(
        len(section.rows) for section in ask(care, integrations, other, scope=Scope.EVERYONE)
    ) == len(_OF_STAGE)


def test_everyone_s_shows_nothing_that_one_may_not_see(care):
    assert not any(
        section.rows for section in ask(care, integrations, care.stranger, scope=Scope.EVERYONE)
    )


def test_the_front_desk_s_own_are_all(care):
    rows = [row for section in ask(care, integrations, care.front_desk) for row in section.rows]

    assert len(rows) == len(_OF_STAGE)


def test_rule_73_today_s_counts_are_these_rows(care):
    shown = {section.stage: len(section.rows) for section in ask(care, integrations)}

    counted = ask(care, today)

    assert counted.late == shown[IntegrationStage.LATE] == 3
    assert counted.was_this_held == shown[IntegrationStage.WAS_THIS_HELD] == 1
    assert len(counted.notes_to_finish) == shown[IntegrationStage.HELD] == 1


def test_today_lists_what_is_owed_in_the_order_of_its_urgency(care):
    rows = ask(care, today).integration_to_do

    assert [row.course.client.family for row in rows] == [
        "Late",
        "Elsewhere",
        "Later",
        "Asked",
        "Outside",
        "Agreed",
        "Owed",
        "Booked",
    ]


def test_it_takes_as_many_statements_for_thirty_clients_as_for_ten(care):
    def read():
        with recorded_statements(care.database.engine) as statements:
            sections = ask(care, integrations)
        return sum(len(section.rows) for section in sections), len(statements)

    before, statements = read()
    with care.database.writing() as db:
        for number in range(20):
            an_overdue_integration(db, another_course(db, care, f"More{number:02d}"))

    assert read() == (before + 20, statements)
