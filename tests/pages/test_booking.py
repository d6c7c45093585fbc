"""Booking a ketamine session, with its integration slot and its dose."""

from datetime import timedelta

import pytest

from kapteam.db.tables import Episode, IntegrationSession, KetamineSession, Series
from kapteam.vocabulary import (
    EpisodeState,
    Function,
    HoldReason,
    OrderState,
    Part,
    ProductRoute,
)
from tests.factories import (
    NOW,
    TODAY,
    a_clearance,
    a_client,
    a_clinician,
    a_course,
    a_member,
    a_weight,
    an_absence,
    an_authorization,
    some_closed_days,
)
from tests.factories_care import (
    a_booked_pair,
    a_given_session,
    a_ketamine_session,
    a_series,
    another_course,
)
from tests.pages.filling import beside, fill, press, typed
from tests.pages.tabs import (
    MOST_OF_A_CHART,
    MOST_STATEMENTS,
    addresses,
    bare,
    headings,
    names,
    opened,
    said,
    statements_of,
    unsigned,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = {
    "product_route": ProductRoute.INTRAMUSCULAR,
    "planned_on": TODAY + DAY,
    "planned_time": "10:00 am",
}
SOON = {name: value for name, value in PLAN.items() if name != "product_route"}
SLOT = {"integration_on": TODAY + 2 * DAY, "integration_time": "9:00 am"}


def _open(care, viewer, course=None):
    return opened(care, viewer, "booking", episode=(course or care.course).id)


def _course(db, care, **columns):
    client = a_client(db, care.therapist, family=columns.pop("family", "Other"))
    usual = {"prescriber": care.prescriber, "therapist": care.therapist}
    return a_course(db, client, **(usual | columns))


def test_nobody_signed_in_gets_nothing(care):
    assert unsigned("booking") == ""
    assert unsigned("booking", episode=care.course.id) == ""


def test_without_a_function_there_is_nothing_to_book(care):
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    for tab in (opened(care, nobody, "booking"), _open(care, nobody)):
        assert "Your sign-in has no function yet" in said(tab)
        assert names(tab) == []


def test_who_is_not_on_the_course_sees_nothing_of_it(care):
    tab = _open(care, care.stranger)

    assert "There is no such course of care, or you are not on it." in said(tab)
    assert "Okafor" not in said(tab)
    assert "No course of care is ready" in said(opened(care, care.stranger, "booking"))


def test_without_a_course_that_is_ready_it_says_what_is_missing_and_where(care):
    nobodys = opened(care, care.stranger, "booking")
    assert "Nobody has an open course of ketamine-assisted psychotherapy." in said(nobodys)
    assert addresses(nobodys, "To the clients") == ["caseload?"]

    with care.database.writing() as db:
        new = another_course(db, care, "New", state=EpisodeState.ASSESSMENT)
        paused = another_course(db, care, "Paused", hold=HoldReason.TRAVEL)
    # One is ready: nothing is said of those that are not.
    assert "Not ready yet" not in said(opened(care, care.therapist, "booking"))

    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).state = EpisodeState.ASSESSMENT
    tab = opened(care, care.therapist, "booking")
    assert headings(tab) == ["Not ready yet (3)"]
    assert said(tab).count("Assessment. Move the course to preparation first.") == 2
    assert "On hold: travel" in said(tab)
    courses = {f"episode?id={one.id}" for one in (care.course, new, paused)}
    assert set(addresses(tab, "Course")) == courses
    assert "New" not in said(opened(care, care.stranger, "booking"))


def test_one_chooses_among_the_courses_that_take_ketamine_sessions(care):
    with care.database.writing() as db:
        _course(db, care, family="Early", state=EpisodeState.ASSESSMENT)
        _course(db, care, family="Paused", hold=HoldReason.TRAVEL)
        _course(db, care, family="Prepared", state=EpisodeState.PREPARATION)

    tab = opened(care, care.front_desk, "booking")

    assert headings(tab) == ["Book for (2)"]
    assert names(tab) == ["Okafor, Amara", "Prepared, Amara"]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"state": EpisodeState.ASSESSMENT}, "while the course is in assessment"),
        ({"state": EpisodeState.CLOSED}, "This course of care is closed."),
        ({"hold": HoldReason.TRAVEL}, "This course is on hold."),
    ],
)
def test_what_cannot_be_booked_is_said_before_anything_is_typed(care, columns, sentence):
    with care.database.writing() as db:
        course = _course(db, care, cleared=True, **columns)

    tab = _open(care, care.therapist, course)

    assert sentence in said(tab)
    assert not tab.text_input


