"""Emergency access as a browser would get it: from Find to the client, its banner and its end."""

from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from kapteam.actions.emergency import EmergencyEntered, open_in_emergency
from kapteam.db.audit import record
from kapteam.db.tables import EmergencyAccess
from kapteam.ids import new_id
from kapteam.vocabulary import Audience, Function
from tests.factories import NOW, a_clinician, an_emergency
from tests.pages.filling import beside, fill, press, typed
from tests.pages.tabs import addresses, bare, headings, opened, said, unsigned, well

NOT_MINE = "There is no client with this code, or you are not on one of their courses."
ON_RECORD = "All that you open is on record."


@pytest.fixture
def admin(care):
    with care.database.writing() as db:
        return a_clinician(db, Function.COORDINATOR, name="Ada Adams", is_administrator=True)


def _opened_by_stranger(care, reason="Found unresponsive on the train."):
    entered = EmergencyEntered(new_id(), care.client.code, "", "", None, reason)
    care.do(open_in_emergency, care.stranger, entered)
    return entered.id


def test_nobody_signed_in_gets_nothing(care):
    assert unsigned("emergency") == ""


def test_the_front_desk_is_told_who_can_and_gets_no_form(care):
    tab = opened(care, care.front_desk, "emergency")

    assert "Only a prescriber, a therapist or a nurse can open a client" in said(tab)
    assert not tab.text_area


def test_a_client_opens_with_a_reason_and_every_page_says_so_until_it_is_ended(care):
    assert NOT_MINE in said(opened(care, care.stranger, "client", client=care.client.code))
    tab = opened(care, care.stranger, "emergency")
    fill(tab, "emergency", {"code": care.client.code, "reason": "Unresponsive on the train"})

    press(tab, "Open for four hours")

    banner = f"Emergency access to {care.client.code} until Tue Nov 24, 6:30 pm"
    assert banner in said(tab)
    assert "Okafor" in said(tab)
    for page in ("today", "notes", "caseload"):
        assert banner in said(opened(care, care.stranger, page))
    assert "Emergency access to" not in said(opened(care, care.therapist, "today"))

    press(tab, "End access")

    assert f"Emergency access to {care.client.code} has ended" in bare(tab.success[0].value)
    assert ON_RECORD not in said(tab)
    assert NOT_MINE in said(opened(care, care.stranger, "client", client=care.client.code))


def test_without_a_reason_nothing_opens_and_nothing_typed_is_lost(care):
    tab = opened(care, care.stranger, "emergency")
    fill(tab, "emergency", {"given_name": "Amara", "family_name": "Okafor"})

    press(tab, "Open for four hours")

    assert "The reason is needed." in beside(tab, "emergency", "reason")
    assert typed(tab, "emergency")["family_name"] == "Okafor"
    assert care.rows(EmergencyAccess) == []


def test_with_others_in_the_room_the_banner_has_the_code_and_no_name(care):
    _opened_by_stranger(care)
    tab = opened(care, care.stranger, "client", client=care.client.code)
    tab.radio(key="audience").set_value(Audience.OTHERS)
    well(tab.run())

    assert f"Emergency access to {care.client.code}" in said(tab)
    assert "Okafor" not in said(tab)


def test_those_who_treat_the_client_read_on_the_chart_who_opened_it_and_why(care):
    _opened_by_stranger(care)

    words = said(opened(care, care.therapist, "client", client=care.client.code))

    assert f"Opened in an emergency by {care.stranger.name}, Tue Nov 24, 2:30 pm" in words
    assert "Found unresponsive on the train." in words


def test_after_a_month_the_chart_says_no_more_of_it(care):
    with care.database.writing() as db:
        an_emergency(db, care.client, care.stranger).from_at = NOW - timedelta(days=31)

    words = said(opened(care, care.therapist, "client", client=care.client.code))

    assert "Opened in an emergency" not in words


def test_administrators_read_why_and_find_what_was_looked_at(care, admin):
    with care.database.writing() as db:
        before = NOW - timedelta(days=3)
        record(db, "client:viewed", care.stranger, before, client_id=care.client.id)
        record(db, "client:viewed", care.therapist, NOW, client_id=care.client.id)
    _opened_by_stranger(care)
    opened(care, care.stranger, "client", client=care.client.code)

    tab = opened(care, admin, "practice", practice_show="Emergency access")

    words = said(tab)
    assert "Emergency access (1)" in words
    assert care.stranger.name in words
    assert "Found unresponsive on the train." in words
    assert "Tue Nov 24, 2:30 pm, open until Tue Nov 24, 6:30 pm" in words
    assert "Okafor" not in words
    (address,) = addresses(tab, "What was opened")
    log = opened(care, admin, "practice", **dict(parse_qsl(address.partition("?")[2])))
    assert "Emergency access: opened" in said(log)
    assert "Client: chart opened :gray[emergency access]" in said(log)
    # Neither what others did to this client nor what this one did before.
    assert headings(log) == ["Who did what (2)"]


def test_with_others_in_the_room_practice_does_not_say_why(care, admin):
    _opened_by_stranger(care, reason="Amara Okafor fainted.")
    for part in ("Emergency access", "Who did what"):
        tab = opened(care, admin, "practice", practice_show=part)
        assert "Amara Okafor fainted." in said(tab)

        tab.radio(key="audience").set_value(Audience.OTHERS)
        well(tab.run())

        assert "Okafor" not in said(tab)
        assert care.client.code in said(tab)
        tab.radio(key="audience").set_value(Audience.JUST_ME)
        well(tab.run())


def test_a_name_without_a_birth_date_is_not_told_that_the_birth_date_is_wrong(care):
    tab = opened(care, care.stranger, "emergency")
    fill(tab, "emergency", {"given_name": "Amara", "family_name": "Okafr", "reason": "Fainted"})

    press(tab, "Open for four hours")

    said_beside = beside(tab, "emergency", "family_name")
    assert "Nobody in care here has this name. Check the spelling" in said_beside
