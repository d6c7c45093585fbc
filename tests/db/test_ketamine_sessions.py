"""What happened in a ketamine session: recorded, accepted with its breaches, corrected, closed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kapteam.actions.booking import UnbookedEntered, admit_unbooked_session
from kapteam.actions.ketamine_sessions import (
    AdministrationEntered,
    CorrectEntered,
    RecordEntered,
    VoidEntered,
    confirm_administration,
    correct_administration,
    record_ketamine_session,
    void_administration,
)
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import (
    Administration,
    AuditEvent,
    Clearance,
    Episode,
    IntegrationSession,
    KetamineSession,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.queries.standing import Asked, course_standings
from kapteam.rules.attention import Reason
from kapteam.rules.dosing import Given, last_given_at, total_ug
from kapteam.rules.integration import due_at
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import (
    AdministrationKind,
    CloseReason,
    ConsentType,
    EpisodeState,
    HoldReason,
    IntegrationCloseReason,
    IntegrationKind,
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
    a_consent,
    a_weight,
    an_enrollment,
    audit_events,
    count_rows,
    required_consents_of,
)
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_booked_pair,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    an_administration,
    an_integration_session,
    an_unrecorded_session,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
EVENING = NOW + 4 * HOUR
"""6:30 pm in Phoenix, when the record is written."""


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def session(care) -> KetamineSession:
    """Planned for 2:30 pm today, 70 mg ordered, 20 mg may be added."""
    with care.database.writing() as db:
        return a_ketamine_session(db, care.course, planned_at=NOW, may_add_ug=20_000)


def _dose(time: str = "2:35 pm", mg: str = "70", **typed: Any) -> AdministrationEntered:
    entered = AdministrationEntered(
        id=new_id(), kind=AdministrationKind.DOSE, mg=mg, started_on=TODAY, started_time=time
    )
    return replace(entered, **typed)


def _record(session: KetamineSession, *doses: AdministrationEntered, **typed: Any) -> RecordEntered:
    return replace(RecordEntered(session.id, 1, doses), **typed)


OUT = {"discharged_on": TODAY, "discharged_time": "4:40 pm"}


def _given(care: Care, session: KetamineSession) -> list[Given]:
    """What counts as given."""
    rows = care.rows(Administration, ketamine_session_id=session.id, voided_at=None)
    return [Given(one.started_at, one.ended_at, one.ug) for one in rows]


def _local(at: datetime | None) -> str:
    return f"{at.astimezone(ZONE):%a %H:%M}" if at else ""


def _refused(care: Care, viewer: Any, entered: RecordEntered, now: datetime = EVENING) -> dict:
    """The sentences; nothing may have been saved."""
    with pytest.raises(Invalid) as refused:
        care.do(record_ketamine_session, viewer, entered, now=now)
    assert count_rows(care.database, AuditEvent) == 0
    before = care.row(KetamineSession, entered.ketamine_session_id)
    assert before.version == 1
    return {name: said.replace("\u00a0", " ") for name, said in refused.value.fields.items()}


# Recorded


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse"])
def test_the_first_dose_starts_the_session(care, session, who):
    viewer = getattr(care, who)
    care.do(record_ketamine_session, viewer, _record(session, _dose(lot="A-17")), now=EVENING)
    (row,) = care.rows(Administration)
    assert (row.ug, _local(row.started_at), row.lot) == (70_000, "Tue 14:35", "A-17")
    assert (row.given_by_id, row.recorded_at) == (viewer.clinician_id, EVENING)
    assert (row.told_by_id, row.confirmed_at) == (None, None)
    saved = care.row(KetamineSession, session.id)
    assert (saved.status, saved.breach_reason) == (SessionStatus.STARTED, "")
    (event,) = audit_events(care.database)
    assert event.tag == "ketamine_session:recorded"
    assert event.changes["status"] == ["planned", "started"]
    assert event.changes["administrations"][0][2] == 70_000


def test_rules_1_and_4_a_booster_moves_the_anchor_and_stays_one_dose(care, session):
    booster = _dose("3:20 pm", "20", kind=AdministrationKind.BOOSTER)
    care.do(record_ketamine_session, care.prescriber, _record(session, _dose()), now=EVENING)
    care.do(record_ketamine_session, care.prescriber, _record(session, booster), now=EVENING)
    given = _given(care, session)
    last = last_given_at(given)
    assert _local(last) == "Tue 15:20"
    assert total_ug(given) == 90_000
    assert due_at(last, Thresholds()) - last == 24 * HOUR
    assert care.row(KetamineSession, session.id).breach_reason == ""


def test_rule_4_an_infusions_end_anchors_the_clock(care, session):
    infusion = _dose("2:35 pm", ended_on=TODAY, ended_time="3:15 pm")
    care.do(record_ketamine_session, care.prescriber, _record(session, infusion), now=EVENING)
    assert _local(last_given_at(_given(care, session))) == "Tue 15:15"


def test_a_whole_session_is_recorded_and_closed_in_one_save(care):
    with care.database.writing() as db:
        session, _ = a_booked_pair(db, care.course, dose_at=NOW, integration_at=NOW + DAY)
    entered = _record(
        session,
        _dose(),
        arrived_on=TODAY,
        arrived_time="2:20 pm",
        discharged_on=TODAY,
        discharged_time="4:40 pm",
        close=True,
    )
    care.do(record_ketamine_session, care.therapist, entered, now=EVENING)
    saved = care.row(KetamineSession, session.id)
    assert (saved.status, saved.closed_at) == (SessionStatus.COMPLETED, EVENING)
    assert saved.closed_by_id == care.therapist.clinician_id
    assert (_local(saved.arrived_at), _local(saved.discharged_at)) == ("Tue 14:20", "Tue 16:40")
    (event,) = audit_events(care.database)
    assert event.tag == "ketamine_session:closed"
    assert event.changes["status"] == ["planned", "completed"]
    assert event.changes["arrived_at"] == [None, "2026-11-24T21:20:00+00:00"]


def test_the_same_record_saved_twice_is_written_once(care, session):
    entered = _record(
        session,
        _dose(mg="100", reason="Second vial", told_by=care.prescriber.clinician_id),
        arrived_on=TODAY,
        arrived_time="2:20 pm",
        close=True,
        **OUT,
        no_integration_reason="Client decides tomorrow",
    )
    care.do(record_ketamine_session, care.therapist, entered, now=EVENING)
    saved = care.row(KetamineSession, session.id)
    care.do(record_ketamine_session, care.therapist, entered, now=EVENING + HOUR)
    assert care.row(KetamineSession, session.id).version == saved.version
    assert care.row(KetamineSession, session.id).closed_at == EVENING
    assert count_rows(care.database, Administration) == 1
    assert count_rows(care.database, AuditEvent) == 1


def test_two_threads_recording_the_same_form_write_it_once(care, session):
    entered = _record(session, _dose(), arrived_on=TODAY, arrived_time="2:20 pm")

    def save(_: int) -> None:
        care.do(record_ketamine_session, care.therapist, entered, now=EVENING)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(save, range(2)))
    assert count_rows(care.database, Administration) == 1
    assert count_rows(care.database, AuditEvent) == 1


def test_two_threads_recording_two_doses_keep_both(care, session):
    doses = [_dose(), _dose("3:20 pm", "20", kind=AdministrationKind.BOOSTER)]

    def save(dose: AdministrationEntered) -> None:
        care.do(record_ketamine_session, care.therapist, _record(session, dose), now=EVENING)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(save, doses))
    assert total_ug(_given(care, session)) == 90_000
    assert count_rows(care.database, AuditEvent) == 2


def test_an_edited_form_does_not_pass_for_saved(care, session):
    dose = _dose()
    care.do(record_ketamine_session, care.therapist, _record(session, dose), now=EVENING)
    with pytest.raises(Invalid) as refused:
        care.do(
            record_ketamine_session,
            care.therapist,
            _record(session, replace(dose, mg="60")),
            now=EVENING,
        )
    assert "Correct that record" in refused.value.fields["administrations.0.mg"]


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_who_is_not_treating_records_nothing(care, session, who):
    with pytest.raises((NotAllowed, NotFound)):
        care.do(record_ketamine_session, getattr(care, who), _record(session, _dose()), now=EVENING)
    assert count_rows(care.database, Administration) == 0
    assert care.row(KetamineSession, session.id).status is SessionStatus.PLANNED


def test_a_session_that_does_not_exist_reads_like_one_that_is_hidden(care, session):
    sentences = set()
    for viewer, session_id in ((care.prescriber, new_id()), (care.stranger, session.id)):
        with pytest.raises(NotFound) as refused:
            care.do(
                record_ketamine_session,
                viewer,
                RecordEntered(session_id, 1, (_dose(),)),
                now=EVENING,
            )
        sentences.add(str(refused.value))
    assert len(sentences) == 1


# Bad input


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"mg": ""}, "mg", "Enter the dose"),
        ({"mg": "0"}, "mg", "more than 0"),
        ({"mg": "-5"}, "mg", "more than 0"),
        ({"mg": "NaN"}, "mg", "number of mg"),
        ({"mg": "abc"}, "mg", "number of mg"),
        ({"mg": "=HYPERLINK(1)"}, "mg", "number of mg"),
        ({"mg": "70000"}, "mg", "Check the number"),
        ({"kind": None}, "kind", "Choose"),
        ({"started_on": None}, "started_on", "Choose the day"),
        ({"started_time": ""}, "started_time", "Enter the time"),
        ({"started_time": "2:35"}, "started_time", "am or pm"),
        ({"started_time": "6:31 pm"}, "started_time", "future"),
        ({"started_on": TODAY + DAY}, "started_time", "future"),
        ({"started_on": TODAY - 31 * DAY}, "reason", "31 days after it was given."),
        ({"ended_on": TODAY, "ended_time": "2:34 pm"}, "ended_time", "before the start"),
        ({"ended_on": TODAY, "ended_time": "6:45 pm"}, "ended_time", "future"),
        ({"ended_time": "3 pm"}, "ended_on", "Choose the day"),
        (
            {"started_on": TODAY - DAY, "ended_on": TODAY, "ended_time": "3 pm"},
            "ended_time",
            "six hours",
        ),
        ({"lot": "x" * 61}, "lot", "60 characters"),
        ({"reason": "x" * 8001}, "reason", "8,001 characters"),
    ],
)
def test_rule_36_bad_input_gets_a_sentence_beside_its_field_and_nothing_is_saved(
    care, session, typed, field, says
):
    bad = _dose(**({"mg": "69"} | typed))
    problems = _refused(care, care.prescriber, _record(session, _dose("2:31 pm", "1"), bad))
    assert list(problems) == [f"administrations.1.{field}"]
    assert says in problems[f"administrations.1.{field}"]
    assert count_rows(care.database, Administration) == 0


@ON_SQLITE
@pytest.mark.parametrize("name", ["arrived", "stopped", "discharged"])
@pytest.mark.parametrize(
    ("on", "time", "field", "says"),
    [
        (TODAY, "6:31 pm", "time", "future"),
        (TODAY, "noonish", "time", "like 2:30 pm"),
        (None, "2 pm", "on", "Choose the day"),
    ],
)
def test_rule_36_times_that_cannot_be_are_refused_beside_their_field(
    care, session, name, on, time, field, says
):
    typed = {f"{name}_on": on, f"{name}_time": time, "stop_reason": "Nausea"}
    problems = _refused(care, care.nurse, _record(session, **typed))
    assert list(problems) == [f"{name}_{field}"]
    assert says in problems[f"{name}_{field}"]


@ON_SQLITE
@pytest.mark.parametrize(
    ("name", "time", "says"),
    [
        ("arrived", "2:36 pm", "arrived after the first dose"),
        ("stopped", "2:34 pm", "stopped before the last dose"),
        ("discharged", "2:34 pm", "left before the last dose"),
    ],
)
def test_times_that_contradict_each_other_are_refused(care, session, name, time, says):
    typed = {f"{name}_on": TODAY, f"{name}_time": time, "stop_reason": "Nausea"}
    problems = _refused(care, care.nurse, _record(session, _dose(), **typed))
    assert list(problems) == [f"{name}_time"]
    assert says in problems[f"{name}_time"]
    assert count_rows(care.database, Administration) == 0


def test_a_dose_after_the_client_left_is_refused_beside_its_time(care, session):
    out = _record(session, _dose(), discharged_on=TODAY, discharged_time="4 pm")
    care.do(record_ketamine_session, care.nurse, out, now=EVENING)
    booster = _dose("4:01 pm", "20", kind=AdministrationKind.BOOSTER)
    with pytest.raises(Invalid) as refused:
        care.do(record_ketamine_session, care.nurse, _record(session, booster), now=EVENING)
    assert list(refused.value.fields) == ["administrations.0.started_time"]
    assert count_rows(care.database, Administration) == 1


def test_a_booster_before_its_dose_is_refused_beside_its_time(care, session):
    booster = _dose("2:20 pm", "20", kind=AdministrationKind.BOOSTER)
    problems = _refused(care, care.therapist, _record(session, _dose(), booster))
    assert problems == {
        "administrations.1.started_time": "By these times the booster came before the dose."
    }


@pytest.mark.parametrize("again", ["", " ", "70", "abc", "NaN", "-700", "7000"])
def test_rule_32_what_may_be_a_slip_is_not_recorded_until_it_was_typed_the_same_twice(
    care, session, again
):
    dose = _dose(mg="700", mg_again=again, reason="Meant")
    problems = _refused(care, care.prescriber, _record(session, dose))
    assert list(problems) == ["administrations.0.mg_again"]
    assert count_rows(care.database, Administration) == 0


@pytest.mark.parametrize("again", ["700", "700 mg", "700.0"])
def test_what_was_given_is_recorded_however_much_it_was(care, session, again):
    dose = _dose(mg="700", mg_again=again, reason="The wrong vial")
    for _ in range(2):
        care.do(record_ketamine_session, care.prescriber, _record(session, dose), now=EVENING)
    (row,) = care.rows(Administration)
    assert row.ug == 700_000
    assert "The wrong vial" in care.row(KetamineSession, session.id).breach_reason


def test_more_than_anybody_orders_can_have_been_taken(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.SUBLINGUAL)
        session = a_ketamine_session(db, care.course, planned_at=NOW, series=series)
    taken = _dose(mg="1,200", mg_again="1200", reason="Took all twelve at home")
    care.do(record_ketamine_session, care.prescriber, _record(session, taken), now=EVENING)
    assert [one.ug for one in care.rows(Administration)] == [1_200_000]


@ON_SQLITE
@pytest.mark.parametrize("grams", [17_000, 18_000])
def test_what_a_slip_is_goes_by_the_weight(care, session, grams):
    with care.database.writing() as db:
        a_weight(db, care.client, grams, care.nurse.clinician_id)
    entered = _record(session, _dose(mg="70"))
    if grams == 17_000:
        assert list(_refused(care, care.prescriber, entered)) == ["administrations.0.mg_again"]
        return
    care.do(record_ketamine_session, care.prescriber, entered, now=EVENING)


def test_a_correction_types_a_slip_twice_and_never_one_that_was_kept_already(care, session):
    kept = _dose(mg="700", mg_again="700", reason="The wrong vial")
    care.do(record_ketamine_session, care.prescriber, _record(session, kept), now=EVENING)
    later = CorrectEntered(kept.id, "Time", _dose("2:40 pm", "700"))
    care.do(correct_administration, care.prescriber, later, now=EVENING)

    more = CorrectEntered(later.administration.id, "Amount", _dose("2:40 pm", "750"))
    with pytest.raises(Invalid) as refused:
        care.do(correct_administration, care.prescriber, more, now=EVENING)
    assert list(refused.value.fields) == ["mg_again"]
    assert [one.ug for one in care.rows(Administration, voided_at=None)] == [700_000]


def test_rule_9_a_session_over_midnight_is_one_record(care, session):
    entered = _record(
        session,
        _dose("11:40 pm"),
        _dose("12:10 am", "20", started_on=TODAY + DAY, kind=AdministrationKind.BOOSTER),
        discharged_on=TODAY + DAY,
        discharged_time="1:30 am",
    )
    care.do(record_ketamine_session, care.nurse, entered, now=NOW + 12 * HOUR)
    assert _local(last_given_at(_given(care, session))) == "Wed 00:10"
    assert _local(care.row(KetamineSession, session.id).discharged_at) == "Wed 01:30"


# Accepted although planning would have refused it


def test_a_therapist_within_the_order_needs_nobodys_word(care, session):
    booster = _dose("3:20 pm", "20", kind=AdministrationKind.BOOSTER)
    care.do(
        record_ketamine_session, care.therapist, _record(session, _dose(), booster), now=EVENING
    )
    assert {one.told_by_id for one in care.rows(Administration)} == {None}


_BEYOND = {
    "one dose above the order": _dose(mg="71"),
    "one booster too many": _dose("3:20 pm", "21", kind=AdministrationKind.BOOSTER),
    "no order": _dose(mg="1"),
}


def _beyond(care: Care, session: KetamineSession, how: str) -> AdministrationEntered:
    """The dose, and the session brought to where that goes beyond its order."""
    with care.database.writing() as db:
        row = db.get_one(KetamineSession, session.id)
        if how == "no order":
            row.order_state = OrderState.PROPOSED
        if how == "one booster too many":
            an_administration(db, row, started_at=NOW + timedelta(minutes=5))
    return replace(_BEYOND[how], id=new_id(), reason="Asked for it")


@pytest.mark.parametrize("how", _BEYOND)
@pytest.mark.parametrize("way", ["recorded", "corrected"])
@pytest.mark.parametrize("who", ["therapist", "nurse"])
def test_rule_15_beyond_the_order_is_recorded_only_as_told_and_never_changes_it(
    care, session, who, way, how
):
    viewer, entered = getattr(care, who), _beyond(care, session, how)
    before = care.row(KetamineSession, session.id)

    def save(dose: AdministrationEntered) -> None:
        if way == "recorded":
            care.do(record_ketamine_session, viewer, _record(session, dose), now=EVENING)
        else:
            care.do(
                correct_administration, viewer, CorrectEntered(low.id, "Misread", dose), now=EVENING
            )

    if way == "corrected":
        with care.database.writing() as db:
            low = an_administration(
                db,
                db.get_one(KetamineSession, session.id),
                started_at=NOW + timedelta(minutes=6),
                ug=1_000,
                kind=entered.kind,
            )
            low.given_by_id = viewer.clinician_id
    field = "administrations.0.told_by" if way == "recorded" else "told_by"
    for nobody in (None, care.therapist.clinician_id, care.nurse.clinician_id, new_id()):
        with pytest.raises(Invalid) as refused:
            save(replace(entered, told_by=nobody))
        assert list(refused.value.fields) == [field]

    save(replace(entered, told_by=care.prescriber.clinician_id))
    row = care.row(Administration, entered.id)
    assert (row.told_by_id, row.confirmed_at) == (care.prescriber.clinician_id, None)
    with pytest.raises(NotAllowed):
        care.do(confirm_administration, viewer, row.id, now=EVENING)
    after = care.row(KetamineSession, session.id)
    for column in (
        *("order_state", "ordered_ug", "may_add_ug", "ordered_by_id", "ordered_at"),
        *("may_add_from_minutes", "may_add_to_minutes", "order_reason"),
    ):
        assert getattr(after, column) == getattr(before, column)


@pytest.mark.parametrize(
    ("who", "is_witnessed"), [("prescriber", False), ("nurse", False), ("therapist", True)]
)
def test_what_a_therapist_records_was_taken_and_witnessed(care, session, who, is_witnessed):
    dose = _dose()
    care.do(record_ketamine_session, getattr(care, who), _record(session, dose), now=EVENING)
    assert care.row(Administration, dose.id).is_witnessed is is_witnessed
    # Who corrects what was misread has neither given nor seen it.
    right = _dose(mg="60")
    entered = CorrectEntered(dose.id, "Misread", right)
    care.do(correct_administration, care.prescriber, entered, now=EVENING)
    assert care.row(Administration, right.id).is_witnessed is is_witnessed


def test_rule_35_more_than_ordered_asks_for_the_reason_and_the_prescriber(care, session):
    more = _dose("3:20 pm", "21", kind=AdministrationKind.BOOSTER)
    problems = _refused(care, care.therapist, _record(session, _dose(), more))
    assert set(problems) == {"administrations.1.reason", "administrations.1.told_by"}
    assert problems["administrations.1.reason"] == "This is more than was ordered. Say why."
    told = replace(more, reason="Little effect", told_by=care.prescriber.clinician_id)
    care.do(record_ketamine_session, care.therapist, _record(session, _dose(), told), now=EVENING)
    row = care.row(Administration, told.id)
    assert (row.told_by_id, row.confirmed_at) == (care.prescriber.clinician_id, None)
    assert care.row(KetamineSession, session.id).breach_reason == (
        "This is more than was ordered. Little effect"
    )


@pytest.fixture
def timed(care, session) -> KetamineSession:
    """The same, its 20 mg to be added once, after 10 to 20 min; 70 mg were given at 2:35 pm."""
    with care.database.writing() as db:
        row = db.get_one(KetamineSession, session.id)
        row.may_add_from_minutes, row.may_add_to_minutes = 10, 20
        an_administration(db, row, started_at=NOW + timedelta(minutes=5))
    return session


@pytest.mark.parametrize("who", ["therapist", "nurse", "prescriber"])
@pytest.mark.parametrize(
    ("time", "mg", "before", "why"),
    [
        ("2:40 pm", "20", (), "It was added 5 min after the dose; the order says after 10"),
        ("2:56 pm", "20", (), "It was added 21 min after the dose; the order says after 10"),
        ("2:50 pm", "10", (10,), "The order lets it be added once, and this is one more."),
        ("2:50 pm", "21", (), "This is more than was ordered."),
    ],
)
def test_rule_35_what_was_added_otherwise_than_ordered_is_kept_with_its_reason(
    care, timed, who, time, mg, before, why
):
    viewer = getattr(care, who)
    with care.database.writing() as db:
        for earlier in before:
            an_administration(
                db,
                db.get_one(KetamineSession, timed.id),
                started_at=NOW + timedelta(minutes=15),
                ug=earlier * 1000,
                kind=AdministrationKind.BOOSTER,
            )
    booster = _dose(time, mg, kind=AdministrationKind.BOOSTER)

    problems = _refused(care, viewer, _record(timed, booster))
    asked = {"administrations.0.reason"}
    if who != "prescriber":
        asked.add("administrations.0.told_by")
    assert set(problems) == asked
    assert problems["administrations.0.reason"].startswith(why)

    told_by = None if who == "prescriber" else care.prescriber.clinician_id
    meant = replace(booster, reason="Asked for it", told_by=told_by)
    care.do(record_ketamine_session, viewer, _record(timed, meant), now=EVENING)
    kept = care.row(KetamineSession, timed.id)
    assert kept.breach_reason.replace("\u00a0", " ").startswith(why)
    assert kept.breach_reason.endswith("Asked for it")
    assert bool(care.row(Administration, meant.id).confirmed_at) is (who == "prescriber")


def test_a_booster_recorded_before_its_dose_gets_round_no_question(care, session):
    with care.database.writing() as db:
        row = db.get_one(KetamineSession, session.id)
        row.may_add_from_minutes, row.may_add_to_minutes = 10, 20
    booster = _dose("2:37 pm", "20", kind=AdministrationKind.BOOSTER)
    care.do(record_ketamine_session, care.therapist, _record(session, booster), now=EVENING)
    later = EVENING + timedelta(minutes=1)

    with pytest.raises(Invalid) as refused:
        care.do(record_ketamine_session, care.therapist, _record(session, _dose()), now=later)

    assert set(refused.value.fields) == {"administrations.0.reason", "administrations.0.told_by"}
    assert "It was added 2" in refused.value.fields["administrations.0.reason"]


@pytest.mark.parametrize("time", ["2:45 pm", "2:55 pm"])
def test_what_was_added_as_ordered_asks_nobody_for_anything(care, timed, time):
    booster = _dose(time, "20", kind=AdministrationKind.BOOSTER)
    care.do(record_ketamine_session, care.therapist, _record(timed, booster), now=EVENING)
    assert care.row(KetamineSession, timed.id).breach_reason == ""
    assert care.row(Administration, booster.id).told_by_id is None


@pytest.mark.parametrize("who", ["therapist", "nurse", "front_desk"])
def test_only_a_prescriber_can_have_told_somebody_to_give_it(care, session, who):
    more = _dose(mg="100", reason="Little effect", told_by=getattr(care, who).clinician_id)
    problems = _refused(care, care.therapist, _record(session, more))
    assert list(problems) == ["administrations.0.told_by"]


def test_a_prescribers_own_dose_beyond_the_order_is_confirmed_at_once(care, session):
    more = _dose(mg="100", reason="Weight was wrong")
    care.do(record_ketamine_session, care.prescriber, _record(session, more), now=EVENING)
    (row,) = care.rows(Administration)
    assert (row.confirmed_by_id, row.confirmed_at) == (care.prescriber.clinician_id, EVENING)
    assert care.row(KetamineSession, session.id).breach_reason


def test_without_an_order_every_dose_says_why(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW, ordered_ug=None)
    problems = _refused(care, care.prescriber, _record(session, _dose()))
    assert problems == {"administrations.0.reason": "No dose was ordered. Say why."}


def test_rule_21_a_dose_without_clearance_is_accepted_with_its_reason(database):
    care = a_cared_for_client(database, cleared=False)
    with database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW)
    problems = _refused(care, care.nurse, _record(session, _dose()))
    assert list(problems) == ["administrations.0.reason"]
    assert "a clearance by the prescriber" in problems["administrations.0.reason"]
    entered = _record(session, _dose(reason="Cleared by phone"))
    care.do(record_ketamine_session, care.nurse, entered, now=EVENING)
    assert "Cleared by phone" in care.row(KetamineSession, session.id).breach_reason
    assert care.row(KetamineSession, session.id).status is SessionStatus.STARTED


def test_a_clearance_that_came_after_the_dose_does_not_cover_it(database):
    care = a_cared_for_client(database, cleared=False)
    with database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW)
        by_id = care.prescriber.clinician_id
        required_consents_of(db, care.course, by_id)
        a_clearance(db, care.course, by_id, decided_at=NOW + timedelta(minutes=6))
    assert _refused(care, care.nurse, _record(session, _dose("2:35 pm")))
    care.do(record_ketamine_session, care.nurse, _record(session, _dose("2:36 pm")), now=EVENING)


@pytest.mark.parametrize(
    ("consent", "dates", "is_breach"),
    [
        (ConsentType.OFF_LABEL, {"expires_on": TODAY - DAY}, True),
        (ConsentType.KAP_TREATMENT, {"revoked_on": TODAY}, True),
        # Signed only afterwards.
        (ConsentType.TEAM_SHARING, {"signed_on": TODAY + DAY}, True),
        (ConsentType.OFF_LABEL, {"expires_on": TODAY}, False),
        # What need not be agreed to is missing from nothing.
        (ConsentType.TOUCH, {"revoked_on": TODAY}, False),
    ],
)
def test_rule_22_a_dose_without_a_consent_that_it_needs_is_recorded_as_a_breach_that_names_it(
    database, consent, dates, is_breach
):
    care = a_cared_for_client(database, cleared=False)
    with database.writing() as db:
        by_id = care.prescriber.clinician_id
        a_clearance(db, care.course, by_id)
        for one in ConsentType:
            a_consent(db, care.course, one, by_id, **(dates if one is consent else {}))
        session = a_ketamine_session(db, care.course, planned_at=NOW)
    names = f"Not in date on that day: consent “{consent.label}”."
    if is_breach:
        problems = _refused(care, care.nurse, _record(session, _dose()))
        assert problems == {"administrations.0.reason": f"{names} Say why."}
    entered = _record(session, _dose(reason="Signed on paper" if is_breach else ""))
    care.do(record_ketamine_session, care.nurse, entered, now=EVENING)

    kept = care.row(KetamineSession, session.id).breach_reason
    assert kept == (f"{names} Signed on paper" if is_breach else "")
    # It needs nobody's word: the order was kept.
    assert [one.told_by_id for one in care.rows(Administration)] == [None]


def test_rule_22_the_labelled_product_needs_no_consent_to_off_label_use(database):
    care = a_cared_for_client(database, cleared=False)
    with database.writing() as db:
        by_id = care.prescriber.clinician_id
        a_clearance(db, care.course, by_id)
        for one in set(ConsentType) - {ConsentType.OFF_LABEL}:
            a_consent(db, care.course, one, by_id)
        an_enrollment(db, care.client, by_id)
        series = a_series(db, care.course, product_route=ProductRoute.ESKETAMINE_NASAL)
        session = a_ketamine_session(
            db, care.course, planned_at=NOW, series=series, ordered_ug=56_000
        )
    device = _dose(kind=AdministrationKind.DEVICE, mg="28")
    care.do(record_ketamine_session, care.nurse, _record(session, device), now=EVENING)
    assert care.row(KetamineSession, session.id).breach_reason == ""


def test_a_dose_over_the_ceiling_or_on_hold_is_accepted_with_its_reason(database):
    care = a_cared_for_client(database, hold=HoldReason.TRAVEL)
    with database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW, ordered_ug=200_000)
    problems = _refused(care, care.nurse, _record(session, _dose(mg="160")))
    assert problems == {
        "administrations.0.reason": (
            "The course was on hold. This is more than the 150 mg that the clearance allows. "
            "Say why."
        )
    }
    entered = _record(session, _dose(mg="160", reason="Client came anyway"))
    care.do(record_ketamine_session, care.nurse, entered, now=EVENING)
    assert care.row(KetamineSession, session.id).breach_reason.endswith("Client came anyway")


def test_a_dose_over_a_ceiling_by_weight_is_judged_with_the_weight_of_that_day(database):
    care = a_cared_for_client(database, cleared=False)
    with database.writing() as db:
        by = care.prescriber.clinician_id
        required_consents_of(db, care.course, by)
        a_clearance(db, care.course, by, ceiling_ug=None, ceiling_ug_per_kg=1_500)
        session = a_ketamine_session(db, care.course, planned_at=NOW, ordered_ug=200_000)
        a_weight(db, care.client, 70_000, by, TODAY + timedelta(days=1))
    entered = _record(session, _dose(mg="110"))

    # A weight from afterwards says nothing about that day: nobody knew, which is a breach as well.
    problems = _refused(care, care.nurse, entered)
    assert "no weight was recorded by then. Say why." in problems["administrations.0.reason"]

    with database.writing() as db:
        a_weight(db, care.client, 72_000, by)
    problems = _refused(care, care.nurse, entered)
    assert "108 mg at 72 kg" in problems["administrations.0.reason"].replace("\u00a0", " ")

    with database.writing() as db:
        a_weight(db, care.client, 74_000, by).recorded_at = NOW + timedelta(minutes=1)
    care.do(record_ketamine_session, care.nurse, entered, now=EVENING)
    assert care.row(KetamineSession, session.id).breach_reason == ""


@pytest.mark.parametrize(
    "status", [SessionStatus.CANCELLED, SessionStatus.MISSED, SessionStatus.NOT_GIVEN]
)
def test_a_dose_in_a_session_that_was_called_off_is_accepted_and_reopens_it(care, status):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW, status=status)
        session.end_reason, session.closed_at = "Flu", NOW
    care.do(record_ketamine_session, care.therapist, _record(session, _dose()), now=EVENING)
    saved = care.row(KetamineSession, session.id)
    assert (saved.status, saved.end_reason, saved.closed_at) == (SessionStatus.STARTED, "", None)
    (event,) = audit_events(care.database)
    assert event.changes["status"] == [status.value, "started"]


def test_a_dose_entered_late_is_accepted_in_a_closed_session_and_leaves_it_closed(care):
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW)
    booster = _dose("3:20 pm", "20", kind=AdministrationKind.BOOSTER)
    care.do(record_ketamine_session, care.therapist, _record(session, booster), now=EVENING)
    saved = care.row(KetamineSession, session.id)
    assert (saved.status, saved.closed_at) == (SessionStatus.COMPLETED, session.closed_at)
    assert _local(last_given_at(_given(care, session))) == "Tue 15:20"


def test_a_session_nobody_recorded_is_recorded_the_next_day(care):
    with care.database.writing() as db:
        session = an_unrecorded_session(db, care.course)
    entered = _record(session, _dose(started_on=TODAY - DAY))
    care.do(record_ketamine_session, care.therapist, entered)
    assert _local(last_given_at(_given(care, session))) == "Mon 14:35"


def test_a_dose_is_accepted_although_a_colleague_recorded_the_arrival_meanwhile(care, session):
    arrived = _record(session, arrived_on=TODAY, arrived_time="2:20 pm")
    care.do(record_ketamine_session, care.nurse, arrived, now=EVENING)
    care.do(record_ketamine_session, care.therapist, _record(session, _dose()), now=EVENING)
    assert care.row(KetamineSession, session.id).status is SessionStatus.STARTED


def test_two_different_arrivals_are_shown_side_by_side(care, session):
    first = _record(session, arrived_on=TODAY, arrived_time="2:20 pm")
    care.do(record_ketamine_session, care.nurse, first, now=EVENING)
    second = replace(first, arrived_time="2:25 pm")
    with pytest.raises(Conflict) as conflict:
        care.do(record_ketamine_session, care.therapist, second, now=EVENING)
    assert conflict.value.theirs["arrived_at"] != conflict.value.mine["arrived_at"]
    assert _local(care.row(KetamineSession, session.id).arrived_at) == "Tue 14:20"


# Confirmed


@pytest.fixture
def told(care, session) -> Administration:
    """A dose beyond the order, given by the nurse on the prescriber's word."""
    with care.database.writing() as db:
        row = an_administration(db, session, started_at=NOW, ug=100_000, told_by=care.prescriber)
        row.given_by_id = care.nurse.clinician_id
        return row


