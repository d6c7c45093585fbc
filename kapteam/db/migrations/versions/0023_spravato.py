"""Spravato: who is enrolled, what its monitoring form is answered with, and when it went out"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _table(
        "rems_enrollment",
        ("client_id", "client"),
        sa.Column("enrolled_on", sa.Date(), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        by="recorded_by_id",
        at="recorded_at",
    )
    op.create_index(op.f("ix_rems_enrollment_client_id"), "rems_enrollment", ["client_id"])
    _table(
        "monitoring_answers",
        ("ketamine_session_id", "ketamine_session"),
        sa.Column("medicines", sa.JSON(), nullable=False),
        sa.Column("before_is_acceptable", sa.Boolean(), nullable=False),
        sa.Column("leaving_is_acceptable", sa.Boolean(), nullable=False),
        sa.Column("ready_minutes", sa.Integer(), nullable=True),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        by="answered_by_id",
        at="answered_at",
        is_voided=False,
    )
    _one_counts("uq_monitoring_answers_that_count", "monitoring_answers", "replaced_at")
    _table(
        "monitoring_submission",
        ("ketamine_session_id", "ketamine_session"),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        sa.Column("how", sa.String(40), nullable=False),
        by="submitted_by_id",
        at="recorded_at",
    )
    _one_counts("uq_monitoring_submission_that_counts", "monitoring_submission", "voided_at")


def _table(
    name: str,
    about: tuple[str, str],
    *columns: sa.Column[object],
    by: str,
    at: str,
    is_voided: bool = True,
) -> None:
    """A table of rows about a client or a session, kept by somebody, that may be void."""
    people = [by, "voided_by_id"] if is_voided else [by]
    voided = (
        [
            sa.Column("voided_at", UtcDateTime(), nullable=True),
            sa.Column("voided_by_id", sa.String(36), nullable=True),
            sa.Column("void_reason", sa.Text(), nullable=False),
        ]
        if is_voided
        else []
    )
    op.create_table(
        name,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column(about[0], sa.String(36), nullable=False),
        *columns,
        sa.Column(by, sa.String(36), nullable=False),
        sa.Column(at, UtcDateTime(), nullable=False),
        *voided,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}_{table}")
            )
            for column, table in (about, *((one, "clinician") for one in people))
        ),
    )


def _one_counts(name: str, table: str, unset: str) -> None:
    where = sa.text(f"{unset} IS NULL")
    op.create_index(
        name,
        table,
        ["ketamine_session_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )
