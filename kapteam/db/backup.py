"""Copies of the database that count only once they were opened and checked.

A copy is always one SQLite file, also of a practice on PostgreSQL: it opens on any machine without
a server or its tools, and is restored to either engine (docs/decisions/0026).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from kapteam.db.anchors import note_anchor
from kapteam.db.copying import Told, copy_rows, row_counts, untold
from kapteam.db.engine import Database
from kapteam.db.versions import bring_to, version_of
from kapteam.errors import NotNoted, Unusable

_NAME = re.compile(r"kapteam-(\d{4}-\d{2}-\d{2}T\d{6})Z\.db")
_STAMP = "%Y-%m-%dT%H%M%S"
_PAGES_AT_ONCE = 2_000
_LEFT_BEHIND = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Backup:
    """One good backup. Its name says when it was made, and no more."""

    file: Path
    made_at: datetime


def backups_in(folder: Path) -> tuple[Backup, ...]:
    """The good backups in a folder, the newest first; none where there is no folder."""
    found = []
    for file in folder.glob("kapteam-*.db"):
        named = _NAME.fullmatch(file.name)
        if named:
            found.append(Backup(file, datetime.strptime(named[1], _STAMP).replace(tzinfo=UTC)))
    return tuple(sorted(found, key=lambda one: one.made_at, reverse=True))


def back_up(database: Database, folder: Path, now: datetime, told: Told = untold) -> Path:
    """Copy a database to a dated SQLite file in `folder` and verify the copy; returns the file.

    The copy is made beside its final name and takes that name only when it is good, so that one
    that was interrupted counts nowhere. How far its signed records reach is noted beside it: raises
    NotNoted when that fails, with the copy in its place. Raises Unusable when it cannot be
    verified; then nothing of it is kept.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(folder, now)
    except OSError as error:
        raise Unusable(
            "The folder of the backups cannot be used. Check its rights and the disk."
        ) from error
    target = folder / f"kapteam-{now.astimezone(UTC):{_STAMP}}Z.db"
    unfinished = target.with_suffix(".unfinished")
    try:
        verify(unfinished, _copy(database, unfinished, told))
        unfinished.replace(target)
    finally:
        remove(unfinished)
    try:
        note_anchor(target, now)
    except OSError as error:
        raise NotNoted(
            "The backup is good, but it could not be noted beside it how far its signed records "
            "reach. Check the disk and make another one.",
            target,
        ) from error
    return target


def verify(file: Path, expected: dict[str, int] | None = None) -> None:
    """Open a copy and check it, and that it holds as many rows as `expected`.

    Raises Unusable when it is not whole.
    """
    copy = Database(f"sqlite:///{file}")
    try:
        with copy.reading() as db:
            findings = db.execute(text("PRAGMA integrity_check")).scalars().all()
            broken = db.execute(text("PRAGMA foreign_key_check")).all()
            version = version_of(db.connection())
            counted = row_counts(db.connection())
    except (DatabaseError, Unusable) as error:
        raise _unverified() from error
    finally:
        copy.close()
    is_whole = list(findings) == ["ok"] and not broken and version is not None
    if not is_whole or (expected is not None and counted != expected):
        raise _unverified()


def copy_file(source: Database, file: Path, told: Told = untold) -> dict[str, int]:
    """Copy what one reader of a SQLite database sees, so that writers meanwhile change nothing.

    Returns how many rows each table holds. Raises Unusable when it cannot be copied whole.
    """

    def tell(_status: int, left: int, of: int) -> None:
        told("pages", of - left, of)

    with source.snapshot() as connection:
        counted = row_counts(connection)
        driver: Any = connection.connection.driver_connection
        copy = type(driver)(str(file))
        try:
            driver.backup(copy, pages=_PAGES_AT_ONCE, progress=tell)
        except driver.Error as error:
            raise _unverified() from error
        finally:
            copy.close()
    return counted


def remove(file: Path) -> None:
    """Take away a SQLite file and what stands beside it."""
    for one in (file, *(file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm"))):
        one.unlink(missing_ok=True)


def _copy(database: Database, file: Path, told: Told) -> dict[str, int]:
    if database.is_sqlite:
        return copy_file(database, file, told)
    copy = Database(f"sqlite:///{file}")
    try:
        with database.snapshot() as source:
            version = version_of(source)
            if version is None:
                raise Unusable("There is nothing in this database yet.")
            bring_to(copy, version)
            with copy.writing() as db:
                return copy_rows(source, db.connection(), told)
    finally:
        copy.close()


def _sweep(folder: Path, now: datetime) -> None:
    """Take away what a backup that was killed has left behind."""
    for file in folder.glob("kapteam-*.unfinished"):
        changed_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        if now - changed_at > _LEFT_BEHIND:
            remove(file)


def _unverified() -> Unusable:
    return Unusable(
        "The backup could not be verified, so it was not kept and nothing else was done. "
        "Check the disk and try again."
    )
