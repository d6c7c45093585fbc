"""The browsers at which a PIN stands for its clinician's password"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pin_browser",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("clinician_id", sa.String(36), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("pin_hash", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pin_browser")),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name=op.f("fk_pin_browser_clinician_id_clinician")
        ),
        sa.UniqueConstraint("token_hash", "clinician_id", name=op.f("uq_pin_browser_token_hash")),
    )
    op.create_index(op.f("ix_pin_browser_clinician_id"), "pin_browser", ["clinician_id"])
