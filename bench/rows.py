"""Rows on their way into a database, many at a time."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from kapteam.db.base import Base
from kapteam.db.engine import Database
from kapteam.ids import new_id


class Rows:
    """Rows that are not written yet. Those of one table all name the same columns."""

    def __init__(self) -> None:
        self._of: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        # Counted on from one id: more than a thousand new ones a second would lie in the future,
        # and what the server saves next would not be the newest.
        self._last_id = UUID(new_id()).int

    def add(self, table: type[Base], **values: Any) -> str:
        """Keep a row until it is written; returns its id."""
        self._last_id += 1
        row_id = str(UUID(int=self._last_id))
        self._of[table.__tablename__].append({"id": row_id, **values})
        return row_id

    def add_plain(self, table: type[Base], **values: Any) -> None:
        """Keep a row that has a key of its own."""
        self._of[table.__tablename__].append(values)

    def write(self, database: Database) -> None:
        """Write them in one transaction, what others point to first."""
        with database.writing() as db:
            for table in Base.metadata.sorted_tables:
                if rows := self._of.pop(table.name, None):
                    db.execute(insert(table), rows)
