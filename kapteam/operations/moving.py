"""A practice into another, empty database: from SQLite to PostgreSQL, or the other way."""

from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from kapteam.db.copying import Told, copy_rows, row_counts, untold
from kapteam.db.engine import Database
from kapteam.db.migrate import bring_up_to_date
from kapteam.errors import Unusable


def database_at(url: str) -> Database:
    """The database at an address. Raises Unusable when it is none of SQLite or PostgreSQL."""
    try:
        backend = make_url(url).get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        backend = ""
    if backend not in {"sqlite", "postgresql"}:
        raise Unusable(
            "This is no address of a database. It reads postgresql://user:password@host/name."
        )
    return Database(url)


def move(source: Database, target: Database, told: Told = untold) -> dict[str, int]:
    """Copy a practice into an empty database; returns how many rows of each table.

    All of it arrives or nothing: the rows are counted on both sides before they count. The source
    is read only. Raises Unusable when `target` holds something already, or the counts differ.
    """
    with TemporaryDirectory() as nowhere:
        # An empty database has nothing that would have to be backed up.
        bring_up_to_date(target, Path(nowhere))
    with source.snapshot() as reading, target.writing() as db:
        writing = db.connection()
        if any(row_counts(writing).values()):
            raise Unusable("That database is not empty. Name a new one; nothing was changed.")
        copied = copy_rows(reading, writing, told)
        if row_counts(writing) != copied:
            raise Unusable("Not all rows arrived, so nothing was kept. Try again.")
    return copied
