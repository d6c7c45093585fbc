"""The order of a ketamine session: ordered, proposed, and held against what is usual."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kapteam.actions.orders import DoseEntered, order_dose, propose_dose
from kapteam.actions.weights import WeightEntered, record_weight, void_weight
from kapteam.db.tables import AuditEvent, KetamineSession, Weight
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.vocabulary import HoldReason, OrderState, ProductRoute, SessionStatus
from tests.factories import (
    NOW,
    TODAY,
    a_clearance,
    a_course,
    a_hold,
    a_setting,
    a_weight,
    audit_events,
    count_rows,
)
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_spravato_session,
)

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def planned(care) -> KetamineSession:
    """Tomorrow's session, its dose not ordered."""
    with care.database.writing() as db:
        return a_ketamine_session(db, care.course, ordered_ug=None)


def test_a_prescriber_orders_and_the_audit_log_keeps_old_and_new(care, planned):
    care.do(order_dose, care.prescriber, DoseEntered(planned.id, 1, "70", "20"))
    care.do(order_dose, care.prescriber, DoseEntered(planned.id, 2, "60 mg", ""))
    session = care.row(KetamineSession, planned.id)
    assert (session.ordered_ug, session.may_add_ug) == (60_000, None)
    first, second = audit_events(care.database, "dose:ordered")
    assert first.changes["ordered_ug"] == [None, 70_000]
    assert second.changes["ordered_ug"] == [70_000, 60_000]
    assert second.changes["may_add_ug"] == [20_000, None]


def test_what_may_be_added_is_ordered_with_its_minutes_and_taken_away_with_them(care, planned):
    minutes = {"may_add_from": "10", "may_add_to": "20 min"}
    care.do(order_dose, care.prescriber, DoseEntered(planned.id, 1, "70", "30", **minutes))
    session = care.row(KetamineSession, planned.id)
    assert (session.may_add_from_minutes, session.may_add_to_minutes) == (10, 20)
    (event,) = audit_events(care.database, "dose:ordered")
    assert event.changes["may_add_from_minutes"] == [None, 10]

    care.do(order_dose, care.prescriber, DoseEntered(planned.id, 2, "70", "30", may_add_to="15"))
    session = care.row(KetamineSession, planned.id)
    assert (session.may_add_from_minutes, session.may_add_to_minutes) == (None, 15)
    care.do(order_dose, care.prescriber, DoseEntered(planned.id, 3, "70", ""))
    session = care.row(KetamineSession, planned.id)
    assert (session.may_add_ug, session.may_add_to_minutes) == (None, None)


@ON_SQLITE
@pytest.mark.parametrize(
    ("may_add", "first", "last", "field"),
    [
        ("30", "0", "", "may_add_from"),
        ("30", "-5", "", "may_add_from"),
        ("30", "ten", "", "may_add_from"),
        ("30", "1.5", "", "may_add_from"),
        ("30", "241", "", "may_add_from"),
        ("30", "", "NaN", "may_add_to"),
        ("30", "20", "10", "may_add_to"),
        ("", "10", "", "may_add"),
        ("", "", "20", "may_add"),
    ],
)
def test_rule_36_minutes_that_are_none_are_refused_beside_their_field(
    care, planned, may_add, first, last, field
):
    entered = DoseEntered(planned.id, 1, "70", may_add, may_add_from=first, may_add_to=last)
    with pytest.raises(Invalid) as refused:
        care.do(order_dose, care.prescriber, entered)
    assert list(refused.value.fields) == [field]
    assert care.row(KetamineSession, planned.id).ordered_ug is None


def test_rule_21_a_dose_is_ordered_only_for_a_route_that_is_cleared(care, planned):
    with care.database.writing() as db:
        by = care.prescriber.clinician_id
        a_clearance(db, care.course, by, routes=(ProductRoute.ORAL,), decided_at=NOW - DAY)
    with pytest.raises(Invalid) as refused:
        care.do(order_dose, care.prescriber, DoseEntered(planned.id, 1, "70", ""))
    assert "for intramuscular" in refused.value.fields["mg"]


