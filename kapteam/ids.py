"""Ids of rows."""

from uuid import UUID, uuid5

from uuid6 import uuid7


def new_id() -> str:
    """A new id: a time-ordered UUID (RFC 9562, version 7) as text.

    A form mints it when it is drawn and carries it in its URL as `?new=…`, so that a second press
    of Save, even after a restart, is the same row.
    """
    return str(uuid7())


def id_within(form_id: str, name: str) -> str:
    """The id of one of several rows that a single form makes; the same name gives the same id."""
    return str(uuid5(UUID(form_id), name))


def is_id(text: str) -> bool:
    """Whether a text can be the id of a row."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True
