"""When a client was looked up in the prescription database: kept once, and marked if wrong."""

from datetime import timedelta

import pytest

from kapteam.actions.entered_in_error import VoidRowEntered
from kapteam.actions.lookups import LookupEntered, record_lookup, void_lookup
from kapteam.db.in_force import practice_in_force
from kapteam.db.tables import PrescriptionLookup
from kapteam.errors import Invalid, NotAllowed, NotFound
from kapteam.ids import new_id
from kapteam.queries.lookups import lookups
from kapteam.queries.standing import Asked
from tests.factories import NOW, TODAY, a_lookup, audit_events
from tests.factories_care import Care, a_cared_for_client

DAY = timedelta(days=1)


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def _entered(care: Care, on=TODAY) -> LookupEntered:
    return LookupEntered(new_id(), care.course.id, on)


def _shown(care: Care, viewer):
    with care.database.reading() as db:
        return lookups(db, Asked(viewer, practice_in_force(db, NOW), NOW), care.course.id)


@pytest.mark.parametrize("who", ["prescriber", "nurse"])
def test_a_look_up_is_kept_once_with_who_recorded_it(care, who):
    viewer, entered = getattr(care, who), _entered(care)
    for _ in range(2):
        care.do(record_lookup, viewer, entered)
    newest, before = _shown(care, care.therapist)
    assert (newest.looked_up_on, newest.recorded_by) == (TODAY, viewer.name)
    assert before.looked_up_on == TODAY - 20 * DAY
    [event] = audit_events(care.database, "lookup:recorded")
    assert event.client_id == care.client.id


@pytest.mark.parametrize("who", ["therapist", "front_desk"])
def test_who_may_not_look_into_it_records_none(care, who):
    with pytest.raises(NotAllowed, match="Only a prescriber or a nurse"):
        care.do(record_lookup, getattr(care, who), _entered(care))
    assert len(care.rows(PrescriptionLookup)) == 1


def test_somebody_else_s_client_is_not_looked_up(care):
    with care.database.reading() as db:
        assert lookups(db, Asked(care.stranger, practice_in_force(db, NOW), NOW), "") == ()
    with pytest.raises((NotAllowed, NotFound)):
        care.do(record_lookup, care.stranger, _entered(care))


@pytest.mark.parametrize(
    ("on", "says"), [(None, "Choose the day."), (TODAY + DAY, "in the future")]
)
def test_a_wrong_day_is_refused_beside_its_field(care, on, says):
    with pytest.raises(Invalid) as refused:
        care.do(record_lookup, care.prescriber, _entered(care, on))
    assert says in refused.value.fields["looked_up_on"]


def test_one_in_error_stays_with_its_reason_and_is_marked_once(care):
    with care.database.writing() as db:
        row = a_lookup(db, care.client, care.prescriber.clinician_id, looked_up_on=TODAY)
    entered = VoidRowEntered(row.id, "Another client")
    for _ in range(2):
        care.do(void_lookup, care.nurse, entered)
    newest = _shown(care, care.prescriber)[0]
    assert (newest.voided_at, newest.void_reason) == (NOW, "Another client")
    assert len(audit_events(care.database, "lookup:voided")) == 1
    with pytest.raises(NotAllowed):
        care.do(void_lookup, care.nurse, VoidRowEntered(row.id, "Something else"))
    with pytest.raises(NotAllowed):
        care.do(void_lookup, care.therapist, VoidRowEntered(row.id, "Another client"))
    with pytest.raises(NotFound):
        care.do(void_lookup, care.nurse, VoidRowEntered(new_id(), "No such row"))


def test_the_front_desk_is_told_of_none(care):
    assert _shown(care, care.front_desk) == ()
