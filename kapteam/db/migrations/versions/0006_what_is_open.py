"""What is open is found without reading what is over"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _index("ix_episode_client_id_open", "episode", "client_id", "closed_at IS NULL")
    _index("ix_note_author_id_unsigned", "note", "author_id", "signed_at IS NULL")


def _index(name: str, table: str, column: str, where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=only, postgresql_where=only)
