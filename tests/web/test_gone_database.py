"""The database is gone for a while: gate and plain pages say so, and go on by themselves."""

import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from kapteam.accounts import set_up
from kapteam.accounts.sign_ins import start_sign_in
from kapteam.db.engine import Database
from kapteam.db.migrate import bring_up_to_date
from kapteam.db.tables import Clinician
from tests.accounts.people import PASSWORD, practice_form
from tests.clock import FrozenClock
from tests.factories import NOW
from tests.postgresql import OwnServer, a_server_of_its_own
from tests.web.server import Browser, Server
from tests.web.streamlit_socket import refused, tab_of

_GONE, _FULL = "does not answer now", "disk is full or fails"
_PATIENCE_SECONDS = 20
_FORM = {"name": "dana", "password": PASSWORD}


def _until(holds: Callable[[], bool]) -> None:
    given_up = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < given_up
        time.sleep(0.05)


def _is_technical(words: str) -> bool:
    return any(one in words for one in ("Traceback", "psycopg", "sqlite", "Error", ".py"))


@pytest.fixture(scope="module")
def postgresql() -> Iterator[OwnServer]:
    with a_server_of_its_own() as running:
        yield running


@pytest.fixture(scope="module")
def practice(postgresql: OwnServer, folder: Path) -> Iterator[Database]:
    """Dana's practice, on a server of its own."""
    with _set_up(postgresql.url, folder) as database:
        yield database


@contextmanager
def _set_up(url: str, folder: Path) -> Iterator[Database]:
    database = Database(url)
    bring_up_to_date(database, folder / "backups")
    with database.writing() as db:
        set_up.set_up_practice(db, practice_form(), NOW)
    yield database
    database.close()


@pytest.fixture(scope="module")
def server(
    folder: Path, clock: FrozenClock, practice: Database, postgresql: OwnServer
) -> Iterator[Server]:
    """kapteam on that database."""
    running = Server(
        folder,
        "tests/web/small_app.py",
        KAPTEAM_CLOCK_FILE=str(clock.file),
        KAPTEAM_DATABASE_URL=postgresql.url,
    )
    yield running.start()
    running.stop()


def test_a_server_that_starts_before_its_database_goes_on_when_that_is_there(server, postgresql):
    # Both come up with the machine.
    server.stop()
    postgresql.stop()
    server.start()
    browser = Browser(server)
    early = browser.get("/")
    assert (early.status_code, early.headers["refresh"]) == (503, "5")
    assert _GONE in early.text

    postgresql.start()

    _until(lambda: browser.get("/").status_code == 303)
    assert browser.post("/session/sign-in", data=_FORM).status_code == 303


def test_while_it_is_gone_every_answer_is_a_sentence_and_then_all_goes_on(
    server, postgresql, sign_in
):
    browser = sign_in()
    with tab_of(server, browser) as tab:
        assert "here: practice." in tab.run()
        postgresql.stop()
        _every_answer_is_a_sentence(server, browser)
        with ThreadPoolExecutor(1) as waiting:
            # By now what a sign-in that cannot be checked would be sent is held back.
            time.sleep(0.7)
            run = waiting.submit(tab.run)
            with pytest.raises(TimeoutError):
                run.result(0.5)
            postgresql.start()
            assert "here: practice." in run.result(_PATIENCE_SECONDS)
    assert browser.get("/session/alive").status_code == 200
    assert browser.post("/session/touch").status_code == 200
    assert sign_in().get("/").status_code == 200


def _every_answer_is_a_sentence(server: Server, browser: Browser) -> None:
    assert refused(server, browser.cookie_header) == 403
    for method, path in (
        ("GET", "/"),
        ("GET", "/caseload"),
        ("GET", "/session/alive"),
        ("GET", "/session/sign-in"),
        ("GET", "/session/locked"),
        ("GET", "/session/invite/none"),
        ("GET", "/session/sign/none"),
        ("POST", "/session/touch"),
        ("POST", "/session/sign/none"),
    ):
        answer = browser.ask(method, path)
        assert answer.status_code == 503, path
        assert answer.headers.get("refresh") == ("5" if method == "GET" else None)
        assert _GONE in answer.text
        assert not _is_technical(answer.text)
    form = Browser(server).post("/session/sign-in", data=_FORM)
    assert _GONE in form.text
    assert 'value="dana"' in form.text


@pytest.mark.parametrize("way", ["lock", "sign-out"])
def test_who_locks_or_signs_out_meanwhile_is_not_let_in_again_without_the_password(
    server, postgresql, sign_in, way
):
    browser = sign_in()
    postgresql.stop()

    answer = browser.post(f"/session/{way}?next=/caseload")

    assert answer.status_code == 303
    assert browser.cookie == ""
    postgresql.start()
    _until(lambda: browser.get("/").status_code == 303)
    assert browser.get("/").headers["location"].startswith("/session/sign-in")


def _fill(server: Server, is_full: bool) -> None:
    """Keep the files of a server from growing, as a full disk does; or no longer."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = 0 if is_full else most
    resource.prlimit(server.process_id, resource.RLIMIT_FSIZE, (limit, most))


@pytest.fixture
def on_a_disk(tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[Server, Database]]:
    """A server whose practice is a file."""
    running = Server(tmp_path, "tests/web/small_app.py", KAPTEAM_CLOCK_FILE=str(clock.file))
    with _set_up(f"sqlite:///{tmp_path / 'data' / 'practice.db'}", tmp_path) as database:
        yield running.start(), database
        running.stop()


def test_on_a_full_disk_all_that_can_be_read_goes_on_and_nobody_who_locked_is_let_in_again(
    on_a_disk, clock
):
    server, database = on_a_disk
    stays, locks, idles = (Browser(server) for _ in range(3))
    for browser in (stays, locks, idles):
        with database.writing() as db:
            dana = db.scalars(select(Clinician.id)).one()
            browser.cookie = f"practice.{start_sign_in(db, dana, 'a test', clock.now).token}"
    _fill(server, True)

    form = Browser(server).post("/session/sign-in", data=_FORM)
    assert _FULL in form.text
    assert 'value="dana"' in form.text
    assert not _is_technical(form.text)
    assert locks.post("/session/lock").status_code == 303
    assert locks.cookie == ""
    assert stays.get("/session/alive").status_code == 200

    _fill(server, False)
    clock.advance(minutes=14)
    assert stays.post("/session/touch").status_code == 200
    clock.advance(minutes=2)
    _fill(server, True)
    # Who rests is locked though that cannot be put on record, and takes nobody else along.
    assert idles.get("/session/alive").status_code == 401
    with tab_of(server, stays) as tab:
        assert "here: practice." in tab.run()
        time.sleep(1.2)
        assert "here: practice." in tab.run()
    _fill(server, False)
    assert Browser(server).post("/session/sign-in", data=_FORM).status_code == 303
