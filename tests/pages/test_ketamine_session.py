"""One ketamine session: its order, what was given, and how else it may end."""

from datetime import date, timedelta

import pytest

from kapteam.actions.notes import (
    AddendumEntered,
    AmendmentEntered,
    NoteEntered,
    add_addendum,
    amend_note,
    save_draft,
    start_note,
)
from kapteam.db.tables import (
    Administration,
    Contact,
    Episode,
    IntegrationSession,
    KetamineSession,
    Series,
    Weight,
)
from kapteam.ids import new_id
from kapteam.ui.text import plain
from kapteam.vocabulary import (
    AdministrationKind,
    Audience,
    CloseReason,
    ContactOutcome,
    EpisodeState,
    HoldReason,
    IntegrationCloseReason,
    MedicineRoute,
    NoteKind,
    OrderState,
    ProductRoute,
    SessionStatus,
)
from tests.factories import (
    NOW,
    TODAY,
    a_clearance,
    a_contact,
    a_course,
    a_hold,
    a_weight,
    an_authorization,
)
from tests.factories_care import (
    a_booked_pair,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signed_intention,
    an_administration,
    an_integration_session,
    an_unrecorded_session,
    another_course,
    another_medicine,
)
from tests.pages.filling import LOOK, beside, box, fill, press, typed
from tests.pages.tabs import (
    MOST_OF_A_SESSION,
    addresses,
    bare,
    buttons,
    headings,
    links,
    names,
    opened,
    said,
    statements_of,
    unsigned,
    well,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WILD = "<b>v</b> **2** =HYPERLINK(1) -> www.x.y :star: $x$ 🌵 שלום"
FIRST = "administrations.0"
SECOND = "administrations.1"


@pytest.fixture
def ahead(care):
    with care.database.writing() as db:
        return a_booked_pair(db, care.course, therapist=care.therapist)[0]


@pytest.fixture
def begun(care):
    """Planned for an hour ago, with 70 mg ordered and 20 mg that may be added."""
    with care.database.writing() as db:
        return a_ketamine_session(db, care.course, planned_at=NOW - HOUR, may_add_ug=20_000)


def _open(care, viewer, session):
    return opened(care, viewer, "ketamine_session", id=session.id)


def _order(tab):
    values = [one.value for one in tab.markdown]
    return next(value for value in values if "Dose not ordered" in value)


def test_nobody_signed_in_gets_nothing(care, ahead):
    assert unsigned("ketamine_session", id=ahead.id) == ""


@pytest.mark.parametrize("session_id", ["", "nonsense", None])
def test_who_is_not_on_the_course_is_told_no_more_than_of_one_that_is_none(care, ahead, session_id):
    who = care.stranger if session_id is None else care.therapist
    tab = opened(care, who, "ketamine_session", id=ahead.id if session_id is None else session_id)

    assert "There is no such ketamine session, or you are not on its course" in said(tab)
    assert "Okafor" not in said(tab)
    assert buttons(tab) == []


def test_the_front_desk_moves_and_cancels_and_does_not_record(care, ahead):
    tab = _open(care, care.front_desk, ahead)

    assert buttons(tab) == ["Save the ride", "Move both", "Cancel this ketamine session"]
    assert "Intention note" not in links(tab)


def test_rule_15_only_a_prescriber_is_given_the_order(care, ahead):
    assert "Order" in buttons(_open(care, care.prescriber, ahead))
    for who in (care.therapist, care.nurse):
        assert not {"Order", "Propose"} & set(buttons(_open(care, who, ahead)))


def test_a_therapist_proposes_while_nothing_is_ordered(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, ordered_ug=None)
    tab = _open(care, care.therapist, session)

    press(fill(tab, "dose", {"mg": "60"}), "Propose")

    assert care.row(KetamineSession, session.id).order_state is OrderState.PROPOSED
    assert "60 mg" in said(tab)


def test_a_proposal_typed_while_a_prescriber_orders_stays_and_is_answered(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, ordered_ug=None)
    typing, looking = (_open(care, care.therapist, session) for _ in "ab")
    press(fill(_open(care, care.prescriber, session), "dose", {"mg": "70"}), "Order")

    fill(typing, "dose", {"mg": "60"})
    assert typed(typing, "dose")["mg"] == "60"
    press(typing, "Propose")

    assert "A dose is ordered. Ask the prescriber to change it." in said(typing)
    assert typed(typing, "dose")["mg"] == "60"
    assert care.row(KetamineSession, session.id).ordered_ug == 70_000
    # Who had typed nothing is offered nothing.
    assert "Propose" not in buttons(well(looking.run()))


def test_rule_57_a_dose_on_hold_says_so_everywhere_and_cannot_be_ordered(care, ahead):
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.BLOOD_PRESSURE, care.prescriber.clinician_id)
    said_of_it = "On hold: blood pressure, look again"

    tab = _open(care, care.prescriber, ahead)

    assert said_of_it in said(tab)
    assert "Release the hold before ordering" in said(tab)
    assert not {"Order", "Change the number ordered"} & set(buttons(tab))
    for page in ("today", "ketamine_sessions", "caseload"):
        assert said_of_it in said(opened(care, care.prescriber, page))


