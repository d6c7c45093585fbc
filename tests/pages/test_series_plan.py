"""Planning the rest of a series: what is proposed, what is changed, and what one Save books."""

from datetime import timedelta

import pytest

from kapteam.db.tables import Episode, IntegrationSession, KetamineSession, Series
from kapteam.vocabulary import EpisodeState, Function, HoldReason, OrderState, ProductRoute
from tests.factories import (
    NOW,
    TODAY,
    ZONE,
    a_clinician,
    a_course,
    a_hold,
    an_absence,
    an_authorization,
    audit_events,
    some_closed_days,
)
from tests.factories_care import (
    a_booked_pair,
    a_given_session,
    a_ketamine_session,
    a_series,
    another_course,
)
from tests.pages.filling import beside, box, drawn, fill, press, typed
from tests.pages.tabs import (
    MOST_STATEMENTS,
    addresses,
    bare,
    opened,
    said,
    statements_of,
    unsigned,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SAVE = "Book what is ticked"


@pytest.fixture
def series(care) -> Series:
    """Four sessions ordered, two of them given on Tuesdays at 2:30 pm."""
    with care.database.writing() as db:
        series = a_series(db, care.course, ordered_count=4)
        for weeks in (2, 1):
            a_given_session(db, care.course, given_at=NOW - 7 * weeks * DAY)
    return series


def _open(care, who):
    return opened(care, who, "series_plan", episode=care.course.id)


def _row(tab, place):
    """What one row of the plan holds, by the last part of its fields' names."""
    begin = f"rows.{place}."
    return {
        name.removeprefix(begin): value
        for name, value in typed(tab, "plan").items()
        if name.startswith(begin)
    }


def _days(care):
    return [
        (at.date() - TODAY).days
        for one in sorted(care.rows(KetamineSession), key=lambda one: one.planned_at)
        if (at := one.planned_at.astimezone(ZONE))
    ]


def test_nobody_signed_in_and_nobody_from_outside_sees_a_plan(care, series):
    assert unsigned("series_plan", episode=care.course.id) == ""
    tab = _open(care, care.stranger)
    assert "There is no such course of care, or you are not on it." in said(tab)
    assert "Okafor" not in said(tab)


def test_without_a_function_there_is_nothing_to_plan(care, series):
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)
    assert "Your sign-in has no function yet" in said(_open(care, nobody))


def test_the_rest_is_proposed_at_the_usual_time_with_an_integration_for_each(care, series):
    tab = _open(care, care.therapist)
    assert "2 of 4 given" in said(tab)
    # The last one was a week ago: tomorrow is the first day that is still ahead.
    first, second = _row(tab, 0), _row(tab, 1)
    assert (first["planned_on"], bare(first["planned_time"])) == (TODAY + DAY, "2:30 pm")
    assert "Not Tue Nov 24: that time is over." in said(tab)
    assert second["planned_on"] == TODAY + 7 * DAY
    assert (first["integration_on"], second["integration_on"]) == (TODAY + 2 * DAY, TODAY + 8 * DAY)
    assert first["chosen"]
    assert second["chosen"]

    press(tab, SAVE)

    assert _days(care) == [-14, -7, 1, 7]
    assert [one.value for one in tab.title] == ["Course of care"]
    assert "Booked 2:30:00" in bare(tab.success[0].value)
    new = [one for one in care.rows(KetamineSession) if one.planned_at > NOW]
    assert {(one.order_state, one.place) for one in new} == {(OrderState.NONE, "Room 2")}
    slots = care.rows(IntegrationSession)
    assert {one.therapist_id for one in slots} == {care.therapist.clinician_id}
    assert len(audit_events(care.database, "ketamine_session:booked")) == 2


