"""Case reviews: the meeting, what it decided about each course, actions, what to discuss"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from kapteam.db.types import UtcDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _table(
        "case_review",
        _number("version"),
        _id("started_by_id"),
        _at("started_at"),
        _number("minutes"),
        _at("ended_at", nullable=True),
        _id("ended_by_id", nullable=True),
        started_by_id="clinician",
        ended_by_id="clinician",
    )
    _table(
        "case_review_member",
        _id("case_review_id"),
        _id("clinician_id"),
        _at("confirmed_at", nullable=True),
        case_review_id="case_review",
        clinician_id="clinician",
    )
    _unique("case_review_member", "case_review_id", "clinician_id")
    op.create_index(
        op.f("ix_case_review_member_clinician_id"), "case_review_member", ["clinician_id"]
    )
    _table(
        "review_item",
        _number("version"),
        _id("case_review_id"),
        _id("episode_id"),
        _number("position"),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("is_steady", sa.Boolean(), nullable=False),
        _id("added_by_id", nullable=True),
        _number("opened"),
        _at("dropped_at", nullable=True),
        _id("dropped_by_id", nullable=True),
        sa.Column("decision", sa.String(40), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("typed", sa.Text(), nullable=False),
        _number("typed_version"),
        _at("typed_at", nullable=True),
        _id("typed_by_id", nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        _at("decided_at", nullable=True),
        _id("decided_by_id", nullable=True),
        _at("confirmed_at", nullable=True),
        _id("confirmed_by_id", nullable=True),
        case_review_id="case_review",
        episode_id="episode",
        added_by_id="clinician",
        dropped_by_id="clinician",
        typed_by_id="clinician",
        decided_by_id="clinician",
        confirmed_by_id="clinician",
    )
    _unique("review_item", "case_review_id", "episode_id")
    op.create_index(op.f("ix_review_item_episode_id"), "review_item", ["episode_id"])
    _table(
        "action",
        _number("version"),
        _id("review_item_id"),
        _id("episode_id"),
        sa.Column("words", sa.Text(), nullable=False),
        _id("owner_id"),
        _id("agreed_owner_id"),
        sa.Column("due_on", sa.Date(), nullable=False),
        _at("agreed_at"),
        _id("agreed_by_id"),
        sa.Column("ended_as", sa.String(40), nullable=True),
        _at("ended_at", nullable=True),
        _id("ended_by_id", nullable=True),
        review_item_id="review_item",
        episode_id="episode",
        owner_id="clinician",
        agreed_owner_id="clinician",
        agreed_by_id="clinician",
        ended_by_id="clinician",
    )
    op.create_index(op.f("ix_action_review_item_id"), "action", ["review_item_id"])
    _open("action", "ended_at")
    _table(
        "discuss_mark",
        _id("episode_id"),
        sa.Column("words", sa.Text(), nullable=False),
        _id("marked_by_id"),
        _at("marked_at"),
        _at("settled_at", nullable=True),
        _id("settled_by_id", nullable=True),
        episode_id="episode",
        marked_by_id="clinician",
        settled_by_id="clinician",
    )
    _open("discuss_mark", "settled_at")


def _id(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(36), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _table(name: str, *columns: sa.Column[Any], **of: str) -> None:
    op.create_table(
        name,
        _id("id"),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}_{table}")
            )
            for column, table in of.items()
        ),
    )


def _unique(table: str, *columns: str) -> None:
    op.create_index(f"uq_{table}_{'_'.join(columns)}", table, list(columns), unique=True)


def _open(table: str, unset: str) -> None:
    is_open = sa.text(f"{unset} IS NULL")
    op.create_index(
        f"ix_{table}_episode_id_open",
        table,
        ["episode_id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