def test_nobody_is_put_on_a_route_that_nobody_chose(care):
    assert typed(_open(care, care.therapist), "booking")["product_route"] is None


def test_the_only_route_that_is_cleared_and_the_one_so_far_are_chosen(care):
    with care.database.writing() as db:
        once = _course(db, care)
        by = care.prescriber.clinician_id
        a_clearance(db, once, by, routes=(ProductRoute.SUBLINGUAL,))
        a_series(db, care.course, product_route=ProductRoute.ORAL)

    found = typed(_open(care, care.prescriber, once), "booking")
    assert found["product_route"] is ProductRoute.SUBLINGUAL
    found = typed(_open(care, care.prescriber), "booking")
    assert found["product_route"] is ProductRoute.ORAL
    assert "ordered_count" not in found


@pytest.mark.parametrize("who", ["therapist", "front_desk"])
def test_rule_15_the_one_route_that_is_cleared_is_read_and_not_asked(care, who):
    with care.database.writing() as db:
        routes = (ProductRoute.SUBLINGUAL,)
        a_clearance(db, care.course, care.prescriber.clinician_id, routes=routes, decided_at=NOW)
    tab = _open(care, getattr(care, who))
    assert {"product_route", "ordered_count"}.isdisjoint(typed(tab, "booking"))
    assert "Product and route: **sublingual**" in said(tab)
    assert "Number of sessions not ordered yet" in said(tab)

    plan = {name: value for name, value in PLAN.items() if name != "product_route"}
    press(fill(tab, "booking", plan | SLOT), "Book")

    (series,) = care.rows(Series)
    assert (series.product_route, series.ordered_count) == (ProductRoute.SUBLINGUAL, None)


def test_rule_15_who_is_no_prescriber_goes_on_with_the_route_of_the_running_series(care):
    with care.database.writing() as db:
        a_series(db, care.course, product_route=ProductRoute.ORAL)

    tab = _open(care, care.front_desk)

    assert "product_route" not in typed(tab, "booking")
    assert "Product and route: **oral**" in said(tab)
    assert "0 of 6 given" in said(tab)


def test_the_minutes_follow_the_route_until_somebody_changes_them(care):
    tab = _open(care, care.therapist)
    fill(tab, "booking", {"product_route": ProductRoute.ESKETAMINE_NASAL})
    assert typed(tab, "booking")["planned_minutes"] == 150
    fill(tab, "booking", {"product_route": ProductRoute.ORAL})
    assert typed(tab, "booking")["planned_minutes"] == 120

    fill(tab, "booking", {"planned_minutes": 90})
    fill(tab, "booking", {"product_route": ProductRoute.ESKETAMINE_NASAL})

    assert typed(tab, "booking")["planned_minutes"] == 90


def test_everything_in_one_save(care):
    tab = _open(care, care.prescriber)
    values = {**PLAN, **SLOT, "mg": "70", "may_add": "20 mg", "place": "Room 2"}

    press(fill(tab, "booking", values), "Book")

    (session,) = care.rows(KetamineSession)
    (integration,) = care.rows(IntegrationSession)
    assert session.planned_at == NOW - timedelta(hours=4, minutes=30) + DAY
    assert (session.order_state, session.ordered_ug) == (OrderState.ORDERED, 70_000)
    assert integration.therapist_id == care.therapist.clinician_id
    assert [one.value for one in tab.title] == ["Ketamine session"]
    assert "Booked 2:30:00" in bare(tab.success[0].value)


def test_a_therapist_s_figure_is_called_a_proposal_and_is_no_order(care):
    tab = _open(care, care.therapist)
    assert "Dose proposed, mg (not an order)" in [one.label for one in tab.text_input]

    press(fill(tab, "booking", {**PLAN, **SLOT, "mg": "70"}), "Book")

    assert care.rows(KetamineSession)[0].order_state is OrderState.PROPOSED


@pytest.mark.parametrize("who", ["front_desk", "nurse"])
def test_who_neither_orders_nor_proposes_is_not_asked_for_a_dose(care, who):
    tab = _open(care, getattr(care, who))
    assert "mg" not in typed(tab, "booking")

    press(fill(tab, "booking", {**PLAN, **SLOT}), "Book")

    assert care.rows(KetamineSession)[0].order_state is OrderState.NONE


