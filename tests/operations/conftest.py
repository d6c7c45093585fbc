"""A practice with something of everything in it, in the data folder of the test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kapteam.db import practices
from kapteam.db.engine import Database
from kapteam.operations.moving import move
from kapteam.settings import settings
from tests.clock import FrozenClock
from tests.postgresql import Postgresql


@pytest.fixture
def practice(demo_file: Path, data_folder: Path, frozen_clock: FrozenClock) -> Database:
    """The practice of this data folder, in SQLite: the people of the demo as its own."""
    data_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copy(demo_file, data_folder / "practice.db")
    (data_folder / "practice.db").chmod(0o600)
    shutil.copy(demo_file.with_name("demo-records.key"), data_folder / "records.key")
    return practices.database(practices.PRACTICE)


@pytest.fixture
def server(postgresql: Postgresql) -> Iterator[Database]:
    """An empty database on a server."""
    with postgresql.lent() as database:
        yield database


@pytest.fixture
def practice_on_server(
    practice: Database, server: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """The same practice in PostgreSQL, as KAPTEAM_DATABASE_URL names it."""
    move(practice, server)
    practice.close()
    Path(str(practice.url.database)).unlink()
    use(server, monkeypatch)
    yield practices.database(practices.PRACTICE)
    practices.database(practices.PRACTICE).close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Database:
    """The practice, once on each engine."""
    name = "practice" if request.param == "sqlite" else "practice_on_server"
    return request.getfixturevalue(name)


def use(server: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a database on a server the practice's."""
    monkeypatch.setenv("KAPTEAM_DATABASE_URL", server.url.render_as_string(hide_password=False))
    settings.cache_clear()
    practices.database.cache_clear()
