"""Ketamine sessions before they happen: booked, ordered, moved, cancelled, missed, not given."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kapteam.actions.booking import (
    BookKetamineEntered,
    EndKetamineEntered,
    MoveKetamineEntered,
    OrderedCountEntered,
    book_ketamine_session,
    cancel_ketamine_session,
    mark_not_given,
    miss_ketamine_session,
    move_ketamine_session,
    set_ordered_count,
)
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import (
    AuditEvent,
    Contact,
    IntegrationSession,
    IntegrationSessionFor,
    KetamineSession,
    Note,
    Series,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.queries.booking import free_slots
from kapteam.queries.standing import Asked
from kapteam.vocabulary import (
    ClearanceDecision,
    ContactOutcome,
    EpisodeState,
    HoldReason,
    How,
    OrderState,
    ProductRoute,
    ServiceLine,
    SessionStatus,
)
from tests.factories import (
    NOW,
    TODAY,
    ZONE,
    a_clearance,
    a_client,
    a_clinician,
    a_contact,
    a_course,
    an_absence,
    audit_events,
    count_rows,
)
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_booked_pair,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signed_intention,
    an_administration,
    an_integration_session,
    another_course,
    link_integration,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOMORROW = TODAY + DAY


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def _booking(care: Care, **typed: Any) -> BookKetamineEntered:
    """A ketamine session tomorrow 2:30 pm, its integration the day after at 10 am."""
    entered = BookKetamineEntered(
        at_home=False,
        local_emergency="",
        id=new_id(),
        episode_id=care.course.id,
        product_route=ProductRoute.INTRAMUSCULAR,
        planned_on=TOMORROW,
        planned_time="2:30 pm",
        planned_minutes=120,
        place="Room 2",
        people_present="",
        ordered_count=6,
        mg="",
        may_add="",
        integration_id=new_id(),
        integration_on=TOMORROW + DAY,
        integration_time="10 am",
        integration_minutes=60,
        integration_how=How.VIDEO,
        integration_place="",
        integration_therapist=care.therapist.clinician_id,
        no_integration_reason="",
    )
    return replace(entered, **typed)


def _nothing_was_booked(care: Care) -> None:
    for table in (KetamineSession, Series, IntegrationSession, IntegrationSessionFor, AuditEvent):
        assert count_rows(care.database, table) == 0


def _local(at: Any) -> str:
    return f"{at.astimezone(ZONE):%a %H:%M}"


# Booking


def test_booking_makes_series_session_and_integration_slot_in_one_save(care):
    entered = _booking(care)
    care.do(book_ketamine_session, care.prescriber, entered)
    session = care.row(KetamineSession, entered.id)
    series = care.row(Series, session.series_id)
    integration = care.row(IntegrationSession, entered.integration_id)
    (link,) = care.rows(IntegrationSessionFor)
    assert (session.status, _local(session.planned_at)) == (SessionStatus.PLANNED, "Wed 14:30")
    assert (series.product_route, series.ordered_count) == (ProductRoute.INTRAMUSCULAR, 6)
    assert (_local(integration.planned_at), integration.how) == ("Thu 10:00", How.VIDEO)
    assert integration.therapist_id == care.therapist.clinician_id
    assert (link.integration_session_id, link.ketamine_session_id) == (integration.id, session.id)
    assert session.order_state is OrderState.NONE


def test_booking_is_one_audit_event_that_names_the_integration_slot(care):
    entered = _booking(care, mg="70")
    care.do(book_ketamine_session, care.prescriber, entered)
    (event,) = audit_events(care.database)
    assert (event.tag, event.subject_id) == ("ketamine_session:booked", entered.id)
    assert (event.client_id, event.clinician_id) == (care.client.id, care.prescriber.clinician_id)
    assert event.changes["planned_at"] == [None, "2026-11-25T21:30:00+00:00"]
    assert event.changes["ordered_ug"] == 70_000
    assert event.changes["integration_session"] == entered.integration_id
    assert event.changes["integration_planned_at"] == "2026-11-26T17:00:00+00:00"


def test_the_same_booking_saved_twice_is_written_once(care):
    entered = _booking(care)
    care.do(book_ketamine_session, care.prescriber, entered)
    care.do(book_ketamine_session, care.prescriber, entered, now=NOW + 3 * DAY)
    for table in (KetamineSession, Series, IntegrationSession, IntegrationSessionFor, AuditEvent):
        assert count_rows(care.database, table) == 1


def test_two_threads_saving_the_same_booking_write_it_once(care):
    entered = _booking(care)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: care.do(book_ketamine_session, care.prescriber, entered), range(2)))
    for table in (KetamineSession, Series, IntegrationSession, IntegrationSessionFor, AuditEvent):
        assert count_rows(care.database, table) == 1


def test_the_front_desk_books_but_orders_no_dose(care):
    booked = _booking(care, ordered_count=None)
    care.do(book_ketamine_session, care.front_desk, booked)
    dosed = replace(booked, id=new_id(), mg="70", planned_time="9am")
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.front_desk, dosed)
    assert "prescriber orders" in refused.value.fields["mg"]
    assert count_rows(care.database, KetamineSession) == 1


def test_somebody_who_is_not_on_the_course_cannot_book(care):
    with pytest.raises(NotFound):
        care.do(book_ketamine_session, care.stranger, _booking(care))
    _nothing_was_booked(care)


def test_somebody_without_a_function_cannot_book(care):
    with care.database.writing() as db:
        nobody = a_clinician(db, sees_everyone=True)
    with pytest.raises(NotAllowed):
        care.do(book_ketamine_session, nobody, _booking(care))
    _nothing_was_booked(care)


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"product_route": None}, "product_route", "Choose"),
        ({"planned_on": None}, "planned_on", "Choose the day"),
        ({"planned_time": ""}, "planned_time", "Enter the time"),
        ({"planned_time": "2:30"}, "planned_time", "am or pm"),
        ({"planned_time": "25:00"}, "planned_time", "no such time"),
        ({"planned_time": "<script>"}, "planned_time", "like 2:30 pm"),
        ({"planned_on": TODAY, "planned_time": "8:59 am"}, "planned_time", "passed"),
        ({"planned_on": date(2062, 11, 25)}, "planned_time", "more than a year"),
        ({"planned_minutes": None}, "planned_minutes", "15 to 600"),
        ({"planned_minutes": 14}, "planned_minutes", "15 to 600"),
        ({"planned_minutes": 601}, "planned_minutes", "15 to 600"),
        ({"place": "x" * 200}, "place", "200 characters"),
        ({"people_present": "a\x00b"}, "people_present", "control character"),
        ({"ordered_count": None}, "ordered_count", "1 to 30"),
        ({"ordered_count": 0}, "ordered_count", "1 to 30"),
        ({"ordered_count": 31}, "ordered_count", "1 to 30"),
        ({"mg": "0"}, "mg", "more than 0"),
        ({"mg": "-5"}, "mg", "more than 0"),
        ({"mg": "NaN"}, "mg", "number of mg"),
        ({"mg": "abc"}, "mg", "number of mg"),
        ({"may_add": "20"}, "mg", "Enter the dose"),
        ({"mg": "70", "may_add": "abc"}, "may_add", "number of mg"),
        ({"mg": "151"}, "ceiling_reason", "at most 150 mg"),
        ({"mg": "140", "may_add": "11"}, "ceiling_reason", "at most 150 mg"),
        ({"mg": "151", "ceiling_reason": "x" * 8_001}, "ceiling_reason", "8,001 characters"),
        ({"review_before": 1}, "review_before", "2 to 7"),
        ({"review_before": -1}, "review_before", "2 to 7"),
        ({"review_before": 8}, "review_before", "with 6 sessions, 7 is after the last"),
        ({"review_before": 31}, "review_before", "2 to 7"),
        ({"ordered_count": 3, "review_before": 9}, "review_before", "2 to 4"),
        ({"ordered_count": 1, "review_before": 3}, "review_before", "2 to 2"),
        ({"integration_on": None}, "integration_on", "Choose the day"),
        ({"integration_time": "10"}, "integration_time", "am or pm"),
        ({"integration_time": ""}, "integration_time", "leave the day empty"),
        ({"no_integration_reason": "Later"}, "no_integration_reason", "slot above"),
        ({"integration_on": TODAY - DAY}, "integration_time", "passed"),
        ({"integration_minutes": 5}, "integration_minutes", "10 to 240"),
        ({"integration_how": None}, "integration_how", "Choose how"),
        ({"integration_therapist": "nobody"}, "integration_therapist", "on this course"),
    ],
)
def test_bad_input_gets_a_sentence_beside_its_field_and_nothing_is_saved(care, typed, field, says):
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, _booking(care, **typed))
    assert list(refused.value.fields) == [field]
    assert says in refused.value.fields[field].replace("\u00a0", " ")
    _nothing_was_booked(care)


def test_rule_7_an_integration_slot_before_the_end_of_the_dose_is_refused(care):
    infusion = _booking(
        care,
        product_route=ProductRoute.INTRAVENOUS,
        integration_on=TOMORROW,
        integration_time="3:09 pm",
    )
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, infusion)
    assert "before the dose" in refused.value.fields["integration_time"]
    _nothing_was_booked(care)
    after = replace(infusion, integration_time="3:10 pm", integration_soon=True)
    care.do(book_ketamine_session, care.prescriber, after)


@ON_SQLITE
@pytest.mark.parametrize("who", ["nurse", "stranger", "front_desk"])
def test_the_integration_slot_is_with_a_therapist_or_prescriber_of_the_course(care, who):
    entered = _booking(care, integration_therapist=getattr(care, who).clinician_id)
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, entered)
    assert list(refused.value.fields) == ["integration_therapist"]


def test_while_every_prescriber_is_away_no_dose_is_booked_and_none_is_moved_there(care):
    with care.database.writing() as db:
        for who, days in ((care.prescriber, 3), (care.stranger, 10)):
            an_absence(db, who, care.prescriber, from_at=NOW, until_at=NOW + days * DAY)
        planned = a_ketamine_session(db, care.course, planned_at=NOW + 5 * DAY)
    says = "No prescriber is here on that day. Away: Otto Outer until Fri Dec 4 and Robin Prescott"

    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.therapist, _booking(care))
    assert refused.value.fields["planned_on"].startswith(says)
    move = MoveKetamineEntered(planned.id, 1, TOMORROW, "2:30 pm", None, "")
    with pytest.raises(Invalid) as refused:
        care.do(move_ketamine_session, care.therapist, move)
    assert refused.value.fields["planned_on"].startswith(says)
    assert len(care.rows(KetamineSession)) == 1

    # One of them is back by then, and somebody who prescribes elsewhere is not asked about.
    after = _booking(care, planned_on=TODAY + 4 * DAY, integration_on=TODAY + 5 * DAY)
    care.do(book_ketamine_session, care.therapist, after)
    assert len(care.rows(KetamineSession)) == 2


def test_without_a_slot_the_form_asks_why_and_the_audit_log_keeps_the_answer(care):
    unslotted = _booking(care, integration_on=None, integration_time="")
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, unslotted)
    assert list(refused.value.fields) == ["no_integration_reason"]
    _nothing_was_booked(care)
    care.do(
        book_ketamine_session,
        care.prescriber,
        replace(unslotted, no_integration_reason="Client chooses a day tomorrow"),
    )
    assert count_rows(care.database, IntegrationSession) == 0
    (event,) = audit_events(care.database)
    assert event.changes["no_integration_reason"] == "Client chooses a day tomorrow"
    (kept,) = care.rows(KetamineSession)
    assert kept.no_integration_reason == "Client chooses a day tomorrow"


def test_a_course_that_expects_no_integration_asks_for_none(database):
    care = a_cared_for_client(database, expects_integration=False)
    unslotted = _booking(care, integration_on=None, integration_time="")
    care.do(book_ketamine_session, care.prescriber, unslotted)
    assert count_rows(database, KetamineSession) == 1


def test_rule_11_and_13_a_course_without_ketamine_takes_no_session(database):
    care = a_cared_for_client(
        database,
        service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
        state=EpisodeState.INTEGRATION,
    )
    with pytest.raises(NotAllowed, match="Open a KAP course"):
        care.do(book_ketamine_session, care.prescriber, _booking(care))
    _nothing_was_booked(care)


@pytest.mark.parametrize("state", [EpisodeState.ASSESSMENT, EpisodeState.CLOSED])
def test_a_course_outside_the_dosing_states_takes_no_session(database, state):
    care = a_cared_for_client(database, state=state)
    with pytest.raises(NotAllowed, match=state.label.lower()):
        care.do(book_ketamine_session, care.prescriber, _booking(care))
    _nothing_was_booked(care)


def test_a_course_on_hold_takes_no_session(database):
    care = a_cared_for_client(database, hold=HoldReason.BLOOD_PRESSURE)
    with pytest.raises(NotAllowed, match="on hold"):
        care.do(book_ketamine_session, care.prescriber, _booking(care))
    _nothing_was_booked(care)


@pytest.mark.parametrize(
    ("clearance", "says"),
    [
        (None, "a clearance by the prescriber"),
        ({"valid_until_on": TODAY}, "no longer valid"),
        ({"routes": (ProductRoute.SUBLINGUAL,)}, "for intramuscular"),
        ({"decision": ClearanceDecision.DEFERRED}, "deferred"),
    ],
)
def test_rule_21_without_clearance_for_route_and_day_the_missing_thing_is_named(
    database, clearance, says
):
    care = a_cared_for_client(database, cleared=False)
    if clearance is not None:
        with database.writing() as db:
            a_clearance(db, care.course, care.prescriber.clinician_id, **clearance)
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, _booking(care))
    assert says in refused.value.fields["product_route"]
    _nothing_was_booked(care)


def test_a_ceiling_by_weight_books_no_dose_before_somebody_weighs(database):
    care = a_cared_for_client(database, cleared=False)
    with database.writing() as db:
        by = care.prescriber.clinician_id
        a_clearance(db, care.course, by, ceiling_ug=None, ceiling_ug_per_kg=1_500)
    entered = _booking(care, mg="70", may_add="")
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, entered)
    assert "Weigh first" in refused.value.fields["mg"]
    _nothing_was_booked(care)

    # The time can be held; the dose waits for the weight.
    care.do(book_ketamine_session, care.prescriber, replace(entered, mg=""))
    assert care.row(KetamineSession, entered.id).order_state is OrderState.NONE


def test_rule_15_a_prescribers_figure_is_an_order_and_a_therapists_a_proposal(care):
    minutes = {"may_add_from": "10", "may_add_to": "20"}
    ordered, proposed = (
        _booking(care, mg="70", may_add="20", **minutes),
        _booking(care, mg="60"),
    )
    proposed = replace(proposed, planned_on=TOMORROW + 7 * DAY, integration_on=TOMORROW + 8 * DAY)
    care.do(book_ketamine_session, care.prescriber, ordered)
    care.do(book_ketamine_session, care.therapist, proposed)
    first, second = care.row(KetamineSession, ordered.id), care.row(KetamineSession, proposed.id)
    assert (first.may_add_from_minutes, first.may_add_to_minutes) == (10, 20)
    assert (first.order_state, first.ordered_ug, first.may_add_ug) == (
        OrderState.ORDERED,
        70_000,
        20_000,
    )
    assert first.ordered_by_id == care.prescriber.clinician_id
    assert (second.order_state, second.ordered_ug) == (OrderState.PROPOSED, 60_000)


def test_one_client_is_in_one_ketamine_session_at_a_time(care):
    care.do(book_ketamine_session, care.prescriber, _booking(care))
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, _booking(care, planned_time="4:29 pm"))
    assert "already has a ketamine session" in refused.value.fields["planned_time"]
    assert count_rows(care.database, KetamineSession) == 1
    care.do(book_ketamine_session, care.prescriber, _booking(care, planned_time="4:30 pm"))


def test_one_client_is_in_one_ketamine_session_at_a_time_also_of_two_courses(care):
    with care.database.writing() as db:
        other = a_course(
            db, care.client, prescriber=care.prescriber, therapist=care.therapist, cleared=True
        )
        a_ketamine_session(db, other, planned_at=NOW + DAY)
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, _booking(care))
    assert "already has a ketamine session" in refused.value.fields["planned_time"]


# The series


def _next(care: Care, week: int, **typed: Any) -> BookKetamineEntered:
    """A booking that many weeks later, without a count of its own."""
    days = 7 * week * DAY
    return _booking(
        care,
        **{"planned_on": TOMORROW + days, "integration_on": TOMORROW + DAY + days}
        | {"ordered_count": None}
        | typed,
    )


def test_rule_8_the_next_session_of_the_route_belongs_to_the_same_series(care):
    first, second = _booking(care), _next(care, 1)
    care.do(book_ketamine_session, care.prescriber, first)
    care.do(book_ketamine_session, care.therapist, second)
    (series,) = care.rows(Series)
    assert {one.series_id for one in care.rows(KetamineSession)} == {series.id}


def test_another_route_starts_a_series_and_ends_the_one_before(care):
    care.do(book_ketamine_session, care.prescriber, _booking(care))
    other = _next(care, 1, product_route=ProductRoute.SUBLINGUAL)
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, other)
    assert "starts a series" in refused.value.fields["ordered_count"]
    care.do(book_ketamine_session, care.prescriber, replace(other, ordered_count=4))
    old, new = care.rows(Series)
    assert (old.ended_at, new.ended_at, new.ordered_count) == (NOW, None, 4)


@pytest.mark.parametrize("who", ["therapist", "front_desk"])
def test_rule_15_only_a_prescriber_books_another_route_than_the_running_series(care, who):
    care.do(book_ketamine_session, care.prescriber, _booking(care))
    other = _next(care, 1, product_route=ProductRoute.SUBLINGUAL, ordered_count=4)
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, getattr(care, who), other)
    assert "Ask a prescriber" in refused.value.fields["product_route"]
    (series,) = care.rows(Series)
    assert series.ended_at is None


@pytest.mark.parametrize("who", ["therapist", "nurse", "front_desk"])
def test_rule_15_who_is_no_prescriber_begins_a_series_without_a_number(care, who):
    viewer = getattr(care, who)
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, viewer, _booking(care, ordered_count=6))
    assert "Only a prescriber orders" in refused.value.fields["ordered_count"]
    _nothing_was_booked(care)

    care.do(book_ketamine_session, viewer, _booking(care, ordered_count=None))
    care.do(book_ketamine_session, viewer, _next(care, 1))

    (series,) = care.rows(Series)
    assert series.ordered_count is None
    assert len(care.rows(KetamineSession, series_id=series.id)) == 2


@pytest.mark.parametrize("who", ["therapist", "front_desk"])
def test_rule_15_what_may_be_booked_is_what_the_clearance_in_force_names(care, who):
    with care.database.writing() as db:
        routes = (ProductRoute.SUBLINGUAL, ProductRoute.ORAL)
        by = care.prescriber.clinician_id
        a_clearance(db, care.course, by, routes=routes, decided_at=NOW - DAY)
    booking = _booking(care, ordered_count=None)
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, getattr(care, who), booking)
    assert "for intramuscular" in refused.value.fields["product_route"]
    _nothing_was_booked(care)

    oral = replace(booking, product_route=ProductRoute.ORAL)
    care.do(book_ketamine_session, getattr(care, who), oral)
    assert [one.product_route for one in care.rows(Series)] == [ProductRoute.ORAL]


@pytest.mark.parametrize("count", [0, 1, 31, None])
@ON_SQLITE
def test_rule_15_the_number_that_a_prescriber_orders_holds_what_is_booked(care, count):
    care.do(book_ketamine_session, care.front_desk, _booking(care, ordered_count=None))
    care.do(book_ketamine_session, care.front_desk, _next(care, 1))
    (series,) = care.rows(Series)
    with pytest.raises(Invalid) as refused:
        care.do(set_ordered_count, care.prescriber, OrderedCountEntered(series.id, 1, count))
    assert "2 to 30" in refused.value.fields["ordered_count"]

    care.do(set_ordered_count, care.prescriber, OrderedCountEntered(series.id, 1, 2))

    (event,) = audit_events(care.database, "series:ordered")
    assert event.changes["ordered_count"] == [None, 2]
    with pytest.raises(Invalid):
        care.do(book_ketamine_session, care.front_desk, _next(care, 2))


def test_rule_8_maintenance_is_a_series_of_its_own(database):
    care = a_cared_for_client(
        database, state=EpisodeState.MAINTENANCE, opened_at=NOW - timedelta(days=10)
    )
    with database.writing() as db:
        before = a_series(db, care.course, started_at=NOW - timedelta(days=20))
    care.do(book_ketamine_session, care.prescriber, _booking(care, ordered_count=3))
    care.do(book_ketamine_session, care.therapist, _next(care, 4))
    (session, later) = care.rows(KetamineSession)
    assert session.series_id == later.series_id != before.id
    assert care.row(Series, before.id).ended_at == NOW
    assert [care.row(Series, id_).is_maintenance for id_ in (before.id, later.series_id)] == [
        False,
        True,
    ]


@pytest.mark.parametrize("who", ["therapist", "nurse", "front_desk"])
@pytest.mark.parametrize("reason", ["", "She asked for it"])
def test_rule_15_beyond_the_number_ordered_nobody_but_a_prescriber_books(care, who, reason):
    care.do(book_ketamine_session, care.prescriber, _booking(care, ordered_count=1))
    one_more = _next(care, 1, number_reason=reason)
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, getattr(care, who), one_more)
    assert refused.value.fields == {
        "ordered_count": "The 1 session that is ordered is given or booked. Ask Robin Prescott to "
        "order more, or to add this one."
    }
    assert count_rows(care.database, KetamineSession) == 1


def test_rule_15_a_prescriber_books_beyond_the_number_and_says_why(care):
    care.do(book_ketamine_session, care.prescriber, _booking(care, ordered_count=1))
    entered = _next(care, 1)
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, entered)
    assert list(refused.value.fields) == ["number_reason"]
    assert count_rows(care.database, KetamineSession) == 1

    why = "Moves abroad in spring"
    care.do(book_ketamine_session, care.prescriber, replace(entered, number_reason=why))

    session = care.row(KetamineSession, entered.id)
    assert session.number_reason == why
    assert care.row(Series, session.series_id).ordered_count == 1
    *_, event = audit_events(care.database, "ketamine_session:booked")
    assert event.changes["beyond_number"] is True
    assert why not in str(event.changes)


def test_a_reason_that_nobody_asked_for_is_not_kept(care):
    entered = _booking(care, mg="70", number_reason="Just so", ceiling_reason="Just so")
    care.do(book_ketamine_session, care.prescriber, entered)
    session = care.row(KetamineSession, entered.id)
    assert (session.number_reason, session.ceiling_reason) == ("", "")


def test_a_prescriber_books_a_dose_above_the_ceiling_and_says_why(care):
    entered = _booking(care, mg="140", may_add="11", ceiling_reason="Tolerated 150 mg before")
    care.do(book_ketamine_session, care.prescriber, entered)
    session = care.row(KetamineSession, entered.id)
    assert (session.ordered_ug, session.ceiling_reason) == (140_000, "Tolerated 150 mg before")
    (event,) = audit_events(care.database, "ketamine_session:booked")
    assert event.changes["above_ceiling"] is True


@pytest.mark.parametrize(("typed", "field"), [(("151", ""), "mg"), (("140", "11"), "may_add")])
def test_a_therapist_proposes_nothing_above_the_ceiling_and_is_told_whom_to_ask(care, typed, field):
    mg, may_add = typed
    entered = _booking(care, ordered_count=None, mg=mg, may_add=may_add, ceiling_reason="Please")
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.therapist, entered)
    assert list(refused.value.fields) == [field]
    assert "Ask Robin Prescott, who may order more." in refused.value.fields[field]
    _nothing_was_booked(care)


def test_who_starts_a_series_says_before_which_session_it_is_reviewed(care):
    care.do(book_ketamine_session, care.prescriber, _booking(care, review_before=4))
    (series,) = care.rows(Series)
    assert (series.ordered_count, series.review_before) == (6, 4)
    (event,) = audit_events(care.database, "ketamine_session:booked")
    assert event.changes["review_before"] == 4


@pytest.mark.parametrize("who", ["therapist", "nurse", "front_desk"])
def test_rule_15_nobody_else_orders_when_a_series_is_reviewed(care, who):
    entered = _booking(care, ordered_count=None, review_before=4)
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, getattr(care, who), entered)
    assert list(refused.value.fields) == ["review_before"]
    _nothing_was_booked(care)


def test_when_a_series_is_reviewed_is_ordered_with_its_number(care):
    care.do(book_ketamine_session, care.prescriber, _booking(care))
    (series,) = care.rows(Series)
    care.do(set_ordered_count, care.prescriber, OrderedCountEntered(series.id, 1, 6, 4))
    assert care.row(Series, series.id).review_before == 4
    (event,) = audit_events(care.database, "series:changed")
    assert event.changes["review_before"] == [None, 4]
    for wrong in (-3, 1, 8, 31):
        entered = OrderedCountEntered(series.id, 2, 6, wrong)
        with pytest.raises(Invalid) as refused:
            care.do(set_ordered_count, care.prescriber, entered)
        assert list(refused.value.fields) == ["review_before"]
    care.do(set_ordered_count, care.prescriber, OrderedCountEntered(series.id, 2, 6, 7))
    assert care.row(Series, series.id).review_before == 7
    care.do(set_ordered_count, care.prescriber, OrderedCountEntered(series.id, 3, 6, 0))
    assert care.row(Series, series.id).review_before is None


def test_fewer_sessions_than_the_review_waits_for_are_refused_beside_the_review(care):
    care.do(book_ketamine_session, care.prescriber, _booking(care, review_before=5))
    (series,) = care.rows(Series)
    with pytest.raises(Invalid) as refused:
        care.do(set_ordered_count, care.prescriber, OrderedCountEntered(series.id, 1, 3, 5))
    assert refused.value.fields == {
        "review_before": "Enter the number of a session, 2 to 4, or 0 for no review: with "
        "3 sessions, 4 is after the last."
    }
    assert care.row(Series, series.id).ordered_count == 6


def test_a_prescriber_raises_the_number_ordered_and_then_one_more_can_be_booked(care):
    care.do(book_ketamine_session, care.prescriber, _booking(care, ordered_count=1))
    (series,) = care.rows(Series)
    care.do(set_ordered_count, care.prescriber, OrderedCountEntered(series.id, 1, 2))
    care.do(set_ordered_count, care.prescriber, OrderedCountEntered(series.id, 1, 2))
    care.do(book_ketamine_session, care.therapist, _next(care, 1))
    (event,) = audit_events(care.database, "series:changed")
    assert event.changes["ordered_count"] == [1, 2]


def test_rule_3_a_cancelled_session_frees_its_place_in_the_series(care):
    entered = _booking(care, ordered_count=1)
    care.do(book_ketamine_session, care.prescriber, entered)
    care.do(cancel_ketamine_session, care.therapist, EndKetamineEntered(entered.id, 1, "Flu"))
    care.do(book_ketamine_session, care.therapist, _next(care, 1))


def test_rule_15_only_a_prescriber_raises_the_number_ordered(care):
    care.do(book_ketamine_session, care.prescriber, _booking(care))
    (series,) = care.rows(Series)
    with pytest.raises(NotAllowed):
        care.do(set_ordered_count, care.therapist, OrderedCountEntered(series.id, 1, 12))
    with pytest.raises(NotFound):
        care.do(set_ordered_count, care.stranger, OrderedCountEntered(series.id, 1, 12))
    assert care.row(Series, series.id).ordered_count == 6


@ON_SQLITE
@pytest.mark.parametrize("count", [None, 0, -5, 1, 31])
def test_a_number_that_cannot_hold_what_is_booked_is_refused(care, count):
    care.do(book_ketamine_session, care.prescriber, _booking(care))
    care.do(book_ketamine_session, care.prescriber, _next(care, 1))
    (series,) = care.rows(Series)
    with pytest.raises(Invalid) as refused:
        care.do(set_ordered_count, care.prescriber, OrderedCountEntered(series.id, 1, count))
    assert "2 sessions are given or booked." in refused.value.fields["ordered_count"]
    assert care.row(Series, series.id).ordered_count == 6


def test_twenty_typed_for_two_is_set_right_and_frees_no_place_that_is_taken(care):
    care.do(book_ketamine_session, care.prescriber, _booking(care, ordered_count=20))
    (series,) = care.rows(Series)
    care.do(set_ordered_count, care.prescriber, OrderedCountEntered(series.id, 1, 2))
    care.do(book_ketamine_session, care.therapist, _next(care, 1))
    with pytest.raises(Invalid):
        care.do(book_ketamine_session, care.therapist, _next(care, 2))
    (event,) = audit_events(care.database, "series:changed")
    assert event.changes["ordered_count"] == [20, 2]


@ON_SQLITE
def test_the_same_number_again_changes_nothing(care):
    care.do(book_ketamine_session, care.prescriber, _booking(care))
    (series,) = care.rows(Series)
    with pytest.raises(Unchanged):
        care.do(set_ordered_count, care.prescriber, OrderedCountEntered(series.id, 1, 6))
    assert audit_events(care.database, "series:changed") == []


# Moving


@pytest.fixture
def pair(care) -> tuple[KetamineSession, IntegrationSession]:
    """A session tomorrow at 2:30 pm and its integration the day after at 2:30 pm."""
    with care.database.writing() as db:
        return a_booked_pair(db, care.course, therapist=care.therapist)


def _move(session: KetamineSession, **typed: Any) -> MoveKetamineEntered:
    """To next week, Wednesday 11 am."""
    entered = MoveKetamineEntered(
        ketamine_session_id=session.id,
        version=1,
        planned_on=TOMORROW + 7 * DAY,
        planned_time="11 am",
        integration_on=None,
        integration_time="",
    )
    return replace(entered, **typed)


@pytest.mark.parametrize("time", ["4:00 pm", "4:30 pm", "4:59 pm"])
def test_an_integration_in_its_session_or_right_after_it_is_asked_about(care, time):
    soon = {"integration_on": TOMORROW, "integration_time": time}
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, _booking(care, **soon))
    assert list(refused.value.fields) == ["integration_soon"]
    said = refused.value.fields["integration_soon"].replace("\u00a0", " ")
    assert said.startswith("The ketamine session is planned to end Wed Nov 25, 4:30 pm.")
    _nothing_was_booked(care)

    meant = _booking(care, **soon, integration_soon=True)
    care.do(book_ketamine_session, care.prescriber, meant)
    assert len(care.rows(IntegrationSession)) == 1


def test_an_integration_half_an_hour_after_its_session_is_not_asked_about(care):
    later = _booking(care, integration_on=TOMORROW, integration_time="5:00 pm")
    care.do(book_ketamine_session, care.prescriber, later)
    assert len(care.rows(IntegrationSession)) == 1


def test_that_an_integration_is_meant_so_soon_never_puts_it_before_the_dose(care):
    before = {"integration_on": TOMORROW, "integration_time": "2:00 pm", "integration_soon": True}
    with pytest.raises(Invalid) as refused:
        care.do(book_ketamine_session, care.prescriber, _booking(care, **before))
    assert list(refused.value.fields) == ["integration_time"]


def test_who_moves_both_is_asked_about_a_slot_that_is_too_soon(care, pair):
    session, integration = pair
    soon = _move(session, integration_on=TOMORROW + 7 * DAY, integration_time="1:15 pm")
    with pytest.raises(Invalid) as refused:
        care.do(move_ketamine_session, care.front_desk, soon)
    assert list(refused.value.fields) == ["integration_soon"]
    care.do(move_ketamine_session, care.front_desk, replace(soon, integration_soon=True))
    assert _local(care.row(IntegrationSession, integration.id).planned_at) == "Wed 13:15"


def test_moving_moves_both_by_the_same_shift_in_one_save(care, pair):
    session, integration = pair
    care.do(move_ketamine_session, care.front_desk, _move(session))
    moved = care.row(KetamineSession, session.id).planned_at
    assert _local(moved) == "Wed 11:00"
    assert care.row(IntegrationSession, integration.id).planned_at == (
        integration.planned_at + (moved - session.planned_at)
    )
    (event,) = audit_events(care.database)
    assert event.tag == "ketamine_session:moved"
    assert event.changes["planned_at"][0] == session.planned_at.isoformat()
    assert event.changes["integration_sessions"][0][0] == integration.id


def test_an_integration_elsewhere_is_shifted_past_those_of_others_elsewhere(care):
    with care.database.writing() as db:
        session, integration = a_booked_pair(db, care.course)
        other = another_course(db, care, "Other")
        at = integration.planned_at + 7 * DAY - 3.5 * HOUR
        a_booked_pair(db, other, dose_at=NOW + 9 * DAY, integration_at=at)
    care.do(move_ketamine_session, care.front_desk, _move(session))
    assert care.row(IntegrationSession, integration.id).planned_at == at


def test_moving_takes_the_integration_to_the_slot_that_was_entered(care, pair):
    session, integration = pair
    entered = _move(session, integration_on=TOMORROW + 8 * DAY, integration_time="4 pm")
    care.do(move_ketamine_session, care.therapist, entered)
    assert _local(care.row(IntegrationSession, integration.id).planned_at) == "Thu 16:00"


def test_a_move_saved_twice_moves_once(care, pair):
    session, integration = pair
    care.do(move_ketamine_session, care.therapist, _move(session))
    care.do(move_ketamine_session, care.therapist, _move(session))
    assert _local(care.row(IntegrationSession, integration.id).planned_at) == "Thu 11:00"
    assert len(audit_events(care.database)) == 1


@ON_SQLITE
def test_a_move_to_where_both_are_is_none(care, pair):
    session, integration = pair
    stays = _move(session, planned_on=TOMORROW, planned_time="2:30 pm")
    with pytest.raises(Unchanged):
        care.do(move_ketamine_session, care.therapist, stays)
    assert audit_events(care.database) == []
    later = replace(stays, integration_on=TOMORROW + DAY, integration_time="4 pm")
    care.do(move_ketamine_session, care.therapist, later)
    assert _local(care.row(IntegrationSession, integration.id).planned_at) == "Thu 16:00"


def test_two_who_move_at_once_see_both_times(care, pair):
    session, integration = pair
    care.do(move_ketamine_session, care.therapist, _move(session))
    with pytest.raises(Conflict):
        care.do(move_ketamine_session, care.prescriber, _move(session, planned_time="3 pm"))
    assert _local(care.row(KetamineSession, session.id).planned_at) == "Wed 11:00"
    assert _local(care.row(IntegrationSession, integration.id).planned_at) == "Thu 11:00"


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"planned_on": None}, "planned_on", "Choose the day"),
        ({"planned_time": "soon"}, "planned_time", "like 2:30 pm"),
        ({"planned_on": TODAY - DAY}, "planned_time", "passed"),
        ({"planned_on": TODAY + 364 * DAY}, "planned_on", "no longer valid"),
        ({"integration_time": "4 pm"}, "integration_on", "Choose the day"),
        (
            {"integration_on": TOMORROW + 7 * DAY, "integration_time": "10:59 am"},
            "integration_time",
            "before the dose",
        ),
        (
            {"integration_on": TODAY - DAY, "integration_time": "4 pm"},
            "integration_time",
            "passed",
        ),
    ],
)
def test_a_move_to_a_bad_time_moves_neither(care, pair, typed, field, says):
    session, integration = pair
    with pytest.raises(Invalid) as refused:
        care.do(move_ketamine_session, care.therapist, _move(session, **typed))
    assert list(refused.value.fields) == [field]
    assert says in refused.value.fields[field]
    assert care.row(KetamineSession, session.id).planned_at == session.planned_at
    assert care.row(IntegrationSession, integration.id).planned_at == integration.planned_at
    assert audit_events(care.database) == []


def test_rule_6_an_integration_for_two_doses_never_moves_before_the_other_one(care, pair):
    session, integration = pair
    with care.database.writing() as db:
        other = a_ketamine_session(db, care.course, planned_at=NOW + 2 * DAY)
        link_integration(db, integration, [other])
    earlier = _move(session, planned_on=TODAY, planned_time="4 pm")
    with pytest.raises(Invalid) as refused:
        care.do(move_ketamine_session, care.therapist, earlier)
    assert "before the dose" in refused.value.fields["integration_time"]


def test_a_held_integration_is_not_moved(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
        debrief = an_integration_session(
            db, care.course, session, planned_at=NOW - DAY, held_at=NOW - DAY
        )
    care.do(move_ketamine_session, care.therapist, _move(session))
    assert care.row(IntegrationSession, debrief.id).planned_at == NOW - DAY


def test_a_session_in_which_a_dose_was_recorded_is_neither_moved_nor_ended(care):
    with care.database.writing() as db:
        session = a_given_session(
            db, care.course, given_at=NOW - timedelta(hours=1), status=SessionStatus.STARTED
        )
    ended = EndKetamineEntered(session.id, 1, "Client felt ill")
    for action, who, entered in (
        (move_ketamine_session, care.therapist, _move(session)),
        (cancel_ketamine_session, care.therapist, ended),
        (miss_ketamine_session, care.therapist, ended),
        (mark_not_given, care.prescriber, ended),
    ):
        with pytest.raises(NotAllowed, match="Close it or correct the record"):
            care.do(action, who, entered)
    assert care.row(KetamineSession, session.id).status is SessionStatus.STARTED
    assert audit_events(care.database) == []


def test_a_stranger_moves_nothing(care, pair):
    with pytest.raises(NotFound):
        care.do(move_ketamine_session, care.stranger, _move(pair[0]))


def test_a_move_onto_another_session_of_the_client_is_refused(care, pair):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 8 * DAY)
    with pytest.raises(Invalid) as refused:
        care.do(move_ketamine_session, care.therapist, _move(pair[0], planned_time="12:31 pm"))
    assert "already has" in refused.value.fields["planned_time"]


# Cancelled, missed, not given

_Ending = tuple[Callable[..., None], str, SessionStatus]
_ENDINGS: list[_Ending] = [
    (cancel_ketamine_session, "front_desk", SessionStatus.CANCELLED),
    (miss_ketamine_session, "therapist", SessionStatus.MISSED),
    (mark_not_given, "nurse", SessionStatus.NOT_GIVEN),
]


@pytest.fixture
def due_now(care) -> tuple[KetamineSession, IntegrationSession]:
    """A session planned for this moment and its integration tomorrow."""
    with care.database.writing() as db:
        return a_booked_pair(db, care.course, dose_at=NOW, integration_at=NOW + DAY)


@pytest.mark.parametrize(("action", "who", "status"), _ENDINGS)
def test_rule_3_ending_without_a_dose_drops_its_own_integration_slot(
    care, due_now, action, who, status
):
    session, integration = due_now
    care.do(action, getattr(care, who), EndKetamineEntered(session.id, 1, "Blood pressure"))
    ended = care.row(KetamineSession, session.id)
    assert (ended.status, ended.end_reason, ended.closed_at) == (status, "Blood pressure", NOW)
    assert care.row(IntegrationSession, integration.id).dropped_at == NOW
    (event,) = audit_events(care.database)
    assert event.tag == f"ketamine_session:{status.value}"
    assert event.changes["status"] == ["planned", status.value]
    assert event.changes["dropped_integration_sessions"] == [integration.id]
    assert "Blood pressure" not in str(event.changes)


def _came_and_left(care: Care, session: KetamineSession) -> None:
    with care.database.writing() as db:
        row = db.get_one(KetamineSession, session.id)
        row.arrived_at, row.discharged_at = NOW - timedelta(hours=1), NOW


def test_who_was_missed_neither_arrived_nor_left(care, due_now):
    _came_and_left(care, due_now[0])
    care.do(miss_ketamine_session, care.therapist, EndKetamineEntered(due_now[0].id, 1, "No show"))
    missed = care.row(KetamineSession, due_now[0].id)
    assert (missed.arrived_at, missed.discharged_at) == (None, None)
    (event,) = audit_events(care.database)
    assert event.changes["discharged_at"] == [NOW.isoformat(), None]


def test_a_moved_session_begins_with_nobody_arrived_or_out(care, pair):
    _came_and_left(care, pair[0])
    care.do(move_ketamine_session, care.front_desk, _move(pair[0]))
    moved = care.row(KetamineSession, pair[0].id)
    assert (moved.arrived_at, moved.discharged_at) == (None, None)


@pytest.mark.parametrize(("action", "who", "status"), _ENDINGS)
def test_ending_saved_twice_is_written_once(care, due_now, action, who, status):
    entered = EndKetamineEntered(due_now[0].id, 1, "Flu")
    care.do(action, getattr(care, who), entered)
    care.do(action, getattr(care, who), entered, now=NOW + timedelta(minutes=1))
    assert care.row(KetamineSession, due_now[0].id).closed_at == NOW
    assert len(audit_events(care.database)) == 1


@pytest.mark.parametrize(("action", "who", "status"), _ENDINGS)
def test_ending_needs_a_reason(care, due_now, action, who, status):
    with pytest.raises(Invalid) as refused:
        care.do(action, getattr(care, who), EndKetamineEntered(due_now[0].id, 1, "  "))
    assert list(refused.value.fields) == ["reason"]
    assert care.row(KetamineSession, due_now[0].id).status is SessionStatus.PLANNED


@pytest.mark.parametrize("action", [miss_ketamine_session, mark_not_given])
def test_the_front_desk_does_not_say_what_happened(care, due_now, action):
    with pytest.raises(NotAllowed):
        care.do(action, care.front_desk, EndKetamineEntered(due_now[0].id, 1, "No show"))


@pytest.mark.parametrize("action", [miss_ketamine_session, mark_not_given])
def test_what_is_still_ahead_was_neither_missed_nor_withheld(care, pair, action):
    with pytest.raises(Invalid) as refused:
        care.do(action, care.therapist, EndKetamineEntered(pair[0].id, 1, "No show"))
    assert "still ahead" in refused.value.fields["reason"]


def test_a_session_that_is_over_does_not_end_again(care, due_now):
    care.do(cancel_ketamine_session, care.therapist, EndKetamineEntered(due_now[0].id, 1, "Flu"))
    with pytest.raises(NotAllowed, match="over: cancelled"):
        care.do(miss_ketamine_session, care.therapist, EndKetamineEntered(due_now[0].id, 2, "Flu"))
    with pytest.raises(NotAllowed, match="over: cancelled"):
        care.do(move_ketamine_session, care.therapist, _move(due_now[0], version=2))


def test_two_who_end_it_differently_see_both(care, due_now):
    care.do(cancel_ketamine_session, care.therapist, EndKetamineEntered(due_now[0].id, 1, "Flu"))
    with pytest.raises(Conflict) as conflict:
        care.do(miss_ketamine_session, care.nurse, EndKetamineEntered(due_now[0].id, 1, "Late"))
    assert conflict.value.theirs["status"] == "cancelled"


def test_cancelling_leaves_the_signed_intention_where_it_is(care, pair):
    with care.database.writing() as db:
        note = a_signed_intention(db, pair[0], care.therapist)
    care.do(cancel_ketamine_session, care.therapist, EndKetamineEntered(pair[0].id, 1, "Flu"))
    kept = care.row(Note, note.id)
    assert (kept.ketamine_session_id, kept.signed_at, kept.voided_at) == (pair[0].id, NOW, None)


def test_rule_6_an_integration_for_another_dose_as_well_stays_booked(care, pair):
    session, integration = pair
    with care.database.writing() as db:
        other = a_given_session(db, care.course, given_at=NOW - DAY)
        link_integration(db, integration, [other])
    care.do(cancel_ketamine_session, care.therapist, EndKetamineEntered(session.id, 1, "Flu"))
    assert care.row(IntegrationSession, integration.id).dropped_at is None


def test_a_dose_entered_in_error_does_not_keep_a_session_from_being_cancelled(care, pair):
    with care.database.writing() as db:
        row = an_administration(db, pair[0], started_at=NOW - DAY)
        row.voided_at, row.voided_by_id = NOW, care.prescriber.clinician_id
    care.do(cancel_ketamine_session, care.therapist, EndKetamineEntered(pair[0].id, 1, "Flu"))
    assert care.row(KetamineSession, pair[0].id).status is SessionStatus.CANCELLED


def test_a_therapist_is_busy_with_what_is_still_to_be_held_only(care):
    def free_of(viewer):
        with care.database.reading() as db:
            asked = Asked(care.front_desk, practice_in_force(db, NOW), NOW)
            return free_slots(db, asked, viewer.clinician_id, NOW).slots

    every_slot = free_of(care.therapist)
    first, second = (
        every_slot[0],
        next(at for at in every_slot if at >= every_slot[0] + timedelta(hours=1)),
    )
    with care.database.writing() as db:
        for at, over in (
            (first, {}),
            (second, {"held_at": NOW}),
            (second, {"closed_at": NOW}),
            (second, {"dropped_at": NOW}),
        ):
            an_integration_session(db, care.course, therapist=care.therapist, planned_at=at, **over)

    assert free_of(care.therapist) == tuple(at for at in every_slot if at >= second)
    assert free_of(care.stranger) == every_slot


def test_another_clients_session_is_no_reason_to_refuse(care):
    with care.database.writing() as db:
        other = a_client(db, care.therapist, family="Vale", given="Juniper")
        course = a_course(db, other, prescriber=care.prescriber, therapist=care.therapist)
        a_ketamine_session(db, course, planned_at=NOW + DAY)
    care.do(book_ketamine_session, care.prescriber, _booking(care))


def test_contacts_that_were_ticked_are_cancelled_with_the_session_and_no_others(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + timedelta(days=3))
        ticked, kept = (
            a_contact(db, care.course, care.therapist, planned_at=NOW + timedelta(days=days))
            for days in (1, 2)
        )
        other = another_course(db, care, "Elsewhere")
        elsewhere = a_contact(db, other, care.therapist, planned_at=NOW + timedelta(days=1))
        held = a_contact(
            db, care.course, care.therapist, outcome=ContactOutcome.HELD, happened_at=NOW
        )
    entered = EndKetamineEntered(dose.id, 1, "Flu", (ticked.id, elsewhere.id, held.id))

    care.do(cancel_ketamine_session, care.therapist, entered)

    outcomes = [care.row(Contact, one.id).outcome for one in (ticked, kept, elsewhere, held)]
    assert outcomes == [ContactOutcome.CANCELLED, None, None, ContactOutcome.HELD]
    (event,) = audit_events(care.database, "ketamine_session:cancelled")
    assert event.changes["cancelled_contacts"] == [ticked.id]
