"""Medicine at home on its page, on Client, on the session's page and on Today."""

from datetime import timedelta

import pytest

from kapteam.db.tables import HomeSupply, HomeTally, KetamineSession
from kapteam.vocabulary import Audience, ProductRoute
from tests.factories import NOW, TODAY, a_home_supply
from tests.factories_care import a_ketamine_session, a_series, an_administration
from tests.pages.filling import beside, fill, press, typed
from tests.pages.tabs import (
    MOST_OF_A_SESSION,
    bare,
    links,
    opened,
    said,
    statements_of,
    unsigned,
    well,
)

DAY = timedelta(days=1)
ADDRESS, SISTER = "418 Mesquite Lane", "Her sister Ida"


@pytest.fixture
def supplied(care):
    with care.database.writing() as db:
        return a_home_supply(db, care.course, care.nurse)


@pytest.fixture
def tonight(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.SUBLINGUAL)
        session = a_ketamine_session(
            db, care.course, series=series, planned_at=NOW + timedelta(hours=4)
        )
        session.at_home, session.place = True, ""
    return session


def _page(care, who):
    return opened(care, who, "home_supply", episode=care.course.id)


def test_nobody_signed_in_gets_nothing_and_a_stranger_is_told_that_there_is_none(care):
    assert unsigned("home_supply", episode=care.course.id) == ""
    tab = _page(care, care.stranger)
    assert "There is no such course of care" in said(tab)
    assert not tab.text_input


def test_from_shipment_to_count_in_the_words_of_the_page(care):
    tab = _page(care, care.nurse)
    assert "Nothing was sent to this client yet." in said(tab)
    fill(tab, "supply", {"lozenges": "12", "mg_each": "100", "pharmacy": "Desert Compounding"})
    press(fill(tab, "supply", {"arrived_on": TODAY}), "Record the shipment")
    assert "12 should be left, not counted yet" in bare(said(tab))
    press(
        fill(tab, "count", {"lozenges": "9", "words": "Says *three* were lost."}), "Save the count"
    )
    assert "Medicine at home: 12 should be left, 9 counted Tue Nov 24" in bare(said(tab))
    assert "Says *three* were lost." in [one.value for one in tab.text]
    assert "Raise a medicine-use concern" in links(tab)
    press(fill(tab, "return", {"lozenges": "3", "words": "Dose lowered."}), "Save the return")
    assert "9 should be left" in bare(said(tab))
    assert [len(care.rows(one)) for one in (HomeSupply, HomeTally)] == [1, 2]


def test_the_link_from_a_difference_opens_the_concern_with_its_kind(care):
    tab = opened(care, care.nurse, "concern", client=care.client.code, kind="medicine_use")
    assert typed(tab, "concern")["kind"] == "medicine_use"
    assert "The next dose is held with it" in said(tab)
    odd = opened(care, care.nurse, "concern", client=care.client.code, kind="<b>")
    assert typed(odd, "concern")["kind"] is None


def test_bad_input_is_said_beside_its_field_and_nothing_typed_is_lost(care, supplied):
    tab = _page(care, care.nurse)
    fill(tab, "count", {"lozenges": "", "words": "Could not see the box."})
    press(tab, "Save the count")
    assert beside(tab, "count", "lozenges") == "Enter how many lozenges."
    assert typed(tab, "count")["words"] == "Could not see the box."
    press(fill(tab, "count", {"lozenges": "0", "on": TODAY + DAY}), "Save the count")
    assert "in the future" in beside(tab, "count", "time")
    assert care.rows(HomeTally) == []


def test_the_front_desk_records_a_shipment_and_sees_no_count(care, supplied):
    tab = _page(care, care.front_desk)
    assert typed(tab, "supply")
    assert not typed(tab, "count")
    assert not typed(_page(care, care.therapist), "supply")


def test_a_wrong_count_is_taken_back_on_the_page_and_stays_readable(care, supplied):
    press(fill(_page(care, care.nurse), "count", {"lozenges": "9"}), "Save the count")
    tab = _page(care, care.nurse)
    (counted,) = care.rows(HomeTally)
    error = f"void/{counted.id}"
    press(tab, "Mark as entered in error", error)
    assert "The reason is needed." in beside(tab, error, "void_reason")
    assert "9 counted" in bare(said(tab))
    press(fill(tab, error, {"void_reason": "Of *another* box."}), "Mark as entered in error", error)
    text = bare(said(tab))
    assert "12 should be left, not counted yet" in text
    assert "~~9 counted, " in text
    why = "entered in error, Nico Nightingale, Tue Nov 24, 2:30 pm: Of *another* box."
    assert why in bare(said(tab))
    assert not typed(tab, error)
    front = said(_page(care, care.front_desk))
    assert "9 counted" not in front
    assert "another" not in front


def test_a_therapist_takes_back_no_shipment_and_others_read_no_reason(care, supplied):
    assert not typed(_page(care, care.therapist), f"void/{supplied.id}")
    tab = _page(care, care.front_desk)
    error = f"void/{supplied.id}"
    press(fill(tab, error, {"void_reason": "For Ida Okafor."}), "Mark as entered in error", error)
    assert "Nothing was sent to this client yet." in said(tab)
    assert "For Ida Okafor." in said(tab)
    tab = _page(care, care.therapist)
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    assert "entered in error" in said(tab)
    assert "Ida" not in said(tab)


