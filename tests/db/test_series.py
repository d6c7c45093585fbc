"""A series as a whole: its review, and the rest of it booked from a plan."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from kapteam.actions.series import (
    PlanEntered,
    PlannedRow,
    SeriesReviewEntered,
    book_plan,
    review_series,
)
from kapteam.db.busy import Whose, other_sessions
from kapteam.db.tables import (
    Episode,
    IntegrationSession,
    KetamineSession,
    Series,
    SeriesReview,
)
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import id_within, new_id
from kapteam.queries.booking import around
from kapteam.queries.course import course
from kapteam.queries.ketamine_session import ketamine_session_page
from kapteam.queries.standing import course_standings
from kapteam.rules.cadence import OtherSession
from kapteam.rules.readiness import ReadinessItem
from kapteam.rules.series import SeriesCount
from kapteam.vocabulary import (
    EpisodeState,
    HoldReason,
    How,
    OrderState,
    ProductRoute,
    SessionStatus,
)
from tests.factories import (
    NOW,
    TODAY,
    a_clearance,
    a_course,
    a_hold,
    a_wait,
    an_authorization,
    audit_events,
    count_rows,
)
from tests.factories_care import (
    Care,
    a_booked_pair,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_series_review,
    an_integration_session,
    another_course,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def series(care) -> Series:
    """Six ordered, two given, one booked in a week; reviewed before the third."""
    with care.database.writing() as db:
        series = a_series(db, care.course, review_before=3)
        for days in (14, 7):
            a_given_session(db, care.course, given_at=NOW - days * DAY)
        a_booked_pair(
            db,
            care.course,
            therapist=care.therapist,
            dose_at=NOW + 7 * DAY,
            integration_at=NOW + 8 * DAY,
        )
    return series


def _row(place: int, on: date, **typed) -> PlannedRow:
    row_id = typed.pop("id", new_id())
    row = PlannedRow(
        name=f"rows.{place}.",
        id=row_id,
        planned_on=on,
        planned_time="2:30 pm",
        integration_id=id_within(row_id, "integration"),
        integration_on=on + DAY,
        integration_time="9:00 am",
        integration_soon=None,
        no_integration_reason="",
    )
    return replace(row, **typed)


def _plan(care: Care, series: Series, *rows: PlannedRow, **typed) -> PlanEntered:
    plan = PlanEntered(
        episode_id=care.course.id,
        series_id=series.id,
        planned_minutes=120,
        place="Room 2",
        integration_minutes=60,
        integration_how=How.IN_PERSON,
        integration_therapist=care.therapist.clinician_id,
        rows=rows,
    )
    return replace(plan, **typed)


def _two(**typed) -> tuple[PlannedRow, PlannedRow]:
    return _row(0, TODAY + 14 * DAY, **typed), _row(1, TODAY + 21 * DAY)


def _refused(care: Care, who, plan: PlanEntered) -> dict[str, str]:
    before = count_rows(care.database, KetamineSession)
    with pytest.raises(Invalid) as refused:
        care.do(book_plan, who, plan)
    assert count_rows(care.database, KetamineSession) == before
    assert audit_events(care.database) == []
    return refused.value.fields


# How far it is


def test_how_far_a_series_is_reads_the_same_wherever_it_is_read(care, series):
    expected = SeriesCount(6, 2, 1, 3, None)
    with care.database.writing() as db:
        # Neither is given or to come.
        a_ketamine_session(
            db, care.course, planned_at=NOW - 3 * DAY, status=SessionStatus.CANCELLED
        )
    (ahead,) = care.rows(KetamineSession, status=SessionStatus.PLANNED)
    asked = care.asked_by(care.therapist)
    with care.database.reading() as db:
        (standing,) = course_standings(db, asked)
        of_course = course(db, asked, care.course.id).series
        page = ketamine_session_page(db, asked, ahead.id)
    assert standing.series
    assert of_course
    assert standing.series.count == of_course.count == page.count == expected
    assert standing.series.goes_on
    assert of_course.goes_on
    assert page.series_goes_on

    with care.database.writing() as db:
        a_series_review(db, series, care.therapist, before=3)
    with care.database.reading() as db:
        (standing,) = course_standings(db, asked)
        of_course = course(db, asked, care.course.id).series
        page = ketamine_session_page(db, asked, ahead.id)
    assert standing.series
    assert of_course
    reviewed = replace(expected, reviewed_before=3)
    assert standing.series.count == of_course.count == page.count == reviewed


def test_rule_8_the_number_of_a_session_is_its_place_whatever_became_of_it(care, series):
    one, two = care.rows(KetamineSession, status=SessionStatus.COMPLETED)
    (ahead,) = care.rows(KetamineSession, status=SessionStatus.PLANNED)
    with care.database.writing() as db:
        missed = a_ketamine_session(
            db, care.course, planned_at=NOW - 3 * DAY, status=SessionStatus.MISSED
        )
        at_once = a_ketamine_session(db, care.course, planned_at=ahead.planned_at)
        # Given before the second, although it was planned for after it.
        late = a_given_session(db, care.course, given_at=two.planned_at - HOUR)
        db.get_one(KetamineSession, late.id).planned_at = NOW - HOUR
        others = another_course(db, care, "Alvarez")
        other = a_ketamine_session(db, others, planned_at=NOW - 9 * DAY)
    ties = sorted([ahead.id, at_once.id])
    asked = care.asked_by(care.therapist)

    with care.database.reading() as db:
        found = {
            id_: ketamine_session_page(db, asked, id_).number
            for id_ in (one.id, two.id, missed.id, late.id, other.id, *ties)
        }

    assert found == {
        one.id: 1,
        late.id: 2,
        two.id: 3,
        ties[0]: 4,
        ties[1]: 5,
        missed.id: None,
        other.id: 1,
    }


def test_the_front_desk_reads_no_word_of_a_review(care, series):
    with care.database.writing() as db:
        a_series_review(db, series, care.therapist, words="Spoke of the divorce.")
    for who, words in ((care.therapist, "Spoke of the divorce."), (care.front_desk, "")):
        asked = care.asked_by(who)
        with care.database.reading() as db:
            found = course(db, asked, care.course.id).series
        assert found
        assert found.review
        assert (found.review.words, found.review.by) == (words, "Thea Tallis")


# Its review


@pytest.mark.parametrize("who", ["prescriber", "therapist"])
def test_either_of_the_two_records_the_review_once(care, series, who):
    entered = SeriesReviewEntered(new_id(), series.id, " Goes on as it is. ")
    for _ in range(2):
        care.do(review_series, getattr(care, who), entered)
    (review,) = care.rows(SeriesReview)
    assert (review.before_number, review.words) == (3, "Goes on as it is.")
    assert review.reviewed_by_id == getattr(care, who).clinician_id
    (event,) = audit_events(care.database)
    assert (event.tag, event.changes["before_number"]) == ("series:reviewed", 3)
    assert "Goes on" not in str(event.changes)


@pytest.mark.parametrize("who", ["nurse", "front_desk"])
def test_nobody_else_records_a_review(care, series, who):
    entered = SeriesReviewEntered(new_id(), series.id, "Fine.")
    with pytest.raises(NotAllowed, match="Only a prescriber or a therapist"):
        care.do(review_series, getattr(care, who), entered)
    assert count_rows(care.database, SeriesReview) == 0


def test_a_stranger_records_no_review_and_a_review_has_words(care, series):
    entered = SeriesReviewEntered(new_id(), series.id, "Fine.")
    with pytest.raises(NotFound):
        care.do(review_series, care.stranger, entered)
    with pytest.raises(NotFound):
        care.do(review_series, care.therapist, replace(entered, series_id="none"))
    with pytest.raises(Invalid):
        care.do(review_series, care.therapist, replace(entered, words="  "))
    assert count_rows(care.database, SeriesReview) == 0


@pytest.mark.parametrize(
    "values", [{"review_before": None}, {"ended_at": NOW - DAY}], ids=["none asked for", "over"]
)
def test_a_review_that_nobody_waits_for_is_not_recorded(care, series, values):
    with care.database.writing() as db:
        for name, value in values.items():
            setattr(db.get_one(Series, series.id), name, value)
    entered = SeriesReviewEntered(new_id(), series.id, "Fine.")
    with pytest.raises(NotAllowed, match="No review of this series is waited for"):
        care.do(review_series, care.therapist, entered)


def test_what_is_reviewed_is_not_reviewed_again_until_another_one_is_ordered(care, series):
    care.do(review_series, care.therapist, SeriesReviewEntered(new_id(), series.id, "Goes on."))
    again = SeriesReviewEntered(new_id(), series.id, "Again.")
    with pytest.raises(NotAllowed):
        care.do(review_series, care.prescriber, again)
    with care.database.writing() as db:
        db.get_one(Series, series.id).review_before = 5
    care.do(review_series, care.prescriber, again)
    assert sorted(one.before_number for one in care.rows(SeriesReview)) == [3, 5]


def test_booking_after_a_review_that_did_not_take_place_is_never_refused(care, series):
    care.do(book_plan, care.therapist, _plan(care, series, *_two()))
    assert count_rows(care.database, KetamineSession) == 5
    assert count_rows(care.database, SeriesReview) == 0


# A plan


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse", "front_desk"])
def test_a_plan_is_booked_in_one_save_and_twice_pressed_once(care, series, who):
    plan = _plan(care, series, *_two())
    for _ in range(2):
        care.do(book_plan, getattr(care, who), plan)
    for row in plan.rows:
        session = care.row(KetamineSession, row.id)
        assert session.series_id == series.id
        assert (session.order_state, session.ordered_ug) == (OrderState.NONE, None)
        assert (session.place, session.planned_minutes) == ("Room 2", 120)
        integration = care.row(IntegrationSession, row.integration_id)
        assert integration.therapist_id == care.therapist.clinician_id
        assert integration.planned_at == session.planned_at + 18.5 * HOUR
    assert len(audit_events(care.database, "ketamine_session:booked")) == 2


def test_two_presses_at_the_same_moment_book_a_plan_once(care, series):
    plan = _plan(care, series, *_two())
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(care.do, book_plan, care.therapist, plan) for _ in range(2)]:
            done.result()
    assert count_rows(care.database, KetamineSession) == 5
    assert len(audit_events(care.database, "ketamine_session:booked")) == 2


def test_one_bad_row_keeps_every_row_from_being_booked_and_says_which(care, series):
    good, bad = _two()
    plan = _plan(care, series, good, replace(bad, planned_time="25:00"))
    assert list(_refused(care, care.therapist, plan)) == ["rows.1.planned_time"]


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"planned_on": None}, "rows.0.planned_on", "Choose the day."),
        ({"planned_on": TODAY - DAY}, "rows.0.planned_time", "passed"),
        ({"integration_time": ""}, "rows.0.integration_time", "leave the day empty"),
        (
            {"integration_on": None, "integration_time": ""},
            "rows.0.no_integration_reason",
            "or say why not",
        ),
        ({"integration_on": TODAY + 13 * DAY}, "rows.0.integration_time", "before the dose"),
        ({"planned_on": TODAY + 7 * DAY}, "rows.0.planned_time", "already has|another"),
    ],
)
def test_what_the_booking_refuses_the_plan_refuses_beside_its_row(care, series, typed, field, says):
    fields = _refused(care, care.therapist, _plan(care, series, *_two(**typed)))
    assert field in fields
    assert any(one in fields[field] for one in says.split("|"))
    assert not [one for one in fields if one.startswith("rows.1")]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"planned_minutes": 5}, "planned_minutes"),
        ({"place": "x" * 200}, "place"),
        ({"integration_how": None}, "integration_how"),
        ({"integration_therapist": "nobody"}, "integration_therapist"),
    ],
)
def test_what_all_rows_have_in_common_is_said_once(care, series, typed, field):
    assert list(_refused(care, care.therapist, _plan(care, series, *_two(), **typed))) == [field]


def test_a_day_without_a_clearance_is_said_beside_it(care, series):
    with care.database.writing() as db:
        by = care.prescriber.clinician_id
        until = TODAY + 15 * DAY
        a_clearance(db, care.course, by, valid_until_on=until, decided_at=NOW)
    fields = _refused(care, care.therapist, _plan(care, series, *_two()))
    assert list(fields) == ["rows.1.planned_on"]
    assert "Needed first" in fields["rows.1.planned_on"]


@pytest.mark.parametrize("who", ["therapist", "prescriber", "front_desk"])
def test_rule_15_a_plan_never_goes_beyond_the_number_ordered(care, series, who):
    with care.database.writing() as db:
        db.get_one(Series, series.id).ordered_count = 4
    fields = _refused(care, getattr(care, who), _plan(care, series, *_two()))
    assert fields == {
        "rows.1.planned_on": "All 4 sessions that are ordered are given or booked. Leave this one "
        "out."
    }


def test_what_was_booked_since_the_plan_was_drawn_is_said_beside_its_row(care, series):
    with care.database.writing() as db:
        other = another_course(db, care, "Other")
        at = NOW + 14 * DAY + HOUR
        a_booked_pair(
            db,
            other,
            therapist=care.therapist,
            dose_at=at,
            integration_at=NOW + 14 * DAY + 18 * HOUR,
        )
    fields = _refused(care, care.therapist, _plan(care, series, *_two()))
    assert fields == {
        "rows.0.planned_time": "Room 2 and the prescriber have another ketamine session then. "
        "Choose another time.",
        "rows.0.integration_time": "The therapist has another integration session then. Choose "
        "another time.",
    }
    elsewhere = _plan(care, series, *_two(integration_time="11:00 am"), place="Room 3")
    fields = _refused(care, care.therapist, elsewhere)
    assert fields == {
        "rows.0.planned_time": "The prescriber has another ketamine session then. Choose another "
        "time."
    }
    later = _plan(care, series, *_two(planned_time="5:30 pm", integration_time="11:00 am"))
    care.do(book_plan, care.therapist, later)


def test_two_rows_of_one_plan_do_not_share_a_time(care, series):
    first, _ = _two()
    twin = _row(1, TODAY + 14 * DAY, integration_time="11:00 am")
    fields = _refused(care, care.therapist, _plan(care, series, first, twin))
    assert list(fields) == ["rows.1.planned_time"]


def test_a_plan_without_a_row_and_one_for_another_series_book_nothing(care, series):
    assert _refused(care, care.therapist, _plan(care, series)) == {
        "rows": "Tick at least one session."
    }
    with pytest.raises(NotAllowed, match="Another series runs by now"):
        care.do(book_plan, care.therapist, _plan(care, series, *_two(), series_id=new_id()))
    with pytest.raises(NotFound):
        care.do(book_plan, care.stranger, _plan(care, series, *_two()))
    with care.database.writing() as db:
        db.get_one(Series, series.id).ordered_count = None
    with pytest.raises(NotAllowed, match=r"Ask Robin Prescott\."):
        care.do(book_plan, care.therapist, _plan(care, series, *_two()))
    with care.database.writing() as db:
        kept = db.get_one(Episode, care.course.id)
        kept.state, kept.state_since = EpisodeState.MAINTENANCE, NOW
    with pytest.raises(NotAllowed, match="Another series runs by now"):
        care.do(book_plan, care.therapist, _plan(care, series, *_two()))
    assert count_rows(care.database, KetamineSession) == 3


def test_nothing_is_planned_while_the_course_is_on_hold(care, series):
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.TRAVEL, care.prescriber.clinician_id)
    with pytest.raises(NotAllowed, match="on hold"):
        care.do(book_plan, care.therapist, _plan(care, series, *_two()))


# What is around it


def test_other_sessions_are_those_of_the_client_the_place_and_the_prescriber(care, series):
    with care.database.writing() as db:
        other = another_course(db, care, "Other")
        here = a_ketamine_session(db, other, planned_at=NOW + DAY)
        at_home = a_ketamine_session(db, other, planned_at=NOW + 2 * DAY)
        at_home.at_home = True
        gone = a_ketamine_session(db, other, planned_at=NOW + 3 * DAY)
        gone.status = SessionStatus.CANCELLED
        strangers = another_course(
            db, care, "Strangers", prescriber=care.stranger, therapist=care.stranger
        )
        a_ketamine_session(db, strangers, planned_at=NOW + 5 * DAY).place = "Room 9"
        a_ketamine_session(db, strangers, planned_at=NOW + 6 * DAY).place = "ROOM 2"
    by = care.prescriber.clinician_id
    with care.database.reading() as db:
        found = other_sessions(db, Whose(care.client.id, "Room 2", by), NOW)
        of_series = other_sessions(db, Whose(care.client.id, None, None, series.id), NOW)
        alone = other_sessions(db, Whose(care.client.id), NOW)
        besides = other_sessions(db, Whose(care.client.id, "Room 2"), NOW, besides=[here.id])
    why = {one.from_at: one.why.partition(" ha")[0] for one in found.taken}
    assert why == {
        NOW + DAY: "Room 2 and the prescriber",
        NOW + 2 * DAY: "the prescriber",
        NOW + 6 * DAY: "ROOM 2",
        NOW + 7 * DAY: "the client",
    }
    assert [one.planned_at for one in found.theirs] == [
        NOW - 14 * DAY,
        NOW - 7 * DAY,
        NOW + 7 * DAY,
    ]
    assert {one.from_at for one in of_series.taken} == {NOW + days * DAY for days in (1, 6, 7)}
    assert [one.from_at for one in alone.taken] == [NOW + 7 * DAY]
    assert {one.from_at for one in besides.taken} == {NOW + 6 * DAY, NOW + 7 * DAY}


def test_a_day_is_held_against_the_other_courses_of_the_client_and_what_was_authorized(
    care, series
):
    with care.database.writing() as db:
        elsewhere = a_course(db, care.client, prescriber=care.stranger, cleared=True)
        spravato = ProductRoute.ESKETAMINE_NASAL
        of_elsewhere = a_series(db, elsewhere, product_route=spravato)
        a_given_session(db, elsewhere, given_at=NOW - 3 * DAY)
        gone = a_ketamine_session(db, elsewhere, planned_at=NOW + DAY, series=of_elsewhere)
        gone.status = SessionStatus.CANCELLED
        a_ketamine_session(db, another_course(db, care, "Other"), planned_at=NOW + DAY)
        an_authorization(db, care.course, care.front_desk, visits=5)
        an_authorization(db, elsewhere, care.front_desk, visits=9)
        a_wait(db, care.course, care.front_desk)
    asked = care.asked_by(care.therapist)
    ahead = next(one for one in care.rows(KetamineSession) if one.planned_at == NOW + 7 * DAY)
    with care.database.reading() as db:
        found = around(db, asked, care.client.id, care.course.id)
        besides = around(db, asked, care.client.id, care.course.id, (ahead.id,))
    assert found.elsewhere == (OtherSession(TODAY - 3 * DAY, spravato, is_to_come=False),)
    assert found.visits == (NOW - 14 * DAY, NOW - 7 * DAY, NOW + 7 * DAY)
    assert found.days == tuple(TODAY + days * DAY for days in (-14, -7, -3, 7))
    assert [one.visits for one in found.authorized] == [5]
    assert besides.visits == (NOW - 14 * DAY, NOW - 7 * DAY)


# Above the ceiling


def test_a_dose_ordered_above_the_ceiling_is_ready_until_the_clearance_changes(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, ordered_ug=160_000)
        an_integration_session(db, care.course, dose, planned_at=NOW + 2 * DAY)
    asked = care.asked_by(care.prescriber)

    def waits_for_it() -> bool:
        with care.database.reading() as db:
            (standing,) = course_standings(db, asked)
        return standing.doses[0].is_lacking(ReadinessItem.CEILING)

    assert waits_for_it()
    with care.database.writing() as db:
        db.get_one(KetamineSession, dose.id).ceiling_reason = "Tolerated before"
    assert not waits_for_it()
    with care.database.writing() as db:
        by = care.prescriber.clinician_id
        a_clearance(db, care.course, by, ceiling_ug=100_000, decided_at=NOW)
    assert waits_for_it()
