"""The guard's heartbeat: what a tab is told, how often, and what that costs."""

import re
from datetime import UTC, datetime

import pytest
from websockets.exceptions import ConnectionClosed

from kapteam.accounts.sign_ins import start_sign_in
from kapteam.db.audit import record
from kapteam.db.migrate import bring_up_to_date
from kapteam.db.practices import PRACTICE, database
from kapteam.ids import new_id
from kapteam.settings import settings
from kapteam.web.visitor import key_of, news_of
from tests.factories import NOW, a_clinician
from tests.query_recorder import recorded_statements
from tests.web.server import Browser
from tests.web.streamlit_socket import HEARTBEAT, PATIENCE_SECONDS, heartbeat_of, refused

_TOLD = re.compile(r"[0-9a-f]{16} just_me practice\.[0-9a-z-]+\.[0-9a-z-]+")
_SAVED_AT = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)


def _other_than(news, heartbeat):
    """The first news that differ."""
    told = news
    while told == news:
        told = heartbeat.recv(PATIENCE_SECONDS)
    return told


def test_that_something_was_saved_is_told_to_who_is_in(server, sign_in, practice):
    with heartbeat_of(server, sign_in()) as heartbeat:
        before = heartbeat.recv(PATIENCE_SECONDS)
        assert _TOLD.fullmatch(before)
        # Without any news it says all the same that it is there.
        assert heartbeat.recv(PATIENCE_SECONDS) == before

        with practice.writing() as db:
            record(db, "client:changed", None, _SAVED_AT)

        assert re.fullmatch(
            r"[0-9a-f]{16} just_me practice\.[0-9a-z-]+\.[0-9a-z-]+", _other_than(before, heartbeat)
        )


def test_nothing_is_told_once_the_screen_is_locked_nor_to_anybody_else(server, sign_in, practice):
    dana = sign_in()
    with heartbeat_of(server, dana) as heartbeat:
        before = heartbeat.recv(PATIENCE_SECONDS)
        dana.post("/session/lock")
        with practice.writing() as db:
            record(db, "client:changed", None, _SAVED_AT)
        with pytest.raises(ConnectionClosed) as closed:
            _other_than(before, heartbeat)
        assert closed.value.rcvd.code == 4401
    assert refused(server, dana.cookie_header, HEARTBEAT) == 403
    assert refused(server, Browser(server).cookie_header, HEARTBEAT) == 403


def test_whatever_a_tab_sends_there_changes_nothing(server, sign_in):
    with heartbeat_of(server, sign_in()) as heartbeat:
        before = heartbeat.recv(PATIENCE_SECONDS)
        heartbeat.send(b"1234")
        heartbeat.send("practice.1")
        assert heartbeat.recv(PATIENCE_SECONDS) == before


def test_thirty_screens_cost_as_many_statements_as_one(frozen_clock):
    bring_up_to_date(database(PRACTICE), settings().backup_dir)
    signed_in = [_signed_in() for _ in range(30)]
    costs = []
    for keys in (signed_in[:1], signed_in):
        with recorded_statements(database(PRACTICE).engine) as statements:
            assert news_of(keys, NOW).keys() == set(keys)
        costs.append(len(statements))
    assert costs == [2, 2]


def _signed_in():
    with database(PRACTICE).writing() as db:
        somebody = a_clinician(db, name=f"Nell {new_id()}")
        started = start_sign_in(db, somebody.clinician_id, "a test", NOW)
        return key_of(PRACTICE, started.sign_in_id, started.presence_id)
