"""The day on paper: whose rows it has, in how many statements, and that printing is on record."""

from datetime import timedelta

import pytest

from kapteam.actions.views import record_day_sheet
from kapteam.queries.audit_log import LogWanted, What, audit_log
from kapteam.queries.day_sheet import day_sheet
from kapteam.queries.today import today
from kapteam.vocabulary import Function
from tests.factories import NOW, TODAY, a_clinician, an_absence, audit_events
from tests.factories_care import (
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    an_integration_session,
    an_overdue_integration,
    another_course,
)
from tests.query_recorder import recorded_statements

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def _sheet(care, who, on=TODAY):
    asked = care.asked_by(who)
    with care.database.reading() as db:
        return day_sheet(db, asked, on)


def test_it_has_the_rows_of_today_in_their_order(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        an_integration_session(db, care.course, given, planned_at=NOW + HOUR)
        for hours in (3, -2):
            course = another_course(db, care, f"Hour{hours}")
            a_ketamine_session(db, course, planned_at=NOW + hours * HOUR)
        an_overdue_integration(db, another_course(db, care, "Late"))
        a_ketamine_session(db, another_course(db, care, "Tomorrow"), planned_at=NOW + DAY)

    for who in (care.therapist, care.prescriber, care.nurse, care.front_desk, care.stranger):
        sheet, asked = _sheet(care, who), care.asked_by(who)
        with care.database.reading() as db:
            shown = today(db, asked)
        assert sheet.agenda == shown.agenda
        assert sheet.owed == shown.integration_to_do
    assert sheet.codes == []
    assert len(_sheet(care, care.therapist).agenda) == 3
    assert len(_sheet(care, care.therapist, TODAY + DAY).agenda) == 1


def test_whoever_covers_somebody_has_their_rows_too(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        cover = a_clinician(db, Function.THERAPIST, name="Tove Standin")
        an_absence(db, care.therapist, care.therapist, cover=cover)

    assert _sheet(care, cover).codes == [care.client.code]
    assert _sheet(care, care.stranger).codes == []


def test_it_takes_eight_statements_however_much_there_is(care):
    asked = care.asked_by(care.therapist)

    def statements():
        with recorded_statements(care.database.engine) as found, care.database.reading() as db:
            day_sheet(db, asked, TODAY)
        return len(found)

    assert statements() == 8
    with care.database.writing() as db:
        for number in range(12):
            course = another_course(db, care, f"Client{number:02d}")
            a_ketamine_session(db, course, planned_at=NOW + HOUR)
            an_overdue_integration(db, another_course(db, care, f"Other{number:02d}"))
    assert statements() == 8


def test_printing_is_on_record_with_the_day_and_everybody_s_code(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        admin = a_clinician(db, name="Ada Admin", is_administrator=True)
    sheet = _sheet(care, care.therapist)

    care.do(record_day_sheet, care.therapist, sheet.on, sheet.codes)

    [event] = audit_events(care.database, "day_sheet:printed")
    assert event.clinician_id == care.therapist.clinician_id
    assert event.changes == {"on": "2026-11-24", "codes": [care.client.code]}
    with care.database.reading() as db:
        printed = audit_log(db, care.asked_by(admin), LogWanted(What.PRINTED), 1)
    assert [line.id for line in printed.lines] == [event.id]
