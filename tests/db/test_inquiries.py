"""People who called: kept, settled, and made clients without typing anything twice."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kapteam.actions.inquiries import (
    ConsultationEntered,
    InquiryClientEntered,
    InquiryEntered,
    become_client,
    record_inquiry,
    settle_inquiry,
)
from kapteam.db.tables import AuditEvent, Client, Inquiry
from kapteam.errors import Conflict, Invalid, NotAllowed, NotFound, Unchanged
from kapteam.ids import new_id
from kapteam.vocabulary import Function, InquiryOutcome, ServiceLine
from tests.factories import (
    NOW,
    TODAY,
    a_clinician,
    a_practice,
    an_inquiry,
    audit_events,
    count_rows,
)


@pytest.fixture
def front_desk(database):
    with database.writing() as db:
        a_practice(db)
        return a_clinician(db, Function.COORDINATOR)


@pytest.fixture
def inquiry(database, front_desk):
    with database.writing() as db:
        return an_inquiry(db, front_desk)


def _call(**typed):
    call = InquiryEntered(
        id=new_id(),
        name="Juniper Vale",
        phone="602-555-0142",
        service_wanted=ServiceLine.KAP,
        concern="Heard of it from a friend.",
        called_on=TODAY,
        called_time="1:15 pm",
    )
    return replace(call, **typed)


def _consultation(inquiry, **typed):
    consultation = ConsultationEntered(
        inquiry_id=inquiry.id,
        version=inquiry.version,
        in_danger=False,
        psychosis_or_mania=False,
        heart_or_blood_pressure=True,
        pregnancy=None,
        other_treatment=False,
        held_on=TODAY,
        held_time="2:00 pm",
        outcome=InquiryOutcome.PROCEED,
        outcome_note="Wants to begin.",
    )
    return replace(consultation, **typed)


def _client_of(inquiry, **typed):
    client = InquiryClientEntered(
        id=new_id(),
        family_name="Vale",
        given_name="Juniper",
        preferred_name="",
        pronouns="",
        born_on=date(1990, 5, 1),
        phone=inquiry.phone,
        emergency_name="",
        emergency_relation="",
        emergency_phone="",
        may_be_told="",
        voicemail_ok=None,
        allergies="",
        allergies_asked_on=None,
        medications="",
        medications_asked_on=None,
        conditions="",
        conditions_asked_on=None,
        usual_pressure="",
        usual_pressure_asked_on=None,
        inquiry_id=inquiry.id,
    )
    return replace(client, **typed)


def _write(database, action, viewer, entered, now=NOW):
    with database.writing() as db:
        return action(db, viewer, entered, now)


def _kept(database, inquiry_id):
    with database.reading() as db:
        return db.get_one(Inquiry, inquiry_id)


def test_a_call_is_kept_with_its_instant(database, front_desk):
    call = _call()
    _write(database, record_inquiry, front_desk, call)
    kept = _kept(database, call.id)
    assert kept.called_at == datetime(2026, 11, 24, 20, 15, tzinfo=UTC)
    assert (kept.name, kept.concern) == ("Juniper Vale", "Heard of it from a friend.")
    assert kept.outcome is None
    assert kept.client_id is None
    [event] = audit_events(database)
    assert event.tag == "inquiry:recorded"
    assert "friend" not in str(event.changes)


def test_a_second_save_is_one_row_and_one_audit_event(database, front_desk):
    call = _call()
    for _ in range(2):
        _write(database, record_inquiry, front_desk, call)
    assert count_rows(database, Inquiry) == 1
    assert len(audit_events(database)) == 1


@pytest.mark.parametrize("action", ["record", "settle", "become"])
def test_somebody_without_a_function_keeps_nothing(database, inquiry, action):
    with database.writing() as db:
        nobody = a_clinician(db)
    does, entered = {
        "record": (record_inquiry, _call()),
        "settle": (settle_inquiry, _consultation(inquiry)),
        "become": (become_client, _client_of(inquiry)),
    }[action]
    with pytest.raises(NotAllowed):
        _write(database, does, nobody, entered)
    assert count_rows(database, Inquiry) == 1
    assert count_rows(database, Client) == 0
    assert audit_events(database) == []


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", {"name": "  "}),
        ("name", {"name": "N" * 200}),
        ("name", {"name": "Juni\x00per"}),
        ("phone", {"phone": "5" * 121}),
        ("phone", {"phone": "call me maybe"}),
        ("concern", {"concern": "c" * 8001}),
        ("called_on", {"called_on": None}),
        ("called_on", {"called_on": TODAY + timedelta(days=1)}),
        ("called_time", {"called_time": "2:31 pm"}),
        ("called_time", {"called_time": "2:30"}),
        ("called_time", {"called_time": "25:00"}),
        ("called_time", {"called_time": "soon"}),
        ("called_time", {"called_time": ""}),
    ],
)
def test_a_bad_call_is_refused_beside_the_field(database, front_desk, field, typed):
    with pytest.raises(Invalid) as refused:
        _write(database, record_inquiry, front_desk, _call(**typed))
    assert set(refused.value.fields) == {field}
    assert count_rows(database, Inquiry) == 0
    assert audit_events(database) == []


def test_every_problem_is_said_at_once(database, front_desk):
    with pytest.raises(Invalid) as refused:
        _write(database, record_inquiry, front_desk, _call(name="", called_time="noonish"))
    assert set(refused.value.fields) == {"name", "called_time"}


def test_a_consultation_is_kept_with_old_and_new_in_the_audit(database, front_desk, inquiry):
    _write(database, settle_inquiry, front_desk, _consultation(inquiry))
    kept = _kept(database, inquiry.id)
    assert kept.held_at == datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
    assert kept.outcome is InquiryOutcome.PROCEED
    [event] = audit_events(database)
    assert event.changes["outcome"] == [None, "proceed"]
    assert event.changes["held_at"][0] is None
    assert "begin" not in str(event.changes)


def test_a_second_press_of_one_settling_is_one_change(database, front_desk, inquiry):
    for _ in range(2):
        _write(database, settle_inquiry, front_desk, _consultation(inquiry))
    assert _kept(database, inquiry.id).version == 2
    assert len(audit_events(database)) == 1


def test_an_outcome_saved_unchanged_is_no_second_event(database, front_desk, inquiry):
    with database.writing() as db:
        settle_inquiry(db, front_desk, _consultation(inquiry), NOW)
    with pytest.raises(Unchanged), database.writing() as db:
        settle_inquiry(db, front_desk, _consultation(inquiry, version=2), NOW)
    assert count_rows(database, AuditEvent) == 1


def test_two_people_settling_one_inquiry_lose_nothing(database, front_desk, inquiry):
    _write(database, settle_inquiry, front_desk, _consultation(inquiry))
    other = _consultation(inquiry, outcome=InquiryOutcome.DECLINED, outcome_note="Too far away.")
    with pytest.raises(Conflict) as refused:
        _write(database, settle_inquiry, front_desk, other)
    assert refused.value.theirs["outcome_note"] == "Wants to begin."
    assert refused.value.mine["outcome_note"] == "Too far away."
    assert _kept(database, inquiry.id).outcome is InquiryOutcome.PROCEED


def test_nobody_reached_needs_no_consultation(database, front_desk, inquiry):
    silent = _consultation(
        inquiry, held_on=None, held_time="", outcome=InquiryOutcome.NO_CONTACT, outcome_note=""
    )
    _write(database, settle_inquiry, front_desk, silent)
    assert _kept(database, inquiry.id).held_at is None


def test_who_declines_on_the_first_call_had_no_consultation(database, front_desk, inquiry):
    declined = _consultation(inquiry, held_on=None, held_time="", outcome=InquiryOutcome.DECLINED)
    _write(database, settle_inquiry, front_desk, declined)
    kept = _kept(database, inquiry.id)
    assert (kept.held_at, kept.outcome) == (None, InquiryOutcome.DECLINED)


def test_who_declines_after_the_consultation_keeps_it(database, front_desk, inquiry):
    declined = _consultation(inquiry, outcome=InquiryOutcome.DECLINED)
    _write(database, settle_inquiry, front_desk, declined)
    assert _kept(database, inquiry.id).held_at == datetime(2026, 11, 24, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("outcome", {"outcome": None}),
        ("held_on", {"held_on": None, "outcome": InquiryOutcome.DECLINED}),
        ("held_time", {"held_time": "", "outcome": InquiryOutcome.DECLINED}),
        ("held_on", {"held_on": None}),
        ("held_on", {"held_on": TODAY + timedelta(days=1)}),
        ("held_on", {"held_on": TODAY - timedelta(days=3)}),
        ("held_time", {"held_time": "2:31 pm"}),
        ("held_time", {"held_time": "half past"}),
        ("outcome_note", {"outcome_note": "n" * 8001}),
    ],
)
def test_a_bad_consultation_is_refused_beside_the_field(
    database, front_desk, inquiry, field, typed
):
    with pytest.raises(Invalid) as refused:
        _write(database, settle_inquiry, front_desk, _consultation(inquiry, **typed))
    assert set(refused.value.fields) == {field}
    assert _kept(database, inquiry.id).version == 1
    assert audit_events(database) == []


def test_an_inquiry_becomes_a_client_in_one_go(database, front_desk, inquiry):
    entered = _client_of(inquiry)
    assert _write(database, become_client, front_desk, entered) == "K-001"
    kept = _kept(database, inquiry.id)
    assert kept.client_id == entered.id
    assert kept.outcome is InquiryOutcome.PROCEED
    [event] = audit_events(database)
    assert (event.tag, event.client_id) == ("client:created", entered.id)
    assert event.changes["inquiry_id"] == inquiry.id


def test_a_second_press_makes_no_second_client(database, front_desk, inquiry):
    entered = _client_of(inquiry)
    codes = {_write(database, become_client, front_desk, entered) for _ in range(2)}
    assert codes == {"K-001"}
    assert count_rows(database, Client) == 1
    assert len(audit_events(database)) == 1


def test_an_inquiry_has_one_client_only(database, front_desk, inquiry):
    first = _client_of(inquiry)
    _write(database, become_client, front_desk, first)
    with pytest.raises(NotAllowed, match="already"):
        _write(database, become_client, front_desk, _client_of(inquiry))
    assert count_rows(database, Client) == 1
    assert _kept(database, inquiry.id).client_id == first.id


def test_a_bad_client_leaves_the_inquiry_as_it_was(database, front_desk, inquiry):
    with pytest.raises(Invalid) as refused:
        _write(database, become_client, front_desk, _client_of(inquiry, family_name=""))
    assert set(refused.value.fields) == {"family_name"}
    assert _kept(database, inquiry.id).client_id is None
    assert count_rows(database, Client) == 0


def test_an_inquiry_with_a_client_is_not_declined_afterwards(database, front_desk, inquiry):
    _write(database, become_client, front_desk, _client_of(inquiry))
    declined = _consultation(inquiry, version=2, outcome=InquiryOutcome.DECLINED)
    with pytest.raises(NotAllowed):
        _write(database, settle_inquiry, front_desk, declined)
    assert _kept(database, inquiry.id).outcome is InquiryOutcome.PROCEED


def test_an_unknown_inquiry_is_not_found(database, front_desk, inquiry):
    with pytest.raises(NotFound):
        _write(database, settle_inquiry, front_desk, _consultation(inquiry, inquiry_id=new_id()))