def test_free_times_are_offered_and_one_press_fills_them_in(care):
    with care.database.writing() as db:
        other = _course(db, care)
        a_booked_pair(
            db, other, therapist=care.therapist, integration_at=NOW + DAY + timedelta(hours=18)
        )
    tab = _open(care, care.therapist)
    assert "to see free times" in said(tab)
    fill(tab, "booking", PLAN)
    free = [one for one in tab.button if str(one.key).split("/")[-1].startswith("slot.")]
    assert free

    free[1].click().run()

    found = typed(tab, "booking")
    assert f"{found['integration_on']:%a %b} {found['integration_on'].day}" in bare(free[1].label)
    assert found["integration_time"].replace("\u00a0", " ") in bare(free[1].label)
    # What was put in can be emptied again.
    fill(tab, "booking", {"integration_on": None, "integration_time": ""})
    assert typed(tab, "booking")["integration_on"] is None


def test_integration_elsewhere_can_be_said(care):
    tab = _open(care, care.therapist)
    values = {**PLAN, **SLOT, "integration_therapist": ""}

    press(fill(tab, "booking", values), "Book")

    assert care.rows(IntegrationSession)[0].therapist_id is None


def test_a_course_that_expects_no_integration_is_not_asked_for_one(care):
    with care.database.writing() as db:
        course = _course(db, care, cleared=True, expects_integration=False)
    tab = _open(care, care.therapist, course)
    assert headings(tab) == ["Ketamine session"]

    press(fill(tab, "booking", PLAN), "Book")

    assert care.rows(IntegrationSession) == []


def test_rule_8_the_first_of_maintenance_starts_a_series_of_its_own(care):
    with care.database.writing() as db:
        course = _course(
            db, care, cleared=True, state=EpisodeState.MAINTENANCE, opened_at=NOW - 5 * DAY
        )
        a_given_session(db, course, given_at=NOW - 10 * DAY)
    tab = _open(care, care.prescriber, course)
    assert typed(tab, "booking")["product_route"] is ProductRoute.INTRAMUSCULAR

    press(fill(tab, "booking", {**PLAN, **SLOT, "ordered_count": 3}), "Book")

    assert [one.ordered_count for one in care.rows(Series)] == [6, 3]


def test_a_series_that_is_full_says_so_and_keeps_what_was_typed(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, ordered_count=1)
        a_booked_pair(db, care.course, therapist=care.therapist, dose_at=NOW + 3 * DAY)
    tab = _open(care, care.prescriber)

    press(fill(tab, "booking", {**PLAN, **SLOT}), "Book")

    assert "The 1 session that is ordered is given or booked. Say why" in said(tab)
    assert typed(tab, "booking")["planned_time"] == "10:00 am"
    assert len(care.rows(KetamineSession, series_id=series.id)) == 1


def test_a_ceiling_by_weight_says_where_to_weigh_before_a_dose_is_typed(care):
    with care.database.writing() as db:
        by = care.prescriber.clinician_id
        a_clearance(db, care.course, by, ceiling_ug=None, ceiling_ug_per_kg=1_500, decided_at=NOW)
    where = "Book without a dose; weigh and order on the page of the session."
    for viewer in (care.prescriber, care.therapist):
        assert where in said(_open(care, viewer))
    assert where not in said(_open(care, care.front_desk))

    with care.database.writing() as db:
        a_weight(db, care.client, 80_000, by)
    tab = fill(_open(care, care.prescriber), "booking", PLAN | {"mg": "121"})
    assert where not in said(tab)
    assert "with what may be added: 120 mg at 80 kg." in said(tab)


def test_without_a_clearance_it_says_so_and_books_nothing(care):
    with care.database.writing() as db:
        course = _course(db, care, state=EpisodeState.PREPARATION)
    plan = {name: value for name, value in PLAN.items() if name != "product_route"}
    for viewer in (care.prescriber, care.therapist):
        tab = _open(care, viewer, course)
        assert "Not cleared for any route yet" in said(tab)

        press(fill(tab, "booking", plan | SLOT), "Book")

        assert "Needed first: a clearance by the prescriber." in said(tab)
    assert care.rows(KetamineSession) == []