def test_a_prescriber_confirms_once(care, told):
    for _ in range(2):
        care.do(confirm_administration, care.prescriber, told.id, now=EVENING)
    row = care.row(Administration, told.id)
    assert (row.confirmed_by_id, row.confirmed_at) == (care.prescriber.clinician_id, EVENING)
    (event,) = audit_events(care.database)
    assert (event.tag, event.subject_id) == ("administration:confirmed", told.ketamine_session_id)


def test_what_was_entered_in_error_is_not_confirmed(care, told):
    with care.database.writing() as db:
        row = db.get_one(Administration, told.id)
        row.voided_at, row.voided_by_id = NOW, care.prescriber.clinician_id
    with pytest.raises(NotAllowed, match="entered in error"):
        care.do(confirm_administration, care.prescriber, told.id, now=EVENING)


@pytest.mark.parametrize("who", ["therapist", "nurse", "front_desk", "stranger"])
def test_nobody_else_confirms(care, told, who):
    with pytest.raises((NotAllowed, NotFound)):
        care.do(confirm_administration, getattr(care, who), told.id, now=EVENING)
    assert care.row(Administration, told.id).confirmed_at is None


def test_what_was_ordered_needs_no_confirmation(care, session):
    with care.database.writing() as db:
        row = an_administration(db, session, started_at=NOW)
    with pytest.raises(NotAllowed, match="nothing to confirm"):
        care.do(confirm_administration, care.prescriber, row.id, now=EVENING)