def test_the_order_is_shown_in_its_fields_and_what_may_be_added_can_be_taken_away(care, begun):
    tab = _open(care, care.prescriber, begun)
    minutes, readings = {"may_add_from": "", "may_add_to": ""}, {"readings_due": "15, 30, 45, 60"}
    assert typed(tab, "dose") == {"mg": "70", "may_add": "20", **minutes, **readings}

    press(fill(tab, "dose", {"may_add_from": "10", "may_add_to": "20"}), "Order")
    assert "70 mg intramuscular, may add up to 20 mg once, after 10 to 20 min" in said(tab)
    assert typed(tab, "dose")["may_add_to"] == "20"
    for page in ("today", "ketamine_sessions"):
        shown = bare(said(opened(care, care.prescriber, page)))
        assert "may add up to 20 mg once, after 10 to 20 min" in shown

    press(fill(tab, "dose", {"may_add": ""}), "Order")

    assert care.row(KetamineSession, begun.id).may_add_ug is None
    assert typed(tab, "dose") == {"mg": "70", "may_add": "", **readings}


def test_the_order_says_what_it_is_for_the_weight_and_asks_why_beyond_the_usual(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, ordered_ug=None)
        a_weight(db, care.client, 50_000, care.therapist.clinician_id, TODAY - DAY)
    tab = _open(care, care.prescriber, session)
    assert "50 kg (110 lb), Mon Nov 23" in said(tab)

    fill(tab, "dose", {"mg": "60"})
    assert "1.2 mg per kg" in said(tab)
    assert "order_reason" not in typed(tab, "dose")

    press(fill(tab, "dose", {"mg": "110"}), "Order")
    assert "2 mg per kg intramuscular. Say why." in beside(tab, "dose", "order_reason")
    assert care.row(KetamineSession, session.id).ordered_ug is None

    press(fill(tab, "dose", {"order_reason": "Tolerant since 2019"}), "Order")
    assert care.row(KetamineSession, session.id).ordered_ug == 110_000
    assert "Beyond the usual: Tolerant since 2019" in [one.value for one in tab.text]


def test_why_a_dose_is_beyond_the_usual_is_not_for_others_in_the_room(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
        session.order_reason = "Tolerant since 2019"
    tab = _open(care, care.therapist, session)
    assert "Beyond the usual: Tolerant since 2019" in [one.value for one in tab.text]

    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())

    said_to_others = str([one.value for one in tab.text])
    assert "Beyond the usual" in said_to_others
    assert "Tolerant" not in said_to_others


def test_a_slip_of_the_finger_is_red_before_it_is_saved_and_not_saved(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, ordered_ug=None)
        a_clearance(db, care.course, care.prescriber.clinician_id, ceiling_ug=None)
    tab = fill(_open(care, care.prescriber, session), "dose", {"mg": "700"})
    assert "more than 400 mg intramuscular. Check the number." in said(tab)

    press(tab, "Order")

    assert "Check the number" in beside(tab, "dose", "mg")
    assert care.row(KetamineSession, session.id).ordered_ug is None


def test_without_a_weight_it_says_so_and_weighing_makes_it_known(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course)
    tab = _open(care, care.therapist, session)
    assert "not recorded, so mg per kg is not known" in said(tab)

    press(fill(tab, "weight", {"weight": "82"}), "Save the weight")
    assert "Say whether it is kg or lb" in beside(tab, "weight", "weight")
    assert care.rows(Weight) == []

    press(fill(tab, "weight", {"weight": "182 lb"}), "Save the weight")
    assert "82.6 kg (182 lb), Tue Nov 24" in said(tab)
    assert "0.85 mg per kg" in said(tab)


def test_a_ceiling_by_weight_says_to_weigh_first_before_it_is_saved(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, ordered_ug=None)
        by = care.prescriber.clinician_id
        a_clearance(db, care.course, by, ceiling_ug=None, ceiling_ug_per_kg=1_000)
    tab = fill(_open(care, care.prescriber, session), "dose", {"mg": "80"})
    assert "Weigh first: the clearance allows at most 1 mg per kg" in said(tab)
    press(tab, "Order")
    assert "Weigh first" in beside(tab, "dose", "mg")
    assert care.row(KetamineSession, session.id).ordered_ug is None

    press(fill(tab, "weight", {"weight": "75 kg"}), "Save the weight")
    assert "with what may be added: 75 mg at 75 kg." in said(tab)
    assert "Weigh first" not in said(fill(tab, "dose", {"mg": "75"}))
    assert "at most 1 mg per kg" not in said(tab)
    press(tab, "Order")
    assert care.row(KetamineSession, session.id).ordered_ug == 75_000


@pytest.mark.parametrize(
    ("form", "values", "button"),
    [
        ("weight", {"weight": "182 lb"}, "Save the weight"),
        (
            "medicine",
            {
                "name": "ondansetron",
                "dose": "4 mg",
                "route": MedicineRoute.ORAL,
                "given_time": "2 pm",
            },
            "Save the medicine",
        ),
        ("correct", {"void_reason": "Misread", "mg": "60"}, "Save the correction"),
    ],
)
def test_a_small_form_saved_leaves_what_is_half_typed_in_the_record(
    care, begun, form, values, button
):
    with care.database.writing() as db:
        given = an_administration(db, begun, started_at=NOW - HOUR)
        given.given_by_id = care.nurse.clinician_id
    tab = fill(_open(care, care.nurse, begun), "record", {f"{FIRST}.mg": "15"})

    press(fill(tab, form, values), button, form)

    assert tab.success
    assert typed(tab, "record")[f"{FIRST}.mg"] == "15"


