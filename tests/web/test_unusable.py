"""A database that cannot be used: every page says so, with a number and without a name."""

import re
import time

import pytest
from sqlalchemy import select, text

from kapteam.accounts.sign_ins import start_sign_in
from kapteam.db.backup import back_up
from kapteam.db.engine import Database
from kapteam.db.tables import Clinician
from tests.web.server import Browser, Server
from tests.web.streamlit_socket import refused


def _not_a_database(file):
    file.write_bytes(b"Dana Reyes, K-014\n" * 4_000)


def _from_a_newer_version(file):
    database = Database(f"sqlite:///{file}")
    with database.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()


def _read_only(file):
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
def test_a_database_that_cannot_be_used(practice, clock, tmp_path, spoil, sentence):
    file = tmp_path / "data" / "practice.db"
    file.parent.mkdir()
    with practice.writing() as db:
        dana = db.scalars(select(Clinician.id).where(Clinician.sign_in_name == "dana")).one()
        token = start_sign_in(db, dana, "a test", clock.now).token
    back_up(practice, tmp_path / "copies", clock.now).rename(file)
    spoil(file)
    before = file.read_bytes()
    running = Server(tmp_path, "tests/web/small_app.py", KAPTEAM_CLOCK_FILE=str(clock.file))
    running.start()
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
        assert re.search(
            rf"Reference {reference}: (Unusable|Unavailable): .*{sentence}", running.log
        )
        assert "Reyes" not in running.log
        assert browser.get("/session/plain.css").status_code == 200
        assert browser.post("/session/set-up").status_code == 503
        # Also of somebody whose sign-in is good.
        assert refused(running, f"kapteam=practice.{token}") == 403
        assert file.read_bytes() == before
        if spoil is _read_only:
            _goes_on_by_itself(running, file)
    finally:
        running.stop()
        file.parent.chmod(0o755)


def _goes_on_by_itself(server, file):
    file.parent.chmod(0o755)
    file.chmod(0o644)
    given_up = time.monotonic() + 20
    while Browser(server).get("/").status_code == 503:
        assert time.monotonic() < given_up
        time.sleep(0.05)
    assert Browser(server).get("/session/sign-in").status_code == 200
