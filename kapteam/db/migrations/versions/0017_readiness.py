"""What was answered before a ketamine session"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "readiness_answer",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("ketamine_session_id", sa.String(36), nullable=False),
        sa.Column("item", sa.String(40), nullable=False),
        sa.Column("answer", sa.String(40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.String(36), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readiness_answer")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_readiness_answer_{column}_{table}")
            )
            for column, table in (
                ("ketamine_session_id", "ketamine_session"),
                ("answered_by_id", "clinician"),
            )
        ),
    )
    counts = sa.text("replaced_at IS NULL")
    op.create_index(
        "uq_readiness_answer_that_counts",
        "readiness_answer",
        ["ketamine_session_id", "item"],
        unique=True,
        sqlite_where=counts,
        postgresql_where=counts,
    )
