"""Questions between those who treat a client; when each of them looked at a client's page last"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ask",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("asked_by_id", sa.String(36), nullable=False),
        sa.Column("by_part", sa.String(40), nullable=False),
        sa.Column("asked_of_id", sa.String(36), nullable=False),
        sa.Column("of_part", sa.String(40), nullable=False),
        sa.Column("ketamine_session_id", sa.String(36), nullable=True),
        sa.Column("integration_session_id", sa.String(36), nullable=True),
        sa.Column("note_id", sa.String(36), nullable=True),
        sa.Column("concern_id", sa.String(36), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        sa.Column("voided_by_id", sa.String(36), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ask")),
        *_keys(
            "ask",
            episode_id="episode",
            asked_by_id="clinician",
            asked_of_id="clinician",
            ketamine_session_id="ketamine_session",
            integration_session_id="integration_session",
            note_id="note",
            concern_id="concern",
            voided_by_id="clinician",
        ),
    )
    op.create_index(op.f("ix_ask_episode_id"), "ask", ["episode_id"])
    is_open = sa.text("settled_at IS NULL AND voided_at IS NULL")
    op.create_index(
        "ix_ask_episode_id_open",
        "ask",
        ["episode_id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "ask_turn",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("ask_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("by_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ask_turn")),
        *_keys("ask_turn", ask_id="ask", by_id="clinician"),
    )
    op.create_index(op.f("ix_ask_turn_ask_id"), "ask_turn", ["ask_id"])
    op.create_table(
        "chart_look",
        sa.Column("clinician_id", sa.String(36), nullable=False),
        sa.Column("client_id", sa.String(36), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.Column("before_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("clinician_id", "client_id", name=op.f("pk_chart_look")),
        *_keys("chart_look", clinician_id="clinician", client_id="client"),
    )


def _keys(table: str, **references: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))
        for column, to in references.items()
    ]
