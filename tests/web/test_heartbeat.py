"""The guard's heartbeat: what a tab is told, how often, and what that costs."""

import re
from datetime import UTC, datetime

import pytest
from websockets.exceptions import ConnectionClosed

from kapteam.accounts.sign_ins import start_sign_in
from kapteam.actions.case_reviews import save_words
from kapteam.db.audit import record
from kapteam.db.migrate import bring_up_to_date
from kapteam.db.practices import PRACTICE, database
from kapteam.ids import new_id
from kapteam.settings import settings
from kapteam.vocabulary import Function
from kapteam.web.visitor import key_of, news_of
from tests.factories import NOW, a_client, a_clinician, a_course
from tests.factories_review import a_review, an_item
from tests.query_recorder import recorded_statements
from tests.web.server import Browser
from tests.web.streamlit_socket import HEARTBEAT, PATIENCE_SECONDS, heartbeat_of, refused

_TOLD = re.compile(r"[0-9a-f]{16} just_me 0 practice\.[0-9a-z-]+\.[0-9a-z-]+")
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

        assert _TOLD.fullmatch(_other_than(before, heartbeat))


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


def test_that_a_colleague_typed_in_a_case_review_is_told_to_its_others_alone(frozen_clock):
    here = database(PRACTICE)
    bring_up_to_date(here, settings().backup_dir)
    with here.writing() as db:
        writer, colleague, somebody = (
            a_clinician(db, Function.THERAPIST, name=name) for name in ("Ann", "Bo", "Cy")
        )
        course = a_course(db, a_client(db, writer), therapist=writer)
        item = an_item(db, a_review(db, writer, colleague, ended_at=None), course)
        people = {
            one.name: start_sign_in(db, one.clinician_id, "a test", NOW)
            for one in (writer, colleague, somebody)
        }
    keys = {name: key_of(PRACTICE, one.sign_in_id, one.presence_id) for name, one in people.items()}

    def told():
        news = news_of(keys.values(), NOW)
        return {name: news[key].split(" ")[2] for name, key in keys.items()}

    assert told() == {"Ann": "0", "Bo": "0", "Cy": "0"}
    for version in (1, 2):
        with here.writing() as db:
            save_words(db, writer, item.id, f"Slower {version}", version - 1, NOW)
        assert told() == {"Ann": "0", "Bo": str(version), "Cy": "0"}


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