@pytest.fixture
def by_weight(care, planned) -> KetamineSession:
    """The same, of a client who may have up to 1.5 mg per kg and whose weight nobody knows."""
    with care.database.writing() as db:
        a_clearance(
            db,
            care.course,
            care.prescriber.clinician_id,
            ceiling_ug=None,
            ceiling_ug_per_kg=1_500,
            decided_at=NOW - DAY,
        )
    return planned


def _refused(care, action, who, entered) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        care.do(action, who, entered)
    return {name: text.replace("\u00a0", " ") for name, text in refused.value.fields.items()}


@pytest.mark.parametrize(
    ("action", "who"), [(order_dose, "prescriber"), (propose_dose, "therapist")]
)
def test_a_ceiling_by_weight_lets_nothing_pass_before_somebody_weighs(care, by_weight, action, who):
    entered = DoseEntered(by_weight.id, 1, "1", "")
    assert _refused(care, action, getattr(care, who), entered)["mg"].startswith("Weigh first: ")
    assert care.row(KetamineSession, by_weight.id).ordered_ug is None
    assert count_rows(care.database, AuditEvent) == 0

    with care.database.writing() as db:
        wrong = a_weight(db, care.client, 80_000, care.prescriber.clinician_id)
        wrong.voided_at = NOW
    assert "Weigh first" in _refused(care, action, getattr(care, who), entered)["mg"]


def test_a_ceiling_by_weight_is_judged_with_the_newest_weight_and_what_may_be_added(
    care, by_weight
):
    by = care.prescriber.clinician_id
    with care.database.writing() as db:
        a_weight(db, care.client, 120_000, by, TODAY - 200 * DAY)
        a_weight(db, care.client, 80_000, by, TODAY - 100 * DAY)
    who = care.prescriber
    above = "at most 1.5 mg per kg in one session, with what may be added: 120 mg at 80 kg."
    for mg, may_add in (("120.001", ""), ("100", "21")):
        refused = _refused(care, order_dose, who, DoseEntered(by_weight.id, 1, mg, may_add))
        assert above in refused["ceiling_reason"]
    care.do(order_dose, who, DoseEntered(by_weight.id, 1, "100", "20"))
    assert care.row(KetamineSession, by_weight.id).may_add_ug == 20_000


def test_above_the_ceiling_a_prescriber_says_why_and_the_reason_goes_with_the_order(care, planned):
    above = DoseEntered(planned.id, 1, "151", "", ceiling_reason="Tolerated 150 mg before")
    without = replace(above, ceiling_reason=" ")
    assert list(_refused(care, order_dose, care.prescriber, without)) == ["ceiling_reason"]
    assert care.row(KetamineSession, planned.id).ordered_ug is None

    care.do(order_dose, care.prescriber, above)
    assert care.row(KetamineSession, planned.id).ceiling_reason == "Tolerated 150 mg before"
    (event,) = audit_events(care.database, "dose:ordered")
    assert event.changes["above_ceiling"] is True
    assert "Tolerated" not in str(event.changes)

    care.do(order_dose, care.prescriber, replace(above, version=2, mg="150"))
    assert care.row(KetamineSession, planned.id).ceiling_reason == ""


def test_above_the_ceiling_a_therapist_is_told_whom_to_ask(care, planned):
    above = DoseEntered(planned.id, 1, "151", "", ceiling_reason="She wants it")
    refused = _refused(care, propose_dose, care.therapist, above)
    assert refused["mg"].endswith("Ask Robin Prescott, who may order more.")
    assert care.row(KetamineSession, planned.id).ordered_ug is None


def test_the_same_order_saved_twice_is_written_once(care, planned):
    for _ in range(2):
        care.do(order_dose, care.prescriber, DoseEntered(planned.id, 1, "70", ""))
    assert care.row(KetamineSession, planned.id).version == 2
    assert len(audit_events(care.database)) == 1


@ON_SQLITE
def test_an_order_saved_unchanged_stays_whose_and_from_when_it_was(care, planned):
    care.do(order_dose, care.prescriber, DoseEntered(planned.id, 1, "70", "20"))
    with pytest.raises(Unchanged, match="Nothing changed"):
        care.do(
            order_dose, care.prescriber, DoseEntered(planned.id, 2, "70 mg", "20"), now=NOW + DAY
        )
    assert care.row(KetamineSession, planned.id).ordered_at == NOW
    assert len(audit_events(care.database)) == 1