@pytest.mark.parametrize("who", ["prescriber", "nurse", "front_desk"])
def test_everybody_who_books_may_plan_and_nobody_orders_a_dose_by_it(care, series, who):
    tab = _open(care, getattr(care, who))
    assert not [name for name in typed(tab, "plan") if name.endswith("mg")]
    assert "No dose is ordered here" in said(tab)
    press(tab, SAVE)
    assert len(care.rows(KetamineSession, order_state=OrderState.NONE)) == 2


def test_a_row_is_changed_or_left_out(care, series):
    tab = _open(care, care.therapist)
    fill(tab, "plan", {"rows.0.chosen": False})
    assert list(_row(tab, 0)) == ["chosen"]
    fill(
        tab,
        "plan",
        {"rows.1.planned_on": TODAY + 9 * DAY, "rows.1.integration_on": TODAY + 10 * DAY},
    )

    press(tab, SAVE)

    assert _days(care) == [-14, -7, 9]


def test_nothing_ticked_is_nothing_booked(care, series):
    tab = _open(care, care.therapist)
    press(fill(tab, "plan", {"rows.0.chosen": False, "rows.1.chosen": False}), SAVE)
    assert "Tick at least one session." in said(tab)
    assert _days(care) == [-14, -7]


def test_another_distance_time_or_place_is_another_proposal(care, series):
    tab = _open(care, care.therapist)
    values = {"every_days": 14, "at": "9:00 am", "place": "Room 9", "minutes": 90}
    fill(tab, "plan_from", values)
    first, second = _row(tab, 0), _row(tab, 1)
    assert first["planned_on"] == TODAY + 7 * DAY
    assert bare(first["planned_time"]) == "9:00 am"
    assert second["planned_on"] == TODAY + 21 * DAY

    press(tab, SAVE)

    assert _days(care) == [-14, -7, 7, 21]
    new = [one for one in care.rows(KetamineSession) if one.planned_at > NOW]
    assert {(one.place, one.planned_minutes) for one in new} == {("Room 9", 90)}


@pytest.mark.parametrize("typed_time", ["", "25:00", "noonish"])
def test_a_time_that_is_none_proposes_nothing_and_says_so(care, series, typed_time):
    tab = fill(_open(care, care.therapist), "plan_from", {"at": typed_time})
    assert "Enter a time of day, and the days are proposed." in said(tab)
    assert typed(tab, "plan") == {}


@pytest.mark.parametrize("days", [0, -4, 91, 400])
def test_a_distance_that_is_none_proposes_nothing_and_says_so(care, series, days):
    tab = fill(_open(care, care.therapist), "plan_from", {"every_days": days})
    assert "Days to the next: enter 1 to 90, and the days are proposed." in said(tab)
    assert typed(tab, "plan") == {}
    assert SAVE not in [one.label for one in tab.button]


@pytest.mark.parametrize("minutes", [0, -5, 2**53 - 1])
def test_a_length_that_is_none_proposes_nothing_and_says_so(care, series, minutes):
    tab = fill(_open(care, care.therapist), "plan_from", {"minutes": minutes})
    assert "Minutes each: enter 15 to 600, and the days are proposed." in said(tab)
    assert typed(tab, "plan") == {}


@pytest.mark.parametrize("days", [1, 90])
def test_a_distance_at_its_bounds_is_proposed(care, series, days):
    tab = fill(_open(care, care.therapist), "plan_from", {"every_days": days})
    assert "enter 1 to 90" not in said(tab)
    assert typed(tab, "plan")


def test_closed_days_absences_and_rooms_are_gone_around_and_named(care, series):
    with care.database.writing() as db:
        some_closed_days(db, care.prescriber, TODAY + DAY, name="Inventory")
        an_absence(
            db,
            care.therapist,
            care.prescriber,
            from_at=NOW + 1.5 * DAY,
            until_at=NOW + 5.5 * DAY,
        )
        other = another_course(db, care, "Other", prescriber=care.stranger)
        a_ketamine_session(db, other, planned_at=NOW + 7 * DAY)
    tab = _open(care, care.prescriber)
    # Six days on the therapist is back; the Tuesday's room is taken, and two days stay between.
    assert _row(tab, 0)["planned_on"] == TODAY + 6 * DAY
    assert "Not Tue Nov 24: that time is over." in said(tab)
    assert _row(tab, 1)["planned_on"] == TODAY + 13 * DAY
    assert "Other" not in said(tab)


