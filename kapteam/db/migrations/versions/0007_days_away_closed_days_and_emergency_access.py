"""Days away with who covers, days on which the practice is closed, and emergency access"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "absence",
        _id(),
        _ref("clinician_id"),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        _ref("covered_by_id", nullable=True),
        _ref("set_by_id"),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        *_constraints(
            "absence", clinician_id="clinician", covered_by_id="clinician", set_by_id="clinician"
        ),
    )
    for column in ("clinician_id", "covered_by_id", "until_at"):
        op.create_index(op.f(f"ix_absence_{column}"), "absence", [column])
    op.create_table(
        "closed_days",
        _id(),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        _ref("set_by_id"),
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        *_constraints("closed_days", set_by_id="clinician"),
    )
    op.create_index(op.f("ix_closed_days_until_on"), "closed_days", ["until_on"])
    op.create_table(
        "emergency_access",
        _id(),
        _ref("clinician_id"),
        _ref("client_id"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        *_constraints("emergency_access", clinician_id="clinician", client_id="client"),
    )
    op.create_index(op.f("ix_emergency_access_clinician_id"), "emergency_access", ["clinician_id"])


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(36), nullable=False)


def _ref(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(36), nullable=nullable)


def _constraints(table: str, **references: str) -> list[sa.Constraint]:
    keys = [
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))
        for column, to in references.items()
    ]
    return [sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")), *keys]
