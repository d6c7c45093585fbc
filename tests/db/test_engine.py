"""The connections: no update is lost, readers never wait, a writer is one transaction."""

import os
import socket
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from kapteam.db import engine
from kapteam.db.engine import Database
from kapteam.db.tables import ClinicianFunction
from kapteam.errors import Unavailable, Unusable
from kapteam.vocabulary import Function
from tests.postgresql import a_server_of_its_own
from tests.query_recorder import recorded_statements

_tally = Table("tally", MetaData(), Column("value", Integer, nullable=False))


@pytest.fixture
def tally(blank_database: Database) -> Database:
    """A database with one number in it, 0."""
    blank_database.make_ready()
    with blank_database.writing() as db:
        _tally.create(db.connection())
        db.execute(insert(_tally).values(value=0))
    return blank_database


def _value(database: Database) -> int:
    with database.reading() as db:
        return db.execute(select(_tally.c.value)).scalar_one()


def test_four_writers_lose_no_increment(tally):
    def count_fifty(_writer: int) -> None:
        for _ in range(50):
            with tally.writing() as db:
                seen = db.execute(select(_tally.c.value).with_for_update()).scalar_one()
                db.execute(update(_tally).values(value=seen + 1))

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(count_fifty, range(4)))

    assert _value(tally) == 200


def test_a_reader_does_not_wait_for_a_writer_and_sees_only_what_is_committed(tally):
    with tally.writing() as db:
        db.execute(update(_tally).values(value=7))
        assert _value(tally) == 0
    assert _value(tally) == 7


def test_a_writer_does_not_wait_for_a_reader(tally):
    with tally.reading() as reader:
        reader.execute(select(_tally.c.value)).scalar_one()
        with tally.writing() as db:
            db.execute(update(_tally).values(value=7))
    assert _value(tally) == 7


def test_a_writer_that_fails_in_the_middle_leaves_nothing(tally):
    def save_half() -> None:
        with tally.writing() as db:
            db.execute(update(_tally).values(value=1))
            db.execute(insert(_tally).values(value=2))
            raise LookupError("in the middle")

    with pytest.raises(LookupError, match="in the middle"):
        save_half()

    assert _value(tally) == 0


def test_a_reader_keeps_nothing_that_it_changes(tally):
    with tally.reading() as db:
        db.execute(update(_tally).values(value=1))
    assert _value(tally) == 0


def test_a_row_that_points_to_nobody_is_refused(database):
    with pytest.raises(IntegrityError), database.writing() as db:
        db.add(ClinicianFunction(clinician_id="nobody", function=Function.NURSE))


def test_a_closed_database_opens_again(tally):
    tally.close()
    assert _value(tally) == 0


def test_recorded_statements_count_alike_on_both_engines(tally):
    with recorded_statements(tally.engine) as statements, tally.reading() as db:
        db.execute(select(func.count()).select_from(_tally))
        db.execute(select(_tally.c.value))
    with tally.reading() as db:
        db.execute(select(_tally.c.value))
    assert len(statements) == 2


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        # 2 is FULL: what is committed has reached the disk, and outlives a power cut.
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("recursive_triggers", 1),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
    ],
)
def test_every_connection_to_a_file_is_prepared(sqlite_database, pragma, value):
    with sqlite_database.writing() as one, sqlite_database.reading() as other:
        for db in (one, other):
            assert db.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


@contextmanager
def _without_the_rights_of_root() -> Iterator[None]:
    """Root may write what is read-only, so root becomes nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_file_says_so_and_keeps_what_it_has(sqlite_database):
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        file = folder / "practice.db"
        file.write_bytes(Path(sqlite_database.url.database).read_bytes())
        file.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        before = file.read_bytes()
        read_only = Database(f"sqlite:///{file}")

        with (
            _without_the_rights_of_root(),
            pytest.raises(Unusable, match="only be read") as refusal,
            read_only.writing() as db,
        ):
            _tally.create(db.connection())

        read_only.close()
        assert file.read_bytes() == before
        assert name not in str(refusal.value)


@pytest.mark.parametrize(
    "content", [b"A letter, not a database. " * 200, b"SQLite format 3\0" * 99]
)
def test_a_file_that_is_no_database_says_so_without_its_path(tmp_path, content):
    file = tmp_path / "practice.db"
    file.write_bytes(content)
    database = Database(f"sqlite:///{file}")

    with (
        pytest.raises(Unusable, match="not a kapteam database") as refusal,
        database.reading() as db,
    ):
        db.execute(select(_tally.c.value))

    database.close()
    assert str(tmp_path) not in str(refusal.value)
    assert file.read_bytes() == content


def test_a_folder_that_is_missing_says_so_without_its_path(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'gone' / 'practice.db'}")

    with pytest.raises(Unusable, match="cannot be opened") as refusal, database.reading() as db:
        db.execute(select(_tally.c.value))

    assert str(tmp_path) not in str(refusal.value)


def test_a_full_disk_says_so_keeps_nothing_half_and_goes_on_once_there_is_room(sqlite_database):
    def fill(pages: int) -> None:
        with sqlite_database.writing() as db:
            # Of this connection; the pool hands out the same one again.
            db.execute(text(f"PRAGMA max_page_count={pages}"))
            _tally.create(db.connection())
            db.execute(insert(_tally), [{"value": 8}] * 10_000)

    with pytest.raises(Unavailable, match="disk is full"):
        fill(1)
    fill(1_000_000)

    with sqlite_database.reading() as db:
        assert db.scalar(select(func.count()).select_from(_tally)) == 10_000


def test_a_server_that_is_gone_says_so_and_goes_on_once_it_is_back():
    with a_server_of_its_own() as server:
        database = Database(server.url)
        with database.writing() as db:
            _tally.create(db.connection())
            db.execute(insert(_tally).values(value=0))

        server.stop()
        for block in (database.reading, database.writing, database.snapshot):
            with pytest.raises(Unavailable, match="does not answer"), block() as db:
                db.execute(update(_tally).values(value=1))

        server.start()
        assert _value(database) == 0

        def save_half() -> None:
            with database.writing() as db:
                db.execute(update(_tally).values(value=2))
                server.stop()

        with pytest.raises(Unavailable, match="does not answer"):
            save_half()
        server.start()
        assert _value(database) == 0
        database.close()


def test_a_server_of_which_nobody_hears_anything_is_given_up(monkeypatch):
    monkeypatch.setitem(engine.PATIENCE, "connect_timeout", 2)  # the least there is
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as waiting:
        database = Database(f"postgresql+psycopg://127.0.0.1:{silent.getsockname()[1]}/practice")
        asked = waiting.submit(_value, database)
        with pytest.raises(Unavailable, match="does not answer"):
            asked.result(20)
