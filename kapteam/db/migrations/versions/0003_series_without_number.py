"""A series begins without a number until a prescriber orders one"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("series") as series:
        series.alter_column("ordered_count", existing_type=sa.Integer(), nullable=True)
