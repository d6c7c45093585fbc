"""Other medicines, what was witnessed, when a booster may be added; what clients were asked"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for minutes in ("may_add_from_minutes", "may_add_to_minutes"):
        op.add_column("ketamine_session", sa.Column(minutes, sa.Integer(), nullable=True))
    for column in (
        sa.Column("conditions", sa.Text(), nullable=True),
        sa.Column("conditions_asked_on", sa.Date(), nullable=True),
        sa.Column("usual_pressure", sa.String(7), nullable=True),
        sa.Column("usual_pressure_asked_on", sa.Date(), nullable=True),
    ):
        op.add_column("client", column)
    op.add_column(
        "administration",
        sa.Column("is_witnessed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "other_medicine",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("ketamine_session_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("dose", sa.String(), nullable=False),
        sa.Column("route", sa.String(40), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by_id", sa.String(36), nullable=False),
        sa.Column("is_witnessed", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        sa.Column("voided_by_id", sa.String(36), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_other_medicine")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_other_medicine_{column}_{table}")
            )
            for column, table in (
                ("ketamine_session_id", "ketamine_session"),
                ("given_by_id", "clinician"),
                ("voided_by_id", "clinician"),
            )
        ),
    )
    op.create_index(
        op.f("ix_other_medicine_ketamine_session_id"), "other_medicine", ["ketamine_session_id"]
    )
