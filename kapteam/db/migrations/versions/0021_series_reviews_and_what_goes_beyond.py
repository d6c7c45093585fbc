"""When a series is reviewed, and why a session goes beyond its number or its ceiling"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("series", sa.Column("review_before", sa.Integer(), nullable=True))
    for name in ("ceiling_reason", "number_reason"):
        op.add_column(
            "ketamine_session", sa.Column(name, sa.Text(), nullable=False, server_default="")
        )
    op.create_table(
        "series_review",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("series_id", sa.String(36), nullable=False),
        sa.Column("before_number", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("reviewed_by_id", sa.String(36), nullable=False),
        sa.Column("reviewed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_review")),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_series_review_series_id_series")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"],
            ["clinician.id"],
            name=op.f("fk_series_review_reviewed_by_id_clinician"),
        ),
    )
    op.create_index(op.f("ix_series_review_series_id"), "series_review", ["series_id"])
