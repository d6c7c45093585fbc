"""Whether anything of a series was given: said once, for reads and writes."""

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kapteam.db.tables import Administration, KetamineSession

# An alias, because the condition stands in statements over the plain table.
_session = aliased(KetamineSession)


def has_given(series_id: str | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether a dose of this series was given and not entered in error; a value or a column."""
    return exists().where(
        _session.series_id == series_id,
        Administration.ketamine_session_id == _session.id,
        Administration.voided_at.is_(None),
    )
