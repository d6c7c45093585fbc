"""Why a ketamine session was booked or closed without an integration"""

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
