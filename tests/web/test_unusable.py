"""A database that cannot be used: every page says so, with a number and without a name."""

import os
import re
import shutil

import pytest
from sqlalchemy import text

from kapteam.db.engine import Database
from tests.web.server import Browser, Server
from tests.web.streamlit_socket import refused

_NOBODY = 65_534


def _not_a_database(file):
    file.write_bytes(b"Dana Reyes, K-014\n" * 4_000)


def _from_a_newer_version(file):
    database = Database(f"sqlite:///{file}")
    with database.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()


def _read_only(file):
    for path in (file.with_name("practice.db-wal"), file.with_name("practice.db-shm")):
        path.unlink(missing_ok=True)
    file.chmod(0o444)
    file.parent.chmod(0o555)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_not_a_database, "not a kapteam database"),
        (_from_a_newer_version, "newer version of kapteam"),
        (_read_only, "can only be read"),
    ],
)
def test_a_database_that_cannot_be_used(practice, folder, tmp_path, spoil, sentence):
    file = tmp_path / "data" / "practice.db"
    file.parent.mkdir()
    with practice.reading() as db:
        db.execute(text("SELECT 1"))
    shutil.copy(folder / "data" / "practice.db", file)
    spoil(file)
    before = file.read_bytes()
    tmp_path.chmod(0o755)
    running = Server(tmp_path, "tests/web/small_app.py")
    # The superuser may write to anything, so the server has to be somebody else.
    running.start(as_user=_NOBODY if os.geteuid() == 0 else None)
    try:
        browser = Browser(running)
        references = set()
        for path in ("/", "/caseload", "/session/sign-in", "/session/set-up", "/health"):
            answer = browser.get(path)
            assert answer.status_code == 503
            assert sentence in answer.text
            assert "Traceback" not in answer.text
            assert "Reyes" not in answer.text
            references |= set(re.findall(r"Reference ([0-9A-F]{6})", answer.text))
        [reference] = references
        assert f"Reference {reference}: Unusable" in running.log
        assert "Reyes" not in running.log
        assert browser.get("/session/plain.css").status_code == 200
        assert browser.post("/session/set-up").status_code == 503
        assert refused(running, "kapteam=practice.x") == 403
    finally:
        running.stop()
    assert file.read_bytes() == before
