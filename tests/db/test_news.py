"""What is new on a client's page: to each for themselves, each thing once, and to nobody else."""

from datetime import timedelta

import pytest

from kapteam.actions.views import keep_look
from kapteam.db.audit import record
from kapteam.db.tables import AuditEvent, ChartLook
from kapteam.errors import NotFound
from kapteam.queries.client import client_page
from kapteam.queries.news import NewKind
from kapteam.vocabulary import NoteKind
from tests.factories import NOW
from tests.factories_care import a_cared_for_client, a_given_session, a_signed_note

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def care(database):
    return a_cared_for_client(database)


def _looks(care, who, at):
    care.do(keep_look, who, care.client.id, now=at)


def _news(care, who, now=NOW):
    with care.database.reading() as db:
        return client_page(db, care.asked_by(who, now), care.client.code).news


def _signs(care, who, at):
    with care.database.writing() as db:
        note = a_signed_note(db, care.course, who, NoteKind.GENERAL, signed_at=at)
        record(db, "note:signed", who, at, client_id=care.client.id, subject_id=note.id)
    return note


def test_what_the_other_signed_is_new_until_one_has_looked_and_mine_never_is(care):
    for who in (care.therapist, care.prescriber):
        _looks(care, who, NOW - 24 * HOUR)
    note = _signs(care, care.therapist, NOW - HOUR)
    news = _news(care, care.prescriber)
    assert news.since == NOW - 24 * HOUR
    [new] = news.saved
    assert (new.kind, new.subject_id, new.by) == (NewKind.NOTE, note.id, "Thea Tallis")
    assert new.at == NOW - HOUR
    assert _news(care, care.therapist).saved == ()


def test_my_reading_never_clears_the_others_list(care):
    for who in (care.nurse, care.prescriber):
        _looks(care, who, NOW - 24 * HOUR)
    _signs(care, care.therapist, NOW - HOUR)
    _looks(care, care.nurse, NOW)
    later = NOW + HOUR
    assert _news(care, care.nurse, later).saved == ()
    assert len(_news(care, care.prescriber, later).saved) == 1


def test_while_one_goes_on_looking_it_stays_and_then_it_is_gone(care):
    _looks(care, care.prescriber, NOW - 24 * HOUR)
    _signs(care, care.therapist, NOW - HOUR)
    for minutes in (0, 10, 30, 55):
        at = NOW + minutes * MINUTE
        assert len(_news(care, care.prescriber, at).saved) == 1
        _looks(care, care.prescriber, at)
    assert _news(care, care.prescriber, NOW + 86 * MINUTE).saved == ()


def test_who_looks_for_the_first_time_is_told_nothing(care):
    _signs(care, care.therapist, NOW - HOUR)
    news = _news(care, care.prescriber)
    assert (news.since, news.saved, news.keeps_look) == (None, (), True)


def test_of_a_thing_that_was_saved_twice_the_newest_counts_and_the_newest_is_first(care):
    _looks(care, care.prescriber, NOW - 24 * HOUR)
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - 3 * HOUR)
        for at in (NOW - 3 * HOUR, NOW - 2 * HOUR):
            record(
                db,
                "ketamine_session:recorded",
                care.therapist,
                at,
                client_id=care.client.id,
                subject_id=session.id,
            )
    note = _signs(care, care.therapist, NOW - HOUR)
    saved = _news(care, care.prescriber).saved
    assert [(one.subject_id, one.at) for one in saved] == [
        (note.id, NOW - HOUR),
        (session.id, NOW - 2 * HOUR),
    ]


def test_to_look_is_no_event_and_is_kept_once_for_each(care):
    before = len(care.rows(AuditEvent))
    for minutes in (0, 1, 4, 6):
        _looks(care, care.prescriber, NOW + minutes * MINUTE)
    _looks(care, care.therapist, NOW)
    assert len(care.rows(AuditEvent)) == before
    with care.database.reading() as db:
        looks = {row.clinician_id: row.looked_at for row in db.query(ChartLook)}
    assert looks == {
        care.prescriber.clinician_id: NOW + 6 * MINUTE,
        care.therapist.clinician_id: NOW,
    }


def test_nobody_looks_at_whom_they_may_not_see(care):
    with pytest.raises(NotFound):
        _looks(care, care.stranger, NOW)
    with care.database.reading() as db:
        assert db.query(ChartLook).count() == 0
