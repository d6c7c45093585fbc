"""Column types: instants in UTC, doses in micrograms, enumerations as text."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Enum, Integer
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from kapteam.vocabulary import Term


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, stored in UTC and read back with its zone (rule 70).

    Raises ValueError for a datetime without a zone: nothing here guesses one.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs a zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        """SQLite's text is read in one step: a list reads thousands of instants."""
        return _instant if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _instant(text: str | None) -> datetime | None:
    """`2026-11-24 21:30:00.000000`, in UTC."""
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


class Micrograms(TypeDecorator[int]):
    """A dose in whole micrograms (70 mg is 70000), so that sums and equality are exact.

    Raises ValueError for anything that is not a whole number above 0.
    """

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if type(value) is not int or value <= 0:
            raise ValueError("A dose is a whole number of micrograms above 0.")
        return value


def term(kind: type[Term]) -> Enum:
    """An enumeration stored as its value; the type checks it, no database CHECK does."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda terms: [member.value for member in terms],
    )
