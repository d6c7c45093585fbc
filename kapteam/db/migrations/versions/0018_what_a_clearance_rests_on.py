"""A ceiling by weight, and what a prescriber found before clearing"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import Micrograms

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clearance", sa.Column("ceiling_ug_per_kg", Micrograms(), nullable=True))
    for name in ("diagnoses", "trials", "contraindications"):
        op.add_column("clearance", sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    op.add_column(
        "clearance", sa.Column("despite_reason", sa.Text(), nullable=False, server_default="")
    )
