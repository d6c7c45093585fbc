"""Two people at one screen, one of whom acts; when the password was given where a PIN works"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pin_browser", sa.Column("password_at", UtcDateTime(), nullable=True))
    for name, columns, which in (
        ("uq_presence_sign_in_id_clinician_id", ["sign_in_id", "clinician_id"], "left_at IS NULL"),
        ("uq_presence_sign_in_id_acting", ["sign_in_id"], "acting AND left_at IS NULL"),
    ):
        where = sa.text(which)
        op.create_index(
            name, "presence", columns, unique=True, sqlite_where=where, postgresql_where=where
        )
