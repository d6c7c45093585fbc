"""Contacts: calls and messages as they come, and every appointment without ketamine"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    references = {
        "client_id": "client",
        "episode_id": "episode",
        "with_id": "clinician",
        "tell_id": "clinician",
        "recorded_by_id": "clinician",
    }
    keys = [
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_contact_{column}_{to}"))
        for column, to in references.items()
    ]
    op.create_table(
        "contact",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(36), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("from_client", sa.Boolean(), nullable=False),
        sa.Column("how", sa.String(40), nullable=True),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("local_emergency", sa.String(), nullable=False),
        sa.Column("with_id", sa.String(36), nullable=False),
        sa.Column("planned_at", UtcDateTime(), nullable=True),
        sa.Column("planned_minutes", sa.Integer(), nullable=True),
        sa.Column("happened_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("tell_id", sa.String(36), nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("recorded_by_id", sa.String(36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        *keys,
    )
    op.create_index(op.f("ix_contact_client_id"), "contact", ["client_id"])
    _index_of_open("ix_contact_episode_id_ahead", "episode_id", "outcome")
    _index_of_open("ix_contact_tell_id_untold", "tell_id", "told_at")


def _index_of_open(name: str, column: str, unset: str) -> None:
    where = sa.text(f"{unset} IS NULL")
    op.create_index(name, "contact", [column], sqlite_where=where, postgresql_where=where)
