"""What is printed at the foot of a record, so that paper can be held against what there is."""

from sqlalchemy.orm import Session

from kapteam.db.record_links import newest_anchor
from kapteam.queries.standing import Asked


def record_state(db: Session, asked: Asked) -> str:
    """`Record 214-7f3a-91c2-0be4-55d0`, in one statement; empty before anything was signed."""
    anchor = newest_anchor(db)
    return f"Record {anchor}" if anchor.position else ""
