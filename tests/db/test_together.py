"""What two at one screen see: of the acting one's courses those that the other is on as well."""

from dataclasses import replace

import pytest

from kapteam.db.in_force import practice_in_force
from kapteam.queries.caseload import Wanted, caseload
from kapteam.queries.integration import integrations
from kapteam.queries.standing import Asked, Scope, usual_scope
from kapteam.queries.today import today
from kapteam.queries.upcoming import upcoming
from kapteam.rules.permissions import Beside
from kapteam.vocabulary import Function, Part
from tests.factories import NOW, a_client, a_clinician, a_course, a_member, an_absence
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_ketamine_session,
    an_overdue_integration,
)
from tests.query_recorder import recorded_statements


@pytest.fixture
def care(database) -> Care:
    """Okafor, whom Robin and Thea share; Solo, whom Thea treats with another prescriber; Theirs,
    whom Robin treats without her. Each is owed an integration and has a dose ahead.
    """
    care = a_cared_for_client(database)
    with database.writing() as db:
        other = a_clinician(db, Function.PRESCRIBER, name="Otis Other")
        alone = a_clinician(db, Function.THERAPIST, name="Una Alone")
        courses = [care.course]
        for family, prescriber, therapist in (
            ("Solo", other, care.therapist),
            ("Theirs", care.prescriber, alone),
        ):
            client = a_client(db, therapist, family=family)
            courses.append(
                a_course(db, client, prescriber=prescriber, therapist=therapist, cleared=True)
            )
        for course in courses:
            a_ketamine_session(db, course)
            an_overdue_integration(db, course)
    return care


def beside(viewer, colleague, *, treats=True):
    return replace(viewer, beside=Beside(colleague.clinician_id, colleague.name, treats))


def families(care, viewer, scope=None):
    """Who stands on each of the four pages."""
    with care.database.reading() as db:
        asked = Asked(viewer, practice_in_force(db, NOW), NOW)
        shown = today(db, asked, scope=scope)
        found = {
            "today": {one.family for one in shown.clients},
            "ketamine sessions": {
                row.course.client.family for row in upcoming(db, asked, scope=scope).rows
            },
            "integration": {
                row.course.client.family
                for section in integrations(db, asked, scope=scope)
                for row in section.rows
            },
            "caseload": {
                row.client.family for row in caseload(db, asked, Wanted(scope=scope)).rows
            },
        }
    return found


def everywhere(*names):
    return {one: {*names} for one in ("today", "ketamine sessions", "integration", "caseload")}


def test_every_list_begins_with_what_two_treat_together(care):
    assert families(care, beside(care.therapist, care.prescriber)) == everywhere("Okafor")
    assert families(care, beside(care.prescriber, care.therapist)) == everywhere("Okafor")


def test_one_s_own_are_one_choice_away_and_what_one_may_not_see_is_none(care):
    both = beside(care.therapist, care.prescriber)
    assert families(care, both, Scope.MINE) == everywhere("Okafor", "Solo")
    # The other one's clients stay out of sight, whatever is asked for.
    assert families(care, both, Scope.EVERYONE)["today"] == {"Okafor", "Solo"}


def test_alone_nothing_is_left_out(care):
    assert families(care, care.therapist, Scope.MINE) == everywhere("Okafor", "Solo")
    assert families(care, care.therapist)["today"] == {"Okafor", "Solo"}


def test_who_has_left_and_who_treats_nobody_leave_nothing_out(care):
    desk = beside(care.therapist, care.front_desk, treats=False)
    assert usual_scope(desk) is Scope.MINE
    assert families(care, desk)["today"] == {"Okafor", "Solo"}
    with_desk = beside(care.front_desk, care.therapist)
    assert usual_scope(with_desk) is Scope.MINE


def test_of_a_stranger_there_is_nobody_and_nothing_is_opened(care):
    assert families(care, beside(care.therapist, care.stranger)) == everywhere()
    assert families(care, beside(care.stranger, care.therapist)) == everywhere()


def test_a_nurse_shares_the_courses_that_she_covers(care):
    assert families(care, beside(care.therapist, care.nurse)) == everywhere("Okafor")


def test_who_covers_a_colleague_shares_that_one_s(care):
    with care.database.writing() as db:
        an_absence(db, care.prescriber, care.prescriber, cover=care.stranger)
    assert families(care, beside(care.therapist, care.stranger)) == everywhere("Okafor")


def test_a_part_that_has_ended_is_none(care):
    with care.database.writing() as db:
        a_member(db, care.course, care.stranger, Part.COVER, until_at=NOW)
    assert families(care, beside(care.therapist, care.stranger)) == everywhere()


def test_what_waits_on_the_one_and_on_the_other_stands_apart(care):
    both = beside(care.prescriber, care.therapist)
    with care.database.reading() as db:
        shown = today(db, Asked(both, practice_in_force(db, NOW), NOW))
    assert shown.waiting_on_beside
    assert {*shown.waiting_on_beside} & {*shown.waiting_on_me} == set()
    assert len(shown.waiting_on_beside) + len(shown.waiting_on_neither) == len(
        shown.waiting_on_others
    )


def _caseload(db, asked):
    return caseload(db, asked, Wanted())


def test_together_costs_a_list_no_statement_and_the_caseload_one(care):
    both = beside(care.therapist, care.prescriber)
    costs = {}
    for viewer in (care.therapist, both):
        with care.database.reading() as db:
            asked = Asked(viewer, practice_in_force(db, NOW), NOW)
            for read in (today, upcoming, integrations, _caseload):
                with recorded_statements(care.database.engine) as statements:
                    read(db, asked)
                costs.setdefault(viewer, []).append(len(statements))
    alone, together = costs.values()
    assert [two - one for one, two in zip(alone, together, strict=True)] == [0, 0, 0, 1]
