"""Caseload: who is listed, in which order, and a number that is the number of rows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import Administration, Client
from kapteam.queries.caseload import PAGE, Scope, View, Wanted, caseload
from kapteam.queries.standing import Asked
from kapteam.rules.attention import Reason
from kapteam.vocabulary import (
    EpisodeState,
    Function,
    HoldReason,
    Part,
    ProductRoute,
    ServiceLine,
    SessionStatus,
)
from tests.factories import NOW, a_client, a_clinician, a_contact, a_course, a_hold, a_member
from tests.factories_care import (
    Care,
    a_booked_pair,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signed_intention,
    an_integration_session,
    an_overdue_integration,
    another_course,
)
from tests.query_recorder import recorded_statements

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    """The first client is Okafor, shared by Robin Prescott and Thea Tallis."""
    return a_cared_for_client(database)


def ask(care, viewer=None, **wanted):
    with care.database.reading() as db:
        asked = Asked(viewer or care.therapist, practice_in_force(db, NOW), NOW)
        return caseload(db, asked, Wanted(**wanted))


def families(found):
    return [row.client.family for row in found.rows]


def _calm(db, care, family, **columns):
    """A client who needs nobody: booked a week ahead, all arranged."""
    course = another_course(db, care, family, **columns)
    a_booked_pair(
        db,
        course,
        therapist=care.therapist,
        dose_at=NOW + 6 * DAY,
        integration_at=NOW + 6 * DAY + 20 * HOUR,
    )
    return course


class TestWhose:
    @pytest.fixture
    def care(self, care) -> Care:
        with care.database.writing() as db:
            other = a_clinician(db, Function.PRESCRIBER, name="Petra Pill")
            another_course(db, care, "Shared")
            another_course(db, care, "With-Petra", prescriber=other)
            another_course(db, care, "Alone", prescriber=None)
            another_course(db, care, "Not-Thea's", therapist=None)
        return care

    def test_ours_together_is_with_the_colleague_shared_most(self, care):
        found = ask(care)

        assert found.scope is Scope.OURS
        assert [one.name for one in found.colleagues] == ["Robin Prescott", "Petra Pill"]
        assert found.colleague.name == "Robin Prescott"
        assert set(families(found)) == {"Okafor", "Shared"}

    def test_ours_together_with_another_colleague(self, care):
        petra = ask(care).colleagues[1]

        assert families(ask(care, scope=Scope.OURS, colleague_id=petra.id)) == ["With-Petra"]

    def test_mine_is_every_course_i_am_on(self, care):
        assert set(families(ask(care, scope=Scope.MINE))) == {
            "Okafor",
            "Shared",
            "With-Petra",
            "Alone",
        }

    def test_everyone_s_is_not_offered_to_those_who_may_not_see_it(self, care):
        found = ask(care, scope=Scope.EVERYONE)

        assert found.scopes == (Scope.OURS, Scope.MINE)
        assert found.scope is Scope.OURS
        assert "Not-Thea's" not in families(found)

    def test_everyone_s_when_permitted(self, care):
        seeing = replace(care.therapist, sees_everyone=True)

        found = ask(care, seeing, scope=Scope.EVERYONE)

        assert found.scopes == (Scope.OURS, Scope.MINE, Scope.EVERYONE)
        assert len(found.rows) == 5
        assert len(ask(care, seeing).rows) == 2

    def test_the_front_desk_has_everyone_s_and_nothing_else(self, care):
        found = ask(care, care.front_desk)

        assert found.scopes == (Scope.EVERYONE,)
        assert len(found.rows) == 5

    def test_a_nurse_has_those_whom_the_nurse_covers(self, care):
        found = ask(care, care.nurse)

        assert found.scopes == (Scope.MINE,)
        assert families(found) == ["Okafor"]

    def test_covering_for_somebody_makes_their_clients_mine_and_shared(self, care):
        with care.database.writing() as db:
            a_member(db, care.course, care.stranger, Part.COVER)

        found = ask(care, care.stranger)

        assert {one.name for one in found.colleagues} == {"Robin Prescott", "Thea Tallis"}
        assert families(found) == ["Okafor"]

    def test_who_treats_alone_has_mine_only(self, care):
        with care.database.writing() as db:
            both = a_clinician(db, Function.PRESCRIBER, Function.THERAPIST, name="Bo Both")
            another_course(db, care, "Both", prescriber=both, therapist=both)

        found = ask(care, both)

        assert (found.scope, found.scopes, found.colleague) == (Scope.MINE, (Scope.MINE,), None)
        assert families(found) == ["Both"]

    def test_somebody_elsewhere_is_no_colleague(self, care):
        with care.database.writing() as db:
            alone = a_clinician(db, Function.THERAPIST, name="Ana Alone")
            another_course(db, care, "Away", prescriber="Dr. Ada Away", therapist=alone)

        assert ask(care, alone).colleagues == ()


class TestRows:
    def test_rule_14_a_client_with_two_courses_is_one_row_and_counted_once(self, care):
        with care.database.writing() as db:
            a_course(
                db,
                care.client,
                therapist=care.therapist,
                prescriber=care.prescriber,
                service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
                state=EpisodeState.INTEGRATION,
            )
            another_course(db, care, "Vale")

        found = ask(care)

        assert (len(found.rows), found.in_scope) == (2, 2)
        row = next(row for row in found.rows if row.client.family == "Okafor")
        assert {course.service_line for course in row.courses} == {
            ServiceLine.KAP,
            ServiceLine.PSYCHEDELIC_INTEGRATION,
        }

    def test_one_sees_only_the_courses_one_is_on(self, care):
        with care.database.writing() as db:
            a_course(
                db,
                care.client,
                therapist=care.stranger,
                service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
            )

        (row,) = ask(care).rows

        assert [course.service_line for course in row.courses] == [ServiceLine.KAP]

    def test_by_attention_then_next_step_then_name(self, care):
        with care.database.writing() as db:
            _calm(db, care, "Zebra")
            _calm(db, care, "Aal")
            a_booked_pair(db, another_course(db, care, "Soon"), dose_at=NOW + 4 * DAY)
            an_overdue_integration(db, another_course(db, care, "Amber"), hours=30)
            an_overdue_integration(db, another_course(db, care, "Red"), hours=50)
            a_hold(
                db,
                another_course(db, care, "Held"),
                HoldReason.TRAVEL,
                care.therapist.clinician_id,
            )

        assert families(ask(care)) == ["Red", "Amber", "Okafor", "Soon", "Aal", "Zebra", "Held"]

    def test_the_reasons_of_two_courses_stand_together_the_loudest_first(self, care):
        with care.database.writing() as db:
            other = a_course(db, care.client, prescriber=care.prescriber, therapist=care.therapist)
            an_overdue_integration(db, other)

        (row,) = ask(care).rows

        assert [one.reason for one in row.attention] == [
            Reason.INTEGRATION_LATE,
            Reason.OUT_OF_TOUCH,
            Reason.NO_NEXT_STEP,
        ]

    def test_somebody_without_a_course_is_named_apart_and_not_counted(self, care):
        with care.database.writing() as db:
            a_client(db, care.front_desk, family="Brandnew")

        found = ask(care)

        assert [one.client.family for one in found.without_course] == ["Brandnew"]
        assert families(found) == ["Okafor"]

    def test_whose_courses_are_all_closed_is_neither(self, care):
        with care.database.writing() as db:
            another_course(db, care, "Done", state=EpisodeState.CLOSED)

        found = ask(care)

        assert families(found) == ["Okafor"]
        assert found.without_course == ()


class TestFilters:
    @pytest.fixture
    def care(self, care) -> Care:
        with care.database.writing() as db:
            petra = a_clinician(db, Function.PRESCRIBER, name="Petra Pill")
            another_course(db, care, "Upkeep", state=EpisodeState.MAINTENANCE)
            course = another_course(db, care, "Lozenge", prescriber=petra)
            a_series(db, course, product_route=ProductRoute.INTRAMUSCULAR)
            a_series(db, course, product_route=ProductRoute.SUBLINGUAL, started_at=NOW)
            another_course(
                db,
                care,
                "Elsewhere",
                prescriber=None,
                service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
                state=EpisodeState.INTEGRATION,
            )
        return care

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ({"state": EpisodeState.MAINTENANCE}, {"Upkeep"}),
            ({"state": EpisodeState.ASSESSMENT}, set()),
            ({"product_route": ProductRoute.SUBLINGUAL}, {"Lozenge"}),
            ({"product_route": ProductRoute.INTRAMUSCULAR}, set()),
            ({"service_line": ServiceLine.PSYCHEDELIC_INTEGRATION}, {"Elsewhere"}),
            ({"text": "oka"}, {"Okafor"}),
            ({"text": "OKÁFOR  ama"}, {"Okafor"}),
            ({"text": "K-001"}, {"Okafor"}),
            ({"text": "kafor"}, set()),
            ({"text": "%"}, set()),
            ({"text": ","}, set()),
            ({"text": "   "}, {"Okafor", "Upkeep", "Lozenge", "Elsewhere"}),
            ({"text": "up", "state": EpisodeState.SERIES}, set()),
        ],
    )
    def test_each_leaves_those_who_meet_it(self, care, wanted, found):
        answer = ask(care, scope=Scope.MINE, **wanted)

        assert set(families(answer)) == found
        assert answer.in_scope == 4

    def test_by_who_treats_them(self, care):
        all_of_them = ask(care, scope=Scope.MINE)
        robin, petra = sorted(all_of_them.prescribers, key=lambda one: one.name, reverse=True)

        assert set(families(ask(care, scope=Scope.MINE, prescriber_id=petra.id))) == {"Lozenge"}
        assert set(families(ask(care, scope=Scope.MINE, prescriber_id=robin.id))) == {
            "Okafor",
            "Upkeep",
        }
        assert [one.name for one in all_of_them.therapists] == ["Thea Tallis"]

    def test_what_is_offered_does_not_shrink_with_what_is_chosen(self, care):
        everybody = ask(care, scope=Scope.MINE)

        found = ask(care, scope=Scope.MINE, text="nobody", state=EpisodeState.MAINTENANCE)

        assert found.rows == ()
        assert found.prescribers == everybody.prescribers
        assert found.colleagues == everybody.colleagues

    def test_one_course_has_to_meet_all_of_them(self, care):
        """State of one course and service line of another is nobody."""
        with care.database.writing() as db:
            a_course(
                db,
                care.client,
                therapist=care.therapist,
                service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
                state=EpisodeState.ASSESSMENT,
            )

        found = ask(
            care, scope=Scope.MINE, state=EpisodeState.ASSESSMENT, service_line=ServiceLine.KAP
        )

        assert found.rows == ()


class TestViews:
    @pytest.fixture
    def care(self, care) -> Care:
        with care.database.writing() as db:
            _calm(db, care, "Soon")
            a_booked_pair(
                db,
                another_course(db, care, "Ahead"),
                dose_at=NOW + 9 * DAY,
                integration_at=NOW + 10 * DAY,
            )
            an_overdue_integration(db, another_course(db, care, "Late"))
            _calm(db, care, "New", opened_at=NOW - 2 * DAY)
            session = a_ketamine_session(db, another_course(db, care, "Order"), ordered_ug=None)
            a_signed_intention(db, session, care.therapist)
        return care

    @pytest.mark.parametrize(
        ("view", "found"),
        [
            (View.SOON, {"Soon", "New", "Order"}),
            (View.NO_NEXT_STEP, {"Okafor", "Late"}),
            (View.NOT_HELD, {"Late"}),
            (View.WAITING_ON_ME, {"Okafor", "Late"}),
            (View.NEW, {"New"}),
            (View.ALL, {"Okafor", "Soon", "Ahead", "Late", "New", "Order"}),
        ],
    )
    def test_each_leaves_whom_it_says(self, care, view, found):
        answer = ask(care, view=view)

        assert set(families(answer)) == found
        assert answer.in_scope == 6

    def test_what_waits_on_me_is_not_what_waits_on_my_colleague(self, care):
        assert families(ask(care, care.prescriber, view=View.WAITING_ON_ME)) == ["Order"]

    def test_a_step_exactly_a_week_ahead_is_not_within_it(self, care):
        with care.database.writing() as db:
            a_ketamine_session(db, another_course(db, care, "Week"), planned_at=NOW + 7 * DAY)

        assert "Week" not in families(ask(care, view=View.SOON))

    def test_new_is_who_began_within_two_weeks(self, care):
        with care.database.writing() as db:
            _calm(db, care, "Two-weeks", opened_at=NOW - 14 * DAY)
            _calm(db, care, "Nearly", opened_at=NOW - 14 * DAY + HOUR)

        assert set(families(ask(care, view=View.NEW))) == {"New", "Nearly"}

    def test_on_hold_nobody_lacks_a_next_step(self, care):
        with care.database.writing() as db:
            a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)

        assert families(ask(care, view=View.NO_NEXT_STEP)) == ["Late"]

    def test_whose_session_was_called_off_has_no_next_step_until_something_is_planned(self, care):
        with care.database.writing() as db:
            course = another_course(db, care, "Off", opened_at=NOW - DAY)
            a_ketamine_session(db, course, planned_at=NOW + DAY, status=SessionStatus.CANCELLED)
        assert "Off" in families(ask(care, view=View.NO_NEXT_STEP))

        with care.database.writing() as db:
            a_contact(db, course, care.therapist, planned_at=NOW + 2 * DAY)
        assert "Off" not in families(ask(care, view=View.NO_NEXT_STEP))

    def test_held_it_is_held_whether_signed_or_not(self, care):
        with care.database.writing() as db:
            course = another_course(db, care, "Held")
            given = an_overdue_integration(db, course)
            an_integration_session(db, course, given, held_at=NOW - HOUR)

        assert families(ask(care, view=View.NOT_HELD)) == ["Late"]


class TestPages:
    def test_25_to_a_page_and_the_number_is_of_all_pages(self, care):
        with care.database.writing() as db:
            for number in range(2 * PAGE):
                _calm(db, care, f"Client{number:02d}")

        found = ask(care)

        assert (len(found.rows), found.pages) == (2 * PAGE + 1, 3)
        pages = [found.page(number) for number in (1, 2, 3)]
        assert [len(page) for page in pages] == [PAGE, PAGE, 1]
        assert tuple(row for page in pages for row in page) == found.rows
        assert found.page(4) == ()

    def test_nobody_is_one_empty_page(self, care):
        found = ask(care, care.stranger)

        assert (found.pages, found.page(1), found.in_scope) == (1, (), 0)

    @pytest.mark.parametrize("text", ["", "client"])
    def test_it_takes_as_many_statements_for_thirty_clients_as_for_three(self, care, text):
        def read():
            with recorded_statements(care.database.engine) as statements:
                found = ask(care, scope=Scope.MINE, text=text)
            return len(found.rows), len(statements)

        with care.database.writing() as db:
            for number in range(3):
                _calm(db, care, f"Client{number:02d}")
        before, statements = read()
        with care.database.writing() as db:
            for number in range(3, 30):
                _calm(db, care, f"Client{number:02d}")

        assert read() == (before + 27, statements)


def _came_back(care, *, therapist=None):
    """A client whose first course ended after a dose, with the earlier course."""
    with care.database.writing() as db:
        first = another_course(db, care, "Back", state=EpisodeState.CLOSED)
        a_given_session(db, first, given_at=NOW - 90 * DAY, boosted_at=NOW - 90 * DAY + HOUR)
        client = db.get_one(Client, first.client_id)
        second = a_course(
            db, client, prescriber=care.prescriber, therapist=therapist or care.therapist
        )
    return first, second


def _earlier(found, family="Back"):
    [row] = [one for one in found.rows if one.client.family == family]
    return row.earlier_dose


def test_who_came_back_has_the_last_dose_of_the_earlier_course(care):
    _came_back(care)
    found = _earlier(ask(care))
    assert (found.ug, found.last_given_at) == (90_000, NOW - 90 * DAY + HOUR)
    [row] = [one for one in ask(care).rows if one.client.family == "Back"]
    # It starts no clock: what is owed is as it was.
    assert [course.integrations for course in row.courses] == [()]
    assert [course.last_dose for course in row.courses] == [None]


def test_of_two_doses_of_earlier_courses_it_is_the_later_one(care):
    first, _ = _came_back(care)
    with care.database.writing() as db:
        a_given_session(db, first, given_at=NOW - 120 * DAY)
    assert _earlier(ask(care)).last_given_at == NOW - 90 * DAY + HOUR


def test_a_dose_of_the_open_course_stands_there_and_no_earlier_one(care):
    _, second = _came_back(care)
    with care.database.writing() as db:
        a_given_session(db, second, given_at=NOW - DAY)
    assert _earlier(ask(care)) is None


def test_a_dose_that_was_entered_in_error_is_no_last_dose(care):
    _came_back(care)
    with care.database.writing() as db:
        for one in db.query(Administration):
            one.voided_at, one.voided_by_id = NOW, care.prescriber.clinician_id
    assert _earlier(ask(care)) is None


def test_who_was_not_on_the_earlier_course_learns_no_dose_of_it(care):
    with care.database.writing() as db:
        other = a_clinician(db, Function.THERAPIST, name="Wren Walker")
    _came_back(care, therapist=other)
    assert _earlier(ask(care, other)) is None
    assert _earlier(ask(care, care.prescriber, scope=Scope.MINE)) is not None


def test_who_never_had_a_course_before_has_no_earlier_dose(care):
    assert _earlier(ask(care), "Okafor") is None
