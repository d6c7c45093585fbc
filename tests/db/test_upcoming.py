"""Ketamine sessions: what is coming, and every gap counted by exactly its rows."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import Client
from kapteam.queries.standing import Asked, Scope, course_lines, course_standings
from kapteam.queries.today import today
from kapteam.queries.upcoming import GAPS, Show, coming, upcoming
from kapteam.rules.attention import Reason
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import (
    Answer,
    Audience,
    ConcernLevel,
    EpisodeState,
    Function,
    HoldReason,
    IntegrationCloseReason,
    IntegrationKind,
    OrderState,
    ProductRoute,
    ReadinessItem,
    ServiceLine,
    SessionStatus,
)
from tests.factories import NOW, TODAY, a_concern, a_hold
from tests.factories_care import (
    Care,
    a_booked_pair,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signed_intention,
    an_administration,
    an_answer,
    an_integration_session,
    an_overdue_integration,
    an_unrecorded_session,
    another_course,
)
from tests.query_recorder import recorded_statements

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANYBODY = Viewer(
    "sign-in", "nobody", "", frozenset({Function.THERAPIST}), False, Audience.JUST_ME, True
)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def ask(care, viewer=None, *, now=NOW, query=upcoming, **more):
    with care.database.reading() as db:
        asked = Asked(viewer or care.therapist, practice_in_force(db, now), now)
        return query(db, asked, **more)


def shows(care, **more):
    """What the only ketamine session there is is looked at for."""
    (row,) = ask(care, **more).rows
    return row.shows


def test_a_session_with_all_it_needs_has_no_gap(care):
    with care.database.writing() as db:
        session, integration = a_booked_pair(db, care.course)
        a_signed_intention(db, session, care.therapist)

    (row,) = ask(care).rows

    assert not row.shows
    assert [line.id for line in row.integrations] == [integration.id]


@pytest.mark.parametrize(
    ("gap", "columns"),
    [
        (Show.NOT_ORDERED, {"ordered_ug": None}),
        (Show.NO_INTENTION, {}),
        (Show.INTEGRATION_NOT_BOOKED, {}),
    ],
)
def test_a_session_ahead_shows_what_it_lacks(care, gap, columns):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, **columns)

    assert gap in shows(care)


def test_a_proposed_dose_is_not_an_ordered_one(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
        session.order_state = OrderState.PROPOSED

    assert Show.NOT_ORDERED in shows(care)


def test_a_session_without_clearance_shows(database):
    care = a_cared_for_client(database, cleared=False)
    with database.writing() as db:
        a_ketamine_session(db, care.course)

    assert Show.NOT_CLEARED in shows(care)


def test_an_intention_that_is_not_due_yet_is_no_gap(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 4 * DAY)

    assert Show.NO_INTENTION not in shows(care)


def test_an_intention_that_says_postpone_is_a_gap_until_a_newer_one_says_ready(care):
    with care.database.writing() as db:
        dose, _ = a_booked_pair(db, care.course)
        a_signed_intention(db, dose, care.therapist, signed_at=NOW - 2 * HOUR, ready="Postpone")

    (row,) = ask(care).rows
    assert row.shows == {Show.POSTPONE}
    assert not row.dose.is_ready
    (course,) = ask(care, query=course_standings)
    assert course.next_step.waits_for == "intention says postpone"

    with care.database.writing() as db:
        a_signed_intention(db, dose, care.therapist, signed_at=NOW - HOUR)

    (row,) = ask(care).rows
    assert not row.shows
    assert row.dose.is_ready


def test_a_session_whose_time_has_come_still_shows_what_it_lacks(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW - 0.7 * HOUR, ordered_ug=None)

    (row,) = ask(care).rows

    assert {Show.TODAY, Show.TODAY_NO_INTENTION, Show.NO_INTENTION, Show.NOT_ORDERED} < row.shows
    (course,) = ask(care, query=course_standings)
    reasons = [one.reason for one in course.attention]
    assert Reason.DOSE_NOT_ORDERED in reasons
    assert Reason.INTENTION in reasons
    assert Reason.NO_NEXT_STEP not in reasons


def test_a_course_without_integration_or_intention_misses_neither(database):
    care = a_cared_for_client(database, expects_integration=False, expects_intention=False)
    with database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR)

    assert shows(care) == {Show.TODAY}


def test_an_integration_closed_in_advance_is_not_missed(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
        an_integration_session(
            db,
            care.course,
            session,
            closed_at=NOW,
            close_reason=IntegrationCloseReason.DECLINED,
        )

    assert Show.INTEGRATION_NOT_BOOKED not in shows(care)


def test_a_debrief_is_no_integration(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
        an_integration_session(
            db, care.course, session, planned_at=NOW + 2 * DAY, kind=IntegrationKind.DEBRIEF
        )

    assert Show.INTEGRATION_NOT_BOOKED in shows(care)


def test_an_integration_agreed_for_a_day_is_not_missed(care):
    with care.database.writing() as db:
        given = an_overdue_integration(db, care.course)
        an_integration_session(
            db, care.course, given, agreed_for=TODAY + DAY, agreed_reason="Away."
        )

    assert ask(care).rows == ()


def test_rule_57_a_hold_quiets_what_a_dose_needs_but_not_its_integration(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, ordered_ug=None)
        a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)

    assert shows(care) == {Show.INTEGRATION_NOT_BOOKED, Show.ON_HOLD}
    assert [row.shows for row in ask(care).not_ready] == [shows(care)]


def test_rule_57_a_dose_on_hold_today_is_left_but_asks_for_no_intention(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)

    assert shows(care) == {Show.INTEGRATION_NOT_BOOKED, Show.ON_HOLD, Show.TODAY}


def test_an_unrecorded_session_is_asked_about_and_in_no_coming_day(care):
    with care.database.writing() as db:
        session = an_unrecorded_session(db, care.course)

    found = ask(care)

    assert [row.dose.id for row in found.unrecorded] == [session.id]
    assert found.rows[0].shows == {Show.WAS_THIS_GIVEN, Show.INTEGRATION_NOT_BOOKED}
    assert (found.days, found.not_ready, found.given) == ((), (), ())


def test_a_session_not_closed_is_asked_about(care):
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - 7 * HOUR, status=SessionStatus.STARTED)

    found = ask(care)

    assert len(found.showing(Show.NOT_CLOSED)) == len(found.unrecorded) == 1


def test_a_given_dose_stays_as_long_as_its_integration_is_not_booked(care):
    with care.database.writing() as db:
        given = an_overdue_integration(db, care.course)

    found = ask(care)

    assert [row.dose.id for row in found.given] == [given.id]
    assert found.rows[0].shows == {Show.INTEGRATION_NOT_BOOKED}

    with care.database.writing() as db:
        an_integration_session(db, care.course, given, planned_at=NOW + HOUR)

    assert ask(care).rows == ()


def test_a_session_under_way_stands_under_its_day_without_a_gap_of_planning(care):
    with care.database.writing() as db:
        session, _ = a_booked_pair(db, care.course, dose_at=NOW - HOUR)
        session.status, session.ordered_ug = SessionStatus.STARTED, None
        session.order_state = OrderState.NONE
        an_administration(db, session, started_at=NOW - HOUR)

    found = ask(care)

    assert found.rows[0].shows == frozenset()
    assert [on for on, _ in found.days] == [TODAY]


def test_rule_10_seven_days_are_seven_times_24_hours_from_now(care):
    with care.database.writing() as db:
        inside = a_ketamine_session(
            db, care.course, planned_at=NOW + 7 * DAY - timedelta(minutes=1)
        )
        outside = a_ketamine_session(db, care.course, planned_at=NOW + 7 * DAY)

    assert [row.dose.id for row in ask(care).rows] == [inside.id]
    assert [row.dose.id for row in ask(care, days=28).rows] == [inside.id, outside.id]


def test_days_are_the_practice_s_and_only_those_with_a_session(care):
    with care.database.writing() as db:
        tonight = a_ketamine_session(db, care.course, planned_at=NOW + 9 * HOUR)
        after = a_ketamine_session(db, care.course, planned_at=NOW + 3 * DAY)

    assert [(on, [row.dose.id for row in rows]) for on, rows in ask(care).days] == [
        (date(2026, 11, 24), [tonight.id]),
        (date(2026, 11, 27), [after.id]),
    ]


def test_a_day_is_in_the_order_of_its_times_across_clients(care):
    with care.database.writing() as db:
        later = a_ketamine_session(db, care.course, planned_at=NOW + 3 * HOUR)
        sooner = a_ketamine_session(db, another_course(db, care, "Vale"), planned_at=NOW + 2 * HOUR)

    ((_, rows),) = ask(care).days

    assert [row.dose.id for row in rows] == [sooner.id, later.id]


@pytest.mark.parametrize(
    "status", [SessionStatus.CANCELLED, SessionStatus.MISSED, SessionStatus.NOT_GIVEN]
)
def test_what_was_called_off_is_nowhere(care, status):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, status=status)

    assert ask(care).rows == ()


def test_rule_11_a_psychedelic_integration_course_never_has_a_row(database):
    care = a_cared_for_client(
        database, prescriber=None, service_line=ServiceLine.PSYCHEDELIC_INTEGRATION
    )
    with database.writing() as db:
        an_integration_session(db, care.course, due_on=TODAY - DAY)

    assert ask(care).rows == ()


def test_mine_and_everyone_s(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course)
    other = replace(care.stranger, sees_everyone=True)

    assert ask(care, other).rows == ()
    assert len(ask(care, other, scope=Scope.EVERYONE).rows) == 1
    assert ask(care, care.stranger, scope=Scope.EVERYONE).rows == ()
    assert len(ask(care, care.front_desk).rows) == 1


@pytest.fixture
def busy(care) -> Care:
    """Today with and without an intention, tomorrow, an unrecorded one, one with nothing ready."""
    with care.database.writing() as db:
        session, _ = a_booked_pair(db, care.course, dose_at=NOW + HOUR)
        a_signed_intention(db, session, care.therapist)
        later = a_ketamine_session(db, another_course(db, care, "Later"), planned_at=NOW + 2 * HOUR)
        an_answer(db, later, ReadinessItem.FASTING, Answer.NOT_FINE, words="Coffee at one")
        at_home = a_ketamine_session(
            db, another_course(db, care, "Tomorrow"), planned_at=NOW + DAY, ride=""
        )
        at_home.at_home = True
        an_unrecorded_session(db, another_course(db, care, "Silent"))
        a_given_session(
            db,
            another_course(db, care, "Open"),
            given_at=NOW - 8 * HOUR,
            status=SessionStatus.STARTED,
        )
        an_overdue_integration(db, another_course(db, care, "Owed"))
        unready = another_course(db, care, "Unready", cleared=False)
        a_series(db, unready, product_route=ProductRoute.ESKETAMINE_NASAL)
        a_ketamine_session(
            db,
            unready,
            planned_at=NOW + 2 * DAY,
            ordered_ug=None,
            ride="",
        )
        paused = another_course(db, care, "Paused", hold=HoldReason.TRAVEL)
        a_ketamine_session(db, paused, planned_at=NOW + 2 * DAY)
        dose = a_ketamine_session(
            db, another_course(db, care, "Postpone"), planned_at=NOW + 2 * DAY
        )
        a_signed_intention(db, dose, care.therapist, ready="Postpone")
        at_risk = another_course(db, care, "At risk")
        a_ketamine_session(db, at_risk, planned_at=NOW + 2 * DAY)
        a_concern(
            db, db.get_one(Client, at_risk.client_id), care.therapist, level=ConcernLevel.HIGH
        )
    return care


def test_every_gap_is_shown_by_somebody(busy):
    found = ask(busy)

    assert {show: len(found.showing(show)) for show in Show} == {
        Show.WAS_THIS_GIVEN: 1,
        Show.NOT_CLOSED: 1,
        Show.INTEGRATION_NOT_BOOKED: 9,
        Show.ON_HOLD: 1,
        Show.NO_RISK_NOTE: 1,
        Show.NOT_CLEARED: 1,
        Show.NO_CONSENT: 1,
        Show.NOT_ENROLLED: 1,
        Show.TO_DECIDE: 1,
        Show.POSTPONE: 1,
        Show.NOT_ORDERED: 1,
        Show.HOME_UNKNOWN: 1,
        Show.NO_RIDE: 1,
        Show.NO_INTENTION: 4,
        Show.TODAY: 2,
        Show.TODAY_NO_INTENTION: 1,
    }


def test_each_gap_stands_in_exactly_one_of_the_lists_above_the_days(busy):
    found = ask(busy)
    listed = [*found.unrecorded, *found.given, *found.not_ready]

    assert len({row.dose.id for row in listed}) == len(listed) == 9
    assert {row.dose.id for row in listed} == {
        row.dose.id for show in GAPS for row in found.showing(show)
    }


def test_rule_73_today_s_counts_are_these_rows(busy):
    found = ask(busy)

    counted = ask(busy, query=today)

    assert counted.doses_left_today == len(found.showing(Show.TODAY))
    assert counted.doses_today_without_intention == len(found.showing(Show.TODAY_NO_INTENTION))
    assert [row.dose.id for row in counted.intentions_due] == [
        row.dose.id for row in found.showing(Show.NO_INTENTION)
    ]
    assert len(counted.unrecorded) == len(found.showing(Show.WAS_THIS_GIVEN))


def test_it_takes_as_many_statements_for_thirty_clients_as_for_seven(busy):
    def read():
        with recorded_statements(busy.database.engine) as statements:
            found = ask(busy)
        return len(found.rows), len(statements)

    before, statements = read()
    with busy.database.writing() as db:
        for number in range(23):
            a_booked_pair(db, another_course(db, busy, f"More{number:02d}"))

    assert read() == (before + 23, statements)


class TestWhichCoursesAreRead:
    """What has no row for certain is not read; what may have one is, whatever it is for."""

    @pytest.mark.parametrize("days", [1, 7, 14, 28])
    @pytest.mark.parametrize("ahead", [timedelta(), 9 * DAY, 40 * DAY])
    def test_no_row_of_the_demo_is_lost(self, demo_file, tmp_path, days, ahead):
        demo = Database(f"sqlite:///{shutil.copy(demo_file, tmp_path)}")
        now = NOW + ahead
        with demo.reading() as db:
            practice = practice_in_force(db, now)
            asked = Asked(ANYBODY, practice, now)
            everything = coming(course_lines(db, asked), asked, days)
            assert upcoming(db, asked, days=days, scope=Scope.EVERYONE) == everything
            assert everything.rows
        demo.close()

    @pytest.mark.parametrize("seed", range(3))
    def test_no_row_of_a_random_practice_is_lost(self, care, seed):
        chance = Random(seed)
        with care.database.writing() as db:
            for number in range(40):
                self._random_course(db, care, chance, number)

        for days in (1, 7, 28):
            asked = care.asked_by(care.therapist)
            with care.database.reading() as db:
                everything = coming(course_lines(db, asked), asked, days)
                assert upcoming(db, asked, days=days, scope=Scope.MINE) == everything
                assert 5 < len({row.course.episode_id for row in everything.rows}) < 40

    def _random_course(self, db, care, chance: Random, number: int) -> None:
        course = another_course(db, care, f"Random{number}")
        course.expects_integration = chance.random() < 0.8
        before = another_course(db, care, f"Before{number}") if chance.random() < 0.2 else course
        doses = []
        for _ in range(chance.randint(0, 3)):
            at = NOW + chance.randint(-20, 40) * DAY + chance.randint(-6, 6) * HOUR
            if at < NOW and chance.random() < 0.7:
                doses.append(a_given_session(db, before, given_at=at))
            else:
                status = chance.choice(
                    [SessionStatus.PLANNED, SessionStatus.CANCELLED, SessionStatus.MISSED]
                )
                doses.append(a_ketamine_session(db, course, planned_at=at, status=status))
        if before is not course:
            before.state, before.closed_at = EpisodeState.CLOSED, NOW - HOUR
        for dose in doses:
            if chance.random() < 0.6:
                is_held = chance.random() < 0.5 and dose.planned_at < NOW
                an_integration_session(
                    db,
                    course,
                    dose,
                    kind=chance.choice([IntegrationKind.FULL, IntegrationKind.DEBRIEF]),
                    planned_at=dose.planned_at + chance.randint(1, 50) * HOUR
                    if is_held or chance.random() < 0.5
                    else None,
                    held_at=dose.planned_at + 20 * HOUR if is_held else None,
                    from_episode_id=before.id if before is not course else None,
                    dropped_at=NOW if chance.random() < 0.2 else None,
                )

    @pytest.mark.parametrize(
        ("days", "number"),
        [(7, 0), (28, 1)],
    )
    def test_a_course_whose_next_session_is_far_ahead_is_not_read(self, care, days, number):
        with care.database.writing() as db:
            session, _ = a_booked_pair(
                db, care.course, dose_at=NOW + 20 * DAY, integration_at=NOW + 21 * DAY
            )
            a_signed_intention(db, session, care.therapist)

        with recorded_statements(care.database.engine) as ran:
            rows = ask(care, days=days).rows

        assert len(rows) == number
        assert sum("numbered" in one for one in ran) == number
