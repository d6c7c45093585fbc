"""The columns that all rows have in the one statement for what else is true of courses."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, Select, String, cast, literal, null, select

from kapteam.db.types import UtcDateTime


def matter(what: str, episode_id: Any, **columns: Any) -> Select[Any]:
    """One kind of row, `what`; PostgreSQL asks for a type wherever it has nothing."""
    kinds: dict[str, Any] = {
        "id": String(),
        "kind": String(),
        "level": String(),
        "at": UtcDateTime(),
        "from_on": Date(),
        "until_on": Date(),
        "person_id": String(),
        "person": String(),
        "seen_at": UtcDateTime(),
        "number": Integer(),
        "ug": Integer(),
        "how": String(),
        "place": String(),
        "emergency": String(),
    }
    cells: list[ColumnElement[Any]] = [
        columns.get(name, cast(null(), kind)).label(name) for name, kind in kinds.items()
    ]
    return select(literal(what).label("what"), episode_id.label("episode_id"), *cells)


def by_what(rows: Iterable[Any]) -> Mapping[str, list[Any]]:
    """Such rows by what they are about; of what there is none an empty list."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.what].append(row)
    return found