@pytest.mark.parametrize("who", ["therapist", "nurse", "front_desk"])
def test_rule_15_only_a_prescriber_orders(care, planned, who):
    with pytest.raises(NotAllowed, match="Only a prescriber"):
        care.do(order_dose, getattr(care, who), DoseEntered(planned.id, 1, "70", ""))
    assert care.row(KetamineSession, planned.id).order_state is OrderState.NONE


def test_rule_57_nothing_is_ordered_or_proposed_while_the_course_is_on_hold(care, planned):
    with care.database.writing() as db:
        a_hold(db, care.course, HoldReason.BLOOD_PRESSURE, care.prescriber.clinician_id)
    for action, who in ((order_dose, care.prescriber), (propose_dose, care.therapist)):
        with pytest.raises(NotAllowed, match="This course is on hold"):
            care.do(action, who, DoseEntered(planned.id, 1, "70", ""))
    assert care.row(KetamineSession, planned.id).order_state is OrderState.NONE


def test_a_prescriber_who_is_not_on_the_course_orders_nothing(care, planned):
    with pytest.raises(NotFound):
        care.do(order_dose, care.stranger, DoseEntered(planned.id, 1, "70", ""))


@ON_SQLITE
@pytest.mark.parametrize("mg", ["", "0", "-5", "NaN", "abc", "1e3"])
def test_rule_36_a_dose_that_is_none_is_refused_beside_its_field(care, planned, mg):
    with pytest.raises(Invalid) as refused:
        care.do(order_dose, care.prescriber, DoseEntered(planned.id, 1, mg, ""))
    assert list(refused.value.fields) == ["mg"]
    assert care.row(KetamineSession, planned.id).ordered_ug is None
    assert count_rows(care.database, AuditEvent) == 0


def test_a_proposal_becomes_an_order_and_never_the_other_way_round(care, planned):
    care.do(propose_dose, care.therapist, DoseEntered(planned.id, 1, "60", ""))
    assert care.row(KetamineSession, planned.id).order_state is OrderState.PROPOSED
    care.do(order_dose, care.prescriber, DoseEntered(planned.id, 2, "60", ""))
    with pytest.raises(NotAllowed, match="A dose is ordered"):
        care.do(propose_dose, care.therapist, DoseEntered(planned.id, 3, "90", ""))
    session = care.row(KetamineSession, planned.id)
    assert (session.order_state, session.ordered_ug) == (OrderState.ORDERED, 60_000)


@pytest.mark.parametrize("who", ["prescriber", "nurse", "front_desk"])
def test_only_a_therapist_proposes(care, planned, who):
    with pytest.raises(NotAllowed):
        care.do(propose_dose, getattr(care, who), DoseEntered(planned.id, 1, "60", ""))


def test_the_order_of_a_session_that_is_over_stays(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - DAY)
    with pytest.raises(NotAllowed, match="stays as it is"):
        care.do(order_dose, care.prescriber, DoseEntered(given.id, 1, "80", ""))


def test_two_orders_at_once_show_both(care, planned):
    care.do(order_dose, care.prescriber, DoseEntered(planned.id, 1, "70", ""))
    with pytest.raises(Conflict) as conflict:
        care.do(order_dose, care.prescriber, DoseEntered(planned.id, 1, "80", ""))
    assert conflict.value.theirs["ordered_ug"] == "70000"
    assert conflict.value.mine["ordered_ug"] == "80000"


def test_the_dose_that_was_given_on_stays_ordered_and_what_may_be_added_is_still_changed(care):
    with care.database.writing() as db:
        given = a_given_session(
            db, care.course, given_at=NOW - 30 * MINUTE, status=SessionStatus.STARTED
        )
    with pytest.raises(Invalid) as refused:
        care.do(order_dose, care.prescriber, DoseEntered(given.id, 1, "85", "20"))
    assert "A dose was given on this order" in refused.value.fields["mg"]
    assert care.row(KetamineSession, given.id).ordered_ug == 70_000

    care.do(order_dose, care.prescriber, DoseEntered(given.id, 1, "70", "30"))
    assert care.row(KetamineSession, given.id).may_add_ug == 30_000


