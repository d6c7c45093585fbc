"""A real Chromium in front of a real server; each module of tests has its own of both."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chromium import chromium_path, is_required, launched
from tests.browser.hands import follow_runs
from tests.browser.server import Server

_ARTIFACTS = Path(__file__).parent / "artifacts"
_failed = pytest.StashKey[bool]()

NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium for one module (not longer: while Playwright runs, no test can use asyncio)."""
    path = chromium_path()
    if path is None:
        missing = "No Chromium on this machine; install chromium to run the browser tests."
        pytest.fail(missing) if is_required() else pytest.skip(missing)
    with launched(path) as browser:
        yield browser


@pytest.fixture(scope="module")
def server(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, now: datetime
) -> Iterator[Server]:
    """kapteam for one module, not yet set up; at the end its log must hold no error."""
    running = Server(tmp_path_factory.mktemp("server"), now)
    running.start()
    yield running
    running.stop()
    assert running.complaints == []


@pytest.fixture
def new_page(
    chromium: Browser, server: Server, request: pytest.FixtureRequest
) -> Iterator[NewPage]:
    """Open the browser of another person: `new_page(width=390)`; its pages share their cookies.

    The browser is in Berlin, so that a time that is not the practice's shows. A further tab of the
    same person is `page.context.new_page()`. What a failing test saw is kept in `artifacts/`.
    """
    contexts: list[BrowserContext] = []

    def open_one(width: int = 1366, height: int = 900, **options: Any) -> Page:
        context = chromium.new_context(
            base_url=server.url,
            viewport={"width": width, "height": height},
            locale="en-US",
            timezone_id="Europe/Berlin",
            color_scheme="light",
            reduced_motion="reduce",
            **options,
        )
        context.on("page", follow_runs)
        contexts.append(context)
        return context.new_page()

    yield open_one
    pages = [page for context in contexts for page in context.pages]
    if request.node.stash.get(_failed, False):
        _ARTIFACTS.mkdir(exist_ok=True)
        name = re.sub(r"\W+", "-", request.node.name).strip("-")
        for number, page in enumerate(pages, 1):
            page.screenshot(path=_ARTIFACTS / f"failed-{name}-{number}.png", full_page=True)
    for context in contexts:
        context.close()


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
