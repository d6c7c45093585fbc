"""What clients weigh, and why a dose beyond what is usual was ordered"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "ketamine_session",
        sa.Column("order_reason", sa.Text(), nullable=False, server_default=""),
    )
    op.create_table(
        "weight",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("client_id", sa.String(36), nullable=False),
        sa.Column("grams", sa.Integer(), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=False),
        sa.Column("recorded_by_id", sa.String(36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        sa.Column("voided_by_id", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weight")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_weight_{column}_{table}")
            )
            for column, table in (
                ("client_id", "client"),
                ("recorded_by_id", "clinician"),
                ("voided_by_id", "clinician"),
            )
        ),
    )
    op.create_index(op.f("ix_weight_client_id"), "weight", ["client_id"])
