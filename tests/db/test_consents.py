"""Consents: kept as signed, revoked with a day, the newest of a type holds."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from kapteam.actions.consents import (
    ConsentEntered,
    ConsentErrorEntered,
    RevocationEntered,
    newest_consents,
    record_consent,
    revoke_consent,
    void_consent,
)
from kapteam.db.access import visible_episode
from kapteam.db.tables import Consent
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.vocabulary import ConsentType, Function
from tests.factories import (
    NOW,
    TODAY,
    a_client,
    a_clinician,
    a_consent,
    a_course,
    a_practice,
    audit_events,
    count_rows,
)


@pytest.fixture
def therapist(database):
    with database.writing() as db:
        a_practice(db)
        return a_clinician(db, Function.THERAPIST)


@pytest.fixture
def course(database, therapist):
    with database.writing() as db:
        return a_course(db, a_client(db, therapist), therapist=therapist)


@pytest.fixture
def consent(database, course, therapist):
    with database.writing() as db:
        return a_consent(db, course, ConsentType.TOUCH, therapist.clinician_id)


def _signed(course, **typed):
    entered = ConsentEntered(
        id=new_id(),
        episode_id=course.id,
        type=ConsentType.KAP_TREATMENT,
        form_version="2026-01",
        signed_on=TODAY,
        expires_on=None,
    )
    return replace(entered, **typed)


def _write(database, action, viewer, entered, now=NOW):
    with database.writing() as db:
        action(db, viewer, entered, now)


def _kept(database, consent):
    with database.reading() as db:
        return db.get_one(Consent, consent.id)


def test_a_consent_is_kept(database, therapist, course):
    _write(database, record_consent, therapist, _signed(course))
    with database.reading() as db:
        kept = db.scalars(select(Consent)).one()
    assert (kept.type, kept.signed_on, kept.expires_on) == (
        ConsentType.KAP_TREATMENT,
        TODAY,
        None,
    )
    [event] = audit_events(database)
    assert (event.tag, event.client_id) == ("consent:recorded", course.client_id)


def test_the_front_desk_takes_a_receipt(database, course):
    with database.writing() as db:
        front_desk = a_clinician(db, Function.COORDINATOR)
    _write(database, record_consent, front_desk, _signed(course))
    assert count_rows(database, Consent) == 1


def test_a_second_save_is_one_row_and_one_audit_event(database, therapist, course):
    entered = _signed(course)
    for _ in range(2):
        _write(database, record_consent, therapist, entered)
    assert count_rows(database, Consent) == 1
    assert len(audit_events(database)) == 1


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("type", {"type": None}),
        ("form_version", {"form_version": "v" * 41}),
        ("signed_on", {"signed_on": None}),
        ("signed_on", {"signed_on": TODAY + timedelta(days=1)}),
        ("expires_on", {"expires_on": TODAY}),
        ("expires_on", {"expires_on": TODAY - timedelta(days=9)}),
    ],
)
def test_bad_input_is_refused_beside_the_field(database, therapist, course, field, typed):
    with pytest.raises(Invalid) as refused:
        _write(database, record_consent, therapist, _signed(course, **typed))
    assert set(refused.value.fields) == {field}
    assert count_rows(database, Consent) == 0
    assert audit_events(database) == []


def test_somebody_without_a_function_keeps_nothing(database, course, consent):
    with database.writing() as db:
        nobody = a_clinician(db, sees_everyone=True)
    for action, entered in (
        (record_consent, _signed(course)),
        (revoke_consent, RevocationEntered(consent.id, TODAY)),
    ):
        with pytest.raises(NotAllowed):
            _write(database, action, nobody, entered)
    assert count_rows(database, Consent) == 1
    assert _kept(database, consent).revoked_on is None


def test_somebody_not_on_the_course_finds_nothing(database, course, consent):
    with database.writing() as db:
        outsider = a_clinician(db, Function.PRESCRIBER)
    for action, entered in (
        (record_consent, _signed(course)),
        (revoke_consent, RevocationEntered(consent.id, TODAY)),
        (revoke_consent, RevocationEntered(new_id(), TODAY)),
    ):
        with pytest.raises(NotFound):
            _write(database, action, outsider, entered)
    assert count_rows(database, Consent) == 1
    assert _kept(database, consent).revoked_on is None
    assert audit_events(database) == []


def test_a_revocation_is_kept_once(database, therapist, consent):
    """Rule 22: a revoked consent is no longer in date."""
    revocation = RevocationEntered(consent.id, TODAY - timedelta(days=1))
    for _ in range(2):
        _write(database, revoke_consent, therapist, revocation)
    kept = _kept(database, consent)
    assert kept.revoked_on == TODAY - timedelta(days=1)
    assert kept.revoked_by_id == therapist.clinician_id
    [event] = audit_events(database)
    assert event.changes["revoked_on"] == [None, "2026-11-23"]
    with database.reading() as db:
        [fact] = newest_consents(db, consent.episode_id, TODAY)
    assert not fact.is_in_date(TODAY)
    assert fact.is_in_date(TODAY - timedelta(days=2))


def test_a_revocation_is_not_moved_to_another_day(database, therapist, consent):
    _write(database, revoke_consent, therapist, RevocationEntered(consent.id, TODAY))
    other = RevocationEntered(consent.id, TODAY - timedelta(days=1))
    with pytest.raises(NotAllowed, match="already"):
        _write(database, revoke_consent, therapist, other)
    assert _kept(database, consent).revoked_on == TODAY


def test_of_two_who_revoke_in_the_same_moment_the_first_day_stands(database, therapist, consent):
    with ThreadPoolExecutor(2) as people, database.writing() as db:
        # Both wait here, with all that they read before they had to.
        visible_episode(db, therapist, consent.episode_id, NOW)
        presses = [
            people.submit(
                _write, database, revoke_consent, therapist, RevocationEntered(consent.id, day)
            )
            for day in (TODAY, TODAY - timedelta(days=1))
        ]
        wait(presses, timeout=0.5)
    refused = [press.exception() for press in presses]
    assert [type(one) for one in refused if one is not None] == [NotAllowed]
    [event] = audit_events(database, "consent:revoked")
    assert event.changes["revoked_on"] == [None, str(_kept(database, consent).revoked_on)]


@pytest.mark.parametrize(
    "revoked_on", [None, TODAY + timedelta(days=1), TODAY - timedelta(days=21)]
)
def test_a_bad_day_of_revocation_is_refused(database, therapist, consent, revoked_on):
    with pytest.raises(Invalid) as refused:
        _write(database, revoke_consent, therapist, RevocationEntered(consent.id, revoked_on))
    assert set(refused.value.fields) == {"revoked_on"}
    assert _kept(database, consent).revoked_on is None


def test_an_old_form_recorded_late_is_not_the_newest(database, therapist, course, consent):
    late = _signed(
        course,
        type=ConsentType.TOUCH,
        signed_on=consent.signed_on - timedelta(days=700),
        expires_on=consent.signed_on - timedelta(days=335),
    )
    _write(database, record_consent, therapist, late)
    with database.reading() as db:
        [fact] = newest_consents(db, course.id, TODAY)
    assert fact.is_in_date(TODAY)


def test_rule_66_a_consent_entered_in_error_counts_no_more_and_the_one_before_holds_again(
    database, therapist, course, consent
):
    wrong = _signed(course, type=ConsentType.TOUCH, expires_on=TODAY + timedelta(days=1))
    _write(database, record_consent, therapist, wrong)
    _write(database, revoke_consent, therapist, RevocationEntered(wrong.id, TODAY))

    for reason in ("Another client's form", "pressed twice"):
        _write(database, void_consent, therapist, ConsentErrorEntered(wrong.id, reason))

    with database.reading() as db:
        [fact] = newest_consents(db, course.id, TODAY)
        kept = db.get_one(Consent, wrong.id)
    assert fact.expires_on == consent.expires_on
    assert fact.is_in_date(TODAY)
    assert (kept.void_reason, kept.voided_at) == ("Another client's form", NOW)
    [event] = audit_events(database, "consent:voided")
    assert (event.subject_id, event.client_id) == (wrong.id, course.client_id)
    assert "Another" not in str(event.changes)


def test_rule_66_the_error_needs_a_reason_and_is_not_revoked_afterwards(
    database, therapist, consent
):
    with pytest.raises(Invalid) as refused:
        _write(database, void_consent, therapist, ConsentErrorEntered(consent.id, " "))
    assert set(refused.value.fields) == {"void_reason"}
    _write(database, void_consent, therapist, ConsentErrorEntered(consent.id, "Never signed"))
    with pytest.raises(NotAllowed, match="in error"):
        _write(database, revoke_consent, therapist, RevocationEntered(consent.id, TODAY))
    with database.reading() as db:
        assert newest_consents(db, consent.episode_id, TODAY) == ()


def test_who_is_not_on_the_course_marks_no_consent(database, consent):
    with database.writing() as db:
        stranger = a_clinician(db, Function.THERAPIST)
    for consent_id in (consent.id, "none"):
        with pytest.raises(NotFound):
            _write(database, void_consent, stranger, ConsentErrorEntered(consent_id, "Wrong"))
    assert audit_events(database, "consent:voided") == []
