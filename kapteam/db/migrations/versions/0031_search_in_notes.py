"""Signed notes are found by their words; those that are there already are indexed"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from kapteam.db.note_index import make_index
from kapteam.db.types import UtcDateTime
from kapteam.rules.note_search import index_text
from kapteam.vocabulary import NoteKind

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_OF = (("note_id", "note"), ("episode_id", "episode"), ("author_id", "clinician"))
_NOTE = sa.table(
    "note",
    sa.column("id", sa.String()),
    sa.column("kind", sa.String()),
    sa.column("template_version", sa.Integer()),
    sa.column("body", sa.JSON()),
    sa.column("episode_id", sa.String()),
    sa.column("author_id", sa.String()),
    sa.column("signed_at", UtcDateTime()),
)
_AMENDMENT = sa.table("note_amendment", *map(sa.column, ("id", "note_id", "reason", "text")))
_ADDENDUM = sa.table("note_addendum", *map(sa.column, ("id", "note_id", "text")))


def upgrade() -> None:
    words = op.create_table(
        "note_words",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("note_id", sa.String(36), nullable=False),
        sa.Column("episode_id", sa.String(36), nullable=False),
        sa.Column("author_id", sa.String(36), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_note_words")),
        sa.UniqueConstraint("note_id", name=op.f("uq_note_words_note_id")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_note_words_{column}_{table}")
            )
            for column, table in _OF
        ),
    )
    op.create_index(op.f("ix_note_words_author_id"), "note_words", ["author_id"])
    op.create_index("ix_note_words_episode_id_author_id", "note_words", ["episode_id", "author_id"])
    make_index(op.get_bind())
    last = 0
    for notes in _signed_notes():
        rows = []
        for signed_at, row in notes:
            last = max(last + 1, int(signed_at.timestamp()))
            rows.append({"number": last, **row})
        op.get_bind().execute(words.insert(), rows)


def _signed_notes() -> Iterator[list[tuple[datetime, dict[str, str]]]]:
    """When each signed note was signed, and its row; some at a time, the oldest first."""
    connection, signed = op.get_bind(), sa.select(_NOTE.c.id).where(_NOTE.c.signed_at.is_not(None))
    ids = connection.scalars(signed.order_by(_NOTE.c.signed_at, _NOTE.c.id)).all()
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        added: defaultdict[str, list[str]] = defaultdict(list)
        for table, texts in ((_AMENDMENT, ("reason", "text")), (_ADDENDUM, ("text",))):
            beside = sa.select(table).where(table.c.note_id.in_(some)).order_by(table.c.id)
            for row in connection.execute(beside):
                added[row.note_id] += (row._mapping[text] for text in texts)
        of_some = sa.select(_NOTE).where(_NOTE.c.id.in_(some))
        yield [
            (
                row.signed_at,
                {
                    "note_id": row.id,
                    "episode_id": row.episode_id,
                    "author_id": row.author_id,
                    "text": index_text(
                        kind=NoteKind(row.kind),
                        version=row.template_version,
                        body=row.body,
                        episode_id=row.episode_id,
                        author_id=row.author_id,
                        added=added[row.id],
                    ),
                },
            )
            for row in connection.execute(of_some.order_by(_NOTE.c.signed_at, _NOTE.c.id))
        ]
