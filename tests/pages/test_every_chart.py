"""What holds for every page that names a client: who opened it is on record, however much there is
to read it takes as many statements."""

from datetime import timedelta

import pytest

from kapteam.db.tables import AuditEvent
from tests.factories import NOW
from tests.factories_care import (
    a_given_session,
    a_ketamine_session,
    a_signed_intention,
    an_overdue_integration,
)
from tests.pages.tabs import opened, said, statements_of


@pytest.fixture
def addresses(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + timedelta(days=1))
        owing = an_overdue_integration(db, care.course)
        note = a_signed_intention(db, dose, care.therapist)
    return {
        "client": {"client": care.client.code},
        "client_edit": {"client": care.client.code},
        "episode": {"id": care.course.id},
        "clearance": {"episode": care.course.id},
        "consent": {"episode": care.course.id},
        "booking": {"episode": care.course.id},
        "ketamine_session": {"id": dose.id},
        "integration_session": {"dose": owing.id},
        "note": {"id": note.id},
    }


PAGES = (
    "client",
    "client_edit",
    "episode",
    "clearance",
    "consent",
    "booking",
    "ketamine_session",
    "integration_session",
    "note",
)


@pytest.mark.parametrize("page", PAGES)
def test_rule_63_opening_a_chart_is_on_record_once_an_hour(care, addresses, page):
    assert "Okafor" in said(opened(care, care.therapist, page, **addresses[page]))
    opened(care, care.therapist, page, **addresses[page])

    (seen,) = care.rows(AuditEvent, tag="client:viewed")
    assert (seen.client_id, seen.clinician_id) == (care.client.id, care.therapist.clinician_id)


@pytest.mark.parametrize("page", PAGES)
def test_who_is_refused_a_chart_has_not_opened_it(care, addresses, page):
    assert "Okafor" not in said(opened(care, care.stranger, page, **addresses[page]))
    assert care.rows(AuditEvent, tag="client:viewed") == []


@pytest.mark.parametrize("page", PAGES)
def test_it_takes_as_many_statements_with_thirty_sessions_as_with_three(care, addresses, page):
    def fill(numbers):
        with care.database.writing() as db:
            for number in numbers:
                given = a_given_session(db, care.course, given_at=NOW - timedelta(days=number + 3))
                a_signed_intention(db, given, care.therapist)

    fill(range(3))
    tab = opened(care, care.prescriber, page, **addresses[page])
    few = statements_of(care, tab)
    fill(range(3, 30))

    assert statements_of(care, tab) == few