# Corrected


@pytest.fixture
def recorded(care) -> tuple[KetamineSession, Administration]:
    """A closed session with 70 mg at 2:30 pm."""
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW)
    (row,) = care.rows(Administration)
    return session, row


def test_rule_5_correcting_moves_the_due_time_and_keeps_the_old_value(care, recorded):
    session, wrong = recorded
    right = _dose("3:05 pm", "60")
    entered = CorrectEntered(wrong.id, "Read the wrong clock", right)
    care.do(correct_administration, care.prescriber, entered, now=EVENING)
    assert _local(last_given_at(_given(care, session))) == "Tue 15:05"
    assert total_ug(_given(care, session)) == 60_000
    old, new = care.row(Administration, wrong.id), care.row(Administration, right.id)
    assert (old.voided_at, old.void_reason) == (EVENING, "Read the wrong clock")
    assert (old.ug, old.started_at) == (70_000, NOW)
    assert new.given_by_id == wrong.given_by_id
    (event,) = audit_events(care.database)
    assert event.tag == "administration:corrected"
    assert event.changes["instead_of"][2:4] == [70_000, NOW.isoformat()]
    assert event.changes["administrations"][0][2] == 60_000
    assert care.row(KetamineSession, session.id).status is SessionStatus.COMPLETED


