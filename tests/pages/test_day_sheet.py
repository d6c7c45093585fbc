"""The day on paper, from Today: what is offered, and who is asked again once it is pressed."""

import logging
from datetime import timedelta

import pytest

from kapteam.accounts.sign_ins import end
from kapteam.db import practices
from kapteam.ui import day_sheet
from kapteam.ui.shell import Present, made_when_pressed
from tests.factories import NOW, audit_events
from tests.factories_care import a_ketamine_session
from tests.pages.tabs import opened
from tests.paper import pages_of

_TODAY, _TOMORROW = "Today, Tue Nov 24", "Tomorrow, Wed Nov 25"


@pytest.fixture
def pressed(care, monkeypatch):
    """Press a button of the day sheets of Today as the therapist: `pressed(label)`."""
    offered = {}

    def note(label, data, **more):
        offered[label] = data

    monkeypatch.setattr(day_sheet.st, "download_button", note)
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + timedelta(hours=1))
    here = Present(care.asked_by(care.therapist), practices.database(practices.PRACTICE))
    day_sheet.day_sheets(here)
    return here, lambda label: offered[label]()


def test_today_offers_the_sheets_of_two_days_under_names_that_say_nothing_of_anybody(care):
    tab = opened(care, care.therapist, "today")

    assert [one.label for one in tab.download_button] == [_TODAY, _TOMORROW]
    assert audit_events(care.database, "day_sheet:printed") == []


def test_the_sheet_is_on_record_once_it_was_made(care, pressed):
    _, press = pressed

    [today], [tomorrow] = pages_of(press(_TODAY)), pages_of(press(_TOMORROW))

    assert care.client.code in today
    assert "Nothing is booked." in tomorrow
    events = audit_events(care.database, "day_sheet:printed")
    assert [one.changes for one in events] == [
        {"on": "2026-11-24", "codes": [care.client.code]},
        {"on": "2026-11-25", "codes": []},
    ]


def test_who_has_signed_out_meanwhile_is_handed_nothing(care, pressed):
    here, press = pressed
    with care.database.writing() as db:
        end(db, here.viewer.sign_in_id, NOW)

    with pytest.raises(RuntimeError, match="No file was made"):
        press(_TODAY)

    assert audit_events(care.database, "day_sheet:printed") == []


def test_what_goes_wrong_is_logged_without_a_word_of_it(care, pressed, caplog):
    here, _ = pressed

    def failing(again):
        raise ValueError("Amara Okafor")

    with caplog.at_level(logging.ERROR), pytest.raises(RuntimeError) as raised:
        made_when_pressed(here, failing)()

    assert "reference" in caplog.text
    assert "Okafor" not in caplog.text
    assert raised.value.__context__ is None
    assert "Okafor" not in str(raised.value)
