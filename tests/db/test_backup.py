"""A backup is one moment of the database, and has its name only when it is good."""

import resource
import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select

from kapteam.db import backup
from kapteam.db.backup import back_up
from kapteam.db.engine import Database
from kapteam.db.tables import Practice
from kapteam.errors import Unusable

_metadata = MetaData()
_dose = Table("dose", _metadata, Column("id", Integer, primary_key=True))
_due = Table("due", _metadata, Column("id", Integer, primary_key=True))


@pytest.fixture
def busy(sqlite_database):
    """A practice into which somebody writes pairs of rows until the test ends."""
    with sqlite_database.writing() as db:
        _metadata.create_all(db.connection())
        db.execute(insert(_dose), [{} for _ in range(500)])
        db.execute(insert(_due), [{} for _ in range(500)])
    stop, first = threading.Event(), threading.Event()

    def write_pairs() -> None:
        while not stop.is_set():
            with sqlite_database.writing() as db:
                db.execute(insert(_dose).values())
                db.execute(insert(_due).values())
            first.set()

    writer = threading.Thread(target=write_pairs)
    writer.start()
    assert first.wait(10)
    yield sqlite_database
    stop.set()
    writer.join()


def _pairs(database: Database) -> tuple[int, int]:
    with database.reading() as db:
        return tuple(
            db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (_dose, _due)
        )


def test_a_backup_under_writes_opens_and_holds_one_moment(busy, tmp_path, now):
    before, _ = _pairs(busy)
    file = back_up(busy, tmp_path / "backups", now)
    after, _ = _pairs(busy)

    copy = Database(f"sqlite:///{file}")
    doses, dues = _pairs(copy)
    copy.close()
    assert before <= doses <= after
    assert doses == dues
    assert file.name == "kapteam-2026-11-24T213000Z.db"


def test_a_backup_leaves_only_itself(sqlite_database, tmp_path, now):
    file = back_up(sqlite_database, tmp_path / "backups", now)
    assert list((tmp_path / "backups").iterdir()) == [file]
    assert (tmp_path / "backups").stat().st_mode & 0o077 == 0


def _lose_a_page(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def _spoil_a_page(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096 * 2 : 4096 * 3] = b"\xff" * 4096
    file.write_bytes(content)


def _spoil_the_start(file: Path) -> None:
    file.write_bytes(b"not a database" + file.read_bytes()[14:])


def _change_a_letter(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"the-practice", b"teh-practice", 1))


def _lose_a_row(file: Path) -> None:
    copy = Database(f"sqlite:///{file}")
    with copy.writing() as db:
        db.connection().exec_driver_sql("DELETE FROM alembic_version")
    copy.close()


@pytest.mark.parametrize(
    "damage", [_lose_a_page, _spoil_a_page, _spoil_the_start, _change_a_letter, _lose_a_row]
)
def test_a_damaged_copy_never_gets_the_final_name(
    sqlite_database, tmp_path, now, monkeypatch, damage
):
    with sqlite_database.writing() as db:
        db.add(
            Practice(
                id="the-practice",
                name="Example Practice",
                zone="America/Phoenix",
                is_demo=False,
                created_at=now,
            )
        )
    copy_well = backup._copy

    def copy_badly(database, file, told):
        counted = copy_well(database, file, told)
        damage(file)
        return counted

    monkeypatch.setattr(backup, "_copy", copy_badly)

    with pytest.raises(Unusable, match="could not be verified") as refusal:
        back_up(sqlite_database, tmp_path / "backups", now)

    assert list((tmp_path / "backups").iterdir()) == []
    assert str(tmp_path) not in str(refusal.value)


def test_a_damaged_copy_does_not_replace_an_earlier_good_one(
    sqlite_database, tmp_path, now, monkeypatch
):
    good = back_up(sqlite_database, tmp_path / "backups", now)
    before = good.read_bytes()
    copy_well = backup._copy

    def copy_badly(database, file, told):
        counted = copy_well(database, file, told)
        _lose_a_page(file)
        return counted

    monkeypatch.setattr(backup, "_copy", copy_badly)

    with pytest.raises(Unusable):
        back_up(sqlite_database, tmp_path / "backups", now)

    assert good.read_bytes() == before


def test_a_copy_that_does_not_fit_on_the_disk_is_a_sentence(sqlite_database, tmp_path, now):
    largest = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, largest[1]))
    try:
        with pytest.raises(Unusable, match="could not be verified"):
            back_up(sqlite_database, tmp_path / "backups", now)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, largest)

    assert list((tmp_path / "backups").iterdir()) == []
