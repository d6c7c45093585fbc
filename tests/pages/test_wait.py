"""Waiting on someone outside: begun from the client, said everywhere in one line, ended."""

from datetime import timedelta

import pytest

from kapteam.db.tables import Episode, Inquiry, OutsideWait
from kapteam.vocabulary import Audience, EpisodeState, OutsideParty, WaitOutcome
from tests.factories import NOW, TODAY, a_wait, an_authorization, an_inquiry
from tests.factories_care import a_given_session
from tests.pages.filling import beside, fill, press, typed
from tests.pages.tabs import (
    MOST_STATEMENTS,
    addresses,
    bare,
    headings,
    links,
    names,
    opened,
    said,
    statements_of,
    unsigned,
    well,
)

DAY = timedelta(days=1)
_WAITING = (
    "Day 24 since first call. Waiting on: insurer (Sonora Health) since Thu Nov 12, "
    "call back Mon Nov 30, Cory Corner"
)


@pytest.fixture
def care(care):
    """A client in preparation, who first called 23 days ago."""
    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).state = EpisodeState.PREPARATION
        inquiry = db.get_one(Inquiry, an_inquiry(db, care.front_desk).id)
        inquiry.client_id, inquiry.called_at = care.client.id, NOW - 23 * DAY
    return care


@pytest.fixture
def wait(care):
    with care.database.writing() as db:
        return a_wait(
            db,
            care.course,
            care.front_desk,
            call_back_on=TODAY + 6 * DAY,
            words="They want the old scores.",
        )


def test_nobody_signed_in_gets_nothing(care, wait):
    assert unsigned("wait", episode=care.course.id) == ""
    assert unsigned("wait", id=wait.id) == ""


def test_a_stranger_is_told_that_there_is_none(care, wait):
    for query in ({"episode": care.course.id}, {"id": wait.id}, {"id": "none"}, {}):
        tab = opened(care, care.stranger, "wait", **query)
        assert "There is no such course of care or wait" in said(tab)
        assert "Sonora" not in said(tab)
        assert not tab.text_area


def test_a_wait_takes_five_inputs_and_is_said_on_client_and_caseload(care):
    [to] = addresses(
        opened(care, care.front_desk, "client", client=care.client.code),
        "Waiting on someone outside",
    )
    assert f"episode={care.course.id}" in to
    tab = opened(care, care.front_desk, "wait", episode=care.course.id)
    found = typed(tab, "wait")
    assert set(found) - {"since_on"} == {"kind", "who", "call_back_on", "caller_id", "words"}
    assert found["since_on"] == TODAY
    assert found["caller_id"] == care.front_desk.clinician_id
    entered = {
        "kind": OutsideParty.INSURER,
        "who": "Sonora Health",
        "since_on": TODAY - 12 * DAY,
        "call_back_on": TODAY + 6 * DAY,
    }
    press(fill(tab, "wait", entered), "Save", "wait")

    assert _WAITING in said(opened(care, care.therapist, "client", client=care.client.code))
    caseload = said(opened(care, care.prescriber, "caseload"))
    assert _WAITING in caseload
    assert "Call back insurer **Mon Nov 30**" in caseload


def test_with_a_day_to_call_back_no_page_says_that_there_is_no_next_step(care, wait):
    places = (("client", {"client": care.client.code}), ("caseload", {}), ("today", {}))
    for page, query in places:
        shown = said(opened(care, care.therapist, page, **query))
        assert "Out of touch since Sun Oct 25, nothing booked" in shown, page
        assert "no next step" not in shown, page
    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).opened_at = NOW - DAY
    for page, query in places:
        shown = said(opened(care, care.therapist, page, **query))
        assert "No next step" not in shown, page
        assert "Nothing booked" not in shown, page
    with care.database.writing() as db:
        db.get_one(OutsideWait, wait.id).call_back_on = None
    for page, query in places:
        assert "No next step" in said(opened(care, care.therapist, page, **query)), page


