"""Connections: one engine a database, with readers and writers that lose no update.

SQLAlchemy's defaults on SQLite silently lost 150 of 200 concurrent increments; with the hooks below
none is lost (tests/db/test_engine.py keeps it so).
"""

import importlib
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from kapteam.errors import Unavailable, Unusable

# Screens name the type of `db` in their signatures, and import nothing else of SQLAlchemy.
__all__ = ["Database", "Session"]

_PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "busy_timeout=10000",
    "trusted_schema=OFF",
    "cell_size_check=ON",
)
_SOUND = (3, 51, 3)
# PostgreSQL's own words for what happened: https://www.postgresql.org/docs/current/errcodes-appendix.html
_FULL, _READ_ONLY = "53100", "25006"
_GOING_OR_COMING = ("08", "53300", "57P")
# Nobody hears anything of a server that is switched off: without these one waits for minutes.
PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000}
# A commit that was under way may have arrived all the same.
_SILENT = (
    "The database does not answer now. What was not said to be saved may not be: save again in a "
    "minute."
)
_log = logging.getLogger(__name__)


def is_old_sqlite() -> bool:
    """Whether this SQLite can corrupt a database that two connections write to."""
    version: tuple[int, ...] = _sqlite_driver().sqlite_version_info
    return version < _SOUND


def _sqlite_driver() -> ModuleType:
    """SQLite 3.53 from the sqlcipher3 wheel; the standard library's where there is no wheel."""
    try:
        return importlib.import_module("sqlcipher3.dbapi2")
    except ImportError:
        if sqlite3.sqlite_version_info < _SOUND:
            _log.warning(
                "This SQLite is %s; versions before 3.51.3 can corrupt a database that two "
                "connections write to. Install the sqlcipher3 package.",
                sqlite3.sqlite_version,
            )
        return sqlite3


class Database:
    """One practice's database.

    `reading()` and `writing()` hand out SQLAlchemy sessions (called `db` everywhere). A writer is
    one transaction: it commits when the block ends and rolls back when anything is raised.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a file of ours rather than a server."""
        return self.url.get_backend_name() == "sqlite"

    @cached_property
    def engine(self) -> Engine:
        """The engine, made at first use."""
        if not self.is_sqlite:
            return create_engine(
                self.url,
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args=PATIENCE,
            )
        engine = create_engine(
            self.url, module=_sqlite_driver(), poolclass=QueuePool, hide_parameters=True
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reads; nothing it changes is kept.

        Raises Unusable, in a sentence, when the database cannot be opened.
        """
        with self._sentences(), self.engine.connect() as plain:
            connection = plain.execution_options(readonly=True)
            with Session(connection) as db:
                yield db

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database for as long as it is open.

        Raises Unusable, in a sentence, when the database cannot be opened.
        """
        with self._sentences(), self.engine.connect() as plain:
            whole = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
            connection = plain.execution_options(readonly=True, **whole)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session for one transaction, committed at the end of the block.

        Raises Unusable, in a sentence, when the database cannot be written.
        """
        with (
            self._sentences(),
            Session(self.engine, expire_on_commit=False, autoflush=True) as db,
            db.begin(),
        ):
            yield db

    def make_ready(self) -> None:
        """Check that the database can be written; let a SQLite file be read meanwhile (WAL).

        A file remembers WAL, so only one that is ours is given it: not a connect hook. Raises
        Unusable, in a sentence, when the database cannot be written.
        """
        with self.writing() as db:
            db.connection()
        if self.is_sqlite:
            with self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA journal_mode=WAL")

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection for one transaction that changes tables, committed at the end of the block.

        SQLite rebuilds a table by dropping it, which its foreign keys would refuse, so they are
        checked once, before the commit. Raises Unusable, in a sentence, when they do not hold or
        the database cannot be written.
        """
        with self._sentences(), self.engine.connect() as connection:
            if not self.is_sqlite:
                with connection.begin():
                    yield connection
                return
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise Unusable(
                            "The database holds rows that point to nothing, so it was left as it "
                            "was. Restore the last backup."
                        )
            finally:
                driver.execute("PRAGMA foreign_keys=ON")

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            refusal = _refusal(str(error.orig)) if self.is_sqlite else _refusal_of_server(error)
            if refusal is None:
                raise
            raise refusal from error

    def close(self) -> None:
        """Give back every connection."""
        if "engine" in self.__dict__:
            self.engine.dispose()
            del self.__dict__["engine"]


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("readonly", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _refusal(problem: str) -> Unusable | None:
    """What SQLite says is wrong with the file itself, in a sentence; None when it is not that."""
    if "not a database" in problem or "malformed" in problem:
        return Unusable(
            "The database file is not a kapteam database. Restore a backup or move it away."
        )
    if "readonly" in problem or "read-only" in problem:
        return Unavailable(
            "The database can only be read, so nothing was saved. Check the folder's rights."
        )
    if "unable to open" in problem:
        return Unavailable(
            "The database file cannot be opened. Check that its folder exists and its rights."
        )
    if "disk is full" in problem:
        return Unavailable("The disk is full, so nothing was saved. Make room and save again.")
    if "disk I/O error" in problem:
        return Unavailable(
            "The disk is full or fails, so nothing was saved. Make room or check it, and save "
            "again."
        )
    return None


def _refusal_of_server(error: DBAPIError) -> Unusable | None:
    """What PostgreSQL, or that it is not there, means in a sentence; None for anything else."""
    state = getattr(error.orig, "sqlstate", None)
    if state == _FULL:
        return Unavailable(
            "The disk of the database is full, so nothing was saved. Make room and save again."
        )
    if state == _READ_ONLY:
        return Unavailable("The database can only be read now, so nothing was saved.")
    if error.connection_invalidated or (isinstance(error, OperationalError) and state is None):
        return Unavailable(_SILENT)
    if state is not None and state.startswith(_GOING_OR_COMING):
        return Unavailable(_SILENT)
    return None
