"""The Client page as a browser would get it, without the browser."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from kapteam.accounts.sign_ins import start_sign_in
from kapteam.db import practices
from kapteam.db.engine import Database
from kapteam.rules.permissions import Viewer
from tests.clock import FrozenClock
from tests.factories import NOW
from tests.factories_care import Care, a_cared_for_client

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def practice(data_folder: Path, _sqlite_template: Path, frozen_clock: FrozenClock) -> Database:
    data_folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_sqlite_template, data_folder / "practice.db")
    return practices.database(practices.PRACTICE)


@pytest.fixture
def care(practice: Database) -> Care:
    return a_cared_for_client(practice)


def opened(care: Care, viewer: Viewer, code: str = "K-001") -> AppTest:
    """The page, opened in a new tab by somebody who has just signed in."""
    with care.database.writing() as db:
        sign_in_id = start_sign_in(db, viewer.clinician_id, "test", NOW).sign_in_id
    page = AppTest.from_file(str(ROOT / "kapteam" / "ui" / "main.py"), default_timeout=20)
    page.user = {"sign_in": f"{practices.PRACTICE}.{sign_in_id}"}
    page.query_params["client"] = code
    page.switch_page(str(ROOT / "pages" / "client.py"))
    return page.run()


def test_one(care):
    page = opened(care, care.therapist)
    print([m.value for m in page.markdown])
    print([h.value for h in page.title], page.exception)
    assert 0