@pytest.mark.parametrize(
    ("entered", "field", "sentence"),
    [
        ({"since_on": TODAY + DAY}, "since_on", "This day is in the future."),
        ({"call_back_on": TODAY - DAY}, "call_back_on", "This day is past."),
        ({"kind": OutsideParty.OTHER, "who": ""}, "who", "Say who it is."),
        ({"words": "a" * 8_001}, "words", "This has 8,001 characters"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    care, entered, field, sentence
):
    tab = opened(care, care.therapist, "wait", episode=care.course.id)
    usual = {"kind": OutsideParty.PHARMACY, "who": "Palo Verde", "words": "Asked for the lozenges."}
    fill(tab, "wait", usual | entered)
    press(tab, "Save", "wait")
    assert beside(tab, "wait", field).startswith(sentence)
    kept = typed(tab, "wait")
    assert kept["words"] == (usual | entered)["words"]
    assert kept["kind"] is (usual | entered)["kind"]
    assert care.rows(OutsideWait) == []


def test_an_insurer_s_yes_asks_how_much_and_stands_on_the_client_with_what_was_used(care, wait):
    tab = opened(care, care.front_desk, "wait", id=wait.id, do="end")
    fill(tab, "wait.end", {"outcome": WaitOutcome.ARRIVED})
    press(tab, "Save", "wait.end")
    assert beside(tab, "wait.end", "visits").startswith("Enter how many visits are authorized")
    fill(tab, "wait.end", {"visits": 0, "valid_from_on": TODAY, "valid_until_on": TODAY - DAY})
    press(tab, "Save", "wait.end")
    assert beside(tab, "wait.end", "visits").startswith("Enter how many visits are authorized")
    assert beside(tab, "wait.end", "valid_until_on").startswith("This is before the first day.")
    fill(tab, "wait.end", {"visits": 6, "valid_until_on": TODAY + 60 * DAY})
    press(tab, "Save", "wait.end")

    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW)
    page = said(opened(care, care.therapist, "client", client=care.client.code))
    assert "Insurer authorized 6 visits until Sat Jan 23, 1 used" in page
    assert "Waiting on: insurer" not in page


def test_a_last_day_that_is_past_is_asked_about_where_it_is_typed(care, wait):
    tab = opened(care, care.front_desk, "wait", id=wait.id, do="end")
    fill(tab, "wait.end", {"outcome": WaitOutcome.ARRIVED, "visits": 4, "valid_from_on": TODAY})
    assert "is_over_already" not in typed(tab, "wait.end")
    slip = {"valid_from_on": TODAY - 300 * DAY, "valid_until_on": TODAY - 297 * DAY}
    press(fill(tab, "wait.end", slip), "Save", "wait.end")
    assert beside(tab, "wait.end", "is_over_already").startswith("This is over already.")
    assert typed(tab, "wait.end")["visits"] == 4
    assert care.row(OutsideWait, wait.id).outcome is None

    press(fill(tab, "wait.end", {"is_over_already": True}), "Save", "wait.end")
    page = said(opened(care, care.therapist, "client", client=care.client.code))
    # With its year, else it reads like next year's.
    assert "Insurer authorized 4 visits until Sat Jan 31, 2026, 0 used" in page


def test_what_was_entered_in_error_is_taken_back_from_where_it_stands(care):
    with care.database.writing() as db:
        wait = an_authorization(db, care.course, care.front_desk)
    client = opened(care, care.therapist, "client", client=care.client.code)
    assert [one.split("?")[1] for one in addresses(client, "Correct")] == [f"id={wait.id}"]

    tab = opened(care, care.therapist, "wait", id=wait.id)
    press(tab, "Mark as entered in error", "wait.reopen")
    assert care.row(OutsideWait, wait.id).outcome is None
    page = said(opened(care, care.therapist, "client", client=care.client.code))
    assert "Waiting on: insurer (Sonora Health) since Thu Nov 12" in page
    assert "Insurer authorized" not in page


def test_a_refusal_asks_for_no_visits(care, wait):
    tab = opened(care, care.front_desk, "wait", id=wait.id, do="end")
    fill(tab, "wait.end", {"outcome": WaitOutcome.REFUSED})
    assert "visits" not in typed(tab, "wait.end")
    press(tab, "Save", "wait.end")
    assert "refused Tue Nov 24" in said(opened(care, care.therapist, "wait", id=wait.id))


def test_another_day_to_call_back(care, wait):
    tab = opened(care, care.therapist, "wait", id=wait.id, do="change")
    assert typed(tab, "wait.change")["words"] == "They want the old scores."
    fill(tab, "wait.change", {"call_back_on": TODAY + 9 * DAY})
    press(tab, "Save the change", "wait.change")
    assert "call back Thu Dec 3, Cory Corner" in said(
        opened(care, care.therapist, "client", client=care.client.code)
    )


def test_the_front_desk_has_a_call_to_make_today_and_the_pair_sees_whom_it_waits_on(care):
    with care.database.writing() as db:
        wait = a_wait(db, care.course, care.front_desk, call_back_on=TODAY)
    desk = opened(care, care.front_desk, "today")
    assert "Calls to make (1)" in headings(desk)
    assert "Call back insurer (Sonora Health), due Tue Nov 24" in said(desk)
    assert said(desk).count("Call back insurer") == 1
    assert [one for one in addresses(desk, "Open") if f"id={wait.id}" in one]

    theirs = opened(care, care.prescriber, "today")
    assert "Calls to make" not in said(theirs)
    assert "Waiting on someone outside (1)" in headings(theirs)
    assert "Insurer (Sonora Health) since Thu Nov 12, call back Tue Nov 24" in said(theirs)
    assert "Call back insurer" not in said(theirs)

    theirs = opened(care, care.therapist, "today")
    assert "Calls to make" not in said(theirs)
    assert said(theirs).count("Call back insurer (Sonora Health), due Tue Nov 24") == 1


def test_with_nobody_outside_today_says_nothing_of_it(care):
    for who in (care.prescriber, care.therapist, care.front_desk):
        page = said(opened(care, who, "today"))
        assert "Calls to make" not in page
        assert "Waiting on someone outside" not in page


def test_the_caseload_has_a_view_of_who_waits_outside(care, wait):
    tab = opened(care, care.therapist, "caseload", caseload_view="Waiting on someone outside")
    assert len(names(tab)) == 1
    with care.database.writing() as db:
        db.delete(db.get_one(OutsideWait, wait.id))
    tab = opened(care, care.therapist, "caseload", caseload_view="Waiting on someone outside")
    assert names(tab) == []


def test_with_others_in_the_room_neither_who_it_is_nor_a_word_of_it_is_in_view(care, wait):
    with care.database.writing() as db:
        an_authorization(db, care.course, care.front_desk, visits=1)
    for place, query in (
        ("client", {"client": care.client.code}),
        ("caseload", {}),
        ("today", {}),
        ("wait", {"id": wait.id}),
        ("wait", {"episode": care.course.id}),
    ):
        tab = opened(care, care.prescriber, place, **query)
        well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
        assert "Sonora" not in said(tab), place
    assert "What is written about it" in [one.label for one in tab.expander]


def test_each_of_several_waits_has_its_own_ways_on_the_client(care, wait):
    with care.database.writing() as db:
        other = a_wait(
            db, care.course, care.therapist, kind=OutsideParty.CLIENT_FORMS, who="", since_on=TODAY
        )
    tab = opened(care, care.therapist, "client", client=care.client.code)
    assert f"{_WAITING}; the client's forms since Tue Nov 24, Thea Tallis" in said(tab)
    for label, do in (("Change", "change"), ("It ended", "end")):
        assert [one.split("?")[1] for one in addresses(tab, label)] == [
            f"id={wait.id}&do={do}",
            f"id={other.id}&do={do}",
        ]


def test_the_front_desk_reads_the_words_of_a_wait(care, wait):
    tab = opened(care, care.front_desk, "wait", episode=care.course.id)
    assert "They want the old scores." in [one.value for one in tab.text]
    assert "Open" in links(tab)


def test_waits_cost_no_list_a_statement(care, wait):
    for page in ("today", "caseload"):
        assert statements_of(care, opened(care, care.therapist, page)) <= MOST_STATEMENTS
    tab = opened(care, care.therapist, "client", client=care.client.code)
    assert statements_of(care, tab) <= 16
    assert bare(said(tab))
