"""Also what a case review decided is copied into the record that a practice keeps elsewhere"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_NAME, _COLUMN = "filing", "review_item_id"
_ONE_SUBJECT = (
    "(CASE WHEN note_id IS NULL THEN 0 ELSE 1 END) + "
    "(CASE WHEN record_signature_id IS NULL THEN 0 ELSE 1 END) + "
    "(CASE WHEN review_item_id IS NULL THEN 0 ELSE 1 END) = 1"
)


def upgrade() -> None:
    with op.batch_alter_table(_NAME) as filing:
        filing.add_column(sa.Column(_COLUMN, sa.String(36), nullable=True))
        filing.drop_constraint(op.f(f"ck_{_NAME}_one_subject"), type_="check")
        filing.create_check_constraint(op.f(f"ck_{_NAME}_one_subject"), _ONE_SUBJECT)
        filing.create_foreign_key(
            op.f(f"fk_{_NAME}_{_COLUMN}_review_item"), "review_item", [_COLUMN], ["id"]
        )
    op.create_index(op.f(f"ix_{_NAME}_{_COLUMN}"), _NAME, [_COLUMN])