def test_a_correction_saved_twice_is_written_once(care, recorded):
    entered = CorrectEntered(recorded[1].id, "Wrong clock", _dose("3:05 pm"))
    for _ in range(2):
        care.do(correct_administration, care.prescriber, entered, now=EVENING)
    assert count_rows(care.database, Administration) == 2
    assert count_rows(care.database, AuditEvent) == 1


@ON_SQLITE
def test_a_correction_that_corrects_nothing_makes_no_second_dose(care, recorded):
    entered = CorrectEntered(recorded[1].id, "Wrong clock", _dose("2:30 pm"))
    with pytest.raises(Unchanged):
        care.do(correct_administration, care.prescriber, entered, now=EVENING)
    (kept,) = care.rows(Administration)
    assert kept.voided_at is None
    assert count_rows(care.database, AuditEvent) == 0


def test_two_threads_correcting_the_same_dose_leave_one_that_counts(care, recorded):
    session, wrong = recorded
    outcomes = []

    def save(mg: str) -> None:
        entered = CorrectEntered(wrong.id, "Wrong number", _dose(mg=mg))
        try:
            care.do(correct_administration, care.prescriber, entered, now=EVENING)
            outcomes.append("saved")
        except NotAllowed:
            outcomes.append("refused")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(save, ["60", "65"]))
    assert sorted(outcomes) == ["refused", "saved"]
    assert len(_given(care, session)) == 1


