"""Rows of two kinds in one statement: what one kind has and the other has not."""

from typing import Any

from sqlalchemy import ColumnElement, cast, null
from sqlalchemy.orm import InstrumentedAttribute


def no(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Nothing, in the place of a column that only the other half of a union has."""
    return cast(null(), column.type).label(column.key)
