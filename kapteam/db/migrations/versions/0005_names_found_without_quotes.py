"""Nicknames in quotes or brackets are found without them, as `rules.folding` folds them now."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_GONE = '"“”„«»()[]'


def upgrade() -> None:
    client = sa.table("client", sa.column("search_text", sa.Text()))
    for mark in _GONE:
        op.execute(
            client.update()
            .where(client.c.search_text.contains(mark, autoescape=True))
            .values(search_text=sa.func.replace(client.c.search_text, mark, ""))
        )