def test_it_takes_as_many_statements_with_thirty_clients_as_with_three(care):
    def fill_up(numbers):
        with care.database.writing() as db:
            for number in numbers:
                course = _course(db, care, family=f"Client{number:02d}")
                a_booked_pair(db, course, therapist=care.therapist)

    fill_up(range(3))
    tab, form = opened(care, care.therapist, "booking"), _open(care, care.therapist)
    few, few_of_form = statements_of(care, tab), statements_of(care, form)
    fill_up(range(3, 30))

    assert statements_of(care, tab) == few <= MOST_STATEMENTS
    assert statements_of(care, form) == few_of_form
    assert len(names(tab)) == 31


def test_whom_one_can_choose_for_integration_is_on_the_course_and_can_hold_it(care):
    with care.database.writing() as db:
        gone = a_clinician(db, Function.THERAPIST, name="Gone Graham", suspended=True)
        a_member(db, care.course, gone, Part.COVER)

    (with_whom,) = [one for one in _open(care, care.therapist).selectbox if one.label == "With"]

    assert with_whom.options == ["Somebody elsewhere", "Thea Tallis", "Robin Prescott"]


def test_who_covers_is_offered_where_the_therapist_is_away_on_the_day_of_the_integration(care):
    with care.database.writing() as db:
        cover = a_clinician(db, Function.THERAPIST, name="Cora Cover")
        an_absence(
            db,
            care.therapist,
            care.prescriber,
            from_at=NOW + DAY,
            until_at=NOW + 5 * DAY,
            cover=cover,
        )
    tab = _open(care, care.prescriber)
    assert typed(tab, "booking")["integration_therapist"] == care.therapist.clinician_id

    fill(tab, "booking", PLAN)
    assert typed(tab, "booking")["integration_therapist"] == cover.clinician_id
    assert "Thea Tallis is away until" in said(tab)
    assert "Cora Cover covers." in said(tab)

    fill(tab, "booking", {"planned_on": TODAY + 8 * DAY})
    assert typed(tab, "booking")["integration_therapist"] == care.therapist.clinician_id
    assert "is away" not in said(tab)

    fill(tab, "booking", {"integration_therapist": care.prescriber.clinician_id})
    fill(tab, "booking", {"planned_on": TODAY + DAY})
    assert typed(tab, "booking")["integration_therapist"] == care.prescriber.clinician_id


def test_where_nobody_covers_that_is_said_and_the_times_are_those_after(care):
    with care.database.writing() as db:
        an_absence(db, care.therapist, care.prescriber, from_at=NOW + DAY, until_at=NOW + 7 * DAY)
    tab = fill(_open(care, care.prescriber), "booking", PLAN)

    assert typed(tab, "booking")["integration_therapist"] == care.therapist.clinician_id
    assert "nobody covers who could hold it." in said(tab)


@pytest.mark.parametrize("minutes", [-5, 0, 601])
def test_minutes_that_cannot_be_get_a_sentence_and_book_nothing(care, minutes):
    tab = _open(care, care.therapist)
    press(fill(tab, "booking", {"planned_minutes": minutes}), "Book")

    assert "Enter how long it takes" in beside(tab, "booking", "planned_minutes")
    assert typed(tab, "booking")["planned_minutes"] == minutes


def test_that_the_practice_is_closed_on_the_day_is_said_and_may_be_meant(care):
    with care.database.writing() as db:
        some_closed_days(db, care.prescriber, TODAY + DAY, name="Thanksgiving")
    tab = _open(care, care.prescriber)
    assert "Closed: Thanksgiving" not in said(tab)

    fill(tab, "booking", {"planned_on": TODAY + DAY})
    assert "Closed: Thanksgiving" in said(tab)
    fill(tab, "booking", {"planned_on": TODAY + 4 * DAY})
    assert "Usually closed on Saturdays" in said(tab)
    fill(tab, "booking", {"planned_on": TODAY + 6 * DAY})
    assert "losed" not in said(tab)


