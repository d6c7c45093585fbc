"""Medicines other than ketamine at a session: recorded, voided, and no part of the dose."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kapteam.actions.entered_in_error import VoidRowEntered
from kapteam.actions.other_medicines import (
    OtherMedicineEntered,
    record_other_medicine,
    void_other_medicine,
)
from kapteam.db.tables import KetamineSession, OtherMedicine
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.ketamine_session import ketamine_session_page
from kapteam.queries.standing import course_standings
from kapteam.vocabulary import MedicineRoute, SessionStatus
from kapteam.wording import clock_time
from tests.factories import NOW, TODAY, ZONE, audit_events
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    another_medicine,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def given_today(care) -> KetamineSession:
    """70 mg three hours ago, 20 mg more a little later."""
    with care.database.writing() as db:
        return a_given_session(
            db, care.course, given_at=NOW - 3 * HOUR, boosted_at=NOW - 3 * HOUR + 15 * MINUTE
        )


def _medicine(session: KetamineSession, **typed: Any) -> OtherMedicineEntered:
    usual = {
        "id": new_id(),
        "name": "ondansetron",
        "dose": "4 mg",
        "route": MedicineRoute.SUBLINGUAL,
        "given_on": TODAY,
        "given_time": "12:30 pm",
        "reason": "Nausea",
    }
    return OtherMedicineEntered(ketamine_session_id=session.id, **(usual | typed))


@pytest.mark.parametrize(
    ("who", "is_witnessed"), [("prescriber", False), ("nurse", False), ("therapist", True)]
)
def test_it_is_kept_once_with_who_gave_it_or_saw_it_taken(care, given_today, who, is_witnessed):
    viewer, entered = getattr(care, who), _medicine(given_today, dose=".10mg", name="clonidine")
    for _ in range(2):
        care.do(record_other_medicine, viewer, entered)

    (row,) = care.rows(OtherMedicine)
    assert (row.name, row.dose, row.route) == (
        "clonidine",
        "0.1\N{NO-BREAK SPACE}mg",
        MedicineRoute.SUBLINGUAL,
    )
    assert (row.given_by_id, row.is_witnessed) == (viewer.clinician_id, is_witnessed)
    assert row.given_at == NOW - 2 * HOUR
    (event,) = audit_events(care.database)
    assert (event.tag, event.client_id) == ("other_medicine:recorded", care.client.id)
    # What somebody typed in words stays out of the log.
    assert "clonidine" not in str(event.changes)
    assert "Nausea" not in str(event.changes)


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_who_is_not_treating_records_and_voids_nothing(care, given_today, who):
    with care.database.writing() as db:
        kept = another_medicine(db, given_today, given_at=NOW - 2 * HOUR)
    for action, entered in (
        (record_other_medicine, _medicine(given_today)),
        (void_other_medicine, VoidRowEntered(kept.id, "Wrong")),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            care.do(action, getattr(care, who), entered)
    (row,) = care.rows(OtherMedicine)
    assert row.voided_at is None


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": " "}, "name"),
        ({"dose": "4"}, "dose"),
        ({"dose": "0 mg"}, "dose"),
        ({"dose": "-4 mg"}, "dose"),
        ({"dose": "NaN mg"}, "dose"),
        ({"route": None}, "route"),
        ({"given_on": None}, "given_on"),
        ({"given_time": "1:30"}, "given_time"),
        ({"given_time": "2:31 pm"}, "given_time"),
        ({"given_on": TODAY - 2 * DAY}, "given_time"),
        ({"reason": "a\nb"}, "reason"),
    ],
)
def test_rule_36_what_cannot_be_is_refused_beside_its_field(care, given_today, typed, field):
    with pytest.raises(Invalid) as refused:
        care.do(record_other_medicine, care.nurse, _medicine(given_today, **typed))
    assert list(refused.value.fields) == [field]
    assert care.rows(OtherMedicine) == []
    assert audit_events(care.database) == []


@pytest.mark.parametrize("status", list(SessionStatus))
def test_it_is_accepted_whatever_became_of_the_session(care, status):
    """Clonidine is given, and then the dose is not."""
    with care.database.writing() as db:
        session = a_ketamine_session(db, care.course, planned_at=NOW - HOUR, status=status)
    care.do(record_other_medicine, care.nurse, _medicine(session))
    assert len(care.rows(OtherMedicine)) == 1
    assert care.row(KetamineSession, session.id).status is status


def test_rule_66_one_that_never_was_is_struck_through_not_deleted(care, given_today):
    with care.database.writing() as db:
        wrong = another_medicine(db, given_today, given_at=NOW - 2 * HOUR)
    with pytest.raises(Invalid):
        care.do(void_other_medicine, care.nurse, VoidRowEntered(wrong.id, " "))
    for _ in range(2):
        care.do(void_other_medicine, care.nurse, VoidRowEntered(wrong.id, "Not hers"))
    row = care.row(OtherMedicine, wrong.id)
    assert (row.voided_at, row.void_reason) == (NOW, "Not hers")
    assert row.voided_by_id == care.nurse.clinician_id
    assert len(audit_events(care.database, "other_medicine:voided")) == 1
    with pytest.raises(NotAllowed, match="already"):
        care.do(void_other_medicine, care.nurse, VoidRowEntered(wrong.id, "Another reason"))


def test_one_that_does_not_exist_reads_like_one_that_is_hidden(care, given_today):
    with care.database.writing() as db:
        kept = another_medicine(db, given_today, given_at=NOW - 2 * HOUR)
    sentences = set()
    for viewer, medicine_id in ((care.nurse, new_id()), (care.stranger, kept.id)):
        with pytest.raises(NotFound) as refused:
            care.do(void_other_medicine, viewer, VoidRowEntered(medicine_id, "Wrong"))
        sentences.add(str(refused.value))
    assert len(sentences) == 1


def _dose_and_clock(care: Care, session: KetamineSession) -> tuple[Any, ...]:
    """Everything that a page says of the dose, its total and the clock that runs from it."""
    asked = care.asked_by(care.prescriber)
    with care.database.reading() as db:
        (course,) = course_standings(db, asked)
        page = ketamine_session_page(db, asked, session.id)
    row = care.row(KetamineSession, session.id)
    return (
        course.integrations,
        course.doses,
        page.counted,
        page.integrations,
        row.version,
        row.status,
        row.breach_reason,
    )


@ON_SQLITE
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.integers(-600, 180),
            st.sampled_from(["4 mg", "300 mg", "0.1 mg", "2 tablets"]),
            st.sampled_from(MedicineRoute),
            st.booleans(),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_rule_4_no_other_medicine_moves_the_integration_clock_or_the_total(
    care, given_today, medicines
):
    before = _dose_and_clock(care, given_today)
    for minutes, dose, route, in_error in medicines:
        at = (NOW - 3 * HOUR + minutes * MINUTE).astimezone(ZONE)
        entered = _medicine(
            given_today,
            name="ketorolac",
            dose=dose,
            route=route,
            given_on=at.date(),
            given_time=clock_time(at.time()),
        )
        care.do(record_other_medicine, care.nurse, entered)
        if in_error:
            care.do(void_other_medicine, care.nurse, VoidRowEntered(entered.id, "Not hers"))
    assert _dose_and_clock(care, given_today) == before