def test_a_date_that_cannot_have_an_integration_inside_the_window_says_so_and_why(care, series):
    with care.database.writing() as db:
        some_closed_days(db, care.prescriber, TODAY + 2 * DAY, name="Thanksgiving")
    tab = _open(care, care.therapist)
    assert "No integration within 24 hours of the dose. Thu Nov 26: closed (Thanksgiving)." in said(
        tab
    )
    # Nobody books it unasked; for who does, the first after it is offered and not called inside.
    assert box(tab, "plan", "rows.0.chosen").value is False
    fill(tab, "plan", {"rows.0.chosen": True})
    assert _row(tab, 0)["integration_on"] == TODAY + 3 * DAY
    assert said(tab).count("No integration within 24 hours") == 1


def test_after_one_that_cannot_have_its_integration_none_is_ticked_alone(care, series):
    with care.database.writing() as db:
        some_closed_days(db, care.prescriber, TODAY + 2 * DAY, name="Thanksgiving")
    tab = _open(care, care.therapist)
    # The one that is not ticked says when it is, and the one after it why it is not ticked.
    assert "Wed Nov 25, 2:30 pm" in said(tab)
    assert "Tue Dec 1, 2:30 pm" in said(tab)
    assert "Not ticked: look at session 3 before it first." in said(tab)
    assert list(_row(tab, 1).values()) == [False]
    press(tab, SAVE)
    assert "Tick at least one session." in said(tab)
    assert _days(care) == [-14, -7]


def test_the_nearest_day_with_time_for_both_is_taken_by_one_press(care, series):
    with care.database.writing() as db:
        some_closed_days(db, care.prescriber, TODAY + 2 * DAY, name="Thanksgiving")
    tab = _open(care, care.therapist)
    press(tab, "Take Mon Nov 30 instead")
    first = _row(tab, 0)
    assert first["chosen"]
    assert (first["planned_on"], bare(first["planned_time"])) == (TODAY + 6 * DAY, "2:30 pm")
    assert first["integration_on"] == TODAY + 7 * DAY
    assert bare(first["integration_time"]) == "8:00 am"
    assert "Not ticked: look at" not in said(tab)
    press(tab, SAVE)
    assert _days(care) == [-14, -7, 6]


def test_where_no_day_near_has_time_for_both_it_says_what_else_there_is(care, series):
    with care.database.writing() as db:
        db.get_one(Series, series.id).ordered_count = 3
        # The days after Wed Nov 25 and Mon Nov 30; a Friday has none anyway.
        some_closed_days(db, care.prescriber, TODAY + 2 * DAY, name="Thanksgiving")
        some_closed_days(db, care.prescriber, TODAY + 7 * DAY, name="Inventory")
    tab = _open(care, care.therapist)
    assert "No day near it has time for both." in said(tab)
    assert [one.label for one in tab.button if one.label.startswith("Take ")] == []


def test_who_ticks_a_later_one_alone_reads_how_long_after_the_last_it_is(care, series):
    with care.database.writing() as db:
        db.get_one(Series, series.id).review_before = 4
        some_closed_days(db, care.prescriber, TODAY + 2 * DAY, name="Thanksgiving")
    tab = fill(_open(care, care.therapist), "plan", {"rows.1.chosen": True})
    alone = "Without session 3 this would be the 3rd, 14 days after Tue Nov 17."
    assert alone in said(tab)
    # It is the third then, and the review comes before the fourth.
    assert "is not recorded" not in said(tab)
    fill(tab, "plan", {"rows.0.chosen": True})
    assert alone not in said(tab)
    assert "6 days after Wed Nov 25" in said(tab)
    assert "the review before the 4th is not recorded" in said(tab)