def test_other_medicines_stand_under_what_was_given_and_are_no_part_of_it(care, begun):
    with care.database.writing() as db:
        an_administration(db, begun, started_at=NOW - HOUR)
    tab = _open(care, care.therapist, begun)
    values = {
        "name": WILD,
        "dose": ".10 mg",
        "route": MedicineRoute.ORAL,
        "given_time": "2:20 pm",
        "reason": "For her blood pressure",
    }

    press(fill(tab, "medicine", values), "Save the medicine", "medicine")

    assert "Given: 70 mg intramuscular" in said(tab)
    assert "Last dose **Tue Nov 24, 1:30 pm**" in said(tab)
    assert f"{bare(WILD)} 0.1 mg oral, Tue Nov 24, 2:20 pm" in bare(said(tab))
    assert f"taken, witnessed by {care.therapist.name}" in said(tab)
    assert "For: For her blood pressure" in [one.value for one in tab.text]
    small = headings(tab)
    given, others = (
        next(at for at, one in enumerate(small) if one.startswith(title))
        for title in ("Given", "Other medicines")
    )
    assert given < others
    # The next one begins empty.
    assert typed(tab, "medicine")["name"] == ""

    tab = _open(care, care.nurse, begun)
    press(
        fill(tab, "void_medicine", {"void_reason": WILD}), "Mark the medicine as entered in error"
    )

    assert f"entered in error by Nico Nightingale, 2:30 pm: {WILD}" in said(tab)
    assert "Given: 70 mg intramuscular" in said(tab)


def test_what_a_medicine_was_for_is_not_for_others_in_the_room(care, begun):
    with care.database.writing() as db:
        another_medicine(db, begun, given_at=NOW, reason="Panicked, as with her sister")
    tab = _open(care, care.therapist, begun)
    assert "For: Panicked, as with her sister" in [one.value for one in tab.text]

    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())

    assert "sister" not in str([one.value for one in tab.text])


def test_nobody_adds_a_medicine_to_a_session_ahead_nor_does_the_front_desk(care, ahead, begun):
    assert "Save the medicine" not in buttons(_open(care, care.nurse, ahead))
    assert "Save the medicine" not in buttons(_open(care, care.front_desk, begun))
    assert "Save the medicine" in buttons(_open(care, care.nurse, begun))


def test_a_weight_from_before_the_series_asks_to_weigh_again(care):
    with care.database.writing() as db:
        a_series(db, care.course, started_at=NOW - 20 * DAY)
        session = a_ketamine_session(db, care.course)
        a_weight(db, care.client, 80_000, care.therapist.clinician_id, TODAY - 30 * DAY)

    assert "weigh again" in said(_open(care, care.therapist, session))


def test_the_front_desk_weighs_nobody(care, ahead):
    assert "Save the weight" not in buttons(_open(care, care.front_desk, ahead))


def test_a_dose_beyond_a_thousand_is_read_back_as_it_is_written(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, ordered_ug=1_250_500)

    assert typed(_open(care, care.prescriber, session), "dose")["mg"] == "1,250.5"


def test_dose_and_booster_in_one_save_the_clock_runs_from_the_last(care, begun):
    tab = _open(care, care.nurse, begun)
    press(tab, "Add a booster or another dose")
    assert box(tab, "record", f"{FIRST}.kind").value is AdministrationKind.DOSE
    assert box(tab, "record", f"{SECOND}.kind").value is AdministrationKind.BOOSTER
    values = {
        f"{FIRST}.mg": "70",
        f"{FIRST}.started_time": "1:35 pm",
        f"{SECOND}.mg": "20",
        f"{SECOND}.started_time": "1:50 pm",
        "arrived_time": "1:20 pm",
    }

    press(fill(tab, "record", values), "Save record")

    assert sorted(one.ug for one in care.rows(Administration)) == [20_000, 70_000]
    assert "Given: 90 mg intramuscular" in said(tab)
    assert "Arrived Tue Nov 24, 1:20 pm" in said(tab)
    # The form begins again, for what comes next: a booster, and nothing filled in.
    assert box(tab, "record", f"{FIRST}.mg").value == ""
    assert box(tab, "record", f"{FIRST}.kind").value is AdministrationKind.BOOSTER


def test_recording_twice_on_the_same_page_records_two_doses(care, begun):
    tab = _open(care, care.prescriber, begun)

    for mg, at in (("70", "1:35 pm"), ("20", "1:50 pm")):
        values = {f"{FIRST}.mg": mg, f"{FIRST}.started_time": at}
        press(fill(tab, "record", values), "Save record")

    assert sorted(one.ug for one in care.rows(Administration)) == [20_000, 70_000]


def test_a_number_that_may_be_a_slip_asks_for_itself_once_more_and_says_why(care, begun):
    tab = fill(_open(care, care.prescriber, begun), "record", {f"{FIRST}.mg": "70"})
    assert f"{FIRST}.mg_again" not in typed(tab, "record")

    fill(tab, "record", {f"{FIRST}.mg": "700", f"{FIRST}.started_time": "1:35 pm"})
    says = "This is more than 400 mg intramuscular. Type it a second time"
    assert says in bare(said(tab))
    fill(tab, "record", {f"{FIRST}.reason": "The wrong vial"})
    press(tab, "Save record")
    assert says in bare(beside(tab, "record", f"{FIRST}.mg_again"))
    assert care.rows(Administration) == []

    press(fill(tab, "record", {f"{FIRST}.mg_again": "70"}), "Save record")
    assert "The two numbers differ." in beside(tab, "record", f"{FIRST}.mg_again")

    press(fill(tab, "record", {f"{FIRST}.mg_again": "700"}), "Save record")
    assert [one.ug for one in care.rows(Administration)] == [700_000]
    # To correct its time asks for no number that is kept already.
    assert "mg_again" not in typed(tab, "correct")
    assert "mg_again" in typed(fill(tab, "correct", {"mg": "750"}), "correct")


