"""Which version of kapteam's tables a database has, and how it gets to another."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from kapteam.db.engine import Database
from kapteam.errors import Unusable


def alembic_config() -> Config:
    """Alembic's configuration, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def newest() -> str | None:
    """The version of the tables that this kapteam has."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def version_of(connection: Connection) -> str | None:
    """The version of a database's tables; None when it has none of ours.

    Raises Unusable when the tables are not kapteam's, or a newer kapteam's.
    """
    current = MigrationContext.configure(connection).get_current_revision()
    tables = set(inspect(connection).get_table_names())
    if current is None and tables - {"alembic_version"}:
        raise Unusable("The database holds something that is not kapteam's. Nothing was changed.")
    known = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    if current is not None and current not in {one.revision for one in known}:
        raise Unusable(
            "The database was written by a newer version of kapteam. Install that version; "
            "nothing was changed."
        )
    return current


def bring_to(database: Database, version: str) -> None:
    """Give the database the tables of a version. Raises Unusable as `Database.migrating` does."""
    config = alembic_config()
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
