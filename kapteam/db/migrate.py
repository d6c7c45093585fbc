"""Bringing a database up to this version, after a verified backup, or refusing in a sentence."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from kapteam import clock
from kapteam.db.backup import back_up
from kapteam.db.engine import Database
from kapteam.errors import Unusable

_log = logging.getLogger(__name__)


def alembic_config() -> Config:
    """Alembic's configuration, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def is_up_to_date(database: Database) -> bool:
    """Whether `database` has exactly this version's tables. Raises Unusable when it cannot say."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    with database.reading() as db:
        return MigrationContext.configure(db.connection()).get_current_revision() == head


def bring_up_to_date(database: Database, backups: Path) -> None:
    """Create or migrate `database`; a backup goes to `backups` before anything existing changes.

    Raises Unusable: not a database, not one of ours, from a newer version, or not writable.
    """
    if database.is_sqlite and database.url.database:
        Path(database.url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = alembic_config()
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    with database.reading() as db:
        connection = db.connection()
        current = MigrationContext.configure(connection).get_current_revision()
        tables = set(inspect(connection).get_table_names())
    if current is None and tables - {"alembic_version"}:
        raise Unusable("The database holds something that is not kapteam's. Nothing was changed.")
    if current is not None and current not in {r.revision for r in script.walk_revisions()}:
        raise Unusable(
            "The database was written by a newer version of kapteam. Install that version; "
            "nothing was changed."
        )
    database.make_ready()
    if current == head:
        return
    if current is not None:
        back_up(database, backups, clock.now())
    _log.info("Migrating the database from %s to %s.", current or "empty", head)
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