@pytest.mark.parametrize(
    ("action", "who"), [(order_dose, "prescriber"), (propose_dose, "therapist")]
)
def test_nothing_is_ordered_or_proposed_after_what_was_given_without_an_order(care, action, who):
    with care.database.writing() as db:
        given = a_given_session(
            db, care.course, given_at=NOW - 30 * MINUTE, status=SessionStatus.STARTED
        )
        given.order_state, given.ordered_ug, given.may_add_ug = OrderState.NONE, None, None
    with pytest.raises(NotAllowed, match="A dose was given already"):
        care.do(action, getattr(care, who), DoseEntered(given.id, 1, "70", ""))
    assert care.row(KetamineSession, given.id).order_state is OrderState.NONE


# What is usual


@pytest.fixture
def high(care, planned) -> KetamineSession:
    """The same, of a client of 50 kg who may have up to 300 mg."""
    with care.database.writing() as db:
        by = care.prescriber.clinician_id
        a_clearance(db, care.course, by, ceiling_ug=300_000, decided_at=NOW - DAY)
        a_weight(db, care.client, 50_000, by)
    return planned


@pytest.mark.parametrize(
    ("action", "who"), [(order_dose, "prescriber"), (propose_dose, "therapist")]
)
def test_rule_32_beyond_the_usual_by_weight_it_is_ordered_and_proposed_with_a_reason(
    care, high, action, who
):
    with pytest.raises(Invalid) as refused:
        care.do(action, getattr(care, who), DoseEntered(high.id, 1, "101", "", "  "))
    assert list(refused.value.fields) == ["order_reason"]
    assert "2 mg per kg" in refused.value.fields["order_reason"].replace("\u00a0", " ")
    assert care.row(KetamineSession, high.id).ordered_ug is None

    care.do(action, getattr(care, who), DoseEntered(high.id, 1, "101", "", "Tolerant since 2019"))
    session = care.row(KetamineSession, high.id)
    assert (session.ordered_ug, session.order_reason) == (101_000, "Tolerant since 2019")
    (event,) = audit_events(care.database)
    assert "Tolerant" not in str(event.changes)


def test_the_bound_in_force_on_the_day_judges_the_day(care, high):
    dose = "99"
    care.do(order_dose, care.prescriber, DoseEntered(high.id, 1, dose, ""))
    with care.database.writing() as db:
        a_setting(db, care.prescriber, "dose.IM.say_why.most_ug_per_kg", 1_800, since=NOW + DAY)
    care.do(order_dose, care.prescriber, DoseEntered(high.id, 2, "98", ""), now=NOW)
    with pytest.raises(Invalid) as refused:
        care.do(order_dose, care.prescriber, DoseEntered(high.id, 3, dose, ""), now=NOW + DAY)
    assert "1.8 mg per kg" in refused.value.fields["order_reason"].replace("\u00a0", " ")
    # What was ordered before stays as it is.
    assert care.row(KetamineSession, high.id).order_reason == ""


def test_rule_32_a_slip_of_the_finger_is_refused_whatever_the_reason(care, high):
    with pytest.raises(Invalid) as refused:
        care.do(order_dose, care.prescriber, DoseEntered(high.id, 1, "201", "", "I mean it"))
    assert list(refused.value.fields) == ["mg"]
    assert count_rows(care.database, AuditEvent) == 0


def test_what_is_only_worth_a_look_needs_no_reason_and_keeps_none(care, high):
    care.do(order_dose, care.prescriber, DoseEntered(high.id, 1, "101", "", "Tolerant"))
    care.do(order_dose, care.prescriber, DoseEntered(high.id, 2, "99", "", "Tolerant"))
    session = care.row(KetamineSession, high.id)
    assert (session.ordered_ug, session.order_reason) == (99_000, "")


def test_what_may_be_added_is_held_against_the_usual_as_well(care, high):
    with pytest.raises(Invalid) as refused:
        care.do(order_dose, care.prescriber, DoseEntered(high.id, 1, "90", "30"))
    assert list(refused.value.fields) == ["order_reason"]


