"""Alembic's entry: run the migrations on the connection that `db.migrate` hands over."""

from alembic import context

from kapteam.db import tables
from kapteam.db.base import Base
from kapteam.db.note_index import is_index

assert tables.Practice.metadata is Base.metadata
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    include_name=lambda name, kind, _: kind != "table" or not is_index(name or ""),
)
with context.begin_transaction():
    context.run_migrations()
