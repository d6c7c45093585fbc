"""The support that was given, two signatures on a session's record, and what was reviewed"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.migrations.append_only import lock_signed_records
from kapteam.db.types import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def _keys(table: str, **points_to: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
            )
            for column, other in points_to.items()
        ),
    )


def upgrade() -> None:
    op.create_table(
        "support_record",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("ketamine_session_id", sa.String(36), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("touched", sa.String(40), nullable=True),
        sa.Column("touches", sa.JSON(), nullable=False),
        sa.Column("recorded_by_id", sa.String(36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        *_keys(
            "support_record", ketamine_session_id="ketamine_session", recorded_by_id="clinician"
        ),
    )
    counts = sa.text("replaced_at IS NULL")
    op.create_index(
        "uq_support_record_that_counts",
        "support_record",
        ["ketamine_session_id"],
        unique=True,
        sqlite_where=counts,
        postgresql_where=counts,
    )
    op.create_table(
        "record_signature",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("ketamine_session_id", sa.String(36), nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.Column("signed_by_id", sa.String(36), nullable=True),
        sa.Column("signed_text", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        *_keys(
            "record_signature", ketamine_session_id="ketamine_session", signed_by_id="clinician"
        ),
    )
    op.create_index(
        op.f("ix_record_signature_ketamine_session_id"), "record_signature", ["ketamine_session_id"]
    )
    is_open = sa.text("signed_at IS NULL")
    op.create_index(
        "uq_record_signature_open",
        "record_signature",
        ["ketamine_session_id", "part"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    lock_signed_records(op.get_bind())
    op.create_table(
        "reviewed",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.Column("reviewed_by_id", sa.String(36), nullable=False),
        sa.Column("reviewed_at", UtcDateTime(), nullable=False),
        *_keys("reviewed", episode_id="episode", reviewed_by_id="clinician"),
    )
    op.create_index(op.f("ix_reviewed_episode_id"), "reviewed", ["episode_id"])
