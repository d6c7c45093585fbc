"""A practice behind a real server: one process a module."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kapteam.accounts import set_up
from kapteam.db.engine import Database
from kapteam.db.migrate import bring_up_to_date
from tests.accounts.people import PASSWORD, colleague_form, practice_form, viewer
from tests.certificates import Certificate
from tests.clock import FrozenClock
from tests.web.server import Browser, Server

_NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
ROBINS_PASSWORD = "four windy mesas here"


# Where checks 1 to 11 of the gate are. They run once for this machine and once over TLS, by the
# name that other machines know, each time on a practice of their own.
_CHECKS = {
    "test_anonymous_sweep",
    "test_heartbeat",
    "test_media",
    "test_pin",
    "test_shared_screen",
    "test_sign_in",
    "test_sockets",
    "test_uploads",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    name = metafunc.module.__name__.rpartition(".")[2]
    if name in _CHECKS and "second_machine" in metafunc.fixturenames:
        ways = [
            pytest.param(False, id="here"),
            pytest.param(True, id="over_tls", marks=pytest.mark.in_ci),
        ]
        metafunc.parametrize("second_machine", ways, indirect=True, scope="module")


@pytest.fixture(scope="module")
def second_machine(request: pytest.FixtureRequest) -> Certificate | None:
    """The certificate by which the server lets other machines in; None: it serves this one only."""
    return request.getfixturevalue("certificate") if getattr(request, "param", False) else None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, second_machine: Certificate | None) -> Path:
    """Where this module's server keeps everything."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def clock(folder: Path) -> FrozenClock:
    """The server's clock; it stands until a test moves it on."""
    return FrozenClock(folder / "clock", _NOW)


@pytest.fixture(scope="module")
def practice(folder: Path) -> Iterator[Database]:
    """The server's database: set up, with Dana (administrator, therapist) and Robin."""
    database = Database(f"sqlite:///{folder / 'data' / 'practice.db'}")
    bring_up_to_date(database, folder / "backups")
    with database.writing() as db:
        dana = set_up.set_up_practice(db, practice_form(), _NOW)
    administrator = viewer(database, dana, _NOW)
    with database.writing() as db:
        token = set_up.add_clinician(db, administrator, colleague_form(), _NOW)
        set_up.accept_invitation(db, token, ROBINS_PASSWORD, _NOW)
    yield database
    database.close()


@pytest.fixture(scope="module")
def server(
    folder: Path, clock: FrozenClock, practice: Database, second_machine: Certificate | None
) -> Iterator[Server]:
    """The gate in front of a small script, on the practice."""
    running = Server(
        folder, "tests/web/small_app.py", second_machine, KAPTEAM_CLOCK_FILE=str(clock.file)
    )
    yield running.start()
    running.stop()


@pytest.fixture
def browser(server: Server) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(server)


@pytest.fixture
def sign_in(server: Server) -> Callable[..., Browser]:
    """A browser in which somebody (Dana unless told) has just signed in."""

    def signed_in(name: str = "dana") -> Browser:
        password = {"dana": PASSWORD, "robin": ROBINS_PASSWORD}[name]
        browser = Browser(server)
        answer = browser.post("/session/sign-in", data={"name": name, "password": password})
        assert answer.status_code == 303, answer.text
        return browser

    return signed_in
