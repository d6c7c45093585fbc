"""The ground every test stands on: a data folder of its own, a fixed instant, both databases."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir
from zoneinfo import ZoneInfo

import pytest
from filelock import FileLock

from kapteam import demo
from kapteam.db import practices
from kapteam.db.engine import Database
from kapteam.db.migrate import bring_up_to_date
from kapteam.settings import settings
from tests.certificates import Certificate, make_certificate
from tests.clock import FrozenClock
from tests.postgresql import Postgresql


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to `.ci/run` what is marked so (`KAPTEAM_TESTS_ROUNDS=all` runs it anywhere)."""
    if os.environ.get("KAPTEAM_TESTS_ROUNDS") == "all":  # noqa: TID251 - of the tests
        return
    left = [one for one in items if one.get_closest_marker("in_ci")]
    config.hook.pytest_deselected(items=left)
    items[:] = [one for one in items if not one.get_closest_marker("in_ci")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why tests were skipped, in one line for each reason."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason, count in Counter(report.longrepr[2] for report in skipped).items():
        terminalreporter.write_line(f"{count} tests were not run. {reason}")


@pytest.fixture(scope="session")
def now() -> datetime:
    """Tue Nov 24 2026, 2:30 pm in Phoenix."""
    return datetime(2026, 11, 24, 21, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def zone() -> ZoneInfo:
    """The practice's zone: Arizona, which has no daylight saving time."""
    return ZoneInfo("America/Phoenix")


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder for this test alone, so that no test ever opens the practice's own."""
    folder = tmp_path / "data"
    monkeypatch.setenv("KAPTEAM_DATA_DIR", str(folder))
    monkeypatch.delenv("KAPTEAM_DATABASE_URL", raising=False)
    for name in ("PUBLIC_URL", "CERTIFICATE", "CERTIFICATE_KEY", "CLOCK_FILE"):
        monkeypatch.delenv(f"KAPTEAM_{name}", raising=False)
    settings.cache_clear()
    practices.database.cache_clear()
    yield folder
    for name in (practices.PRACTICE, practices.DEMO):
        practices.database(name).close()
    practices.database.cache_clear()
    settings.cache_clear()


@pytest.fixture
def frozen_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_folder: Path, now: datetime
) -> FrozenClock:
    """`kapteam.clock` stands at `now` until the test moves it."""
    clock = FrozenClock(tmp_path / "clock", now)
    monkeypatch.setenv("KAPTEAM_CLOCK_FILE", str(clock.file))
    settings.cache_clear()
    return clock


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for kapteam.example, and the authority that vouches for it."""
    if shutil.which("openssl") is None:
        pytest.skip("No openssl on this machine; install it to run the tests over TLS.")
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    file = folder / "practice.db"
    database = Database(f"sqlite:///{file}")
    bring_up_to_date(database, folder / "backups")
    database.close()
    return file


@pytest.fixture(scope="session")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """The SQLite database of this worker; its engine stays.

    A new engine would have to work out every statement anew, which costs more than running it.
    """
    return Database(f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'practice.db'}")


@pytest.fixture
def sqlite_database(_sqlite: Database, _sqlite_template: Path) -> Iterator[Database]:
    """An empty practice at this version, in a SQLite file."""
    file = Path(str(_sqlite.url.database))
    shutil.copy(_sqlite_template, file)
    yield _sqlite
    _sqlite.engine.dispose()
    for one in file.parent.glob(f"{file.name}*"):
        one.unlink()


@pytest.fixture(scope="session")
def demo_file(
    tmp_path_factory: pytest.TempPathFactory, testrun_uid: str, worker_id: str, now: datetime
) -> Path:
    """The demo as it is at `now`; to be copied. Building takes seconds, so workers share one."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / f"demo-{testrun_uid}"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("KAPTEAM_DATA_DIR", str(folder))
                settings.cache_clear()
                practices.database.cache_clear()
                demo.open_demo(now)
                practices.database(practices.DEMO).close()
            settings.cache_clear()
            practices.database.cache_clear()
    return folder / "demo.db"


@pytest.fixture(scope="session")
def postgresql(testrun_uid: str, worker_id: str) -> Postgresql:
    """The PostgreSQL server of this run; it comes in a wheel, so it is never skipped.

    Not in pytest's own folder: of those only the last three stay, also while a test run is in them.
    """
    return Postgresql(Path(gettempdir()) / f"kapteam-{testrun_uid}", worker_id)


@pytest.fixture(scope="session")
def _migrated_postgresql(
    postgresql: Postgresql, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    with postgresql.lent() as database:
        bring_up_to_date(database, tmp_path_factory.mktemp("backups"))
        yield database


@pytest.fixture
def postgresql_database(
    postgresql: Postgresql, _migrated_postgresql: Database
) -> Iterator[Database]:
    """An empty practice at this version, in PostgreSQL."""
    yield _migrated_postgresql
    postgresql.empty(_migrated_postgresql)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty practice at this version; the test runs once on each engine."""
    return request.getfixturevalue(f"{request.param}_database")


@pytest.fixture(params=["sqlite", "postgresql"])
def blank_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a single table, on each engine."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'blank.db'}")
        yield database
        database.close()
    else:
        with request.getfixturevalue("postgresql").lent() as database:
            yield database
