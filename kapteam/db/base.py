"""What every table shares."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Date, Index, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kapteam.db.types import UtcDateTime

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Mapped classes; `*_at` is an instant in UTC, `*_on` a date of the practice."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        date: Date(),
        str: String(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[dict[str, Any]]: JSON(),
    }


class Identified(Base):
    """A row with a time-ordered id, minted before it is written (by the form that makes it)."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(String(36), primary_key=True)


class Versioned(Identified):
    """A row that a form edits: a change counts only against the version the form was drawn with."""

    __abstract__ = True

    version: Mapped[int] = mapped_column(default=1)


def index_of_open(
    name: str, *columns: str, unset: str | tuple[str, ...], unique: bool = False
) -> Index:
    """An index over the rows whose `unset` is empty; those that are over are never read for it."""
    names = (unset,) if isinstance(unset, str) else unset
    where = text(" AND ".join(f"{one} IS NULL" for one in names))
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
