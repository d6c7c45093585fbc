"""Readings and events at a ketamine session; when readings are due, why somebody left early"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ketamine_session", sa.Column("readings_due", sa.String(60), nullable=True))
    op.add_column(
        "ketamine_session",
        sa.Column("early_out_reason", sa.Text(), nullable=False, server_default=""),
    )
    # Who is under medicine is asked by every page, of all that was ever given.
    op.create_index(op.f("ix_administration_started_at"), "administration", ["started_at"])
    _table(
        "vital",
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        *(
            sa.Column(figure, sa.Integer(), nullable=True)
            for figure in ("systolic", "diastolic", "heart_rate", "oxygen", "breaths")
        ),
        sa.Column("is_observed", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
    )
    _table(
        "adverse_event",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("severity", sa.String(40), nullable=False),
        sa.Column("is_serious", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("done", sa.Text(), nullable=False),
        sa.Column("onset_at", UtcDateTime(), nullable=False),
        sa.Column("resolved_at", UtcDateTime(), nullable=True),
    )


def _table(name: str, *columns: sa.Column[Any]) -> None:
    """A table of rows that belong to a session, are kept by somebody and can be voided."""
    op.create_table(
        name,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("ketamine_session_id", sa.String(36), nullable=False),
        *columns,
        sa.Column("recorded_by_id", sa.String(36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        sa.Column("voided_by_id", sa.String(36), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}_{table}")
            )
            for column, table in (
                ("ketamine_session_id", "ketamine_session"),
                ("recorded_by_id", "clinician"),
                ("voided_by_id", "clinician"),
            )
        ),
    )
    op.create_index(op.f(f"ix_{name}_ketamine_session_id"), name, ["ketamine_session_id"])
