"""A consent and an experience elsewhere that were entered in error"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("consent", "outside_experience"):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("voided_at", UtcDateTime(), nullable=True))
            table.add_column(sa.Column("voided_by_id", sa.String(36), nullable=True))
            table.add_column(sa.Column("void_reason", sa.Text(), nullable=False, server_default=""))
            table.create_foreign_key(
                op.f(f"fk_{name}_voided_by_id_clinician"), "clinician", ["voided_by_id"], ["id"]
            )