def test_a_slot_that_somebody_emptied_asks_why_there_is_none(care, series):
    tab = _open(care, care.therapist)
    fill(tab, "plan", {"rows.0.integration_on": None, "rows.0.integration_time": ""})
    assert "Free inside the window: Thu Nov 26, 8:00 am" in said(tab)
    press(tab, SAVE)
    why = beside(tab, "plan", "rows.0.no_integration_reason")
    assert why == "Book the integration session as well, or say why not."
    press(fill(tab, "plan", {"rows.0.no_integration_reason": "Travels that day"}), SAVE)
    assert _days(care) == [-14, -7, 1, 7]
    assert "Travels that day" in {one.no_integration_reason for one in care.rows(KetamineSession)}


def test_a_changed_day_is_judged_beside_it(care, series):
    tab = _open(care, care.therapist)
    fill(tab, "plan", {"rows.1.planned_on": TODAY + 2 * DAY})
    assert "It would be less than 2 days from the session of Wed Nov 25." in said(tab)


def test_what_was_booked_since_is_said_beside_its_row_and_nothing_typed_is_lost(care, series):
    tab = _open(care, care.therapist)
    fill(tab, "plan", {"rows.1.integration_time": "11:00 am"})
    with care.database.writing() as db:
        other = another_course(db, care, "Other")
        a_ketamine_session(db, other, planned_at=NOW + 7 * DAY)
    press(tab, SAVE)
    why = "Room 2 and the prescriber have another ketamine session then. Choose another time."
    assert beside(tab, "plan", "rows.1.planned_time") == why
    assert _row(tab, 1)["integration_time"] == "11:00 am"
    assert _days(care)[:2] == [-14, -7]
    assert audit_events(care.database, "ketamine_session:booked") == []


def test_the_review_that_is_not_recorded_is_said_and_forbids_nothing(care, series):
    with care.database.writing() as db:
        db.get_one(Series, series.id).review_before = 4
    tab = _open(care, care.therapist)
    said_of_it = "This is the 4th of the series, and the review before the 4th is not recorded."
    assert said(tab).count(said_of_it) == 1
    press(tab, SAVE)
    assert _days(care) == [-14, -7, 1, 7]


def test_a_spravato_series_follows_its_plan_and_says_where_it_is(care):
    with care.database.writing() as db:
        route = ProductRoute.ESKETAMINE_NASAL
        a_series(db, care.course, product_route=route, ordered_count=10)
        for ahead in range(7):
            a_given_session(db, care.course, given_at=NOW - (24 - 3 * ahead) * DAY)
    tab = _open(care, care.therapist)
    assert "Spravato plan: week 4, after 7 doses (twice a week in weeks 1 to 4)" in said(tab)
    days = [(_row(tab, place)["planned_on"] - TODAY).days for place in range(3)]
    # The eighth is the last of the weeks with two; from the ninth on it is one a week.
    assert days == [1, 8, 15]


@pytest.mark.parametrize(
    ("count", "says"),
    [
        (2, "Every session that is ordered is given or booked, so nothing is left to plan."),
        (None, "Nobody has ordered how many sessions this series has. Ask Robin Prescott first."),
    ],
)
def test_where_nothing_is_left_it_says_so(care, series, count, says):
    with care.database.writing() as db:
        db.get_one(Series, series.id).ordered_count = count
    tab = _open(care, care.therapist)
    assert says in said(tab)
    assert SAVE not in [one.label for one in tab.button]


def test_without_a_series_it_leads_to_the_booking(care):
    tab = _open(care, care.therapist)
    assert "No series runs on this course." in said(tab)
    assert addresses(tab, "Book a ketamine session") == [f"booking?episode={care.course.id}"]