def test_a_row_that_holds_anything_is_a_dose_and_an_untouched_one_is_none(care, begun):
    tab = _open(care, care.prescriber, begun)
    press(tab, "Add a booster or another dose")
    fill(tab, "record", {f"{FIRST}.mg": "70", f"{FIRST}.started_time": "1:35 pm"})
    press(tab, "Save record")
    assert len(care.rows(Administration)) == 1

    press(fill(tab, "record", {f"{FIRST}.lot": "L-7"}), "Save record")

    assert "Enter the dose in mg." in beside(tab, "record", f"{FIRST}.mg")
    assert len(care.rows(Administration)) == 1


def test_what_is_wrong_with_the_second_row_stands_in_the_second_row(care, begun):
    tab = _open(care, care.prescriber, begun)
    press(tab, "Add a booster or another dose")
    values = {f"{SECOND}.mg": "-5", f"{SECOND}.started_time": "1:35 pm"}

    press(fill(tab, "record", values), "Save record")

    assert "more than 0 mg" in beside(tab, "record", f"{SECOND}.mg")
    assert "more than 0 mg" not in beside(tab, "record", f"{FIRST}.mg")
    assert care.rows(Administration) == []


def test_now_fills_in_this_very_minute(care, begun):
    tab = _open(care, care.nurse, begun)

    box(tab, "record", "arrived_time.now").click().run()

    assert box(tab, "record", "arrived_on").value == TODAY
    assert box(tab, "record", "arrived_time").value.replace("\u00a0", " ") == "2:30 pm"
    press(tab, "Save record")
    assert care.row(KetamineSession, begun.id).arrived_at == NOW


def test_a_dose_that_was_taken_says_who_saw_it_and_one_that_was_given_by_whom(care, begun):
    values = {f"{FIRST}.mg": "35", f"{FIRST}.started_time": "1:35 pm"}
    press(fill(_open(care, care.therapist, begun), "record", values), "Save record")
    tab = press(fill(_open(care, care.nurse, begun), "record", values), "Save record")

    assert f":gray[taken, witnessed by {care.therapist.name}]" in said(tab)
    assert f":gray[{care.nurse.name}]" in said(tab)


@pytest.mark.parametrize("who", ["therapist", "nurse"])
def test_beyond_the_order_needs_a_reason_and_a_prescriber_s_word(care, begun, who):
    tab = _open(care, getattr(care, who), begun)
    fill(tab, "record", {f"{FIRST}.mg": "100", f"{FIRST}.started_time": "1:35 pm"})
    press(tab, "Save record")
    assert "This is more than was ordered. Say why." in beside(tab, "record", f"{FIRST}.reason")
    assert "Say which prescriber told you" in beside(tab, "record", f"{FIRST}.told_by")

    told = {f"{FIRST}.reason": WILD, f"{FIRST}.told_by": care.prescriber.clinician_id}
    press(fill(tab, "record", told), "Save record")

    assert ":red-background[" in next(
        one.value for one in tab.markdown if "as told by Robin Prescott, not confirmed" in one.value
    )
    assert f"Reason: {WILD}" in [one.value for one in tab.text]
    # Nobody but a prescriber confirms it.
    assert "Confirm" not in buttons(tab)
    tab = press(_open(care, care.prescriber, begun), "Confirm")
    assert "not confirmed" not in said(tab)
    assert care.rows(Administration)[0].confirmed_by_id == care.prescriber.clinician_id


def test_somebody_named_as_telling_can_be_nobody_again(care, begun):
    tab = _open(care, care.therapist, begun)
    values = {f"{FIRST}.mg": "70", f"{FIRST}.started_time": "1:35 pm"}
    fill(tab, "record", {**values, f"{FIRST}.told_by": care.prescriber.clinician_id})

    press(fill(tab, "record", {f"{FIRST}.told_by": ""}), "Save record")

    assert care.rows(Administration)[0].told_by_id is None


def test_an_infusion_is_asked_for_its_end_and_nothing_else_is(care, begun):
    assert f"{FIRST}.ended_time" not in typed(_open(care, care.nurse, begun), "record")
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.INTRAVENOUS)
        infusion = a_ketamine_session(db, care.course, planned_at=NOW - HOUR, series=series)
    tab = _open(care, care.nurse, infusion)
    values = {
        f"{FIRST}.mg": "40",
        f"{FIRST}.started_time": "1:30 pm",
        f"{FIRST}.ended_time": "2:10 pm",
    }

    press(fill(tab, "record", values), "Save record")

    assert "1:30 pm to 2:10 pm" in said(tab)


def test_it_is_closed_in_the_same_save_once_its_integration_is_booked(care, ahead):
    with care.database.writing() as db:
        db.get_one(KetamineSession, ahead.id).planned_at = NOW - HOUR
    tab = _open(care, care.nurse, ahead)
    values = {f"{FIRST}.mg": "70", f"{FIRST}.started_time": "1:20 pm", "close": True}

    press(fill(tab, "record", values), "Save record")
    assert "Enter when the client was out" in beside(tab, "record", "discharged_time")
    press(fill(tab, "record", {"discharged_time": "2:25 pm"}), "Save record")

    assert care.row(KetamineSession, ahead.id).status is SessionStatus.COMPLETED
    assert "close" not in typed(tab, "record")
    assert "Move, cancel, missed or not given" not in [one.label for one in tab.expander]


