"""Readings and events of a session, who is under medicine right now, and the "Now" buttons."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kapteam.actions.entered_in_error import VoidRowEntered
from kapteam.actions.ketamine_sessions import end_infusion, take_back_out
from kapteam.actions.monitoring import (
    EventEntered,
    PresentEntered,
    ResolvedEntered,
    VitalEntered,
    record_event,
    record_vital,
    resolve_event,
    say_who_is_present,
    void_event,
    void_vital,
)
from kapteam.actions.now import Moment, NowEntered, record_now
from kapteam.actions.orders import DoseEntered, order_dose, propose_dose
from kapteam.actions.readiness import AnswerEntered, answer_readiness
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import (
    Administration,
    AdverseEvent,
    Episode,
    KetamineSession,
    RecordSignature,
    Vital,
)
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.queries.for_review import for_review_of
from kapteam.queries.live_session import live_session
from kapteam.queries.right_now import right_now
from kapteam.queries.standing import Asked, DoseLine, course_standings
from kapteam.rules.monitoring import ReadingStage
from kapteam.rules.readiness import READ
from kapteam.vocabulary import (
    AdministrationKind,
    AdverseEventKind,
    Answer,
    EventSeverity,
    ForReview,
    ProductRoute,
    ReadinessItem,
    RecordPart,
    SessionStatus,
)
from tests.factories import NOW, TODAY, a_client, a_course, audit_events
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signature,
    a_vital,
    an_administration,
    an_event,
)
from tests.query_recorder import recorded_statements

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
THOSE_WHO_TREAT = ("prescriber", "therapist", "nurse")


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def session(care) -> KetamineSession:
    """70 mg intramuscular ordered for right now, of which nothing is given."""
    with care.database.writing() as db:
        return a_ketamine_session(db, care.course, planned_at=NOW, may_add_ug=20_000)


def _vital(session: KetamineSession, **typed: Any) -> VitalEntered:
    usual = {
        "id": new_id(),
        "pressure": "128/82",
        "heart_rate": "72",
        "oxygen": "98",
        "breaths": "",
        "words": "",
    }
    return VitalEntered(ketamine_session_id=session.id, **(usual | typed))


def _event(session: KetamineSession, **typed: Any) -> EventEntered:
    usual = {
        "id": new_id(),
        "what": AdverseEventKind.NAUSEA.value,
        "severity": EventSeverity.MILD,
        "is_serious": False,
        "words": "",
        "done": "Lay down",
    }
    return EventEntered(ketamine_session_id=session.id, **(usual | typed))


def _asked(care: Care, viewer) -> Asked:
    with care.database.reading() as db:
        practice = practice_in_force(db, NOW)
    assert practice is not None
    return Asked(viewer, practice, NOW)


def _right_now(care: Care, viewer):
    with care.database.reading() as db:
        return right_now(db, _asked(care, viewer))


def _refused(care: Care, action, viewer, entered, now=NOW) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        care.do(action, viewer, entered, now=now)
    return dict(refused.value.fields)


@pytest.mark.parametrize("who", THOSE_WHO_TREAT)
def test_a_reading_is_kept_once_with_this_moment(care, session, who):
    entered = _vital(session)
    for _ in range(2):
        care.do(record_vital, getattr(care, who), entered)

    (row,) = care.rows(Vital)
    assert (row.systolic, row.diastolic, row.heart_rate, row.oxygen) == (128, 82, 72, 98)
    assert (row.breaths, row.is_observed) == (None, False)
    assert (row.taken_at, row.recorded_at) == (NOW, NOW)
    (event,) = audit_events(care.database)
    assert event.tag == "vital:recorded"


def test_a_time_that_was_typed_is_when_it_was_and_not_when_it_was_recorded(care, session):
    care.do(record_vital, care.nurse, _vital(session, taken_time="2:10 pm"))
    care.do(record_vital, care.nurse, _vital(session, taken_on=TODAY - DAY, taken_time="3 pm"))

    early, late = sorted(care.rows(Vital), key=lambda row: row.taken_at)
    assert late.taken_at == NOW - 20 * MINUTE
    assert early.taken_at == NOW - DAY + 30 * MINUTE
    assert early.recorded_at == late.recorded_at == NOW


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"pressure": "80/120"}, "pressure", "The first number is the higher one"),
        ({"pressure": "-128/82"}, "pressure", "as two numbers"),
        ({"pressure": "128"}, "pressure", "as two numbers"),
        ({"oxygen": "101"}, "oxygen", "from 50 to 100"),
        ({"heart_rate": "nan"}, "heart_rate", "whole number"),
        ({"breaths": "-4"}, "breaths", "whole number"),
        ({"taken_time": "11 pm"}, "taken_time", "in the future"),
        ({"taken_time": "2:30"}, "taken_time", "am or pm"),
        ({"taken_on": TODAY - 3 * DAY, "taken_time": "2 pm"}, "taken_time", "Check the day"),
        (dict.fromkeys(("pressure", "heart_rate", "oxygen"), ""), "pressure", "Enter what was"),
        ({"is_observed": True}, "pressure", "Something was read"),
    ],
)
def test_rule_36_what_nobody_can_have_read_is_refused_beside_its_field(
    care, session, typed, field, says
):
    refused = _refused(care, record_vital, care.nurse, _vital(session, **typed))
    assert list(refused) == [field]
    assert says in refused[field]
    assert care.rows(Vital) == []


def test_skipped_and_observed_is_an_answer(care, session):
    nothing = dict.fromkeys(("pressure", "heart_rate", "oxygen"), "")
    observed = _vital(session, **nothing, is_observed=True, words="Calm, breathing evenly")
    care.do(record_vital, care.therapist, observed)

    (row,) = care.rows(Vital)
    assert (row.is_observed, row.systolic, row.words) == (True, None, "Calm, breathing evenly")


@pytest.mark.parametrize(
    "status", [SessionStatus.CANCELLED, SessionStatus.MISSED, SessionStatus.NOT_GIVEN]
)
def test_a_reading_is_accepted_whatever_became_of_the_session(care, session, status):
    with care.database.writing() as db:
        db.get_one(KetamineSession, session.id).status = status

    care.do(record_vital, care.nurse, _vital(session, pressure="172/104"))

    assert len(care.rows(Vital)) == 1


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_who_does_not_treat_the_client_records_nothing(care, session, who):
    with care.database.writing() as db:
        vital, event = a_vital(db, session, taken_at=NOW), an_event(db, session, onset_at=NOW)
    for action, entered in (
        (record_vital, _vital(session)),
        (record_event, _event(session)),
        (resolve_event, ResolvedEntered(event.id)),
        (void_vital, VoidRowEntered(vital.id, "Wrong")),
        (void_event, VoidRowEntered(event.id, "Wrong")),
        (say_who_is_present, PresentEntered(session.id, "Sam", "")),
        (record_now, NowEntered(session.id, 1, Moment.ARRIVED)),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            care.do(action, getattr(care, who), entered)
    assert audit_events(care.database) == []


def test_an_event_goes_on_until_somebody_says_that_it_is_over(care, session):
    entered = _event(session)
    for _ in range(2):
        care.do(record_event, care.therapist, entered)
    (row,) = care.rows(AdverseEvent)
    assert (row.kind, row.severity, row.resolved_at) == (
        AdverseEventKind.NAUSEA,
        EventSeverity.MILD,
        None,
    )

    later = NOW + 20 * MINUTE
    care.do(resolve_event, care.nurse, ResolvedEntered(row.id), now=later)
    # Said once more it stays as it was said.
    care.do(resolve_event, care.prescriber, ResolvedEntered(row.id), now=later + HOUR)

    assert care.row(AdverseEvent, row.id).resolved_at == later
    tags = [one.tag for one in audit_events(care.database)]
    assert tags == ["adverse_event:recorded", "adverse_event:resolved"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"what": None}, "what"),
        ({"what": "ate too much"}, "what"),
        ({"severity": None}, "severity"),
        ({"what": AdverseEventKind.OTHER.value}, "words"),
        ({"onset_time": "11 pm"}, "onset_time"),
    ],
)
def test_an_event_without_what_it_is_is_refused(care, session, typed, field):
    assert list(_refused(care, record_event, care.nurse, _event(session, **typed))) == [field]


def test_nothing_is_over_before_it_began(care, session):
    with care.database.writing() as db:
        event = an_event(db, session, onset_at=NOW)
    before = ResolvedEntered(event.id, resolved_time="2:15 pm")
    refused = _refused(care, resolve_event, care.nurse, before)
    assert "before it began" in refused["resolved_time"]


def test_rule_66_what_was_entered_in_error_stays_and_answers_for_nothing(care, session):
    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW - 20 * MINUTE)
        wrong = a_vital(db, session, taken_at=NOW - 2 * MINUTE)
        event = an_event(db, session, onset_at=NOW)
    assert _right_now(care, care.nurse)[0].due.minutes == 30

    for action, row in ((void_vital, wrong), (void_event, event)):
        assert list(_refused(care, action, care.nurse, VoidRowEntered(row.id, " "))) == [
            "void_reason"
        ]
        for _ in range(2):
            care.do(action, care.nurse, VoidRowEntered(row.id, "The other client's"))
        with pytest.raises(NotAllowed):
            care.do(action, care.nurse, VoidRowEntered(row.id, "Something else"))

    assert _right_now(care, care.nurse)[0].due.minutes == 15
    with care.database.reading() as db:
        shown = live_session(db, _asked(care, care.nurse), session.id)
    assert (len(shown.vitals), len(shown.readings), len(shown.events)) == (1, 0, 1)
    assert shown.vitals[0].void_reason == "The other client's"


def test_somebody_is_under_medicine_until_out_also_when_it_is_closed(care):
    with care.database.writing() as db:
        closed = a_given_session(db, care.course, given_at=NOW - HOUR)
        other = a_course(
            db,
            a_client(db, care.therapist),
            prescriber=care.prescriber,
            therapist=care.therapist,
            cleared=True,
        )
        out = a_given_session(db, other, given_at=NOW - 2 * HOUR, status=SessionStatus.STARTED)
        out.discharged_at = NOW - HOUR
        # Nobody said that they are out, and six hours have passed.
        a_given_session(db, other, given_at=NOW - 6 * HOUR, status=SessionStatus.STARTED)

    (row,) = _right_now(care, care.therapist)

    assert row.session_id == closed.id
    assert row.may_leave_at == NOW
    assert _right_now(care, care.stranger) == ()
    assert [one.session_id for one in _right_now(care, care.front_desk)] == [closed.id]


def test_an_infusion_counts_from_its_end_and_several_people_stand_by_who_leaves_first(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.INTRAVENOUS)
        infused = a_ketamine_session(db, care.course, planned_at=NOW - 6.5 * HOUR, series=series)
        an_administration(
            db, infused, started_at=NOW - 6.5 * HOUR, ended_at=NOW - 5.9 * HOUR, ug=40_000
        )
        other = a_course(
            db,
            a_client(db, care.therapist),
            prescriber=care.prescriber,
            therapist=care.therapist,
            cleared=True,
        )
        injected = a_given_session(db, other, given_at=NOW - 10 * MINUTE)

    rows = _right_now(care, care.prescriber)

    assert [row.session_id for row in rows] == [infused.id, injected.id]
    assert rows[1].due.at == NOW + 5 * MINUTE


def test_who_is_under_medicine_takes_one_statement_and_none_while_nobody_is(care):
    asked = _asked(care, care.nurse)
    with recorded_statements(care.database.engine) as none, care.database.reading() as db:
        assert right_now(db, asked) == ()
    with care.database.writing() as db:
        for minutes in (10, 20, 30):
            given = a_given_session(db, care.course, given_at=NOW - minutes * MINUTE)
            a_vital(db, given, taken_at=NOW - MINUTE)
    asked = _asked(care, care.nurse)
    with recorded_statements(care.database.engine) as some, care.database.reading() as db:
        assert len(right_now(db, asked)) == 3

    assert (len(none), len(some)) == (0, 1)


def test_a_moved_time_of_the_practice_changes_who_may_leave(care):
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - HOUR)
    asked = _asked(care, care.nurse)
    longer = replace(
        asked.practice, thresholds=replace(asked.practice.thresholds, observation_minutes=90)
    )
    with care.database.reading() as db:
        (row,) = right_now(db, replace(asked, practice=longer))
    assert row.may_leave_at == NOW + 30 * MINUTE
    assert row.due.stage is ReadingStage.AFTER


def _now(session: KetamineSession, what: Moment, version: int = 1, **more: Any) -> NowEntered:
    return NowEntered(session.id, version, what, **more)


def _dose(session: KetamineSession, mg: str = "70", version: int = 1, **more: Any) -> NowEntered:
    usual = {"administration_id": new_id(), "kind": AdministrationKind.DOSE, "mg": mg}
    return _now(session, Moment.GIVEN, version, **(usual | more))


def test_one_press_keeps_the_minute_it_is(care, session):
    care.do(record_now, care.therapist, _now(session, Moment.ARRIVED), now=NOW)
    dose = _dose(session, version=2)
    for _ in range(2):
        care.do(record_now, care.nurse, dose, now=NOW + 5 * MINUTE)
    care.do(
        record_now,
        care.prescriber,
        _now(session, Moment.OUT, care.row(KetamineSession, session.id).version),
        now=NOW + 66 * MINUTE,
    )

    saved = care.row(KetamineSession, session.id)
    assert (saved.arrived_at, saved.discharged_at) == (NOW, NOW + 66 * MINUTE)
    (given,) = care.rows(Administration)
    assert (given.started_at, given.ug) == (NOW + 5 * MINUTE, 70_000)
    assert saved.early_out_reason == ""


def test_two_who_press_for_the_same_dose_give_it_once(care, session):
    care.do(record_now, care.nurse, _dose(session))
    refused = _refused(care, record_now, care.therapist, _dose(session))
    assert "more than was ordered" in refused["reason"]
    assert len(care.rows(Administration)) == 1


def test_rule_40_out_before_the_time_is_kept_with_its_reason(care, session):
    care.do(record_now, care.nurse, _dose(session))
    version = care.row(KetamineSession, session.id).version
    out = _now(session, Moment.OUT, version)
    refused = _refused(care, record_now, care.nurse, out, now=NOW + 40 * MINUTE)
    assert "Out 40" in refused["reason"]

    because = replace(out, reason="Her mother was taken ill")
    care.do(record_now, care.nurse, because, now=NOW + 40 * MINUTE)

    saved = care.row(KetamineSession, session.id)
    assert saved.discharged_at == NOW + 40 * MINUTE
    assert saved.early_out_reason.startswith("Out 40")
    assert saved.early_out_reason.endswith("Her mother was taken ill")


def test_a_therapist_never_gives_more_than_ordered_unasked(care, session):
    more = _dose(session, mg="100")
    assert set(_refused(care, record_now, care.therapist, more)) == {"reason", "told_by"}
    assert care.rows(Administration) == []


def test_an_infusion_ends_with_one_press_and_only_an_infusion(care, session):
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.INTRAVENOUS)
        infused = a_ketamine_session(db, care.course, planned_at=NOW - HOUR, series=series)
        running = an_administration(db, infused, started_at=NOW - 40 * MINUTE)
        injected = an_administration(db, session, started_at=NOW)

    care.do(end_infusion, care.nurse, running.id)
    care.do(end_infusion, care.nurse, running.id, now=NOW + HOUR)

    assert care.row(Administration, running.id).ended_at == NOW
    with pytest.raises(NotAllowed):
        care.do(end_infusion, care.nurse, injected.id)


def test_who_is_present_is_said_over_what_the_form_showed(care, session):
    said = PresentEntered(session.id, "Sam Okafor", "")
    for _ in range(2):
        care.do(say_who_is_present, care.therapist, said)
    with pytest.raises(Conflict) as conflict:
        care.do(say_who_is_present, care.nurse, PresentEntered(session.id, "Nobody", ""))
    assert conflict.value.theirs == {"people_present": "Sam Okafor"}
    same = PresentEntered(session.id, "Sam Okafor", "Sam Okafor")
    with pytest.raises(Unchanged):
        care.do(say_who_is_present, care.nurse, same)
    assert care.row(KetamineSession, session.id).people_present == "Sam Okafor"


def _dose_line(care: Care, viewer) -> DoseLine:
    with care.database.reading() as db:
        (course,) = course_standings(db, _asked(care, viewer), Episode.id == care.course.id)
    (line,) = course.doses
    return line


def _go_ahead(care: Care, viewer, session: KetamineSession, item: ReadinessItem) -> None:
    words = "Usual for him; seen by his cardiologist"
    answer = AnswerEntered(new_id(), session.id, item, Answer.GO_AHEAD, words, "")
    care.do(answer_readiness, viewer, answer)


def test_rule_24_a_normal_reading_settles_the_one_before_it(care, session):
    assert not _dose_line(care, care.nurse).is_lacking(ReadinessItem.PRESSURE)
    care.do(record_now, care.nurse, _now(session, Moment.ARRIVED))
    assert _dose_line(care, care.nurse).is_lacking(ReadinessItem.PRESSURE)

    care.do(record_vital, care.nurse, _vital(session, pressure="168/102"))
    assert _dose_line(care, care.nurse).is_lacking(ReadinessItem.PRESSURE_HIGH)
    assert not _dose_line(care, care.nurse).is_ready

    care.do(record_vital, care.nurse, _vital(session), now=NOW + 10 * MINUTE)
    line = _dose_line(care, care.nurse)
    assert not any(line.is_lacking(item) for item in READ)


def test_rule_24_only_a_prescriber_goes_ahead_and_only_with_this_reading(care, session):
    care.do(record_vital, care.nurse, _vital(session, pressure="168/102"))
    for who in ("therapist", "nurse"):
        with pytest.raises(Invalid):
            _go_ahead(care, getattr(care, who), session, ReadinessItem.PRESSURE_HIGH)
    _go_ahead(care, care.prescriber, session, ReadinessItem.PRESSURE_HIGH)
    assert not _dose_line(care, care.nurse).is_lacking(ReadinessItem.PRESSURE_HIGH)

    # Oxygen alone says nothing of it; a second high pressure is another decision.
    care.do(record_vital, care.nurse, _vital(session, pressure=""), now=NOW + MINUTE)
    assert not _dose_line(care, care.nurse).is_lacking(ReadinessItem.PRESSURE_HIGH)
    again = _vital(session, pressure="172/104")
    care.do(record_vital, care.nurse, again, now=NOW + 10 * MINUTE)
    assert _dose_line(care, care.nurse).is_lacking(ReadinessItem.PRESSURE_HIGH)


def _order(session: KetamineSession, **typed: Any) -> DoseEntered:
    return DoseEntered(session.id, 1, "70", "", **typed)


def test_readings_are_due_as_the_prescriber_orders(care, session):
    with care.database.writing() as db:
        db.get_one(KetamineSession, session.id).ordered_ug = 60_000
    care.do(order_dose, care.prescriber, _order(session, readings_due="40, 20"))
    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW)

    (row,) = _right_now(care, care.nurse)

    assert care.row(KetamineSession, session.id).readings_due == "20 40"
    assert row.due.at == NOW + 20 * MINUTE


def test_a_therapist_orders_no_readings_and_nobody_any_that_cannot_be(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW + HOUR, ordered_ug=None)
    care.do(propose_dose, care.therapist, _order(session, readings_due="5"))
    assert care.row(KetamineSession, session.id).readings_due is None
    wrong = replace(_order(session, readings_due="soon"), version=2)
    assert list(_refused(care, order_dose, care.prescriber, wrong)) == ["readings_due"]


def test_rule_24_a_dose_given_at_a_high_pressure_is_accepted_with_its_reason(care, session):
    care.do(record_vital, care.nurse, _vital(session, pressure="168/102"))
    dose = _dose(session)
    refused = _refused(care, record_now, care.prescriber, dose)
    assert "168/102; from 160/100 on a prescriber decides" in refused["reason"]

    care.do(record_now, care.prescriber, replace(dose, reason="Anxious, usual for her"))

    saved = care.row(KetamineSession, session.id)
    assert "168/102" in saved.breach_reason
    assert saved.breach_reason.endswith("Anxious, usual for her")


def test_rule_24_who_decided_to_go_ahead_is_not_asked_again(care, session):
    care.do(record_vital, care.nurse, _vital(session, pressure="168/102"))
    _go_ahead(care, care.prescriber, session, ReadinessItem.PRESSURE_HIGH)

    care.do(record_now, care.nurse, _dose(session))

    assert care.row(KetamineSession, session.id).breach_reason == ""


@pytest.mark.parametrize("what", ["reading", "event", "over", "in error"])
def test_what_is_recorded_after_a_signature_says_that_the_record_was_changed_since(
    care, session, what
):
    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW)
        a_signature(db, session, RecordPart.MEDICAL, care.prescriber)
        event = an_event(db, session, onset_at=NOW)
    action, entered = {
        "reading": (record_vital, _vital(session)),
        "event": (record_event, _event(session)),
        "over": (resolve_event, ResolvedEntered(event.id)),
        "in error": (void_event, VoidRowEntered(event.id, "Somebody else's")),
    }[what]

    care.do(action, care.nurse, entered)

    signed, asked = sorted(care.rows(RecordSignature), key=lambda one: one.signed_at is None)
    assert (signed.changed_at, asked.signed_at) == (NOW, None)


def test_a_reading_of_the_minute_of_the_dose_was_before_it(care, session):
    later = NOW + timedelta(seconds=29)
    care.do(record_vital, care.nurse, _vital(session, pressure="185/112"), now=later)
    refused = _refused(care, record_now, care.nurse, _dose(session), now=NOW + MINUTE / 1.1)
    assert "185/112" in refused["reason"]


def test_of_two_who_press_at_once_the_second_is_asked_whatever_their_clocks_say(care, session):
    care.do(record_now, care.nurse, _dose(session), now=NOW + timedelta(seconds=2))
    refused = _refused(care, record_now, care.prescriber, _dose(session), now=NOW)
    assert "more than was ordered" in refused["reason"]
    assert len(care.rows(Administration)) == 1


def test_a_dose_long_after_its_plan_asks_why(care):
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW - 20 * HOUR)
    refused = _refused(care, record_now, care.nurse, _dose(session))
    assert "20 hr after the planned time" in refused["reason"].replace("\u00a0", " ")


def test_heart_rate_and_oxygen_alone_are_no_pressure(care, session):
    care.do(record_vital, care.nurse, _vital(session, pressure=""))
    with care.database.reading() as db:
        asked = _asked(care, care.nurse)
        assert live_session(db, asked, session.id).due(asked).stage is ReadingStage.BEFORE


def test_what_is_loud_in_a_session_stands_on_the_strip(care, session):
    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW - 20 * MINUTE)
        a_vital(db, session, taken_at=NOW - 5 * MINUTE, systolic=195, diastolic=118, oxygen=85)
        an_event(db, session, onset_at=NOW, severity=EventSeverity.SEVERE, is_serious=True)
        an_event(db, session, onset_at=NOW)

    (row,) = _right_now(care, care.therapist)
    assert [one.value.replace("\u00a0", " ") for one in row.alerts] == [
        "195/118",
        "85 %",
        "Nausea, severe, serious, goes on",
    ]

    with care.database.writing() as db:
        a_vital(db, session, taken_at=NOW, oxygen=97)
    (row,) = _right_now(care, care.therapist)
    assert len(row.alerts) == 1


def test_who_leaves_unwell_leaves_with_a_reason_that_reaches_the_review(care, session):
    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW - 2 * HOUR)
        a_vital(db, session, taken_at=NOW - MINUTE, systolic=195, diastolic=118)
        an_event(db, session, onset_at=NOW - HOUR, severity=EventSeverity.SEVERE)
        an_event(db, session, onset_at=NOW - HOUR)
    out = _now(session, Moment.OUT)
    refused = _refused(care, record_now, care.nurse, out)
    assert "Blood pressure 195/118" in refused["reason"]
    assert "Nausea, severe, goes on" in refused["reason"]
    assert "mild" not in refused["reason"]

    care.do(record_now, care.nurse, replace(out, reason="To the emergency room"))

    with care.database.reading() as db:
        found = for_review_of(db, _asked(care, care.prescriber), care.course.id)
    (left,) = [one for one in found if one.kind is ForReview.LEFT]
    assert left.words.endswith("To the emergency room")


def test_out_by_mistake_is_taken_back_and_stays_in_the_log(care, session):
    with care.database.writing() as db:
        an_administration(db, session, started_at=NOW - 2 * HOUR)
        row = db.get_one(KetamineSession, session.id)
        row.status, row.discharged_at, row.early_out_reason = SessionStatus.STARTED, NOW, "Slip"
    assert _right_now(care, care.nurse) == ()

    for _ in range(2):
        care.do(take_back_out, care.nurse, session.id)

    assert len(_right_now(care, care.nurse)) == 1
    saved = care.row(KetamineSession, session.id)
    assert (saved.discharged_at, saved.early_out_reason) == (None, "")
    (event,) = audit_events(care.database)
    assert event.changes["discharged_at"] == [NOW.isoformat(), None]
    for who in ("front_desk", "stranger"):
        with pytest.raises((NotAllowed, NotFound)):
            care.do(take_back_out, getattr(care, who), session.id)
