"""A signed note stays with its session; a nickname in quotes is found without them"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.migrations.append_only import FROZEN, lock_signed_notes

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MARKS = '"“”„«»()[]'


def upgrade() -> None:
    lock_signed_notes(op.get_bind(), FROZEN)
    _find_names_as_they_are_folded_now()


def _find_names_as_they_are_folded_now() -> None:
    client = sa.table("client", sa.column("search_text", sa.Text()))
    for mark in _MARKS:
        op.execute(
            client.update()
            .where(client.c.search_text.contains(mark, autoescape=True))
            .values(search_text=sa.func.replace(client.c.search_text, mark, ""))
        )