def test_a_first_low_dose_asks_nothing_in_a_series_that_has_begun_it_does(care):
    nasal = ProductRoute.ESKETAMINE_NASAL
    with care.database.writing() as db:
        a_clearance(db, care.course, care.prescriber.clinician_id, routes=(nasal,))
        series = a_series(db, care.course, product_route=nasal)
        first = a_ketamine_session(db, care.course, series=series, ordered_ug=None)
        second = a_ketamine_session(
            db, care.course, series=series, ordered_ug=None, planned_at=NOW + 3 * DAY
        )
    care.do(order_dose, care.prescriber, DoseEntered(first.id, 1, "28", ""))
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - DAY, ug=28_000)
    with pytest.raises(Invalid) as refused:
        care.do(order_dose, care.prescriber, DoseEntered(second.id, 1, "28", ""))
    assert list(refused.value.fields) == ["order_reason"]


def test_a_weight_entered_in_error_judges_nothing(care, high):
    (weight,) = care.rows(Weight)
    care.do(void_weight, care.nurse, weight.id)
    care.do(void_weight, care.nurse, weight.id)
    care.do(order_dose, care.prescriber, DoseEntered(high.id, 1, "101", ""))
    assert care.row(KetamineSession, high.id).ordered_ug == 101_000
    assert len(audit_events(care.database, "weight:voided")) == 1


# Weights


def _weight(care: Care, typed: str, **more: object) -> WeightEntered:
    values = {"id": new_id(), "measured_on": TODAY, "is_sure": False} | more
    return WeightEntered(client_id=care.client.id, weight=typed, **values)


def test_a_weight_is_kept_once_however_often_it_is_saved(care):
    entered = _weight(care, "176 lb")
    for _ in range(2):
        care.do(record_weight, care.therapist, entered)
    (weight,) = care.rows(Weight)
    assert (weight.grams, weight.measured_on) == (79_832, TODAY)
    assert len(audit_events(care.database, "weight:recorded")) == 1


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "more", "field"),
    [
        ("", {}, "weight"),
        ("80", {}, "weight"),
        ("29 kg", {}, "weight"),
        ("251 kg", {}, "weight"),
        ("80 kg", {"measured_on": None}, "measured_on"),
        ("80 kg", {"measured_on": TODAY + DAY}, "measured_on"),
    ],
)
def test_a_weight_that_is_none_is_refused_beside_its_field(care, typed, more, field):
    with pytest.raises(Invalid) as refused:
        care.do(record_weight, care.therapist, _weight(care, typed, **more))
    assert list(refused.value.fields) == [field]
    assert care.rows(Weight) == []


def test_pounds_taken_for_kg_are_asked_about_and_kept_when_they_are_sure(care):
    care.do(record_weight, care.therapist, _weight(care, "80 kg"))
    with pytest.raises(Invalid) as refused:
        care.do(record_weight, care.therapist, _weight(care, "176 kg"))
    assert list(refused.value.fields) == ["is_sure"]
    assert len(care.rows(Weight)) == 1

    care.do(record_weight, care.therapist, _weight(care, "176 kg", is_sure=True))
    assert len(care.rows(Weight)) == 2


def test_the_front_desk_and_a_stranger_weigh_nobody(care):
    with pytest.raises(NotAllowed):
        care.do(record_weight, care.front_desk, _weight(care, "80 kg"))
    with pytest.raises(NotFound):
        care.do(record_weight, care.stranger, _weight(care, "80 kg"))
    assert care.rows(Weight) == []


@pytest.mark.parametrize("was_given", [True, False])
def test_rule_33_the_first_of_spravato_is_the_client_s_and_no_series_begins_anew(care, was_given):
    with care.database.writing() as db:
        before = a_course(db, care.client, prescriber=care.prescriber)
        if was_given:
            out_at = NOW - 90 * DAY
            a_spravato_session(db, before, last_at=out_at - 180 * MINUTE, out_at=out_at)
        series = a_series(db, care.course, product_route=ProductRoute.ESKETAMINE_NASAL)
        session = a_ketamine_session(db, care.course, series=series, ordered_ug=None)
    entered = DoseEntered(session.id, 1, "28", "")

    if was_given:
        with pytest.raises(Invalid) as refused:
            care.do(order_dose, care.prescriber, entered)
        assert "Say why." in refused.value.fields["order_reason"]
    else:
        care.do(order_dose, care.prescriber, entered)
    assert bool(care.row(KetamineSession, session.id).ordered_ug) is not was_given
