"""Copies of the database that count only once they were opened and checked."""

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from kapteam.db.engine import Database
from kapteam.errors import Unusable


def back_up(database: Database, folder: Path, now: datetime) -> Path | None:
    """Copy a SQLite database to a dated file in `folder` and verify the copy.

    Returns the file, or None for a server (PostgreSQL is backed up by its own means). The copy is
    made beside its final name and takes that name only when it is good. Raises Unusable when it
    cannot be verified.
    """
    if not database.is_sqlite:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"kapteam-{now:%Y-%m-%dT%H%M%SZ}.db"
    unfinished = target.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with database.engine.connect() as connection:
        source: Any = connection.connection.driver_connection
        copy = type(source)(str(unfinished))
        try:
            source.backup(copy)
        finally:
            copy.close()
        counted = _row_counts(database)
    _verify(Database(f"sqlite:///{unfinished}"), counted)
    unfinished.rename(target)
    return target


def _verify(copy: Database, expected: dict[str, int]) -> None:
    try:
        with copy.reading() as db:
            findings = db.execute(text("PRAGMA integrity_check")).scalars().all()
            broken = db.execute(text("PRAGMA foreign_key_check")).all()
        if list(findings) != ["ok"] or broken or _row_counts(copy) != expected:
            raise Unusable("The backup could not be verified, so nothing was migrated.")
    except sqlite3.DatabaseError as error:
        raise Unusable("The backup could not be verified, so nothing was migrated.") from error
    finally:
        copy.close()


def _row_counts(database: Database) -> dict[str, int]:
    with database.reading() as db:
        names = db.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ).scalars()
        return {
            name: db.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
            for name in list(names)
        }
