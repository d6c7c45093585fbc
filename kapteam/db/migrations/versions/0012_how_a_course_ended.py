"""How a course ended, who signs it off, and integrations that went on to the therapy after it"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("integration_session") as integration:
        integration.add_column(sa.Column("from_episode_id", sa.String(36), nullable=True))
        integration.create_foreign_key(
            op.f("fk_integration_session_from_episode_id_episode"),
            "episode",
            ["from_episode_id"],
            ["id"],
        )
        integration.create_index(
            op.f("ix_integration_session_from_episode_id"), ["from_episode_id"]
        )
    op.create_table(
        "ending",
        _text("id"),
        _text("episode_id"),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        _text("ended_by_id"),
        sa.Column("final_scores", sa.String(40), nullable=False),
        sa.Column("final_scores_why", sa.String(), nullable=False),
        sa.Column("medicine_at_home", sa.Boolean(), nullable=True),
        sa.Column("medicine_note", sa.String(), nullable=False),
        *_keys("ending", episode_id="episode", ended_by_id="clinician"),
    )
    op.create_index(op.f("ix_ending_episode_id"), "ending", ["episode_id"])
    op.create_table(
        "sign_off",
        _text("id"),
        _text("episode_id"),
        sa.Column("part", sa.String(40), nullable=False),
        _text("clinician_id"),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.Column("signed_by_id", sa.String(36), nullable=True),
        *_keys(
            "sign_off", episode_id="episode", clinician_id="clinician", signed_by_id="clinician"
        ),
    )
    op.create_index(op.f("ix_sign_off_episode_id"), "sign_off", ["episode_id"])
    waiting = sa.text("signed_at IS NULL")
    op.create_index(
        "ix_sign_off_episode_id_open",
        "sign_off",
        ["episode_id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(36), nullable=False)


def _keys(table: str, **references: str) -> list[sa.Constraint]:
    keys = [
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))
        for column, to in references.items()
    ]
    return [sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")), *keys]
