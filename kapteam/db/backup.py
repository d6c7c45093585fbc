"""Copies of the database that count only once they were opened and checked."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from kapteam.db.engine import Database
from kapteam.errors import Unusable


def back_up(database: Database, folder: Path, now: datetime) -> Path | None:
    """Copy a SQLite database to a dated file in `folder` and verify the copy.

    Returns the file, or None for a server (PostgreSQL is backed up by its own means). The copy is
    made beside its final name and takes that name only when it is good. Raises Unusable when it
    cannot be verified; then nothing of it is kept.
    """
    if not database.is_sqlite:
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"kapteam-{now:%Y-%m-%dT%H%M%SZ}.db"
    unfinished = target.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        counted = _copy(database, unfinished)
        _verify(Database(f"sqlite:///{unfinished}"), counted)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def _copy(database: Database, file: Path) -> dict[str, int]:
    """Copy what one reader sees and count it, so that writers meanwhile change neither."""
    with database.reading() as db:
        counted = _row_counts(db)
        source: Any = db.connection().connection.driver_connection
        copy = type(source)(str(file))
        try:
            source.backup(copy)
        except source.Error as error:
            raise _unverified() from error
        finally:
            copy.close()
    return counted


def _verify(copy: Database, expected: dict[str, int]) -> None:
    try:
        with copy.reading() as db:
            findings = db.execute(text("PRAGMA integrity_check")).scalars().all()
            broken = db.execute(text("PRAGMA foreign_key_check")).all()
            good = list(findings) == ["ok"] and not broken and _row_counts(db) == expected
    except (DatabaseError, Unusable) as error:
        raise _unverified() from error
    finally:
        copy.close()
    if not good:
        raise _unverified()


def _unverified() -> Unusable:
    return Unusable(
        "The backup could not be verified, so it was not kept and nothing else was done. "
        "Check the disk and try again."
    )


def _row_counts(db: Session) -> dict[str, int]:
    names = db.execute(
        text("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ).scalars()
    return {
        name: db.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
        for name in list(names)
    }
