"""Waits on someone outside: insurer, pharmacy, primary care, the client's forms"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    references = {"episode_id": "episode", "caller_id": "clinician", "recorded_by_id": "clinician"}
    keys = [
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_outside_wait_{column}_{to}"))
        for column, to in references.items()
    ]
    op.create_table(
        "outside_wait",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("call_back_on", sa.Date(), nullable=True),
        sa.Column("caller_id", sa.String(36), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("visits", sa.Integer(), nullable=True),
        sa.Column("valid_from_at", UtcDateTime(), nullable=True),
        sa.Column("valid_until_at", UtcDateTime(), nullable=True),
        sa.Column("recorded_by_id", sa.String(36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_wait")),
        *keys,
    )
    op.create_index(op.f("ix_outside_wait_episode_id"), "outside_wait", ["episode_id"])
    op.create_index(
        "ix_outside_wait_episode_id_open",
        "outside_wait",
        ["episode_id"],
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )
