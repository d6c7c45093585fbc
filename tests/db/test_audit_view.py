"""Reading the audit log: administrators only, filtered, a page at a time, never a client's name."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kapteam.db.audit import record
from kapteam.db.in_force import PracticeInForce
from kapteam.errors import NotAllowed
from kapteam.queries.audit_log import PAGE, LogWanted, audit_log
from kapteam.queries.standing import Asked
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import Function
from tests.factories import NOW, TODAY, ZONE, a_clinician
from tests.factories_care import a_cared_for_client
from tests.query_recorder import recorded_statements

PRACTICE = PracticeInForce("Saguaro Practice", ZONE, False, Thresholds())


@pytest.fixture
def care(database):
    return a_cared_for_client(database)


@pytest.fixture
def admin(care):
    with care.database.writing() as db:
        return a_clinician(db, Function.COORDINATOR, name="Ada Adams", is_administrator=True)


def _note(care, by, tag, at=NOW, **more):
    with care.database.writing() as db:
        record(db, tag, by, at, **more)


def _log(care, viewer, number=1, **wanted):
    with care.database.reading() as db:
        return audit_log(db, Asked(viewer, PRACTICE, NOW), LogWanted(**wanted), number)


@pytest.mark.parametrize("who", ["prescriber", "therapist", "nurse", "front_desk", "stranger"])
def test_nobody_but_an_administrator_reads_it(care, admin, who):
    with pytest.raises(NotAllowed, match="Only an administrator"):
        _log(care, getattr(care, who))


def test_an_event_says_who_did_what_about_whom_by_code_and_never_by_name(care, admin):
    _note(care, care.therapist, "client:viewed", client_id=care.client.id)
    _note(care, None, "signin:failed", subject_id=care.nurse.clinician_id)

    failed, viewed = _log(care, admin).lines

    assert (viewed.who, viewed.tag, viewed.code) == (
        "Thea Tallis",
        "client:viewed",
        care.client.code,
    )
    assert (failed.who, failed.about, failed.code) == (None, "Nico Nightingale", None)
    assert "Okafor" not in repr((viewed, failed))


def test_it_is_filtered_by_person_by_client_code_and_by_the_practices_day(care, admin):
    _note(care, care.therapist, "client:viewed", client_id=care.client.id)
    _note(care, care.nurse, "client:viewed", client_id=care.client.id)
    # 11:30 pm in Phoenix is another day in UTC already.
    late = datetime(2026, 11, 23, 23, 30, tzinfo=ZONE)
    _note(care, care.nurse, "signin:started", late)

    assert _log(care, admin).count == 3
    assert _log(care, admin, clinician_id=care.nurse.clinician_id).count == 2
    assert _log(care, admin, code=f" {care.client.code.lower()} ").count == 2
    assert _log(care, admin, code=care.client.code.replace("-0", "")).count == 2
    assert _log(care, admin, code="K-999").count == 0
    assert _log(care, admin, code="Okafor").count == 0
    yesterday = _log(care, admin, until_on=TODAY - timedelta(days=1))
    assert [one.at for one in yesterday.lines] == [late]
    assert _log(care, admin, from_on=TODAY, clinician_id=care.nurse.clinician_id).count == 1
    assert _log(care, admin, until_on=TODAY - timedelta(days=9)).lines == ()


def _on(day):
    """November 2026, one day of the practice."""
    return LogWanted(from_on=date(2026, 11, day), until_on=date(2026, 11, day))


def test_a_day_of_another_zone_has_its_own_midnight(care, admin):
    late = datetime(2026, 11, 23, 23, 30, tzinfo=ZONE)
    _note(care, care.nurse, "signin:started", late)
    there = PracticeInForce("Elsewhere", ZoneInfo("America/New_York"), False, Thresholds())

    with care.database.reading() as db:
        asked = Asked(admin, there, NOW)
        assert audit_log(db, asked, _on(23), 1).count == 0
        assert audit_log(db, asked, _on(24), 1).count == 1


def test_a_page_has_fifty_the_newest_first_and_two_statements_however_many_there_are(care, admin):
    with care.database.writing() as db:
        for number in range(2 * PAGE + 5):
            record(db, "client:viewed", care.nurse, NOW - timedelta(minutes=number))

    with recorded_statements(care.database.engine) as statements:
        first = _log(care, admin)

    assert len([one for one in statements if "audit_event" in str(one)]) == 2
    assert (first.count, first.pages, len(first.lines)) == (2 * PAGE + 5, 3, PAGE)
    assert first.lines[0].at == NOW
    last = _log(care, admin, 3)
    assert len(last.lines) == 5
    assert not {one.id for one in first.lines} & {one.id for one in last.lines}
    # A page that is not there any more is the last one, never an empty one.
    assert _log(care, admin, 99).lines == last.lines
    assert _log(care, admin, 0).number == 1
