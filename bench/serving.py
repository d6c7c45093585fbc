"""A practice that is served, and the people who are signed in at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.courses import NOW
from bench.practice import Filled, Told, fill
from bench.served import COUNT
from kapteam.accounts.sign_ins import start_sign_in
from kapteam.db.engine import Database
from kapteam.db.migrate import bring_up_to_date
from tests.browser.server import Server


@dataclass(frozen=True, slots=True)
class Served:
    """The server's process, its database, and what is in it."""

    server: Server
    database: Database
    filled: Filled
    clients: int

    def sign_in(self, clinician_id: str) -> str:
        """Sign somebody in at a new browser; returns the value of its cookie."""
        with self.database.writing() as db:
            return f"practice.{start_sign_in(db, clinician_id, 'the bench', NOW).token}"

    def statements(self) -> int:
        """How many statements the pages have run so far."""
        return int(httpx.get(f"{self.server.url}{COUNT}", trust_env=False).text)


@contextmanager
def served(folder: Path, clients: int, told: Told) -> Iterator[Served]:
    """A practice of so many clients in `folder`, filled and running."""
    server = Server(folder, NOW, app="bench/served.py")
    database = Database(f"sqlite:///{server.data / 'practice.db'}")
    bring_up_to_date(database, server.data / "backups")
    filled = fill(database, clients, told)
    with running(server):
        yield Served(server, database, filled, clients)
    database.close()


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """A server for as long as the block runs, however it ends."""
    server.start()
    try:
        yield server
    finally:
        server.stop()