def test_client_says_it_beside_the_course(care, supplied):
    tab = opened(care, care.therapist, "client", client=care.client.code)
    assert ":gray[Medicine at home:] 12 should be left, not counted yet" in bare(said(tab))
    assert "Medicine at home" in links(tab)


def test_client_of_another_route_says_nothing_of_it(care):
    tab = opened(care, care.therapist, "client", client=care.client.code)
    assert "Medicine at home" not in said(tab)
    assert "Medicine at home" not in links(tab)


def test_where_they_will_be_is_filled_in_on_the_session_s_page(care, tonight):
    tab = opened(care, care.prescriber, "ketamine_session", id=tonight.id)
    fill(tab, "at_home", {"place": ADDRESS, "people_present": SISTER, "local_emergency": "911"})
    press(tab, "Save where")
    assert care.row(KetamineSession, tonight.id).place == ADDRESS
    today = bare(said(opened(care, care.prescriber, "today")))
    assert f"{ADDRESS}, {SISTER}, 911" in today


def test_the_session_s_page_stays_within_its_statements_at_home_too(care, supplied, tonight):
    tab = opened(care, care.prescriber, "ketamine_session", id=tonight.id)
    assert statements_of(care, tab) <= MOST_OF_A_SESSION


def test_booked_at_home_it_changes_to_the_practice_and_back_and_no_address_stays(care, tonight):
    with care.database.writing() as db:
        db.get_one(KetamineSession, tonight.id).place = ADDRESS
    tab = opened(care, care.therapist, "ketamine_session", id=tonight.id)
    assert typed(tab, "elsewhere") == {"place": "", "people_present": ""}
    press(fill(tab, "elsewhere", {"place": "Room 2"}), "Change to in the practice")
    assert "Room 2 · " in bare(said(tab))
    assert ADDRESS not in said(tab)
    assert not typed(tab, "at_home")
    assert set(typed(tab, "elsewhere")) == {"place", "people_present", "local_emergency"}

    press(fill(tab, "elsewhere", {"place": ADDRESS}), "Change to at home")
    kept = care.row(KetamineSession, tonight.id)
    assert (kept.at_home, kept.place, kept.people_present) == (True, ADDRESS, "")
    gap = "At home, not known: who is with them and the emergency number there"
    assert gap in bare(said(opened(care, care.therapist, "today")))


def test_once_something_was_given_the_page_no_longer_asks_for_another_place(care, tonight):
    with care.database.writing() as db:
        an_administration(db, db.get_one(KetamineSession, tonight.id), started_at=NOW)
    tab = opened(care, care.therapist, "ketamine_session", id=tonight.id)
    assert not typed(tab, "elsewhere")
    assert "at home" in said(tab)


def test_what_is_no_lozenge_is_not_asked_about_home(care):
    with care.database.writing() as db:
        series = a_series(db, care.course, product_route=ProductRoute.INTRAMUSCULAR)
        session = a_ketamine_session(db, care.course, series=series)
    tab = opened(care, care.therapist, "ketamine_session", id=session.id)
    assert not typed(tab, "elsewhere")


def test_what_is_not_known_yet_is_said_on_today_with_whom_it_waits_on(care, tonight):
    text = bare(said(opened(care, care.prescriber, "today")))
    gap = "where, who is with them and the emergency number there"
    assert f"At home, not known: {gap}" in text
    assert f"{care.therapist.name}: {gap}" in text
    mine = bare(said(opened(care, care.therapist, "today")))
    assert f"At home, not known: {gap}" in mine


@pytest.mark.parametrize("page", ["today", "ketamine_session", "client"])
def test_with_others_in_the_room_neither_place_nor_person_is_shown(care, tonight, page):
    with care.database.writing() as db:
        session = db.get_one(KetamineSession, tonight.id)
        session.place, session.people_present, session.local_emergency = ADDRESS, SISTER, "911"
    query = {"ketamine_session": {"id": tonight.id}, "client": {"client": care.client.code}}
    tab = opened(care, care.therapist, page, **query.get(page, {}))
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    everything = said(tab) + " ".join(str(one.value) for one in [*tab.text, *tab.text_input])
    assert ADDRESS not in everything
    assert SISTER not in everything


def test_an_address_is_in_no_link(care, tonight):
    with care.database.writing() as db:
        db.get_one(KetamineSession, tonight.id).place = ADDRESS
    tab = opened(care, care.therapist, "ketamine_session", id=tonight.id, freed="2026-11-26T17:00Z")
    assert "is free now" in " ".join(links(tab))
    assert "Mesquite" not in str(links(tab))


def test_at_home_is_asked_for_lozenges_only(care):
    tab = opened(care, care.prescriber, "booking", episode=care.course.id)
    fill(tab, "booking", {"product_route": ProductRoute.INTRAMUSCULAR})
    assert "at_home" not in typed(tab, "booking")
    fill(tab, "booking", {"product_route": ProductRoute.SUBLINGUAL, "at_home": True})
    at_home = {
        "planned_on": TODAY + DAY,
        "planned_time": "7:00 pm",
        "place": ADDRESS,
        "people_present": SISTER,
        "local_emergency": "911",
        "no_integration_reason": "Calls back.",
    }
    press(fill(tab, "booking", at_home), "Book")
    (booked,) = care.rows(KetamineSession)
    assert (booked.at_home, booked.place, booked.people_present, booked.local_emergency) == (
        True,
        ADDRESS,
        SISTER,
        "911",
    )
