"""The case reviews that run are found without those that are over, at each look at who is signed in"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    runs = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_case_review_running",
        "case_review",
        ["id"],
        sqlite_where=runs,
        postgresql_where=runs,
    )
