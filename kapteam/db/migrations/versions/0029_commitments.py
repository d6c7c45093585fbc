"""What became of committed actions"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_NAME = "commitment_update"
_OF = (("note_id", "note"), ("by_id", "clinician"))


def upgrade() -> None:
    op.create_table(
        _NAME,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("note_id", sa.String(36), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_NAME}")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_{_NAME}_{column}_{table}")
            )
            for column, table in _OF
        ),
    )
    op.create_index(op.f(f"ix_{_NAME}_note_id"), _NAME, ["note_id"])
