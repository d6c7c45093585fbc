"""Contacts of a course are found by time, and its ketamine sessions never by their status"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contact_episode_id_happened_at", "contact", ["episode_id", "happened_at"])
    # SQLite took it for the sessions of one course, and read those of the whole practice.
    op.drop_index("ix_ketamine_session_status", "ketamine_session")
