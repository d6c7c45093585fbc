"""Which series are maintenance, and courses that are asked for measures all the same"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

# Of a course that has left maintenance nobody knows any more which of its series were.
_BEGAN_IN_IT = (
    "UPDATE series SET is_maintenance = TRUE WHERE EXISTS (SELECT 1 FROM episode"
    " WHERE episode.id = series.episode_id AND episode.state = 'maintenance'"
    " AND series.started_at >= episode.state_since)"
)


def upgrade() -> None:
    op.add_column(
        "series",
        sa.Column("is_maintenance", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute(_BEGAN_IN_IT)
    with op.batch_alter_table("episode") as episode:
        episode.add_column(sa.Column("measures_asked_at", UtcDateTime(), nullable=True))
        episode.add_column(sa.Column("measures_asked_by_id", sa.String(36), nullable=True))
        episode.create_foreign_key(
            op.f("fk_episode_measures_asked_by_id_clinician"),
            "clinician",
            ["measures_asked_by_id"],
            ["id"],
        )
