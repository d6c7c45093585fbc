"""The browser of the tests: Debian's Chromium, or whichever this machine has."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str | None:
    """Where Chromium is (`KAPTEAM_TESTS_CHROMIUM` wins), or None."""
    named = os.environ.get("KAPTEAM_TESTS_CHROMIUM")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)


def is_required() -> bool:
    """Whether a missing browser fails the tests (`KAPTEAM_TESTS_REQUIRE=browser`, as in CI)."""
    return "browser" in os.environ.get("KAPTEAM_TESTS_REQUIRE", "").split(",")


@contextmanager
def launched_beside(browser: Browser, *arguments: str) -> Iterator[Browser]:
    """Another Chromium, with arguments of its own, while `browser` runs."""
    beside = browser.browser_type.launch(
        executable_path=chromium_path(), args=[*_QUIET, *arguments]
    )
    yield beside
    beside.close()


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """A running Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_QUIET)
        yield browser
        browser.close()
