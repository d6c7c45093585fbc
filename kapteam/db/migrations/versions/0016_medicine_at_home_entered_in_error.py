"""Medicine at home that was entered in error, in one table; where a client was at a concern"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("concern", sa.Column("place", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("home_supply") as supply:
        for column in _entered_in_error():
            supply.add_column(column)
        supply.create_foreign_key(
            op.f("fk_home_supply_voided_by_id_clinician"), "clinician", ["voided_by_id"], ["id"]
        )
    op.create_table(
        "home_tally",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("lozenges", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("recorded_by_id", sa.String(36), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        *_entered_in_error(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_home_tally")),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_home_tally_episode_id_episode")
        ),
        *(
            sa.ForeignKeyConstraint(
                [by], ["clinician.id"], name=op.f(f"fk_home_tally_{by}_clinician")
            )
            for by in ("recorded_by_id", "voided_by_id")
        ),
    )
    op.create_index(op.f("ix_home_tally_episode_id"), "home_tally", ["episode_id"])
    for table, kind, at, words, by in (
        ("home_count", "count", "counted_at", "words", "counted_by_id"),
        ("home_return", "return", "returned_at", "reason", "recorded_by_id"),
    ):
        op.execute(
            "INSERT INTO home_tally"
            " (id, episode_id, kind, lozenges, at, words, recorded_by_id, recorded_at)"
            f" SELECT id, episode_id, '{kind}', lozenges, {at}, {words}, {by}, recorded_at"
            f" FROM {table}"
        )
        op.drop_table(table)


def _entered_in_error() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("voided_at", UtcDateTime(), nullable=True),
        sa.Column("voided_by_id", sa.String(36), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False, server_default=""),
    )