@ON_SQLITE
@pytest.mark.parametrize(
    ("reason", "typed", "field"),
    [
        ("", {}, "void_reason"),
        ("Typo", {"mg": "0"}, "mg"),
        ("Typo", {"started_time": "7 pm"}, "started_time"),
        ("Typo", {"mg": "140"}, "reason"),
    ],
)
def test_a_bad_correction_leaves_the_record_as_it_is(care, recorded, reason, typed, field):
    wrong = recorded[1]
    with pytest.raises(Invalid) as refused:
        care.do(
            correct_administration,
            care.prescriber,
            CorrectEntered(wrong.id, reason, _dose(**typed)),
            now=EVENING,
        )
    assert list(refused.value.fields) == [field]
    assert care.row(Administration, wrong.id).voided_at is None
    assert count_rows(care.database, Administration) == 1


def test_a_corrected_typo_leaves_no_breach_behind(care, session):
    typo = _dose(mg="700", mg_again="700", reason="As ordered")
    care.do(record_ketamine_session, care.prescriber, _record(session, typo), now=EVENING)
    assert care.row(KetamineSession, session.id).breach_reason
    entered = CorrectEntered(typo.id, "One zero too many", _dose(mg="70"))
    care.do(correct_administration, care.prescriber, entered, now=EVENING)
    assert care.row(KetamineSession, session.id).breach_reason == ""


def test_correcting_the_time_of_a_confirmed_dose_keeps_the_confirmation(care, told):
    care.do(confirm_administration, care.prescriber, told.id, now=EVENING)
    later = _dose("2:40 pm", "100", reason="As told")
    care.do(correct_administration, care.nurse, CorrectEntered(told.id, "Time", later), now=EVENING)
    row = care.row(Administration, later.id)
    assert (row.told_by_id, row.confirmed_at) == (care.prescriber.clinician_id, EVENING)


def test_correcting_the_amount_of_a_confirmed_dose_asks_for_a_new_confirmation(care, told):
    care.do(confirm_administration, care.prescriber, told.id, now=EVENING)
    more = _dose("2:30 pm", "110", reason="As told")
    care.do(
        correct_administration, care.nurse, CorrectEntered(told.id, "Amount", more), now=EVENING
    )
    row = care.row(Administration, more.id)
    assert (row.told_by_id, row.confirmed_at) == (care.prescriber.clinician_id, None)


def test_rule_66_an_administration_that_never_was_is_struck_through_not_deleted(care, recorded):
    session, wrong = recorded
    entered = VoidEntered(wrong.id, "Other client's dose")
    for _ in range(2):
        care.do(void_administration, care.prescriber, entered, now=EVENING)
    assert care.row(Administration, wrong.id).voided_at == EVENING
    assert _given(care, session) == []
    saved = care.row(KetamineSession, session.id)
    assert (saved.status, saved.closed_at) == (SessionStatus.PLANNED, None)
    (event,) = audit_events(care.database)
    assert event.tag == "administration:voided"
    assert event.changes["status"] == ["completed", "planned"]


def test_out_goes_with_the_only_dose_so_that_the_right_one_can_be_recorded_later(care, session):
    first = _record(
        session,
        _dose(),
        discharged_on=TODAY,
        discharged_time="3:00 pm",
        early_out_reason="Fetched early",
    )
    care.do(record_ketamine_session, care.nurse, first, now=EVENING)
    (wrong,) = care.rows(Administration)
    care.do(void_administration, care.nurse, VoidEntered(wrong.id, "Not hers"), now=EVENING)
    assert care.row(KetamineSession, session.id).discharged_at is None
    assert "discharged_at" in audit_events(care.database)[-1].changes
    care.do(record_ketamine_session, care.nurse, _record(session, _dose("3:10 pm")), now=EVENING)
    assert _local(last_given_at(_given(care, session))) == "Tue 15:10"


