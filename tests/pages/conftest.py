"""A practice that the pages open by themselves, with one client in it."""

import shutil
from pathlib import Path

import pytest

from kapteam.db import practices
from tests.clock import FrozenClock
from tests.factories_care import Care, a_cared_for_client


@pytest.fixture
def care(data_folder: Path, _sqlite_template: Path, frozen_clock: FrozenClock) -> Care:
    data_folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_sqlite_template, data_folder / "practice.db")
    return a_cared_for_client(practices.database(practices.PRACTICE))
