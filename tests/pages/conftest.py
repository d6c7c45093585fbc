"""A practice that the pages open by themselves, with one client in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import app_test

from kapteam.db import practices
from kapteam.settings import settings
from tests.clock import FrozenClock
from tests.factories_care import Care, a_cared_for_client


@pytest.fixture(scope="package")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages") / "data"


@pytest.fixture(autouse=True)
def data_folder(_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The one data folder of these tests, emptied after each; the engine of its database stays.

    A new engine would have to work out every statement anew, which costs more than running it.
    """
    monkeypatch.setenv("KAPTEAM_DATA_DIR", str(_folder))
    monkeypatch.delenv("KAPTEAM_DATABASE_URL", raising=False)
    settings.cache_clear()
    yield _folder
    practices.database(practices.PRACTICE).engine.dispose()
    shutil.rmtree(_folder, ignore_errors=True)
    settings.cache_clear()


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
