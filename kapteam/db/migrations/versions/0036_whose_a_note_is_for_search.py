"""Search finds whose a note is, the newest first, without reading its words"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_note_words_number_note_id_episode_id_author_id",
        "note_words",
        ["number", "note_id", "episode_id", "author_id"],
    )