def test_closing_without_a_dose_is_refused_and_not_said_as_done(care, begun):
    tab = _open(care, care.nurse, begun)

    press(fill(tab, "record", {"close": True, "no_integration_reason": "x"}), "Save record")

    assert "No dose was recorded." in said(tab)
    assert not tab.success
    assert care.row(KetamineSession, begun.id).status is SessionStatus.PLANNED


def test_what_was_entered_in_error_stays_readable_and_counts_no_more(care):
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        wrong = an_administration(db, session, started_at=NOW - 2 * HOUR, ug=50_000)
    tab = _open(care, care.prescriber, session)
    assert "Given: 120 mg" in said(tab)

    press(
        fill(tab, f"void/{wrong.id}", {"void_reason": WILD}),
        "Mark as entered in error",
        f"void/{wrong.id}",
    )

    assert "Given: 70 mg" in said(tab)
    assert f"entered in error by Robin Prescott, 2:30 pm: {WILD}" in said(tab)
    live = said(opened(care, care.nurse, "live_session", id=session.id))
    assert f"~~Dose 50 mg~~ :gray[entered in error by Robin Prescott, 2:30 pm: {WILD}]" in live
    assert any(plain(WILD) in one.value for one in tab.markdown)


def test_rule_3_what_was_cancelled_takes_its_integration_back(care, ahead):
    tab = _open(care, care.front_desk, ahead)

    filled = fill(tab, "cancel", {"reason": WILD, "ride_told": True})
    press(filled, "Cancel this ketamine session")

    assert bare(f"Cancelled Tue Nov 24, 2:30 pm: {WILD}") in [bare(one.value) for one in tab.text]
    assert "Closed" not in said(tab)
    assert care.rows(IntegrationSession)[0].dropped_at == NOW
    assert buttons(tab) == []


def test_an_order_that_nobody_waits_for_any_more_asks_for_nothing(care):
    with care.database.writing() as db:
        waits = a_ketamine_session(db, care.course, ordered_ug=None)
        cancelled = a_ketamine_session(
            db, care.course, ordered_ug=None, status=SessionStatus.CANCELLED
        )

    assert ":orange-background[" in _order(_open(care, care.nurse, waits))
    assert _order(_open(care, care.nurse, cancelled)) == "Dose not ordered, intramuscular"


def test_moved_twice_in_a_row_it_moves_by_what_is_then_shown(care, ahead):
    tab = _open(care, care.front_desk, ahead)

    for days in (2, 6):
        values = {"planned_on": TODAY + days * DAY, "planned_time": "10:00 am"}
        press(fill(tab, "move", values), "Move both")
        assert typed(tab, "move")["planned_on"] is None

    assert "**Mon Nov 30, 10:00 am**" in said(tab)
    (integration,) = care.rows(IntegrationSession)
    assert integration.planned_at == NOW + 7 * DAY - timedelta(hours=4, minutes=30)


def test_a_move_that_would_bring_the_integration_to_a_closed_day_asks_for_its_time(care, ahead):
    """From Wednesday to Friday: the integration would go to Saturday."""
    tab = _open(care, care.front_desk, ahead)
    values = {"planned_on": TODAY + 3 * DAY, "planned_time": "10:00 am"}

    press(fill(tab, "move", values), "Move both")
    assert "Sat Nov 28" in beside(tab, "move", "integration_time")
    assert "outside the opening hours" in beside(tab, "move", "integration_time")
    assert care.row(KetamineSession, ahead.id).planned_at == ahead.planned_at
    free = [one for one in tab.button if "/slot." in str(one.key)]
    free[0].click().run()
    press(tab, "Move both")

    (integration,) = care.rows(IntegrationSession)
    assert integration.planned_at == NOW + 6 * DAY - timedelta(hours=6, minutes=30)


def test_without_an_integration_only_the_session_moves(care):
    with care.database.writing() as db:
        alone = a_ketamine_session(db, care.course)
    tab = _open(care, care.front_desk, alone)
    values = {"planned_on": TODAY + 3 * DAY, "planned_time": "10:00 am"}

    press(fill(tab, "move", values), "Move")

    assert "**Fri Nov 27, 10:00 am**" in said(tab)


def test_move_pressed_on_an_untouched_form_moves_nothing(care, ahead):
    tab = _open(care, care.front_desk, ahead)

    press(tab, "Move both")

    assert LOOK in said(tab)
    assert care.row(KetamineSession, ahead.id).planned_at == ahead.planned_at


def test_what_nobody_recorded_is_asked_about_in_the_words_of_today(care):
    with care.database.writing() as db:
        session = an_unrecorded_session(db, care.course)

    assert "Was this given?" in said(_open(care, care.nurse, session))


def test_one_of_a_course_closed_since_is_still_readable(care):
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - 20 * DAY)
        course = db.get_one(Episode, care.course.id)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW - DAY
        course.close_reason = CloseReason.GOALS_MET

    tab = _open(care, care.therapist, session)

    assert "Given: 70 mg intramuscular" in said(tab)


def test_a_session_of_a_course_without_integration_does_not_ask_why_there_is_none(care):
    with care.database.writing() as db:
        course = a_course(
            db,
            care.client,
            prescriber=care.prescriber,
            cleared=True,
            expects_integration=False,
            expects_intention=False,
        )
        session = a_ketamine_session(db, course, planned_at=NOW - HOUR)

    tab = _open(care, care.prescriber, session)

    assert "no_integration_reason" not in typed(tab, "record")
    assert "No intention note on this course" in said(tab)


