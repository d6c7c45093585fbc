"""The rows of a statement as tuples with names.

An attribute of one of SQLAlchemy's rows takes eight times as long to read as that of a tuple, and
lists read theirs by the hundred thousand.
"""

from collections import namedtuple
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.orm import Session


def rows_of(
    db: Session, statement: Executable, given: Mapping[str, Any] | None = None
) -> list[Any]:
    """What a statement answers, a tuple for each row, its fields called as the columns are."""
    result = db.execute(statement, given or {})
    return list(map(_kind(tuple(result.keys()))._make, result))


@cache
def _kind(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names)
