"""Concerns raised by hand, the client's safety plan, and a number to call a colleague at"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "concern",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(36), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("level", sa.String(40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("raised_by_id", sa.String(36), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("told_by_phone_at", UtcDateTime(), nullable=True),
        sa.Column("told_by_id", sa.String(36), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by_id", sa.String(36), nullable=True),
        sa.Column("closed_by_note_id", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern")),
        *_keys(
            "concern",
            client_id="client",
            episode_id="episode",
            raised_by_id="clinician",
            told_by_id="clinician",
            closed_by_id="clinician",
            closed_by_note_id="note",
        ),
    )
    op.create_index(op.f("ix_concern_client_id"), "concern", ["client_id"])
    is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "ix_concern_client_id_open",
        "concern",
        ["client_id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "concern_seen",
        sa.Column("concern_id", sa.String(36), nullable=False),
        sa.Column("clinician_id", sa.String(36), nullable=False),
        sa.Column("seen_by_id", sa.String(36), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("concern_id", "clinician_id", name=op.f("pk_concern_seen")),
        *_keys(
            "concern_seen", concern_id="concern", clinician_id="clinician", seen_by_id="clinician"
        ),
    )
    op.create_table(
        "concern_addition",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("concern_id", sa.String(36), nullable=False),
        sa.Column("author_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern_addition")),
        *_keys("concern_addition", concern_id="concern", author_id="clinician"),
    )
    op.create_index(op.f("ix_concern_addition_concern_id"), "concern_addition", ["concern_id"])
    with op.batch_alter_table("client") as table:
        table.add_column(sa.Column("safety_plan", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("safety_plan_by_id", sa.String(36), nullable=True))
        table.add_column(sa.Column("safety_plan_at", UtcDateTime(), nullable=True))
        table.create_foreign_key(
            op.f("fk_client_safety_plan_by_id_clinician"),
            "clinician",
            ["safety_plan_by_id"],
            ["id"],
        )
    op.add_column("clinician", sa.Column("phone", sa.String(), nullable=False, server_default=""))


def _keys(table: str, **references: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))
        for column, to in references.items()
    ]