def test_how_soon_after_the_dose_is_said_and_what_is_too_soon_is_asked(care):
    tab = fill(_open(care, care.prescriber), "booking", {**PLAN, **SLOT})
    assert "hr after the planned dose" in bare(said(tab))
    assert "integration_soon" not in typed(tab, "booking")

    fill(tab, "booking", {"integration_on": PLAN["planned_on"], "integration_time": "12:00 pm"})
    assert "The ketamine session is planned to end Wed Nov 25, 12:00 pm." in bare(said(tab))
    press(tab, "Book")
    assert "Tick it, or choose a later time." in beside(tab, "booking", "integration_soon")
    assert care.rows(KetamineSession) == []
    press(fill(tab, "booking", {"integration_soon": True}), "Book")
    assert len(care.rows(KetamineSession)) == 1


@pytest.mark.parametrize("who", ["prescriber", "therapist", "front_desk"])
def test_how_far_the_series_is_stands_beside_the_booking(care, who):
    with care.database.writing() as db:
        a_series(db, care.course, review_before=4)
        for weeks in (2, 1):
            a_given_session(db, care.course, given_at=NOW - 7 * weeks * DAY)
    tab = _open(care, getattr(care, who))
    assert "2 of 6 given, review before the 4th" in said(tab)
    assert "is not recorded" not in said(tab)


def test_a_booking_after_a_review_that_is_not_recorded_is_warned_of_and_booked(care):
    with care.database.writing() as db:
        a_series(db, care.course, review_before=2)
        a_given_session(db, care.course, given_at=NOW - 7 * DAY)
    tab = _open(care, care.therapist)
    assert "This is the 2nd of the series, and the review before the 2nd is not recorded." in said(
        tab
    )
    plan = {name: value for name, value in PLAN.items() if name != "product_route"}
    press(fill(tab, "booking", plan | SLOT), "Book")
    assert len(care.rows(KetamineSession)) == 2


def test_who_begins_a_series_is_offered_the_review_of_that_product(care):
    tab = _open(care, care.prescriber)
    assert "review_before" not in typed(tab, "booking")
    fill(tab, "booking", {"product_route": ProductRoute.ESKETAMINE_NASAL})
    assert typed(tab, "booking")["ordered_count"] == 8
    assert typed(tab, "booking")["review_before"] == 9
    assert "That is once all 8 were given." in said(tab)
    fill(tab, "booking", {"product_route": ProductRoute.INTRAMUSCULAR})
    assert typed(tab, "booking")["ordered_count"] == 6
    assert typed(tab, "booking")["review_before"] == 5
    assert "That is once all" not in said(tab)
    fill(tab, "booking", {"review_before": 3})
    press(fill(tab, "booking", PLAN | SLOT), "Book")
    (series,) = care.rows(Series)
    assert (series.ordered_count, series.review_before) == (6, 3)


def test_a_short_series_starts_without_a_review_and_takes_none_beyond_its_end(care):
    route = {"product_route": ProductRoute.ESKETAMINE_NASAL}
    tab = fill(_open(care, care.prescriber), "booking", route)
    fill(tab, "booking", {"ordered_count": 3})
    assert typed(tab, "booking")["review_before"] == 0
    fill(tab, "booking", PLAN | SLOT | {"review_before": 9})
    press(tab, "Book")
    why = "Enter the number of a session, 2 to 4, or 0 for no review: with 3 sessions, 4 is after"
    assert beside(tab, "booking", "review_before").startswith(why)
    assert care.rows(KetamineSession) == []


def test_a_prescriber_books_beyond_the_number_with_a_reason_in_the_same_form(care):
    with care.database.writing() as db:
        a_series(db, care.course, ordered_count=1)
        a_given_session(db, care.course, given_at=NOW - 7 * DAY)
    tab = _open(care, care.prescriber)
    assert "The 1 session that is ordered is given or booked." in said(tab)
    press(fill(tab, "booking", PLAN | SLOT), "Book")
    assert beside(tab, "booking", "number_reason").endswith("Say why this one is added.")
    press(fill(tab, "booking", {"number_reason": "Moves in spring"}), "Book")
    assert "Moves in spring" in {one.number_reason for one in care.rows(KetamineSession)}
    assert "dose 2, beyond the 1 ordered" in said(tab)


@pytest.mark.parametrize("who", ["therapist", "nurse", "front_desk"])
def test_everybody_else_reads_whom_to_ask_before_anything_is_typed(care, who):
    with care.database.writing() as db:
        a_series(db, care.course, ordered_count=1)
        a_given_session(db, care.course, given_at=NOW - 7 * DAY)
    tab = _open(care, getattr(care, who))
    ask = "Ask Robin Prescott to order more, or to add this one."
    assert ask in said(tab)
    assert "number_reason" not in typed(tab, "booking")
    plan = {name: value for name, value in PLAN.items() if name != "product_route"}
    press(fill(tab, "booking", plan | SLOT), "Book")
    assert ask in said(tab)
    assert len(care.rows(KetamineSession)) == 1


