"""What a monitoring form said when it went out, what it lacked and why, and whether it changed"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_SUBMISSION = "monitoring_submission"
_COUNTS = "uq_monitoring_submission_that_counts"


def upgrade() -> None:
    op.add_column("monitoring_answers", sa.Column("looked_for_events", sa.Boolean(), nullable=True))
    for name, kind in (
        ("content_hash", sa.String(64)),
        ("missing", sa.Text()),
        ("missing_reason", sa.Text()),
    ):
        op.add_column(_SUBMISSION, sa.Column(name, kind, nullable=False, server_default=""))
    for name in ("changed_at", "replaced_at"):
        op.add_column(_SUBMISSION, sa.Column(name, UtcDateTime(), nullable=True))
    op.drop_index(_COUNTS, _SUBMISSION)
    counts = sa.text("voided_at IS NULL AND replaced_at IS NULL")
    op.create_index(
        _COUNTS,
        _SUBMISSION,
        ["ketamine_session_id"],
        unique=True,
        sqlite_where=counts,
        postgresql_where=counts,
    )
