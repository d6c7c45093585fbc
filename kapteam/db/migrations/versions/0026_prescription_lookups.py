"""When a client was looked up in the prescription database"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_NAME = "prescription_lookup"
_OF = (("client_id", "client"), ("recorded_by_id", "clinician"), ("voided_by_id", "clinician"))


def upgrade() -> None:
    op.create_table(
        _NAME,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("client_id", sa.String(36), nullable=False),
        sa.Column("looked_up_on", sa.Date(), nullable=False),
        sa.Column("recorded_by_id", sa.String(36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        sa.Column("voided_by_id", sa.String(36), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_NAME}")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_{_NAME}_{column}_{table}")
            )
            for column, table in _OF
        ),
    )
    op.create_index(op.f(f"ix_{_NAME}_client_id"), _NAME, ["client_id"])