def test_voiding_a_booster_moves_the_anchor_back_and_leaves_the_session_closed(care):
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW, boosted_at=NOW + HOUR)
    (booster,) = care.rows(Administration, kind=AdministrationKind.BOOSTER)
    entered = VoidEntered(booster.id, "Not given")
    care.do(void_administration, care.prescriber, entered, now=EVENING)
    assert last_given_at(_given(care, session)) == NOW
    assert care.row(KetamineSession, session.id).status is SessionStatus.COMPLETED
    assert len(audit_events(care.database)) == 1


@pytest.mark.parametrize(
    ("recorded_by", "who", "may"),
    [
        ("prescriber", "prescriber", True),
        ("nurse", "nurse", True),
        ("nurse", "prescriber", True),
        ("therapist", "therapist", True),
        ("therapist", "prescriber", True),
        ("prescriber", "therapist", False),
        ("prescriber", "nurse", False),
        ("nurse", "therapist", False),
        ("therapist", "nurse", False),
    ],
)
def test_a_dose_is_struck_only_by_who_recorded_it_or_a_prescriber(
    care, session, recorded_by, who, may
):
    recorder, viewer = getattr(care, recorded_by), getattr(care, who)
    dose = _dose()
    care.do(record_ketamine_session, recorder, _record(session, dose), now=EVENING)
    # A correction strikes it as well: 1 mg in the place of 70 mg would be no dose any more.
    right = _dose(mg="60", reason="The syringe says so")
    ways = (
        (correct_administration, CorrectEntered(dose.id, "Misread", right)),
        (void_administration, VoidEntered(right.id if may else dose.id, "Another client's")),
    )
    for action, entered in ways:
        if may:
            care.do(action, viewer, entered, now=EVENING)
            continue
        with pytest.raises(NotAllowed) as refused:
            care.do(action, viewer, entered, now=EVENING)
        assert f"Ask {recorder.name} or a prescriber" in str(refused.value)
    assert (care.row(Administration, dose.id).voided_at is not None) is may
    assert (len(_given(care, session)) == 0) is may


def test_a_prescriber_who_does_not_treat_the_client_strikes_nothing(care, recorded):
    with pytest.raises(NotFound):
        care.do(void_administration, care.stranger, VoidEntered(recorded[1].id, "Typo"))
    assert care.row(Administration, recorded[1].id).voided_at is None


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_who_is_not_treating_corrects_nothing(care, recorded, who):
    wrong = recorded[1]
    for action, entered in (
        (void_administration, VoidEntered(wrong.id, "Typo")),
        (correct_administration, CorrectEntered(wrong.id, "Typo", _dose())),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            care.do(action, getattr(care, who), entered, now=EVENING)
    assert care.row(Administration, wrong.id).voided_at is None


def test_am_typed_for_pm_is_asked_about_and_with_a_reason_accepted_without_a_breach(care, session):
    slip = _record(session, _dose("2:35 am"))
    fields = _refused(care, care.nurse, slip)
    assert list(fields) == ["administrations.0.reason"]
    assert "11 hr 55 min before the planned time. Say why." in fields["administrations.0.reason"]
    meant = _record(session, _dose("2:35 am", reason="Came at night"))
    care.do(record_ketamine_session, care.nurse, meant, now=EVENING)
    assert care.row(KetamineSession, session.id).breach_reason == ""


def test_a_dose_entered_late_is_kept_with_its_reason_and_said_for_a_week(care, session):
    late = _dose(started_on=TODAY - 31 * DAY, reason="Paper record found")
    care.do(record_ketamine_session, care.nurse, _record(session, late), now=EVENING)
    kept = care.row(KetamineSession, session.id).breach_reason
    assert "31 days after it was given" in kept
    assert kept.endswith("Paper record found")
    with care.database.reading() as db:
        asked = Asked(care.prescriber, practice_in_force(db, EVENING), EVENING)
        (course,) = course_standings(db, asked)
    assert Reason.BREACH in [one.reason for one in course.attention]


def test_a_dose_that_comes_to_light_brings_a_closed_course_back_to_every_list(care):
    with care.database.writing() as db:
        missed = a_ketamine_session(
            db, care.course, planned_at=NOW - HOUR, status=SessionStatus.MISSED
        )
        course = db.get_one(Episode, care.course.id)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
        course.close_reason = CloseReason.OUT_OF_TOUCH
    entered = _record(missed, _dose())
    for _ in range(2):
        care.do(record_ketamine_session, care.nurse, entered, now=EVENING)

    with care.database.reading() as db:
        asked = Asked(care.therapist, practice_in_force(db, EVENING), EVENING)
        (standing,) = course_standings(db, asked)
    assert standing.state is EpisodeState.SERIES_REVIEW
    assert [line.doses[0].id for line in standing.integrations] == [missed.id]
    assert [one.tag for one in audit_events(care.database)] == [
        "ketamine_session:recorded",
        "episode:reopened",
    ]


def test_what_is_only_corrected_leaves_a_closed_course_closed(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW)
        an_integration_session(
            db,
            care.course,
            given,
            closed_at=NOW,
            close_reason=IntegrationCloseReason.DECLINED,
        )
        course = db.get_one(Episode, care.course.id)
        course.state, course.closed_at = EpisodeState.CLOSED, NOW
    entered = RecordEntered(given.id, 1, **OUT)
    care.do(record_ketamine_session, care.nurse, entered, now=EVENING)
    assert care.row(Episode, care.course.id).state is EpisodeState.CLOSED


# Stopped, out, closed


def test_a_session_stopped_early_says_why_and_counts_as_given(care, session):
    stopped = _record(session, _dose(), stopped_on=TODAY, stopped_time="2:50 pm", close=True, **OUT)
    stopped = replace(stopped, no_integration_reason="Client decides tomorrow")
    assert list(_refused(care, care.nurse, stopped)) == ["stop_reason"]
    care.do(
        record_ketamine_session, care.nurse, replace(stopped, stop_reason="Nausea"), now=EVENING
    )
    saved = care.row(KetamineSession, session.id)
    assert (saved.status, saved.end_reason) == (SessionStatus.STOPPED_EARLY, "Nausea")
    assert saved.status.is_given
    assert last_given_at(_given(care, session)) is not None
    (event,) = audit_events(care.database)
    assert "Nausea" not in str(event.changes)


def test_a_session_stopped_first_and_closed_later_stays_stopped_early(care):
    with care.database.writing() as db:
        session, _ = a_booked_pair(db, care.course, dose_at=NOW, integration_at=NOW + DAY)
    first = _record(
        session, _dose(), stopped_on=TODAY, stopped_time="2:50 pm", stop_reason="Nausea"
    )
    care.do(record_ketamine_session, care.nurse, first, now=EVENING)
    assert care.row(KetamineSession, session.id).status is SessionStatus.STARTED
    closing = RecordEntered(session.id, 2, close=True, **OUT)
    care.do(record_ketamine_session, care.nurse, closing, now=EVENING)
    assert care.row(KetamineSession, session.id).status is SessionStatus.STOPPED_EARLY


def test_a_session_without_a_dose_is_not_closed(care, session):
    entered = _record(session, close=True, no_integration_reason="Nothing happened")
    with pytest.raises(NotAllowed, match="No dose was recorded"):
        care.do(record_ketamine_session, care.prescriber, entered, now=EVENING)
    assert care.row(KetamineSession, session.id).status is SessionStatus.PLANNED


def test_closing_asks_for_the_integration_or_for_the_reason(care, session):
    closing = _record(session, _dose(), close=True, **OUT)
    assert list(_refused(care, care.nurse, closing)) == ["no_integration_reason"]
    care.do(
        record_ketamine_session,
        care.nurse,
        replace(closing, no_integration_reason="Client travels tonight"),
        now=EVENING,
    )
    (event,) = audit_events(care.database)
    assert event.changes["no_integration_reason"] == "Client travels tonight"
    assert care.row(KetamineSession, session.id).no_integration_reason == "Client travels tonight"


def test_closing_asks_when_the_client_was_out(care):
    with care.database.writing() as db:
        session, _ = a_booked_pair(db, care.course, dose_at=NOW, integration_at=NOW + DAY)
    closing = _record(session, _dose(), close=True)
    assert list(_refused(care, care.nurse, closing)) == ["discharged_time"]
    out = _record(session, _dose(), **OUT)
    care.do(record_ketamine_session, care.nurse, out, now=EVENING)
    assert care.row(KetamineSession, session.id).status is SessionStatus.STARTED
    care.do(
        record_ketamine_session, care.nurse, RecordEntered(session.id, 2, close=True), now=EVENING
    )
    assert care.row(KetamineSession, session.id).status is SessionStatus.COMPLETED


@pytest.mark.parametrize(
    ("columns", "arranged"),
    [
        ({"planned_at": NOW + DAY}, True),
        ({"agreed_for": TODAY + 3 * DAY}, True),
        ({"planned_at": NOW + DAY, "dropped_at": NOW}, False),
        ({"held_at": NOW + HOUR, "kind": IntegrationKind.DEBRIEF}, False),
    ],
)
def test_what_counts_as_an_arranged_integration(care, session, columns, arranged):
    with care.database.writing() as db:
        an_integration_session(db, care.course, session, **columns)
    closing = _record(session, _dose(), close=True, **OUT)
    if not arranged:
        assert list(_refused(care, care.nurse, closing)) == ["no_integration_reason"]
        return
    care.do(record_ketamine_session, care.nurse, closing, now=EVENING)
    assert care.row(KetamineSession, session.id).status is SessionStatus.COMPLETED


def test_a_course_that_expects_no_integration_closes_without_one(database):
    care = a_cared_for_client(database, expects_integration=False)
    with database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW)
    closing = _record(session, _dose(), close=True, **OUT)
    care.do(record_ketamine_session, care.nurse, closing, now=EVENING)
    assert care.row(KetamineSession, session.id).status is SessionStatus.COMPLETED


def test_recording_touches_neither_the_clearance_nor_the_integration(care):
    with care.database.writing() as db:
        session, integration = a_booked_pair(db, care.course, dose_at=NOW, integration_at=NOW + DAY)
    care.do(record_ketamine_session, care.nurse, _record(session, _dose()), now=EVENING)
    assert care.row(IntegrationSession, integration.id).version == 1
    assert count_rows(care.database, Clearance) == 1


def test_a_record_of_nothing_is_not_said_to_be_saved(care, session):
    with pytest.raises(NotAllowed, match="Nothing was entered"):
        care.do(record_ketamine_session, care.nurse, _record(session), now=EVENING)
    assert count_rows(care.database, AuditEvent) == 0


# Not booked


def _unbooked(care: Care, **typed: Any) -> UnbookedEntered:
    """Intramuscular, at 2:30 pm today."""
    entered = UnbookedEntered(
        id=new_id(),
        episode_id=care.course.id,
        product_route=ProductRoute.INTRAMUSCULAR,
        planned_on=TODAY,
        planned_time="2:30 pm",
        place="",
    )
    return replace(entered, **typed)


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"cleared": False},
        {"hold": HoldReason.BLOOD_PRESSURE},
        {"state": EpisodeState.ASSESSMENT},
    ],
)
def test_what_took_place_without_a_booking_is_recorded_with_its_breach(database, columns):
    care = a_cared_for_client(database, **columns)
    entered = _unbooked(care)
    for _ in range(2):
        care.do(admit_unbooked_session, care.nurse, entered, now=EVENING)
    (session,) = care.rows(KetamineSession)
    told = {"reason": "Walked in", "told_by": care.prescriber.clinician_id}
    care.do(record_ketamine_session, care.nurse, _record(session, _dose(**told)), now=EVENING)

    saved = care.row(KetamineSession, entered.id)
    assert saved.status is SessionStatus.STARTED
    assert "No dose was ordered." in saved.breach_reason
    assert [one.tag for one in audit_events(care.database)] == [
        "ketamine_session:unbooked",
        "ketamine_session:recorded",
    ]


def test_one_on_another_route_never_takes_the_place_of_the_running_series(care, session):
    other = _unbooked(care, product_route=ProductRoute.SUBLINGUAL, planned_time="8 am")
    care.do(admit_unbooked_session, care.therapist, other, now=EVENING)

    with care.database.reading() as db:
        asked = Asked(care.therapist, practice_in_force(db, EVENING), EVENING)
        (course,) = course_standings(db, asked)
    assert course.series.id == session.series_id
    assert len(course.doses) == 2


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"planned_time": "6:31 pm"}, "planned_time", "future"),
        ({"planned_time": ""}, "planned_time", "Enter the time"),
        ({"planned_on": None}, "planned_on", "Choose the day"),
        ({"product_route": None}, "product_route", "Choose product"),
        ({"place": "x" * 201}, "place", "201 characters"),
    ],
)
def test_what_cannot_have_taken_place_is_refused_beside_its_field(care, typed, field, says):
    with pytest.raises(Invalid) as refused:
        care.do(admit_unbooked_session, care.nurse, _unbooked(care, **typed), now=EVENING)
    assert list(refused.value.fields) == [field]
    assert says in refused.value.fields[field]
    assert care.rows(KetamineSession) == []


def test_neither_the_front_desk_nor_a_course_without_ketamine_has_one(database):
    care = a_cared_for_client(
        database,
        service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
        state=EpisodeState.INTEGRATION,
    )
    for who, says in ((care.front_desk, "."), (care.nurse, "no ketamine sessions")):
        with pytest.raises(NotAllowed, match=says):
            care.do(admit_unbooked_session, who, _unbooked(care), now=EVENING)
