"""Every row of one database into another of the same version, whichever engines they are on.

What is an index of other rows, or worked out from them, is made anew where they arrive.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import JSON, Connection, MetaData, Table, func, insert, select, text

from kapteam.db.note_index import is_index
from kapteam.db.results_changes import RESULTS

Told = Callable[[str, int, int], None]
"""Hears how far a long copy is: what is copied, how much of it is done, how much there is."""

_AT_ONCE = 500
_VERSION = "alembic_version"


def untold(what: str, done: int, of: int) -> None:
    """Tell nobody."""


def row_counts(connection: Connection) -> dict[str, int]:
    """How many rows each table holds, by its name; the version's own table aside."""
    return {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in _tables(connection).items()
    }


def copy_rows(source: Connection, target: Connection, told: Told = untold) -> dict[str, int]:
    """Copy all rows into the empty tables of `target`; returns how many of each table.

    The tables are read from the databases, not from this version's classes, so that rows of an
    older version can be copied too. Both connections are in a transaction; nothing is committed.
    """
    for connection in (source, target):
        _speak_utc(connection)
    into, copied = _tables(target), row_counts(source)
    for name, table in _tables(source).items():
        done = 0
        told(name, done, copied[name])
        for rows in _batches(source, table):
            target.execute(insert(into[name]), rows)
            done += len(rows)
            told(name, done, copied[name])
    return copied


def _tables(connection: Connection) -> Mapping[str, Table]:
    """The tables, each after those that its rows point to."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: not is_index(name) and name not in RESULTS)
    for column in (column for table in found.sorted_tables for column in table.columns):
        if isinstance(column.type, JSON):
            # Otherwise nothing would be copied as the JSON word `null`.
            column.type.none_as_null = True
    return {table.name: table for table in found.sorted_tables if table.name != _VERSION}


def _speak_utc(connection: Connection) -> None:
    """SQLite keeps instants in UTC and without a zone; PostgreSQL is to read and write the same."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))


def _batches(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """The rows; where they point to rows of the same table, those pointed to come first."""
    found = source.execution_options(yield_per=_AT_ONCE).execute(select(table))
    parts = ([dict(row._mapping) for row in part] for part in found.partitions())
    own = next((key for key in table.foreign_keys if key.column.table is table), None)
    if own is None:
        yield from parts
    else:
        every_row = [row for part in parts for row in part]
        yield from _pointed_to_first(every_row, own.column.name, own.parent.name)


def _pointed_to_first(
    rows: Iterable[dict[str, Any]], name: str, points_to: str
) -> Iterator[list[dict[str, Any]]]:
    waiting = {row[name]: row for row in rows}
    while waiting:
        free = [row for row in waiting.values() if row[points_to] not in waiting]
        yield free
        for row in free:
            del waiting[row[name]]
