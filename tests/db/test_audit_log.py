"""What was recorded stays as it was recorded, whoever asks the database otherwise."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from kapteam.db.audit import record
from kapteam.db.tables import AuditEvent, Clinician, PracticeSetting
from kapteam.ids import new_id


@pytest.fixture
def recorded(database, now):
    """A practice with one audit event."""
    with database.writing() as db:
        record(db, "practice:set_up", None, now, subject_id="the-practice")
    return database


def _events(database):
    with database.reading() as db:
        return [tuple(row) for row in db.execute(select(AuditEvent.tag, AuditEvent.subject_id))]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET tag = 'nothing:happened'",
        "UPDATE audit_event SET tag = tag",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE tag = 'practice:set_up'",
    ],
)
def test_an_audit_event_is_neither_changed_nor_deleted(recorded, statement):
    with pytest.raises(DatabaseError, match="append-only"), recorded.writing() as db:
        db.execute(text(statement))

    assert _events(recorded) == [("practice:set_up", "the-practice")]


_COLUMNS = "id, at, clinician_id, sign_in_id, tag, client_id, subject_id, changes"
_SAME_ID = "SELECT id, at, clinician_id, sign_in_id, 'nothing:happened', client_id, 'x', changes"


def test_an_audit_event_is_not_replaced_on_sqlite(sqlite_database, now):
    with sqlite_database.writing() as db:
        record(db, "practice:set_up", None, now, subject_id="the-practice")

    with pytest.raises(DatabaseError, match="append-only"), sqlite_database.writing() as db:
        db.execute(
            text(f"INSERT OR REPLACE INTO audit_event ({_COLUMNS}) {_SAME_ID} FROM audit_event")
        )

    assert _events(sqlite_database) == [("practice:set_up", "the-practice")]


def test_an_audit_event_is_not_replaced_by_an_upsert(recorded):
    with pytest.raises(DatabaseError, match="append-only"), recorded.writing() as db:
        db.execute(
            text(
                f"INSERT INTO audit_event ({_COLUMNS}) {_SAME_ID} FROM audit_event WHERE true "
                "ON CONFLICT (id) DO UPDATE SET tag = excluded.tag"
            )
        )

    assert _events(recorded) == [("practice:set_up", "the-practice")]


def test_the_audit_log_is_not_emptied_on_postgresql(postgresql_database, now):
    with postgresql_database.writing() as db:
        record(db, "practice:set_up", None, now)

    with pytest.raises(DatabaseError, match="append-only"), postgresql_database.writing() as db:
        db.execute(text("TRUNCATE audit_event"))

    assert len(_events(postgresql_database)) == 1


def test_the_audit_log_goes_on_growing(recorded, now):
    with recorded.writing() as db:
        record(db, "practice:renamed", None, now)
    with recorded.reading() as db:
        assert db.execute(select(func.count()).select_from(AuditEvent)).scalar_one() == 2


def test_an_event_goes_with_the_thing_that_failed(recorded, now):
    def fail_after_recording() -> None:
        with recorded.writing() as db:
            record(db, "practice:renamed", None, now)
            raise LookupError("after the event")

    with pytest.raises(LookupError):
        fail_after_recording()

    assert _events(recorded) == [("practice:set_up", "the-practice")]


@pytest.mark.parametrize(
    "statement", ["UPDATE practice_setting SET value = '1'", "DELETE FROM practice_setting"]
)
def test_a_practice_setting_is_append_only_too(database, now, statement):
    with database.writing() as db:
        somebody = Clinician(
            id=new_id(),
            name="Nadia Example",
            sign_in_name="nadia",
            is_administrator=True,
            created_at=now,
        )
        db.add(somebody)
        db.flush()
        db.add(
            PracticeSetting(
                id=new_id(),
                key="integration_target_hours",
                value="24",
                source="the practice",
                set_by_id=somebody.id,
                in_force_from=now,
            )
        )

    with pytest.raises(DatabaseError, match="append-only"), database.writing() as db:
        db.execute(text(statement))

    with database.reading() as db:
        assert db.scalars(select(PracticeSetting.value)).all() == ["24"]