def test_rule_5_a_wrong_dose_is_corrected_beside_what_was_there(care, begun):
    with care.database.writing() as db:
        wrong = an_administration(db, begun, started_at=NOW - HOUR, ug=7_000)
    tab = _open(care, care.prescriber, begun)
    found = typed(tab, "correct")
    assert (found["mg"], found["started_time"]) == ("7", "1:30\N{NO-BREAK SPACE}pm")

    press(fill(tab, "correct", {"mg": "70"}), "Save the correction")
    assert "The reason for correcting" in beside(tab, "correct", "void_reason")
    press(fill(tab, "correct", {"void_reason": "A zero was lost"}), "Save the correction")

    assert care.row(Administration, wrong.id).void_reason == "A zero was lost"
    assert [one.ug for one in care.rows(Administration, voided_at=None)] == [70_000]
    assert "Given: 70 mg intramuscular" in said(tab)
    assert "entered in error by Robin Prescott, 2:30 pm: A zero was lost" in said(tab)


@pytest.mark.parametrize(
    ("recorded_by", "who", "may"),
    [
        ("prescriber", "therapist", False),
        ("prescriber", "nurse", False),
        ("nurse", "therapist", False),
        ("nurse", "nurse", True),
        ("nurse", "prescriber", True),
    ],
)
def test_who_may_not_strike_a_dose_is_told_whom_to_ask(care, begun, recorded_by, who, may):
    recorder = getattr(care, recorded_by)
    with care.database.writing() as db:
        dose = an_administration(db, begun, started_at=NOW - HOUR)
        dose.given_by_id = recorder.clinician_id

    tab = _open(care, getattr(care, who), begun)

    labels = {one.label for one in tab.button}
    strikes = {"Mark as entered in error", "Save the correction"}
    assert labels & strikes == (strikes if may else set())
    assert (f"Ask {recorder.name} or a prescriber to correct it" in said(tab)) is not may


def test_what_is_booked_beside_the_session_is_called_its_integration(care, ahead):
    values = [one.value for one in _open(care, care.therapist, ahead).markdown]

    (booked,) = [at for at, value in enumerate(values) if "Booked" in value]
    assert values[booked - 1] == ":gray[Integration]"


def test_an_integration_that_is_not_booked_is_said_and_booked_from_here(care):
    with care.database.writing() as db:
        alone = a_ketamine_session(db, care.course)
        alone.no_integration_reason = "Thea is away."
    tab = _open(care, care.front_desk, alone)

    assert "Integration not booked" in said(tab)
    assert "Thea is away." in said(tab)
    assert "Book" in links(tab)


def test_what_did_not_take_place_counts_down_to_nothing(care, ahead):
    with care.database.writing() as db:
        db.get_one(KetamineSession, ahead.id).status = SessionStatus.CANCELLED
    tab = _open(care, care.nurse, ahead)

    assert "in 1 d" not in said(tab)
    assert "Record what happened" in [one.label for one in tab.expander]


def test_rule_15_the_prescriber_orders_the_number_also_once_the_first_dose_was_given(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, ordered_count=None)
        given = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
    assert "ordered_count" not in typed(_open(care, care.therapist, given), "series")
    waits = opened(care, care.prescriber, "today")
    assert "Number of sessions not ordered yet" in said(waits)
    client = opened(care, care.prescriber, "client", client=care.client.code)
    assert "1 given, number not ordered yet" in said(client)
    assert "Dose 1, number of sessions not ordered yet" in said(client)
    assert "Order the number" in links(client)
    tab = _open(care, care.prescriber, given)

    press(fill(tab, "series", {"ordered_count": 4}), "Order the number")

    assert care.row(Series, series.id).ordered_count == 4
    client = opened(care, care.prescriber, "client", client=care.client.code)
    assert "1 of 4 given" in said(client)
    assert "Order the number" not in links(client)


@pytest.fixture
def done(care):
    """Three given one after the other and integrated; the last one had an intention."""
    with care.database.writing() as db:
        doses = [a_given_session(db, care.course, given_at=NOW - n * 7 * DAY) for n in (4, 3, 2)]
        for dose in doses:
            closed_at = dose.planned_at + DAY
            an_integration_session(
                db,
                care.course,
                dose,
                closed_at=closed_at,
                close_reason=IntegrationCloseReason.DECLINED,
            )
        a_signed_intention(db, doses[-1], care.therapist)
    return doses


def test_a_settled_session_says_which_one_it_was_and_what_it_was_for(care, done):
    tab = _open(care, care.prescriber, done[1])
    assert "**Completed**, dose 2 of 6 · intramuscular" in said(tab)
    assert "No intention note" in said(tab)

    tab = _open(care, care.prescriber, done[2])
    assert "**Completed**, dose 3 of 6 · intramuscular" in said(tab)
    assert "To rest." in [one.value for one in tab.text]
    assert "No intention note" not in said(tab)


def test_rule_8_what_was_called_off_takes_no_place_in_the_series(care, ahead):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW - DAY, status=SessionStatus.CANCELLED)

    assert "**Planned**, dose 1 of 6" in said(_open(care, care.therapist, ahead))


