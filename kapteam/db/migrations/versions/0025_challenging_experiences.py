"""That an experience was challenging, with what was used to cope"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("support_record", sa.Column("challenge", sa.JSON(), nullable=True))