def test_rule_34_a_day_nearer_than_usual_is_warned_of_beside_it_and_booked(care):
    with care.database.writing() as db:
        route = ProductRoute.ESKETAMINE_NASAL
        a_series(db, care.course, product_route=route)
        a_given_session(db, care.course, given_at=NOW - 4 * HOUR)
    tab = _open(care, care.therapist)
    assert "Spravato plan: week 1, after 1 dose (twice a week in weeks 1 to 4)" in said(tab)
    plan = {name: value for name, value in PLAN.items() if name != "product_route"}
    fill(tab, "booking", plan | SLOT)
    assert "It would be less than 2 days from the session of Tue Nov 24." in said(tab)
    fill(tab, "booking", {"planned_on": TODAY + 3 * DAY, "integration_on": TODAY + 4 * DAY})
    assert "It may be meant" not in said(tab)
    press(fill(tab, "booking", plan | SLOT), "Book")
    assert len(care.rows(KetamineSession)) == 2


def test_a_visit_beyond_what_the_insurer_authorized_is_said_and_booked(care):
    with care.database.writing() as db:
        a_series(db, care.course)
        an_authorization(db, care.course, care.front_desk, visits=2)
        a_given_session(db, care.course, given_at=NOW - 14 * DAY)
        a_given_session(db, another_course(db, care, "Other"), given_at=NOW - 14 * DAY)
    tab = fill(_open(care, care.therapist), "booking", SOON | SLOT)
    assert "authorized" not in said(tab)
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 10 * DAY)
    tab = fill(_open(care, care.therapist), "booking", SOON | SLOT)
    assert "authorized 2 visits until Mon Feb 22, and this would be the 3rd. It may be meant." in (
        said(tab)
    )
    press(tab, "Book")
    assert len(care.rows(KetamineSession, episode_id=care.course.id)) == 3


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse", "front_desk"])
def test_a_day_that_the_insurer_did_not_authorize_is_said_to_everybody(care, who):
    with care.database.writing() as db:
        a_series(db, care.course)
        an_authorization(db, care.course, care.front_desk, valid_until_at=NOW)
    tab = fill(_open(care, getattr(care, who)), "booking", SOON)
    assert "authorized visits from Sun Oct 25 to Tue Nov 24, and this is another day." in (
        said(tab)
    )


def test_rule_34_esketamine_on_another_course_two_days_before_is_said_and_booked(care):
    with care.database.writing() as db:
        elsewhere = a_course(
            db, care.client, prescriber=care.stranger, therapist=None, cleared=True
        )
        a_series(db, elsewhere, product_route=ProductRoute.ESKETAMINE_NASAL)
        a_given_session(db, elsewhere, given_at=NOW - DAY)
        a_series(db, care.course)
    tab = fill(_open(care, care.therapist), "booking", SOON | SLOT)
    near = "The client had esketamine on another course of care on Mon Nov 23, 2 days before this."
    assert near in said(tab)
    press(tab, "Book")
    assert len(care.rows(KetamineSession, episode_id=care.course.id)) == 1
    # The two of one course are judged by its own cadence alone.
    tab = fill(_open(care, care.therapist), "booking", SOON | {"planned_on": TODAY + 6 * DAY})
    assert "another course" not in said(tab)


def test_what_a_day_is_held_against_costs_the_same_whatever_there_is(care):
    with care.database.writing() as db:
        a_series(db, care.course, ordered_count=20)
    tab = fill(_open(care, care.therapist), "booking", SOON)
    few = statements_of(care, tab)
    with care.database.writing() as db:
        elsewhere = a_course(db, care.client, prescriber=care.stranger, cleared=True)
        for days in range(3, 9):
            an_authorization(db, care.course, care.front_desk, visits=days)
            a_ketamine_session(db, elsewhere, planned_at=NOW + days * DAY)
            a_ketamine_session(db, care.course, planned_at=NOW + 2 * days * DAY)
    assert statements_of(care, tab) == few <= MOST_OF_A_CHART