def test_rule_19_what_was_amended_and_added_stands_beside_its_intention(care, done):
    with care.database.writing() as db:
        note = a_signed_intention(db, done[1], care.therapist)
    amended = AmendmentEntered(new_id(), note.id, "Misheard", "To rest, and to grieve.")
    care.do(amend_note, care.therapist, amended)
    care.do(add_addendum, care.prescriber, AddendumEntered(new_id(), note.id, "Seen."))

    tab = _open(care, care.prescriber, done[1])

    for words in ("To rest.", "Misheard", "To rest, and to grieve.", "Seen."):
        assert words in said(tab)


def test_the_form_of_what_is_closed_is_folded_and_that_of_what_runs_is_not(care, done, begun):
    assert "Add to the record" in [one.label for one in _open(care, care.nurse, done[2]).expander]

    tab = _open(care, care.nurse, begun)

    assert "Record" in headings(tab)
    assert [one.label for one in tab.expander] == [
        "Add another medicine",
        "Move, cancel, missed or not given",
    ]


def test_the_front_desk_is_not_told_what_a_session_is_for(care, done):
    tab = _open(care, care.front_desk, done[2])

    assert "**Completed**, dose 3 of 6" in said(tab)
    assert "To rest." not in said(tab)
    assert "intention note" not in said(tab).lower()


def test_a_colleague_s_draft_of_the_intention_is_named_without_its_words(care, ahead):
    entered = NoteEntered(new_id(), NoteKind.INTENTION, care.course.id, ahead.id)
    note_id = care.do(start_note, care.therapist, entered)
    care.do(save_draft, care.therapist, note_id, "intention", "To be alone.", 0)

    tab = _open(care, care.prescriber, ahead)

    assert f"Intention draft, {care.therapist.name}" in said(tab)
    assert "To be alone." not in said(tab)


def test_cancelling_settles_contacts_and_offers_the_time_to_who_waits_for_one(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + timedelta(days=2))
        dose.place, dose.people_present = "Room 7", "His brother drives"
        call = a_contact(db, care.course, care.therapist, planned_at=NOW + timedelta(days=1))
        waits = another_course(db, care, "Waits")
        booked = another_course(db, care, "Booked")
        a_ketamine_session(db, booked, planned_at=NOW + timedelta(days=5))
        another_course(db, care, "Paused", hold=HoldReason.TRAVEL)
    tab = opened(care, care.therapist, "ketamine_session", id=dose.id)
    assert "To be told as well: His brother drives" in said(tab)
    assert not links(tab, "booking")

    fill(tab, "cancel", {"reason": "Flu", f"contact.{call.id}": True})
    press(tab, "Cancel this ketamine session")

    assert care.row(Contact, call.id).outcome is ContactOutcome.CANCELLED
    assert links(tab, "booking") == ["Thu Nov 26, 2:30 pm is free now: who waits for a date?"]
    free = opened(care, care.therapist, "booking", freed="2026-11-26T21:30Z", place="Room 7")
    assert headings(free) == ["Who waits for a date (2)", "Book for (1)"]
    assert names(free) == ["Okafor, Amara", "Waits, Amara", "Booked, Amara"]
    taken = opened(
        care,
        care.therapist,
        "booking",
        freed="2026-11-26T21:30Z",
        place="Room 7",
        episode=waits.id,
    )
    form = typed(taken, "booking")
    assert (form["planned_on"], bare(form["planned_time"])) == (date(2026, 11, 26), "2:30 pm")
    assert form["place"] == "Room 7"


def test_a_session_that_was_moved_leaves_its_old_time_to_others(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + timedelta(days=2))
    tab = opened(care, care.therapist, "ketamine_session", id=dose.id)

    fill(tab, "move", {"planned_on": date(2026, 12, 1), "planned_time": "9:00 am"})
    press(tab, "Move")

    assert links(tab, "booking") == ["Thu Nov 26, 2:30 pm is free now: who waits for a date?"]


@pytest.mark.parametrize("freed", ["", "soon", "2026-11-20T21:30Z", "2026-11-26"])
def test_a_time_that_is_none_or_over_is_not_offered(care, freed):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + timedelta(days=2))

    tab = opened(care, care.therapist, "ketamine_session", id=dose.id, freed=freed)

    assert not links(tab, "booking")


def test_of_a_dose_in_a_series_without_a_number_every_page_says_so_in_words(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, ordered_count=None)
        session = a_ketamine_session(db, care.course, series=series, planned_at=NOW + HOUR)
    whole = "ose 1, number of sessions not ordered yet"
    assert f"**Planned**, d{whole}" in said(_open(care, care.therapist, session))
    assert f"d{whole}" in said(opened(care, care.therapist, "client", client="K-001"))
    # A row has less room, and never a bare 1; what is missing waits on the prescriber.
    today = said(opened(care, care.prescriber, "today"))
    assert ":gray[Dose 1, Room 2]" in today
    assert ":gray[1, " not in today
    assert today.count("Number of sessions not ordered yet") == 1


def test_the_intention_has_its_own_small_heading_as_integration_has(care):
    with care.database.writing() as db:
        session, _ = a_booked_pair(db, care.course, therapist=care.therapist)
    small = [one.value for one in _open(care, care.therapist, session).markdown]
    assert small.count(":gray[Intention]") == 1
    places = [small.index(one) for one in (":gray[Integration]", ":gray[Intention]")]
    assert places == sorted(places)
    assert any("No intention note yet" in one for one in small[places[1] + 1 :])

    with care.database.writing() as db:
        course = db.get_one(Episode, care.course.id)
        course.expects_intention = False
        row = db.get_one(KetamineSession, session.id)
        row.status, row.closed_at = SessionStatus.CANCELLED, NOW
    small = [one.value for one in _open(care, care.therapist, session).markdown]
    assert ":gray[Intention]" not in small


