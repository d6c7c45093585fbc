"""Bringing a database up to this version, after a verified backup, or refusing in a sentence."""

import logging
from pathlib import Path

from alembic.migration import MigrationContext

from kapteam import clock
from kapteam.db.backup import back_up
from kapteam.db.engine import Database
from kapteam.db.versions import bring_to, newest, version_of
from kapteam.errors import Unavailable, Unusable

_log = logging.getLogger(__name__)


def is_up_to_date(database: Database) -> bool:
    """Whether `database` has exactly this version's tables. Raises Unusable when it cannot say."""
    with database.reading() as db:
        return MigrationContext.configure(db.connection()).get_current_revision() == newest()


def bring_up_to_date(database: Database, backups: Path) -> None:
    """Create or migrate `database`; a backup goes to `backups` before anything existing changes.

    Raises Unusable: not a database, not one of ours, from a newer version, or not writable; of what
    is only so for now, and may be tried again by itself, Unavailable.
    """
    if database.is_sqlite and database.url.database:
        Path(database.url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with database.reading() as db:
        current = version_of(db.connection())
    database.make_ready()
    if current == newest():
        return
    if current is not None:
        back_up(database, backups, clock.now())
    _log.info("Migrating the database from %s to %s.", current or "empty", newest())
    try:
        bring_to(database, "head")
    except Unavailable as error:
        # Not for now only: whoever tried again by itself would make one backup after the other.
        raise Unusable(str(error)) from error
