"""A practice that the pages open by themselves, with one client in it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import app_test

from kapteam.db import practices
from tests.clock import FrozenClock
from tests.factories_care import Care, a_cared_for_client


@pytest.fixture
def care(data_folder: Path, _sqlite_template: Path, frozen_clock: FrozenClock) -> Care:
    data_folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_sqlite_template, data_folder / "practice.db")
    return a_cared_for_client(practices.database(practices.PRACTICE))


@pytest.fixture(autouse=True)
def _no_components_are_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every new AppTest reads through all installed packages for components; kapteam has none.

    It took more than half the time of these tests.
    """
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", list)


@pytest.fixture(autouse=True)
def _pages_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A callback may leave for another page, as in a browser; AppTest forgets them in between."""

    class Known(PagesManager):
        pages: Any = None

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages = Known.pages

        def set_pages_and_resolve(self, pages: Any, fallback_page_hash: str = "") -> Any:
            Known.pages = pages
            return super().set_pages_and_resolve(pages, fallback_page_hash)

    monkeypatch.setattr(app_test, "PagesManager", Known)
