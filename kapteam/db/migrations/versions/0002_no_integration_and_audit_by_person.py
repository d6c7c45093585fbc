"""Why a ketamine session has no integration; the audit log by person"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "ketamine_session",
        sa.Column("no_integration_reason", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("ix_audit_event_clinician_id_at", "audit_event", ["clinician_id", "at"])
