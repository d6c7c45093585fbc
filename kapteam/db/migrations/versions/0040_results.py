"""What doses and series came to is kept for counting; kapteam works it out when it starts"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.results_changes import note_changes
from kapteam.db.types import UtcDateTime

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_SOURCES = (
    "episode",
    "series",
    "ketamine_session",
    "administration",
    "score",
    "note",
    "integration_session",
    "integration_session_for",
)


def upgrade() -> None:
    op.create_table(
        "dose_result",
        sa.Column("ketamine_session_id", sa.String(36), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("product_route", sa.String(40), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("expects_integration", sa.Boolean(), nullable=False),
        sa.Column("waited_seconds", sa.Integer(), nullable=True),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("is_intended", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("ketamine_session_id", name=op.f("pk_dose_result")),
    )
    op.create_index(op.f("ix_dose_result_episode_id"), "dose_result", ["episode_id"])
    op.create_index(op.f("ix_dose_result_first_at"), "dose_result", ["first_at"])
    op.create_table(
        "series_result",
        sa.Column("series_id", sa.String(36), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("product_route", sa.String(40), nullable=False),
        sa.Column("measure_id", sa.String(60), nullable=True),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("response", sa.String(40), nullable=True),
        sa.Column("remission", sa.String(40), nullable=True),
        sa.Column("after_4", sa.String(40), nullable=True),
        sa.Column("after_4_figure", sa.Integer(), nullable=True),
        sa.Column("after_6", sa.String(40), nullable=True),
        sa.Column("after_6_figure", sa.Integer(), nullable=True),
        sa.Column("time", sa.String(40), nullable=True),
        sa.Column("time_figure", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("series_id", name=op.f("pk_series_result")),
    )
    op.create_index(op.f("ix_series_result_episode_id"), "series_result", ["episode_id"])
    op.create_index(op.f("ix_series_result_begun_at"), "series_result", ["begun_at"])
    op.create_table(
        "results_basis",
        sa.Column("basis", sa.String(400), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("basis", name=op.f("pk_results_basis")),
    )
    op.create_table(
        "results_change",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=True),
        sa.Column("ketamine_session_id", sa.String(36), nullable=True),
        sa.Column("integration_session_id", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_results_change")),
    )
    for table in _SOURCES:
        note_changes(op.get_bind(), table)
