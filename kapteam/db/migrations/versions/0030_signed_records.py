"""What was signed or given is listed, so that a change past kapteam is found; who read a note

The rows that are there already are listed at the next start (`db.record_links.list_what_is_there`):
the key lies in the data folder, which a migration knows nothing of.
"""

import sqlalchemy as sa
from alembic import op

from kapteam.db.migrations.append_only import make_append_only
from kapteam.db.types import UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_link",
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("row_id", sa.String(36), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("linked_at", sa.String(40), nullable=False),
        sa.Column("key_name", sa.String(8), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_record_link")),
    )
    op.create_index(op.f("ix_record_link_row_id"), "record_link", ["row_id"])
    make_append_only("record_link", op.get_bind())
    op.create_table(
        "record_check",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("checked_by_id", sa.String(36), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_check")),
        sa.ForeignKeyConstraint(
            ["checked_by_id"],
            ["clinician.id"],
            name=op.f("fk_record_check_checked_by_id_clinician"),
        ),
    )
    op.create_index(op.f("ix_record_check_at"), "record_check", ["at"])
    op.create_table(
        "note_read",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("note_id", sa.String(36), nullable=False),
        sa.Column("reader_id", sa.String(36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_read")),
        sa.ForeignKeyConstraint(["note_id"], ["note.id"], name=op.f("fk_note_read_note_id_note")),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["clinician.id"], name=op.f("fk_note_read_reader_id_clinician")
        ),
    )
    op.create_index(
        "uq_note_read_note_id_reader_id", "note_read", ["note_id", "reader_id"], unique=True
    )
