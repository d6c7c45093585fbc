"""The change token: another one after every save, the same one after everything else."""

from datetime import timedelta

import pytest

from kapteam.accounts.sign_ins import end, start_sign_in
from kapteam.actions.clients import PinnedLineEntered, pin_line
from kapteam.actions.views import record_day_sheet, record_view
from kapteam.db.audit import change_token
from kapteam.db.engine import Database
from kapteam.db.tables import AuditEvent
from kapteam.errors import Conflict
from tests.factories import NOW, TODAY
from tests.factories_care import Care, a_cared_for_client


@pytest.fixture
def care(database: Database) -> Care:
    """A client whom a prescriber and a therapist share."""
    return a_cared_for_client(database)


def _token(database: Database) -> str:
    with database.reading() as db:
        return change_token(db)


def _pin(care: Care, line: str, version: int) -> None:
    with care.database.writing() as db:
        entered = PinnedLineEntered(care.client.id, version, line)
        pin_line(db, care.therapist, entered, NOW)


def test_a_save_changes_it_and_a_second_save_changes_it_again(care):
    seen = [_token(care.database)]
    for version, line in enumerate(("Cannot swallow large capsules.", "Prefers mornings."), 1):
        _pin(care, line, version)
        seen.append(_token(care.database))
    assert len(set(seen)) == 3


def test_looking_printing_signing_in_and_leaving_change_nothing(care):
    before = _token(care.database)
    with care.database.writing() as db:
        started = start_sign_in(db, care.therapist.clinician_id, "a test", NOW)
        record_view(db, care.therapist, care.client.id, NOW)
        record_day_sheet(db, care.therapist, TODAY, [care.client.code], NOW)
    with care.database.writing() as db:
        end(db, started.sign_in_id, NOW + timedelta(hours=1))
    assert _token(care.database) == before


def test_a_save_that_was_refused_changes_nothing(care):
    before = _token(care.database)
    with pytest.raises(Conflict):
        _pin(care, "Prefers mornings.", 7)
    assert _token(care.database) == before


def test_a_save_that_began_first_and_ended_last_is_seen(care):
    with care.database.writing() as db:
        for number in range(3):
            db.add(_event(f"ffffffff-0000-7000-8000-00000000000{number}"))
    before = _token(care.database)
    with care.database.writing() as db:
        db.add(_event("eeeeeeee-0000-7000-8000-000000000000"))
    assert _token(care.database) != before


def _event(event_id: str) -> AuditEvent:
    return AuditEvent(id=event_id, at=NOW, tag="client:changed", changes={})


def test_it_tells_nothing_about_what_was_saved(care):
    _pin(care, "Cannot swallow large capsules.", 1)
    token = _token(care.database)
    assert len(token) == 16
    assert care.client.id[:8] not in token
