"""What outcome measures came to"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_OF = (
    ("client_id", "client"),
    ("episode_id", "episode"),
    ("recorded_by_id", "clinician"),
    ("voided_by_id", "clinician"),
)


def upgrade() -> None:
    op.create_table(
        "score",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("client_id", sa.String(36), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("instrument_id", sa.String(60), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("answers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("result", sa.Integer(), nullable=True),
        sa.Column("critical", sa.Integer(), nullable=True),
        sa.Column("is_total_only", sa.Boolean(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("is_day_only", sa.Boolean(), nullable=False),
        sa.Column("recorded_by_id", sa.String(36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        sa.Column("voided_by_id", sa.String(36), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_score_{column}_{table}")
            )
            for column, table in _OF
        ),
    )
    op.create_index(op.f("ix_score_client_id"), "score", ["client_id"])
    op.create_index(
        "ix_score_episode_id_instrument_id_taken_at",
        "score",
        ["episode_id", "instrument_id", "taken_at"],
    )
