"""The pages that are live: their lists ask anew who is here, and say by which token they are."""

import re
from datetime import timedelta

import pytest

from kapteam.accounts.sign_ins import lock
from kapteam.actions.clients import PinnedLineEntered, pin_line
from kapteam.db.audit import change_token
from tests.factories import NOW
from tests.factories_care import a_booked_pair, a_given_session, an_overdue_integration
from tests.pages.tabs import (
    MOST_STATEMENTS,
    headings,
    names,
    opened,
    said,
    sign_in_of,
    statements_of,
    well,
)

_TOKEN = re.compile('data-kapteam-token="(.*?)" data-kapteam-room="just_me"')
LIVE = ("today", "caseload", "ketamine_sessions", "integration")


@pytest.fixture
def busy(care):
    with care.database.writing() as db:
        a_booked_pair(db, care.course)
        an_overdue_integration(db, care.course)
    return care


def _token(tab):
    [token] = [found[1] for one in tab.get("html") if (found := _TOKEN.search(one.proto.body))]
    return token


@pytest.mark.parametrize("page", LIVE)
def test_it_says_the_token_of_what_it_shows(busy, page):
    tab = opened(busy, busy.therapist, page)
    before = _token(tab)
    with busy.database.writing() as db:
        pin_line(db, busy.prescriber, PinnedLineEntered(busy.client.id, 1, "Rides the bus."), NOW)
    with busy.database.reading() as db:
        now = change_token(db)

    well(tab.button(key="refresh").click().run())

    assert before != _token(tab) == now
    assert headings(tab)


@pytest.mark.parametrize("page", ["practice", "inquiries", "notes"])
def test_of_a_page_on_which_one_writes_only_who_is_under_medicine_comes_by_itself(busy, page):
    tab = opened(busy, busy.prescriber, page)
    before = headings(tab)
    assert "**Right now**" not in said(tab)
    with busy.database.writing() as db:
        a_given_session(db, busy.course, given_at=NOW - timedelta(hours=1))

    well(tab.button(key="refresh").click().run())

    assert "**Right now**" in said(tab)
    assert headings(tab) == before


@pytest.mark.parametrize("page", LIVE)
def test_who_is_locked_meanwhile_gets_no_list(busy, page):
    tab = opened(busy, busy.therapist, page)
    with busy.database.writing() as db:
        lock(db, sign_in_of(tab), NOW)

    well(tab.button(key="refresh").click().run())

    assert (said(tab), names(tab)) == ("", [])


@pytest.mark.parametrize("page", LIVE)
def test_one_run_asks_once_who_is_here(busy, page):
    tab = opened(busy, busy.therapist, page)

    assert statements_of(busy, tab) <= MOST_STATEMENTS