def test_it_takes_as_many_statements_with_much_on_it_as_with_little(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW - HOUR)
        an_administration(db, session, started_at=NOW - HOUR, ug=5_000)
    few = statements_of(care, _open(care, care.prescriber, session))

    with care.database.writing() as db:
        for _ in range(9):
            an_administration(db, session, started_at=NOW - HOUR, ug=5_000)
            another_medicine(db, session, given_at=NOW)

    assert statements_of(care, _open(care, care.prescriber, session)) == few <= MOST_OF_A_SESSION


def test_how_far_its_series_is_stands_on_the_page_with_the_way_to_a_plan(care):
    with care.database.writing() as db:
        a_series(db, care.course, review_before=2)
        given = a_given_session(db, care.course, given_at=NOW - 5 * DAY)
        ahead = a_ketamine_session(db, care.course, planned_at=NOW + 2 * DAY)
    for session in (given, ahead):
        tab = _open(care, care.therapist, session)
        assert "1 of 6 given, 1 booked, review before the 2nd" in said(tab)
        assert addresses(tab, "Plan the rest") == [f"series_plan?episode={care.course.id}"]

    with care.database.writing() as db:
        db.get_one(Series, ahead.series_id).ended_at = NOW - HOUR
    tab = _open(care, care.therapist, given)
    assert "1 of 6 given" not in said(tab)
    assert "Plan the rest" not in links(tab)


def test_why_it_goes_beyond_the_number_or_the_ceiling_is_shown_with_it(care, ahead):
    with care.database.writing() as db:
        kept = db.get_one(KetamineSession, ahead.id)
        kept.number_reason, kept.ceiling_reason = "Moves in spring", "Tolerated before"
    tab = _open(care, care.therapist, ahead)
    assert "Beyond the number ordered: Moves in spring" in said(tab)
    assert "Above the ceiling: Tolerated before" in said(tab)
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    assert "Moves in spring" not in said(tab)
    assert "Tolerated before" not in said(tab)


def test_a_prescriber_orders_above_the_ceiling_only_with_a_reason(care, ahead):
    tab = fill(_open(care, care.prescriber, ahead), "dose", {"mg": "151"})
    press(tab, "Order")
    assert "Say why, or order less." in beside(tab, "dose", "ceiling_reason")
    press(fill(tab, "dose", {"ceiling_reason": "Tolerated before"}), "Order")
    kept = care.row(KetamineSession, ahead.id)
    assert (kept.ordered_ug, kept.ceiling_reason) == (151_000, "Tolerated before")
    assert "Above the ceiling: Tolerated before" in said(tab)


def test_a_therapist_who_proposes_above_the_ceiling_reads_whom_to_ask(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, ordered_ug=None)
    tab = fill(_open(care, care.therapist, dose), "dose", {"mg": "151"})
    assert "Ask Robin Prescott, who may order more." in said(tab)
    assert "ceiling_reason" not in typed(tab, "dose")
    press(tab, "Propose")
    assert care.row(KetamineSession, dose.id).ordered_ug is None


def test_the_review_is_ordered_in_the_form_of_the_number_by_default_as_the_product_has_it(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, ordered_count=None)
        dose = a_ketamine_session(db, care.course)
    tab = _open(care, care.prescriber, dose)
    assert typed(tab, "series")["review_before"] == 5
    press(fill(tab, "series", {"review_before": 4}), "Order the number")
    assert care.row(Series, series.id).review_before == 4
    tab = _open(care, care.prescriber, dose)
    press(fill(tab, "series", {"review_before": 0}), "Change the number ordered")
    assert care.row(Series, series.id).review_before is None


def test_rule_34_moving_nearer_than_usual_warns_and_is_never_refused(care, ahead):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 8 * DAY)
    plan = {"planned_on": TODAY + 7 * DAY, "planned_time": "9:00 am"}
    tab = fill(_open(care, care.therapist, ahead), "move", plan)
    assert "It would be less than 2 days from the session of Wed Dec 2. It may be meant." in said(
        tab
    )
    press(tab, "Move both")
    assert care.row(KetamineSession, ahead.id).planned_at == NOW + 7 * DAY - 5.5 * HOUR


def test_moving_within_the_cadence_says_nothing_and_counts_itself_no_more(care, ahead):
    plan = {"planned_on": TODAY + 2 * DAY, "planned_time": "9:00 am"}
    tab = fill(_open(care, care.therapist, ahead), "move", plan)
    assert "It may be meant" not in said(tab)


def test_moving_past_what_the_insurer_authorized_is_said_and_not_refused(care, ahead):
    with care.database.writing() as db:
        an_authorization(db, care.course, care.front_desk, visits=1, valid_until_at=NOW + 5 * DAY)
    plan = {"planned_on": TODAY + 2 * DAY, "planned_time": "9:00 am"}
    tab = fill(_open(care, care.therapist, ahead), "move", plan)
    # It was the one visit already.
    assert "authorized 1 visit" not in said(tab)
    fill(tab, "move", {"planned_on": TODAY + 7 * DAY})
    assert "and this is another day. It may be meant." in said(tab)
    press(tab, "Move both")
    assert care.row(KetamineSession, ahead.id).planned_at == NOW + 7 * DAY - 5.5 * HOUR
