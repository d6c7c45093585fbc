"""How every action saves: a create is idempotent by its id, a change compares and swaps."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from kapteam.db.base import Identified, Versioned
from kapteam.errors import Conflict, Unchanged

SAVED_MEANWHILE = (
    "Somebody else saved this in the meantime. Nothing of yours was saved; both are shown."
)
_Row = TypeVar("_Row", bound=Identified)
_Edited = TypeVar("_Edited", bound=Versioned)


def already_saved(db: Session, table: type[_Row], row_id: str) -> _Row | None:
    """The row that an earlier press of the same Save made, or None."""
    return db.get(table, row_id)


def compare_and_swap(
    db: Session, row: _Edited, seen_version: int, values: Mapping[str, Any]
) -> bool:
    """Write `values` to `row` if it is still at the version that the form was drawn with.

    Returns False when the very same values are already there, one version on: the second press of
    one Save. Raises Conflict, with both texts by field, when somebody else saved first.
    """
    changed: CursorResult[Any] = db.execute(  # type: ignore[assignment]
        update(type(row))
        .where(type(row).id == row.id, type(row).version == seen_version)
        .values(**values, version=seen_version + 1)
        .execution_options(synchronize_session=False)
    )
    db.refresh(row)
    if changed.rowcount == 1:
        return True
    if all(getattr(row, name) == value for name, value in values.items()):
        return False
    different = [name for name, value in values.items() if getattr(row, name) != value]
    raise Conflict(
        SAVED_MEANWHILE,
        theirs={name: _words(getattr(row, name)) for name in different},
        mine={name: _words(values[name]) for name in different},
    )


def check_changed(row: Versioned, seen_version: int, values: Mapping[str, Any]) -> None:
    """Raise Unchanged when `values` are those that the form was drawn with.

    The second press of a Save that changed something passes: the row is one version on by then.
    """
    if row.version == seen_version and all(
        getattr(row, name) == value for name, value in values.items()
    ):
        raise Unchanged


def _words(value: Any) -> str:
    return "" if value is None else str(value)