@pytest.mark.parametrize("state", [EpisodeState.ASSESSMENT, EpisodeState.CLOSED])
def test_a_course_that_takes_no_session_says_so_before_anything_is_drawn(care, series, state):
    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).state = state
    assert typed(_open(care, care.therapist), "plan_from") == {}


def test_on_hold_nothing_is_planned(care, series):
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.TRAVEL, care.prescriber.clinician_id)
    tab = _open(care, care.therapist)
    assert "on hold" in said(tab)
    assert typed(tab, "plan") == {}


def test_eight_are_planned_at_a_time_in_as_many_statements_as_one(care, series):
    tab = _open(care, care.therapist)
    few = statements_of(care, tab)
    with care.database.writing() as db:
        db.get_one(Series, series.id).ordered_count = 20
    tab = _open(care, care.therapist)
    assert statements_of(care, tab) == few <= MOST_STATEMENTS
    assert len([one for one in drawn(tab) if str(one.key).endswith(".chosen")]) == 8
    assert "10 more sessions are left after." in said(tab)


def test_who_covers_for_the_therapist_can_hold_the_integrations(care, series):
    with care.database.writing() as db:
        cover = a_clinician(db, Function.THERAPIST, name="Cleo Cover")
        an_absence(db, care.therapist, care.prescriber, cover=cover)
    tab = _open(care, cover)
    options = box(tab, "plan_from", "therapist").options
    assert options == ["Somebody elsewhere", "Thea Tallis", "Robin Prescott", "Cleo Cover"]
    assert "Cleo Cover" not in box(_open(care, care.prescriber), "plan_from", "therapist").options


def test_with_an_integration_elsewhere_nobody_of_the_practice_is_booked(care, series):
    tab = fill(_open(care, care.therapist), "plan_from", {"therapist": ""})
    press(tab, SAVE)
    assert {one.therapist_id for one in care.rows(IntegrationSession)} == {None}


def test_it_goes_on_from_the_last_one_that_is_booked(care, series):
    with care.database.writing() as db:
        a_booked_pair(db, care.course, dose_at=NOW + 20 * DAY, integration_at=NOW + 21 * DAY)
    tab = _open(care, care.therapist)
    assert _row(tab, 0)["planned_on"] == TODAY + 27 * DAY
    assert _row(tab, 1) == {}


def test_the_plan_says_which_of_its_sessions_the_insurer_did_not_authorize(care, series):
    with care.database.writing() as db:
        db.get_one(Series, series.id).ordered_count = 5
        an_authorization(db, care.course, care.front_desk, visits=3)
    tab = _open(care, care.therapist)
    # Two were given: the first of the plan is the third, and from the second on it is said once.
    beyond = "The insurer authorized 3 visits until Mon Feb 22, and this would be the 4th."
    assert said(tab).count("The insurer authorized") == said(tab).count(beyond) == 1
    fill(tab, "plan", {"rows.0.chosen": False, "rows.1.chosen": False})
    assert "The insurer authorized" not in said(tab)
    press(fill(tab, "plan", {"rows.0.chosen": True, "rows.1.chosen": True}), SAVE)
    assert _days(care) == [-14, -7, 1, 7, 14]


def test_rule_34_the_plan_says_what_is_near_on_another_course(care, series):
    with care.database.writing() as db:
        elsewhere = a_course(
            db, care.client, prescriber=care.stranger, therapist=None, cleared=True
        )
        a_series(db, elsewhere, product_route=ProductRoute.ESKETAMINE_NASAL)
        a_ketamine_session(db, elsewhere, planned_at=NOW + 10 * DAY)
    tab = _open(care, care.therapist)
    near = (
        "The client has esketamine booked on another course of care on Fri Dec 4, 3 days after "
        "this. It may be meant."
    )
    assert said(tab).count("on another course of care") == said(tab).count(near) == 1
