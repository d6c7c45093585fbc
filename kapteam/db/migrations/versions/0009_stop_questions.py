"""The five stop questions of the free consultation"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_QUESTIONS = (
    "psychosis_or_mania",
    "heart_or_blood_pressure",
    "pregnancy",
    "other_treatment",
    "in_danger",
)


def upgrade() -> None:
    for name in _QUESTIONS:
        op.add_column("inquiry", sa.Column(name, sa.Boolean(), nullable=True))
