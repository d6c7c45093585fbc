"""Everything that a database holds, to be compared."""

from typing import Any

from sqlalchemy import select

from kapteam.db.base import Base
from kapteam.db.engine import Database


def contents(database: Database) -> dict[str, list[Any]]:
    """Every row of every table, read by this version's classes."""
    with database.reading() as db:
        return {
            table.name: sorted(map(tuple, db.execute(select(table))), key=str)
            for table in Base.metadata.sorted_tables
        }
