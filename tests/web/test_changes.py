"""What is asked of the database for all screens together, and how often."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from kapteam.db.audit import record
from kapteam.db.migrate import bring_up_to_date
from kapteam.db.practices import PRACTICE, database
from kapteam.errors import Unusable
from kapteam.settings import settings
from kapteam.web import changes
from kapteam.web.changes import Changes
from tests.factories import NOW
from tests.query_recorder import recorded_statements


@pytest.fixture
def seconds(frozen_clock, monkeypatch):
    """What the process takes for its running time; a test moves it."""
    bring_up_to_date(database(PRACTICE), settings().backup_dir)
    passed = [100.0]
    monkeypatch.setattr(changes, "monotonic", lambda: passed[0])
    return passed


def _save():
    with database(PRACTICE).writing() as db:
        record(db, "client:changed", None, NOW)


def test_thirty_screens_at_once_ask_the_database_once(seconds):
    known = Changes()
    with (
        recorded_statements(database(PRACTICE).engine) as statements,
        ThreadPoolExecutor(30) as screens,
    ):
        tokens = list(screens.map(known.token, [PRACTICE] * 30))

    assert len(statements) == 1
    assert len(set(tokens)) == 1


def test_what_was_saved_is_known_a_quarter_of_a_second_later(seconds):
    known = Changes()
    before = known.token(PRACTICE)
    _save()
    seconds[0] += 0.2
    assert known.token(PRACTICE) == before
    seconds[0] += 0.05
    after = known.token(PRACTICE)
    assert after != before
    seconds[0] += 60
    assert known.token(PRACTICE) == after


def test_a_database_that_cannot_be_read_is_asked_again(seconds, monkeypatch):
    known = Changes()

    def unreadable(db):
        raise Unusable("The database file cannot be opened.")

    with monkeypatch.context() as patched:
        patched.setattr(changes, "change_token", unreadable)
        with pytest.raises(Unusable, match="cannot be opened"):
            known.token(PRACTICE)
    assert known.token(PRACTICE)
