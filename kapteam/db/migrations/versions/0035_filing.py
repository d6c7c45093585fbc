"""What was copied into the record that a practice keeps elsewhere"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_NAME = "filing"
_OF = (
    ("note_id", "note"),
    ("record_signature_id", "record_signature"),
    ("by_id", "clinician"),
    ("undone_by_id", "clinician"),
)


def upgrade() -> None:
    op.create_table(
        _NAME,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("note_id", sa.String(36), nullable=True),
        sa.Column("record_signature_id", sa.String(36), nullable=True),
        sa.Column("by_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by_id", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_NAME}")),
        sa.CheckConstraint(
            "(note_id IS NULL) <> (record_signature_id IS NULL)",
            name=op.f(f"ck_{_NAME}_one_subject"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_{_NAME}_{column}_{table}")
            )
            for column, table in _OF
        ),
    )
    for column in ("note_id", "record_signature_id"):
        op.create_index(op.f(f"ix_{_NAME}_{column}"), _NAME, [column])
