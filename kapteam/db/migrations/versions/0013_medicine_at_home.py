"""Ketamine sessions at home, and the medicine that a client keeps there"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "ketamine_session",
        sa.Column("at_home", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "ketamine_session",
        sa.Column("local_emergency", sa.String(), nullable=False, server_default=""),
    )
    _table(
        "home_supply",
        "recorded_by_id",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ug_each", sa.Integer(), nullable=False),
        sa.Column("pharmacy", sa.String(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=True),
    )
    _table(
        "home_count",
        "counted_by_id",
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
    )
    _table(
        "home_return",
        "recorded_by_id",
        sa.Column("returned_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )


def _table(name: str, by: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("lozenges", sa.Integer(), nullable=False),
        *columns,
        sa.Column(by, sa.String(36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f(f"fk_{name}_episode_id_episode")
        ),
        sa.ForeignKeyConstraint([by], ["clinician.id"], name=op.f(f"fk_{name}_{by}_clinician")),
    )
    op.create_index(op.f(f"ix_{name}_episode_id"), name, ["episode_id"])
