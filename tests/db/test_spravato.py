"""Spravato in the database: enrollment, breaches, lots, answers, and what went out."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from kapteam.actions.entered_in_error import VoidRowEntered
from kapteam.actions.ketamine_sessions import (
    AdministrationEntered,
    CorrectEntered,
    RecordEntered,
    VoidEntered,
    correct_administration,
    record_ketamine_session,
    void_administration,
)
from kapteam.actions.monitoring import (
    EventEntered,
    VitalEntered,
    record_event,
    record_vital,
    void_event,
    void_vital,
)
from kapteam.actions.spravato import (
    EnrollmentEntered,
    LotEntered,
    MonitoringAnswersEntered,
    SubmissionEntered,
    answer_monitoring,
    record_enrollment,
    record_form_printed,
    record_lot,
    submit_monitoring,
    void_enrollment,
    void_submission,
)
from kapteam.db.tables import (
    Administration,
    AdverseEvent,
    KetamineSession,
    MonitoringAnswers,
    MonitoringSubmission,
    RemsEnrollment,
    Vital,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.for_review import for_review_of
from kapteam.queries.live_session import live_session
from kapteam.queries.spravato import enrollments, form_to_print, spravato_record
from kapteam.queries.standing import course_standings
from kapteam.rules.attention import Reason
from kapteam.rules.monitoring_form import CURRENT, FormStage
from kapteam.vocabulary import (
    AdministrationKind,
    AdverseEventKind,
    EventSeverity,
    ForReview,
    Part,
    ProductRoute,
    ReadinessItem,
    RecordPart,
    SessionStatus,
    SubmittedHow,
    Tone,
    WatchedMedicine,
)
from tests.factories import NOW, TODAY, ZONE, a_client, a_course, an_enrollment, audit_events
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signature,
    a_spravato_session,
    a_submission,
    a_vital,
    an_administration,
    some_monitoring_answers,
)
from tests.query_recorder import recorded_statements

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ESK = ProductRoute.ESKETAMINE_NASAL
OTHERS = [one for one in ProductRoute if one is not ESK]
THOSE_WHO_TREAT = ("prescriber", "therapist", "nurse")


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def unenrolled(care) -> Care:
    with care.database.writing() as db:
        db.execute(delete(RemsEnrollment))
    return care


@pytest.fixture
def given(care) -> KetamineSession:
    """Three devices of an hour ago, nothing else."""
    with care.database.writing() as db:
        return a_spravato_session(db, care.course, last_at=NOW - HOUR)


@pytest.fixture
def left(care) -> KetamineSession:
    """Three devices of three hours ago with all that the form asks; the client is out."""
    last_at = NOW - 3 * HOUR
    with care.database.writing() as db:
        session = a_spravato_session(
            db, care.course, last_at=last_at, lot="L1", out_at=last_at + 125 * MINUTE
        )
        for minutes in (-15, 40, 119):
            a_vital(db, session, taken_at=last_at + minutes * MINUTE, oxygen=97)
        some_monitoring_answers(db, session)
        return session


def _enrollment(care, **typed: Any) -> EnrollmentEntered:
    usual = {"id": new_id(), "enrolled_on": TODAY, "number": "R-4471"}
    return EnrollmentEntered(episode_id=care.course.id, **(usual | typed))


def _planned(care, **columns: Any) -> KetamineSession:
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ESK)
        return a_ketamine_session(
            db, care.course, series=series, **({"planned_at": NOW - 10 * MINUTE} | columns)
        )


def _device(session, *, at="2:25 pm", on=TODAY, **typed: Any) -> RecordEntered:
    usual = {"kind": AdministrationKind.DEVICE, "mg": "28", "started_on": on, "started_time": at}
    one = AdministrationEntered(id=new_id(), **(usual | typed))
    return RecordEntered(session.id, session.version, (one,))


def _answers(session, **typed: Any) -> MonitoringAnswersEntered:
    usual = {
        "id": new_id(),
        "medicines": dict.fromkeys(CURRENT.medicines, False),
        "before_is_acceptable": True,
        "leaving_is_acceptable": True,
        "ready_minutes": "75",
        "looked_for_events": True,
        "replaces": "",
    }
    return MonitoringAnswersEntered(ketamine_session_id=session.id, **(usual | typed))


def _submission(session, **typed: Any) -> SubmissionEntered:
    usual = {"id": new_id(), "submitted_on": TODAY, "how": SubmittedHow.ONLINE}
    return SubmissionEntered(ketamine_session_id=session.id, **(usual | typed))


def _refused(care: Care, action, viewer, entered) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        care.do(action, viewer, entered)
    return dict(refused.value.fields)


def _standing(care: Care):
    asked = care.asked_by(care.prescriber)
    with care.database.reading() as db:
        [found] = course_standings(db, asked)
    return found


def _read(care: Care, query, *given: Any):
    asked = care.asked_by(care.prescriber)
    with care.database.reading() as db:
        return query(db, asked, *given)


@pytest.mark.parametrize("who", THOSE_WHO_TREAT)
def test_an_enrollment_is_kept_once_with_who_recorded_it(unenrolled, who):
    viewer, entered = getattr(unenrolled, who), _enrollment(unenrolled)
    for _ in range(2):
        unenrolled.do(record_enrollment, viewer, entered)

    [row] = unenrolled.rows(RemsEnrollment)
    assert (row.client_id, row.enrolled_on, row.number) == (unenrolled.client.id, TODAY, "R-4471")
    assert (row.recorded_by_id, row.recorded_at) == (viewer.clinician_id, NOW)
    [event] = audit_events(unenrolled.database, "enrollment:recorded")
    assert "R-4471" not in str(event.changes)


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"enrolled_on": None}, "enrolled_on", "Choose the day."),
        ({"enrolled_on": TODAY + DAY}, "enrolled_on", "This day is in the future."),
        ({"number": "x" * 61}, "number", "at most 60"),
        ({"number": "a\nb"}, "number", "more than one line"),
        ({"number": "\x00"}, "number", "control character"),
    ],
)
def test_a_wrong_enrollment_is_refused_beside_its_field(unenrolled, typed, field, says):
    refused = _refused(
        unenrolled, record_enrollment, unenrolled.nurse, _enrollment(unenrolled, **typed)
    )

    assert says in refused[field]
    assert unenrolled.rows(RemsEnrollment) == []


def test_who_does_not_treat_the_client_records_no_enrollment(unenrolled):
    with pytest.raises(NotAllowed):
        unenrolled.do(record_enrollment, unenrolled.front_desk, _enrollment(unenrolled))
    with pytest.raises(NotFound):
        unenrolled.do(record_enrollment, unenrolled.stranger, _enrollment(unenrolled))


def test_an_enrollment_in_error_stays_with_its_reason_and_counts_no_more(care):
    [row] = care.rows(RemsEnrollment)
    _planned(care, planned_at=NOW + DAY)
    assert ReadinessItem.ENROLLMENT not in {one.item for one in _standing(care).doses[0].lacks}

    for _ in range(2):
        care.do(void_enrollment, care.nurse, VoidRowEntered(row.id, "Another client"))

    kept = care.row(RemsEnrollment, row.id)
    assert (kept.voided_at, kept.void_reason) == (NOW, "Another client")
    assert len(audit_events(care.database, "enrollment:voided")) == 1
    [lack] = [one for one in _standing(care).doses[0].lacks if one.item is ReadinessItem.ENROLLMENT]
    assert lack.what == "Spravato enrollment"
    [line] = _read(care, enrollments, care.course.id).lines
    assert line.void_reason == "Another client"
    with pytest.raises(NotAllowed):
        care.do(void_enrollment, care.nurse, VoidRowEntered(row.id, "Something else"))
    with pytest.raises(NotFound):
        care.do(void_enrollment, care.stranger, VoidRowEntered(row.id, "Another client"))


def test_rule_23_an_enrollment_after_the_day_of_the_session_does_not_make_it_ready(unenrolled):
    _planned(unenrolled, planned_at=NOW + DAY)
    with unenrolled.database.writing() as db:
        by_id = unenrolled.prescriber.clinician_id
        an_enrollment(db, unenrolled.client, by_id, enrolled_on=TODAY + 2 * DAY)

    lacks = {one.item for one in _standing(unenrolled).doses[0].lacks}

    assert ReadinessItem.ENROLLMENT in lacks
    assert Reason.NOT_ENROLLED in {one.reason for one in _standing(unenrolled).attention}


def test_rule_23_a_device_without_enrollment_is_a_fact_that_says_why(unenrolled):
    session = _planned(unenrolled, ordered_ug=84_000)
    refused = _refused(unenrolled, record_ketamine_session, unenrolled.prescriber, _device(session))
    assert "not enrolled in the Spravato REMS. Say why." in refused["administrations.0.reason"]

    entered = _device(session, reason="The site was down.")
    unenrolled.do(record_ketamine_session, unenrolled.prescriber, entered)

    kept = unenrolled.row(KetamineSession, session.id)
    assert kept.breach_reason == (
        "The client is not enrolled in the Spravato REMS. The site was down."
    )
    assert kept.status is SessionStatus.STARTED


def test_rule_23_an_enrollment_dated_after_the_dose_is_said_with_the_breach(unenrolled):
    session = _planned(unenrolled, planned_at=NOW - 2 * DAY, ordered_ug=84_000)
    unenrolled.do(record_enrollment, unenrolled.prescriber, _enrollment(unenrolled))
    entered = _device(session, on=TODAY - 2 * DAY, reason="On paper before.")

    unenrolled.do(record_ketamine_session, unenrolled.prescriber, entered)

    assert "only on Tue Nov 24, 2026" in (unenrolled.row(KetamineSession, session.id).breach_reason)


@ON_SQLITE
@pytest.mark.parametrize("route", OTHERS)
def test_rule_41_no_other_route_asks_for_an_enrollment(unenrolled, route):
    with unenrolled.database.writing() as db:
        series = a_series(db, unenrolled.course, product_route=route)
        session = a_ketamine_session(
            db, unenrolled.course, series=series, planned_at=NOW - 10 * MINUTE
        )
    assert ReadinessItem.ENROLLMENT not in {
        one.item for one in _standing(unenrolled).doses[0].lacks
    }
    entered = _device(session, kind=AdministrationKind.DOSE, mg="70")

    unenrolled.do(record_ketamine_session, unenrolled.prescriber, entered)

    assert unenrolled.row(KetamineSession, session.id).breach_reason == ""


@ON_SQLITE
@pytest.mark.parametrize("route", OTHERS)
def test_rule_41_no_other_route_has_a_lot_to_add_answers_or_a_form(care, route):
    with care.database.writing() as db:
        a_series(db, care.course, product_route=route)
        session = a_given_session(db, care.course, given_at=NOW - 9 * DAY)
    [dose] = care.rows(Administration)

    for action, entered in (
        (record_lot, LotEntered(dose.id, "L1")),
        (answer_monitoring, _answers(session)),
        (submit_monitoring, _submission(session)),
    ):
        with pytest.raises(NotAllowed, match="Spravato only"):
            care.do(action, care.prescriber, entered)
    with pytest.raises(NotAllowed, match="Spravato only"):
        care.do(record_form_printed, care.prescriber, session.id, 2)
    with pytest.raises(NotFound):
        _read(care, form_to_print, session.id)
    standing = _standing(care)
    assert standing.last_dose.form is None
    assert Reason.MONITORING_FORM not in {one.reason for one in standing.attention}


def test_a_lot_is_added_once_and_another_one_is_a_correction(care, given):
    device = care.rows(Administration)[0]
    for _ in range(2):
        care.do(record_lot, care.nurse, LotEntered(device.id, " 24KS01 "))

    assert care.row(Administration, device.id).lot == "24KS01"
    assert len(audit_events(care.database, "administration:lot")) == 1
    with pytest.raises(NotAllowed, match="recorded already"):
        care.do(record_lot, care.nurse, LotEntered(device.id, "OTHER"))


@pytest.mark.parametrize(("lot", "says"), [("", "Enter the lot"), ("x" * 61, "at most 60")])
def test_no_lot_or_a_long_one_is_refused(care, given, lot, says):
    device = care.rows(Administration)[0]

    assert says in _refused(care, record_lot, care.nurse, LotEntered(device.id, lot))["lot"]


@pytest.mark.parametrize(
    ("kind", "mg"),
    [("DEVICE", "56"), ("DEVICE", "84"), ("DOSE", "84"), ("DEVICE", "70")],
)
def test_a_count_that_does_not_match_the_mg_is_refused_beside_the_mg(care, kind, mg):
    session = _planned(care, ordered_ug=84_000)
    entered = _device(session, kind=AdministrationKind[kind], mg=mg, mg_again=mg)

    refused = _refused(care, record_ketamine_session, care.prescriber, entered)

    assert "devices of 28" in refused["administrations.0.mg"]
    assert care.rows(Administration) == []


def test_a_half_device_is_kept_once_it_was_typed_twice(care):
    session = _planned(care, ordered_ug=84_000)

    care.do(record_ketamine_session, care.prescriber, _device(session, mg="14", mg_again="14"))

    assert [one.ug for one in care.rows(Administration)] == [14_000]


def test_answers_take_the_place_of_those_before_and_only_a_prescriber_gives_them(care, given):
    first = _answers(given)
    for _ in range(2):
        care.do(answer_monitoring, care.prescriber, first)
    with pytest.raises(Conflict):
        care.do(answer_monitoring, care.prescriber, _answers(given))
    second = _answers(
        given,
        replaces=first.id,
        medicines=dict.fromkeys(CURRENT.medicines, False) | {WatchedMedicine.OPIOID: True},
    )
    care.do(answer_monitoring, care.prescriber, second)

    kept = {one.id: one for one in care.rows(MonitoringAnswers)}
    assert {one: row.replaced_at is None for one, row in kept.items()} == {
        first.id: False,
        second.id: True,
    }
    assert kept[second.id].medicines["opioid"] is True
    events = audit_events(care.database, "monitoring_form:answered")
    assert "opioid" not in str([one.changes for one in events])
    for who in (care.therapist, care.nurse, care.front_desk):
        with pytest.raises(NotAllowed):
            care.do(answer_monitoring, who, _answers(given, replaces=second.id))


def test_what_went_out_is_answered_no_more_until_that_was_an_error(care, left):
    [first] = care.rows(MonitoringAnswers)
    sent = _submission(left)
    care.do(submit_monitoring, care.nurse, sent)

    with pytest.raises(NotAllowed, match="went out"):
        care.do(answer_monitoring, care.prescriber, _answers(left, replaces=first.id))
    assert len(care.rows(MonitoringAnswers)) == 1
    care.do(void_submission, care.nurse, VoidRowEntered(sent.id, "Not sent after all."))
    care.do(answer_monitoring, care.prescriber, _answers(left, replaces=first.id))

    assert len(care.rows(MonitoringAnswers)) == 2


def test_what_is_not_answered_is_refused_beside_its_question(care, given):
    entered = _answers(
        given,
        medicines={WatchedMedicine.OPIOID: True},
        before_is_acceptable=None,
        looked_for_events=None,
        ready_minutes="soon",
    )

    refused = _refused(care, answer_monitoring, care.prescriber, entered)

    assert set(refused) == {
        "medicines.benzodiazepine",
        "medicines.hypnotic",
        "medicines.stimulant",
        "before_is_acceptable",
        "looked_for_events",
        "ready_minutes",
    }
    assert care.rows(MonitoringAnswers) == []


@pytest.mark.parametrize("who", THOSE_WHO_TREAT)
def test_rule_39_a_form_is_submitted_once_with_day_version_and_by_whom(care, left, who):
    viewer, entered = getattr(care, who), _submission(left)
    for _ in range(2):
        care.do(submit_monitoring, viewer, entered)

    [row] = care.rows(MonitoringSubmission)
    assert (row.form_version, row.submitted_on, row.how) == (2, TODAY, SubmittedHow.ONLINE)
    assert row.submitted_by_id == viewer.clinician_id
    with pytest.raises(NotAllowed, match="already"):
        care.do(submit_monitoring, viewer, _submission(left))


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"submitted_on": None}, "submitted_on", "Choose the day."),
        ({"submitted_on": TODAY + DAY}, "submitted_on", "in the future"),
        ({"submitted_on": TODAY - DAY}, "submitted_on", "before the session"),
        ({"how": None}, "how", "Choose how"),
    ],
)
def test_a_wrong_submission_is_refused_beside_its_field(care, left, typed, field, says):
    refused = _refused(care, submit_monitoring, care.nurse, _submission(left, **typed))

    assert says in refused[field]
    assert care.rows(MonitoringSubmission) == []


@pytest.mark.parametrize("is_closed", [True, False])
def test_no_form_goes_out_while_the_client_is_here(care, left, is_closed):
    with care.database.writing() as db:
        session = db.get_one(KetamineSession, left.id)
        session.discharged_at = None
        if not is_closed:
            session.status = SessionStatus.STARTED
    entered = _submission(left, missing_reason="She is in the chair.")

    with pytest.raises(NotAllowed, match="not out yet"):
        care.do(submit_monitoring, care.prescriber, entered)
    assert care.rows(MonitoringSubmission) == []


@pytest.fixture
def gappy(care) -> KetamineSession:
    """The same without the second reading and without a lot of the first device."""
    last_at = NOW - 3 * HOUR
    with care.database.writing() as db:
        session = a_spravato_session(db, care.course, last_at=last_at, lot="L1", out_at=NOW)
        for minutes in (-15, 119, 175):
            a_vital(db, session, taken_at=last_at + minutes * MINUTE, oxygen=97)
        some_monitoring_answers(db, session)
        first = db.scalars(
            select(Administration).order_by(Administration.started_at).limit(1)
        ).one()
        first.lot = ""
        return session


@pytest.mark.parametrize("why", ["", "  "])
def test_rule_38_a_form_with_something_missing_is_not_submitted_without_a_reason(care, gappy, why):
    entered = _submission(gappy, missing_reason=why)

    refused = _refused(care, submit_monitoring, care.prescriber, entered)

    assert refused == {
        "missing_reason": "Missing: BP and oxygen at 40 min, lot of device 1. Say why."
    }
    assert care.rows(MonitoringSubmission) == []


def test_rule_38_what_it_lacked_stays_with_it_and_reaches_the_review(care, gappy):
    care.do(submit_monitoring, care.nurse, _submission(gappy, missing_reason="The cuff broke."))

    [row] = care.rows(MonitoringSubmission)
    assert (row.missing, row.missing_reason) == (
        "BP and oxygen at 40 min, lot of device 1",
        "The cuff broke.",
    )
    [line] = [
        one
        for one in _read(care, for_review_of, care.course.id)
        if one.kind is ForReview.INCOMPLETE_FORM
    ]
    assert line.words == "BP and oxygen at 40 min, lot of device 1: The cuff broke."
    assert (line.by, line.at, line.is_given) == (care.nurse.name, NOW, True)
    [event] = audit_events(care.database, "monitoring_form:submitted")
    assert "cuff" not in str(event.changes)
    # The lot is found later: what it lacked when it went out is not forgotten.
    device = min(care.rows(Administration), key=lambda one: one.started_at)
    care.do(record_lot, care.nurse, LotEntered(device.id, "L1"))
    assert care.row(MonitoringSubmission, row.id).missing == row.missing


def test_a_form_that_lacks_nothing_keeps_no_reason_and_reaches_no_review(care, left):
    care.do(submit_monitoring, care.nurse, _submission(left, missing_reason="Just in case"))

    [row] = care.rows(MonitoringSubmission)
    assert (row.missing, row.missing_reason, len(row.content_hash)) == ("", "", 64)
    kinds = {one.kind for one in _read(care, for_review_of, care.course.id)}
    assert ForReview.INCOMPLETE_FORM not in kinds


# Changed since


def _voids_a_reading(care, session):
    row = max(care.rows(Vital), key=lambda one: one.taken_at)
    care.do(void_vital, care.nurse, VoidRowEntered(row.id, "Another cuff"))


def _voids_a_device(care, session):
    device = care.rows(Administration, voided_at=None)[0]
    care.do(void_administration, care.prescriber, VoidEntered(device.id, "Not given"))


def _corrects_a_lot(care, session):
    device = care.rows(Administration, voided_at=None)[0]
    at = device.started_at.astimezone(ZONE)
    right = AdministrationEntered(
        id=new_id(),
        kind=device.kind,
        mg="28",
        started_on=at.date(),
        started_time=f"{at:%I:%M %p}",
        lot="L2",
    )
    care.do(correct_administration, care.prescriber, CorrectEntered(device.id, "Misread", right))


def _corrects_when_they_left(care, session):
    version = care.row(KetamineSession, session.id).version
    out = RecordEntered(session.id, version, discharged_on=TODAY, discharged_time="1:45 pm")
    care.do(record_ketamine_session, care.nurse, out)


def _records_sedation(care, session):
    _records_event(care, session, AdverseEventKind.SEDATION)


def _records_nausea(care, session):
    _records_event(care, session, AdverseEventKind.NAUSEA)


def _records_event(care, session, kind):
    event = EventEntered(
        id=new_id(),
        ketamine_session_id=session.id,
        what=kind.value,
        severity=EventSeverity.MILD,
        is_serious=False,
        words="",
        done="",
        onset_time="11:45 am",
    )
    care.do(record_event, care.nurse, event)


def _reads_once_more(care, session):
    reading = VitalEntered(
        id=new_id(),
        ketamine_session_id=session.id,
        pressure="131/80",
        heart_rate="",
        oxygen="98",
        breaths="",
        words="",
        taken_time="12:50 pm",
    )
    care.do(record_vital, care.nurse, reading)


def _form_of(care):
    found = [one for one in _standing(care).attention if one.reason is Reason.MONITORING_FORM]
    return [one.form.stage for one in found]


@pytest.mark.parametrize(
    ("change", "is_changed"),
    [
        (_voids_a_reading, True),
        (_voids_a_device, True),
        (_corrects_a_lot, True),
        (_corrects_when_they_left, True),
        (_records_sedation, True),
        # The form does not speak of it.
        (_records_nausea, False),
        (_reads_once_more, False),
    ],
)
def test_a_form_that_says_something_else_than_the_record_is_the_prescriber_s_to_send_again(
    care, left, change, is_changed
):
    care.do(submit_monitoring, care.nurse, _submission(left))
    assert _form_of(care) == []

    change(care, left)

    assert _form_of(care) == ([FormStage.CHANGED] if is_changed else [])
    [row] = care.rows(MonitoringSubmission)
    assert row.changed_at == (NOW if is_changed else None)
    if not is_changed:
        with pytest.raises(NotAllowed, match="already"):
            care.do(submit_monitoring, care.nurse, _submission(left))
        return
    [found] = [one for one in _standing(care).attention if one.form]
    assert (found.tone, found.waits_on) == (Tone.AMBER, Part.PRESCRIBER)
    again = _submission(left, missing_reason="As it was.")
    for _ in range(2):
        care.do(submit_monitoring, care.nurse, again)
    assert _form_of(care) == []
    counting = [one.id for one in care.rows(MonitoringSubmission) if one.replaced_at is None]
    assert counting == [again.id]


def test_a_change_that_is_undone_needs_no_form_to_be_sent_again(care, left):
    care.do(submit_monitoring, care.nurse, _submission(left))
    _records_sedation(care, left)
    assert _form_of(care) == [FormStage.CHANGED]

    [event] = care.rows(AdverseEvent)
    care.do(void_event, care.nurse, VoidRowEntered(event.id, "Another client's"))

    assert _form_of(care) == []
    assert care.rows(MonitoringSubmission)[0].changed_at is None


def test_what_changed_is_answered_anew_before_it_is_sent_again(care, left):
    [first] = care.rows(MonitoringAnswers)
    care.do(submit_monitoring, care.nurse, _submission(left))
    _records_sedation(care, left)

    care.do(answer_monitoring, care.prescriber, _answers(left, replaces=first.id))

    assert _form_of(care) == [FormStage.CHANGED]


def test_a_second_sending_that_was_an_error_leaves_the_first_one_as_it_was(care, left):
    first, second = _submission(left), _submission(left)
    care.do(submit_monitoring, care.nurse, first)
    _records_sedation(care, left)
    care.do(submit_monitoring, care.nurse, second)

    care.do(void_submission, care.nurse, VoidRowEntered(second.id, "Not sent after all"))

    assert care.row(MonitoringSubmission, first.id).replaced_at is None
    assert _form_of(care) == [FormStage.CHANGED]
    care.do(void_submission, care.nurse, VoidRowEntered(first.id, "Nor that one"))
    assert _form_of(care) == [FormStage.DUE]


def test_a_form_sent_before_its_content_was_kept_is_never_said_to_be_changed(care, left):
    with care.database.writing() as db:
        a_submission(db, left)

    _records_sedation(care, left)

    assert _form_of(care) == []


def test_a_device_struck_after_the_record_was_signed_reaches_the_review_with_who_and_why(
    care, left
):
    def struck():
        lines = _read(care, for_review_of, care.course.id)
        return [(one.by, one.words, one.at) for one in lines if one.kind is ForReview.STRUCK]

    _voids_a_device(care, left)
    assert struck() == []
    with care.database.writing() as db:
        a_signature(db, left, RecordPart.SUPPORT, care.therapist)
    _voids_a_device(care, left)
    assert struck() == []
    with care.database.writing() as db:
        a_signature(db, left, RecordPart.MEDICAL, care.prescriber, signed_at=NOW + MINUTE)
    device = care.rows(Administration, voided_at=None)[0]
    later = NOW + HOUR
    wrong = VoidEntered(device.id, "Not hers")
    care.do(void_administration, care.prescriber, wrong, now=later)

    asked = care.asked_by(care.prescriber, later)
    with care.database.reading() as db:
        lines = for_review_of(db, asked, care.course.id)
    [line] = [one for one in lines if one.kind is ForReview.STRUCK]
    assert (line.by, line.words, line.at) == (care.prescriber.name, "Not hers", later)
    assert line.is_given


def test_nothing_given_has_no_form_to_submit(care):
    with pytest.raises(NotAllowed, match="Nothing was given"):
        care.do(submit_monitoring, care.nurse, _submission(_planned(care)))


def test_rule_39_a_form_is_due_again_once_its_submission_was_an_error(care):
    with care.database.writing() as db:
        last_at = NOW - 9 * DAY
        session = a_spravato_session(db, care.course, last_at=last_at, out_at=last_at + 3 * HOUR)
    [late] = [one for one in _standing(care).attention if one.reason is Reason.MONITORING_FORM]
    assert (late.form.stage, late.on) == (FormStage.OVERDUE, TODAY - 2 * DAY)
    entered = _submission(session, missing_reason="The sheet was lost.")
    care.do(submit_monitoring, care.nurse, entered)
    assert Reason.MONITORING_FORM not in {one.reason for one in _standing(care).attention}

    for _ in range(2):
        care.do(void_submission, care.nurse, VoidRowEntered(entered.id, "Another client's"))

    assert Reason.MONITORING_FORM in {one.reason for one in _standing(care).attention}
    care.do(submit_monitoring, care.nurse, replace(entered, id=new_id()))
    assert len(care.rows(MonitoringSubmission)) == 2
    assert len(audit_events(care.database, "monitoring_form:voided")) == 1


def test_rule_39_every_form_that_did_not_go_out_is_said_not_only_the_last(care):
    with care.database.writing() as db:
        for days in (30, 20, 3):
            last_at = NOW - days * DAY
            a_spravato_session(db, care.course, last_at=last_at, out_at=last_at + 3 * HOUR)

    forms = [one for one in _standing(care).attention if one.reason is Reason.MONITORING_FORM]

    assert [one.form.stage for one in forms] == [FormStage.OVERDUE] * 2 + [FormStage.DUE]


def test_the_record_says_whether_it_was_the_first_and_who_watched(care, given):
    shown = _read(care, live_session, given.id)
    assert _read(care, spravato_record, shown).facts.is_first
    with care.database.writing() as db:
        other = a_course(db, care.client, prescriber=care.prescriber)
        before = a_spravato_session(db, other, last_at=NOW - 40 * DAY)
        some_monitoring_answers(db, given)
        a_submission(db, given, form_version=1)
    record = _read(care, spravato_record, shown)

    assert not record.facts.is_first
    assert record.facts.provider == "Robin Prescott, MD"
    assert record.facts.answered.ready_minutes == 75
    assert record.definition.version == 1
    with care.database.writing() as db:
        db.execute(delete(Administration).where(Administration.ketamine_session_id == before.id))
    assert _read(care, spravato_record, shown).facts.is_first


def test_what_was_entered_in_error_is_on_no_form(care, given):
    with care.database.writing() as db:
        session = db.get_one(KetamineSession, given.id)
        wrong = an_administration(db, session, started_at=NOW - 50 * MINUTE, ug=28_000)
        wrong.voided_at = NOW

    record = _read(care, form_to_print, given.id)

    assert len(record.facts.watched.devices) == 3


def test_a_stranger_gets_no_form(care, given):
    asked = care.asked_by(care.stranger)
    with care.database.reading() as db, pytest.raises(NotFound):
        form_to_print(db, asked, given.id)


def test_the_record_is_read_in_one_statement_and_the_lists_take_none_more(care, given):
    asked = care.asked_by(care.prescriber)
    with care.database.reading() as db:
        shown = live_session(db, asked, given.id)
    with recorded_statements(care.database.engine) as statements, care.database.reading() as db:
        spravato_record(db, asked, shown)
    assert len(statements) == 1
    with recorded_statements(care.database.engine) as statements, care.database.reading() as db:
        course_standings(db, asked)
    assert len(statements) == 7


def test_printing_is_on_record_with_the_version(care, given):
    care.do(record_form_printed, care.nurse, given.id, 2)

    [event] = audit_events(care.database, "monitoring_form:printed")
    assert (event.client_id, event.changes["form_version"]) == (care.client.id, 2)


def test_an_enrollment_is_the_client_s_on_every_course(care):
    with care.database.writing() as db:
        other = a_course(db, care.client, prescriber=care.prescriber)
        stranger_s = a_course(db, a_client(db, care.stranger), prescriber=care.stranger)

    assert len(_read(care, enrollments, other.id).lines) == 1
    assert _read(care, enrollments, stranger_s.id).lines == ()
