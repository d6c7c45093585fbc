"""A real Chromium in front of a real server; each module of tests has its own practice.

The demo, which nobody writes in, serves them all.
"""

import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import update

from kapteam.accounts.sign_ins import set_password, start_sign_in
from kapteam.db.engine import Database
from kapteam.db.tables import Clinician
from kapteam.demo import PRESCRIBER_ID
from kapteam.rules.permissions import Viewer
from tests.accounts.people import PASSWORD
from tests.browser.chromium import chromium_path, is_required, launched
from tests.browser.demo import PAGES, is_prescribers
from tests.browser.hands import follow_runs, go_to, open_at, press
from tests.browser.outside import Outside
from tests.browser.private import leaks, private_words
from tests.browser.server import Server, free_port
from tests.factories import a_client, a_course
from tests.factories_care import Care, a_cared_for_client

_ARTIFACTS = Path(__file__).parent / "artifacts"
_failed = pytest.StashKey[bool]()

NewPage = Callable[..., Page]
TabOf = Callable[..., Page]
KeptTab = Callable[[BrowserContext], Page]
DemoTab = Callable[..., Page]


@pytest.fixture(scope="package")
def outside() -> Iterator[Outside]:
    """Where every request would go that leaves this machine; at the end there must be none."""
    everywhere = Outside()
    yield everywhere
    everywhere.close()
    assert everywhere.asked == []


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Chromium for these modules (not longer: while Playwright runs, no test can use asyncio)."""
    path = chromium_path()
    if path is None:
        missing = "No Chromium on this machine; install chromium to run the browser tests."
        pytest.fail(missing) if is_required() else pytest.skip(missing)
    with launched(path) as browser:
        yield browser


class Browsers:
    """The browsers of several people, lent to one test after the other.

    Each knows Streamlit's files of the address it was made for; to load them anew takes longer than
    most tests do.
    """

    def __init__(self, chromium: Browser, outside: Outside) -> None:
        self._chromium = chromium
        self._outside = outside
        self._free: defaultdict[str, list[BrowserContext]] = defaultdict(list)

    def lend(self, server: Server) -> BrowserContext:
        """A browser in which nobody is signed in."""
        free = self._free[server.url]
        return free.pop() if free else self._new(server)

    def take_back(self, browser: BrowserContext, server: Server) -> None:
        """Close its tabs and sign it out."""
        for page in browser.pages:
            page.close()
        browser.clear_cookies()
        self._free[server.url].append(browser)

    def _new(self, server: Server) -> BrowserContext:
        """A browser in Berlin, so that a time that is not the practice's shows."""
        context = self._chromium.new_context(
            base_url=server.url,
            # Of the pages alone: Chromium itself asks its makers for the time and for updates.
            proxy={"server": self._outside.url, "bypass": "127.0.0.1"},
            viewport={"width": 1366, "height": 900},
            locale="en-US",
            timezone_id="Europe/Berlin",
            color_scheme="light",
            reduced_motion="reduce",
        )
        context.on("page", follow_runs)
        return context


@pytest.fixture(scope="package")
def _browsers(chromium: Browser, outside: Outside) -> Browsers:
    return Browsers(chromium, outside)


@pytest.fixture(scope="package")
def _port() -> int:
    """Where one module's server after the other answers: a browser knows Streamlit's files then."""
    return free_port()


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, str]:
    """What else the server's environment says; a module that names another database replaces it."""
    return {}


@pytest.fixture(scope="module")
def server(
    chromium: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    now: datetime,
    _port: int,
    outside: Outside,
    elsewhere: dict[str, str],
) -> Iterator[Server]:
    """kapteam for one module, not yet set up."""
    folder = tmp_path_factory.mktemp("server")
    with running(Server(folder, now, _port, **outside.variables, **elsewhere)) as served:
        yield served


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """A server that runs; at the end its log must hold no error, and nothing about anybody."""
    server.start()
    yield server
    server.stop()
    assert server.complaints == []
    demo = server.data / "demo.db"
    urls = [server.database_url, *([f"sqlite:///{demo}"] if demo.exists() else [])]
    private = {PASSWORD, *server.tokens}.union(*map(private_words, urls))
    assert leaks(server.log, private) == []


@pytest.fixture(scope="module")
def care(server: Server) -> Iterator[Care]:
    """The running practice: a client on a cleared course, and everybody who treats them.

    `robin` (prescriber, also the administrator) and `thea` (therapist) sign in with PASSWORD.
    """
    care = a_cared_for_client(Database(server.database_url))
    with care.database.writing() as db:
        for name, who in (("robin", care.prescriber), ("thea", care.therapist)):
            db.execute(
                update(Clinician)
                .where(Clinician.id == who.clinician_id)
                .values(sign_in_name=name, is_administrator=name == "robin")
            )
            set_password(db, who.clinician_id, PASSWORD)
    yield care
    care.database.close()


@pytest.fixture
def own(care: Care) -> Care:
    """The same practice, with a client and a cleared course for this test alone."""
    with care.database.writing() as db:
        client = a_client(db, care.therapist)
        course = a_course(
            db, client, prescriber=care.prescriber, therapist=care.therapist, cleared=True
        )
    return replace(care, client=client, course=course)


@pytest.fixture(scope="module")
def _browser_of(
    _browsers: Browsers, server: Server, care: Care
) -> Iterator[Callable[[Viewer], BrowserContext]]:
    """The browser of each person who was asked for, signed in once."""
    browsers: dict[str, BrowserContext] = {}

    def browser_of(who: Viewer) -> BrowserContext:
        if who.clinician_id not in browsers:
            with care.database.writing() as db:
                started = start_sign_in(db, who.clinician_id, "a test", server.clock.now)
            server.tokens.add(started.token)
            browser = browsers[who.clinician_id] = _browsers.lend(server)
            cookie = f"practice.{started.token}"
            browser.add_cookies([{"name": "kapteam", "value": cookie, "url": server.url}])
        return browsers[who.clinician_id]

    yield browser_of
    for browser in browsers.values():
        _browsers.take_back(browser, server)


@pytest.fixture
def tab_of(
    _browser_of: Callable[[Viewer], BrowserContext], request: pytest.FixtureRequest
) -> Iterator[TabOf]:
    """Open a tab in the browser of somebody of `care`, who is signed in: `tab_of(care.therapist)`.

    A person's browser stays open for the whole module, which saves loading Streamlit anew.
    """
    tabs: list[Page] = []

    def open_one(who: Viewer) -> Page:
        tabs.append(_browser_of(who).new_page())
        return tabs[-1]

    yield open_one
    _keep_what_was_seen(request, tabs)
    for tab in tabs:
        tab.close()


@pytest.fixture(scope="package")
def _kept_tabs() -> dict[BrowserContext, Page]:
    return {}


@pytest.fixture
def _kept_tab(
    _kept_tabs: dict[BrowserContext, Page], request: pytest.FixtureRequest
) -> Iterator[KeptTab]:
    """The one tab of a browser that stays open from test to test.

    After a test that failed the next one gets a new tab: who knows what is left in the old one.
    """

    def kept_tab(browser: BrowserContext) -> Page:
        if browser not in _kept_tabs or _kept_tabs[browser].is_closed():
            _kept_tabs[browser] = browser.new_page()
        return _kept_tabs[browser]

    yield kept_tab
    if _keep_what_was_seen(request, list(_kept_tabs.values())):
        for tab in _kept_tabs.values():
            tab.close()
        _kept_tabs.clear()


@pytest.fixture
def kept_tab_of(_browser_of: Callable[[Viewer], BrowserContext], _kept_tab: KeptTab) -> TabOf:
    """The tab of somebody of `care` that stays open for the whole module; use it with `go_to`."""
    return lambda who: _kept_tab(_browser_of(who))


@pytest.fixture(scope="package")
def demo_server(
    chromium: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    now: datetime,
    demo_file: Path,
    outside: Outside,
) -> Iterator[Server]:
    """kapteam for all modules, never set up, so that it offers the demo, which is there already."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "data").mkdir(mode=0o700)
    shutil.copy(demo_file, folder / "data")
    with running(Server(folder, now, **outside.variables)) as served:
        yield served


@pytest.fixture(scope="package")
def _demo_browsers(_browsers: Browsers, demo_server: Server) -> tuple[BrowserContext, ...]:
    """The demo entered by its button, as its therapist; and as its prescriber and administrator."""
    therapist, prescriber = (_browsers.lend(demo_server) for _ in range(2))
    door = therapist.new_page()
    open_at(door, "/")
    press(door, "Explore the demo practice")
    door.close()
    with _demo(demo_server) as database, database.writing() as db:
        started = start_sign_in(db, PRESCRIBER_ID, "a test", demo_server.clock.now)
    demo_server.tokens.add(started.token)
    prescriber.add_cookies(
        [{"name": "kapteam", "value": f"demo.{started.token}", "url": demo_server.url}]
    )
    return therapist, prescriber


@contextmanager
def _demo(server: Server) -> Iterator[Database]:
    database = Database(f"sqlite:///{server.data / 'demo.db'}")
    yield database
    database.close()


@pytest.fixture
def demo_tab(
    demo_server: Server, _demo_browsers: tuple[BrowserContext, ...], _kept_tab: KeptTab
) -> DemoTab:
    """Open one of PAGES of the demo: `demo_tab("today", width=390)`.

    There is one tab of the therapist, and one of the prescriber, for the whole module.
    """
    therapist, prescriber = _demo_browsers

    def open_one(name: str, *, width: int = 1366, height: int = 900) -> Page:
        with _demo(demo_server) as database, database.reading() as db:
            address = PAGES[name](db)
        tab = _kept_tab(prescriber if is_prescribers(name) else therapist)
        tab.set_viewport_size({"width": width, "height": height})
        go_to(tab, address)
        return tab

    return open_one


@pytest.fixture
def new_page(
    server: Server, _browsers: Browsers, request: pytest.FixtureRequest
) -> Iterator[NewPage]:
    """Open the browser of another person: `new_page(width=390)`; its pages share their cookies.

    A further tab of the same person is `page.context.new_page()`.
    """
    browsers: list[BrowserContext] = []

    def open_one(width: int = 1366, height: int = 900) -> Page:
        browsers.append(_browsers.lend(server))
        page = browsers[-1].new_page()
        page.set_viewport_size({"width": width, "height": height})
        return page

    yield open_one
    _keep_what_was_seen(request, [page for browser in browsers for page in browser.pages])
    for browser in browsers:
        _browsers.take_back(browser, server)


def _keep_what_was_seen(request: pytest.FixtureRequest, pages: list[Page]) -> bool:
    """Keep in `artifacts/` what a failing test saw; returns whether it failed."""
    if not request.node.stash.get(_failed, False):
        return False
    _ARTIFACTS.mkdir(exist_ok=True)
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    for number, page in enumerate(pages, 1):
        if not page.is_closed():
            page.screenshot(path=_ARTIFACTS / f"failed-{name}-{number}.png", full_page=True)
    return True


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """One tab on a laptop."""
    return new_page()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report
