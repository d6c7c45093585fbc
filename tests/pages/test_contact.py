"""A client's contacts: logged in a few inputs, planned, moved, ended; told to a colleague."""

from datetime import time, timedelta

import pytest

from kapteam.db.tables import Contact, Episode
from kapteam.vocabulary import (
    Audience,
    ContactKind,
    ContactOutcome,
    EpisodeState,
    How,
    Touch,
)
from kapteam.wording import at_local
from tests.factories import NOW, TODAY, ZONE, a_call, a_contact
from tests.pages.filling import beside, fill, press, typed
from tests.pages.tabs import bare, headings, links, opened, said, unsigned, well

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def planned(care):
    with care.database.writing() as db:
        return a_contact(
            db, care.course, care.therapist, planned_at=NOW + DAY, how=How.VIDEO, place="At home"
        )


def test_nobody_signed_in_gets_nothing(care, planned):
    assert unsigned("contact", client=care.client.code) == ""
    assert unsigned("contact", id=planned.id) == ""


def test_a_stranger_is_told_that_there_is_none(care, planned):
    for query in ({"client": care.client.code}, {"id": planned.id}, {"id": "none"}, {}):
        tab = opened(care, care.stranger, "contact", **query)
        assert "There is no such client or contact" in said(tab)
        assert not tab.text_area


def test_a_call_takes_three_inputs_and_is_on_the_colleague_s_today_until_seen(care):
    tab = opened(care, care.front_desk, "contact", client=care.client.code)
    assert {name for name in typed(tab, "touch") if name not in {"on", "time"}} == {
        "touch",
        "words",
        "tell_id",
    }
    told = {"touch": Touch.THEY_CALLED, "words": "Woke at four, frightened. *Call back*."}
    fill(tab, "touch", {**told, "tell_id": care.therapist.clinician_id})
    press(tab, "Save", "touch")
    assert [one.words for one in care.rows(Contact)] == [told["words"]]

    assert "For you to know" not in said(opened(care, care.prescriber, "today"))
    mine = opened(care, care.therapist, "today")
    assert "For you to know (1)" in headings(mine)
    assert "They called, Tue Nov 24, 2:30 pm, Cory Corner" in bare(said(mine))
    assert told["words"] in [one.value for one in mine.text]
    press(mine, "Seen")
    assert "For you to know" not in said(mine)
    assert care.rows(Contact)[0].told_at == NOW


def test_it_just_came_unless_somebody_says_otherwise(care):
    found = typed(opened(care, care.therapist, "contact", client=care.client.code), "touch")
    assert found["on"] == TODAY
    assert found["time"].replace("\u00a0", " ") == "2:30 pm"
    assert found["touch"] is None


def test_a_call_in_the_future_is_said_beside_its_time_and_nothing_typed_is_lost(care):
    tab = opened(care, care.therapist, "contact", client=care.client.code)
    fill(tab, "touch", {"touch": Touch.WE_WROTE, "words": "Sent the form.", "on": TODAY + DAY})
    press(tab, "Save", "touch")
    assert beside(tab, "touch", "time").startswith("This time is in the future. Enter when")
    assert typed(tab, "touch")["words"] == "Sent the form."
    assert care.rows(Contact) == []


def test_what_is_planned_stands_on_the_client_and_as_the_next_step(care):
    tab = opened(care, care.therapist, "contact", client=care.client.code, do="plan")
    entered = {"kind": ContactKind.CALL, "on": TODAY + DAY, "time": "9:15 am", "how": How.PHONE}
    press(fill(tab, "contact", entered), "Plan")

    assert "Call, by phone, Wed Nov 25, 9:15 am, in 18 hr 45 min" in bare(
        said(opened(care, care.therapist, "client", client=care.client.code))
    )
    assert "Call" in said(opened(care, care.therapist, "caseload"))


def test_a_held_contact_is_on_the_client_with_its_words(care, planned):
    tab = opened(care, care.therapist, "contact", id=planned.id)
    fill(tab, "contact.end", {"outcome": ContactOutcome.HELD, "words": "Ready. Wants the window."})
    press(tab, "Save", "contact.end")
    page = opened(care, care.therapist, "client", client=care.client.code)
    assert "Preparation, held" in said(page)
    assert "Ready. Wants the window." in [one.value for one in page.text]


def test_a_video_contact_asks_where_the_client_will_be_until_it_is_known(care):
    with care.database.writing() as db:
        there = a_contact(db, care.course, care.therapist, planned_at=NOW + HOUR, how=How.VIDEO)
    asks = "Ask where they will be"
    places = (
        ("today", {}),
        ("client", {"client": care.client.code}),
        ("contact", {"id": there.id}),
    )
    for place, query in places:
        assert asks in said(opened(care, care.therapist, place, **query)), place

    with care.database.writing() as db:
        there.place, there.local_emergency = "At her mother's in Yuma", "928-555-0911"
        db.merge(there)

    for place, query in places:
        tab = opened(care, care.therapist, place, **query)
        assert (asks in said(tab), "Yuma" in said(tab)) == (False, True), place
    for place in ("today", "client"):
        tab = opened(care, care.therapist, place, client=care.client.code)
        well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
        assert "Yuma" not in said(tab), place


def test_what_was_typed_while_somebody_else_ended_it_is_still_there_and_not_saved(care, planned):
    late, looking = (opened(care, care.therapist, "contact", id=planned.id) for _ in "ab")
    first = opened(care, care.prescriber, "contact", id=planned.id)
    press(fill(first, "contact.end", {"outcome": ContactOutcome.HELD}), "Save", "contact.end")

    mine = {"outcome": ContactOutcome.CANCELLED, "words": "She wrote that she is ill."}
    press(fill(late, "contact.end", mine), "Save", "contact.end")

    assert "Somebody else saved this" in said(late)
    assert typed(late, "contact.end")["words"] == "She wrote that she is ill."
    assert care.row(Contact, planned.id).outcome is ContactOutcome.HELD

    press(late, "Take the other")
    # Who had typed nothing is shown how it ended.
    assert typed(well(looking.run()), "contact.end") == {}
    assert "Entered in error" in [one.label for one in late.expander]


def test_with_others_in_the_room_what_was_said_is_folded_and_no_phone_stands_there(care):
    with care.database.writing() as db:
        a_call(db, care.client, care.front_desk, tell_id=care.therapist.clinician_id)
    for place, query in (
        ("contact", {"client": care.client.code}),
        ("client", {"client": care.client.code}),
        ("today", {}),
    ):
        tab = opened(care, care.therapist, place, **query)
        well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
        assert "What was said" in [one.label for one in tab.expander], place
        assert care.client.phone not in said(tab)


def test_who_is_on_no_course_of_theirs_is_sent_to_open_one(care):
    with care.database.writing() as db:
        care.course.closed_at = NOW
        db.merge(care.course)
    tab = opened(care, care.front_desk, "contact", client=care.client.code, do="plan")
    assert "Open a course of care" in links(tab)


def test_an_intake_that_was_held_moves_the_course_along_from_its_form(care):
    with care.database.writing() as db:
        db.get_one(Episode, care.course.id).state = EpisodeState.ASSESSMENT
        intake = a_contact(
            db, care.course, care.therapist, kind=ContactKind.INTAKE, planned_at=NOW - DAY
        )
    for who in (care.front_desk, care.prescriber):
        theirs = opened(care, who, "contact", id=intake.id, do="end")
        fill(theirs, "contact.end", {"outcome": ContactOutcome.HELD})
        assert "move_to" not in typed(theirs, "contact.end")

    tab = opened(care, care.therapist, "contact", id=intake.id, do="end")
    assert "move_to" not in typed(tab, "contact.end")
    fill(tab, "contact.end", {"outcome": ContactOutcome.HELD})
    fill(tab, "contact.end", {"move_to": EpisodeState.PREPARATION.value})
    press(tab, "Save", "contact.end")

    assert care.row(Episode, care.course.id).state is EpisodeState.PREPARATION
    assert care.row(Contact, intake.id).outcome is ContactOutcome.HELD


def test_a_call_of_somebody_else_is_marked_as_entered_in_error(care):
    with care.database.writing() as db:
        call = a_call(db, care.client, care.front_desk)
    tab = opened(care, care.therapist, "contact", id=call.id)

    press(tab, "Mark as entered in error")

    assert care.row(Contact, call.id).outcome is ContactOutcome.IN_ERROR
    assert "~~They called" in said(tab)
    assert not [one for one in links(tab) if one == "Open"]
    assert "They called" not in said(
        opened(care, care.therapist, "client", client=care.client.code)
    )


def test_a_call_entered_at_an_address_that_is_used_is_another_call(care):
    with care.database.writing() as db:
        earlier = a_call(db, care.client, care.front_desk)
    tab = opened(care, care.therapist, "contact", client=care.client.code, new=earlier.id)
    assert "What was entered at this address is saved already." in tab.info[0].value

    fill(tab, "touch", {"touch": Touch.WE_WROTE, "words": "Asked how the night was."})
    press(tab, "Save", "touch")

    assert {one.words for one in care.rows(Contact)} == {earlier.words, "Asked how the night was."}


def test_when_two_move_the_same_contact_the_other_s_time_stands_beside_the_field(care, planned):
    query = {"id": planned.id, "do": "move"}
    mine, other = (opened(care, care.therapist, "contact", **query) for _ in "ab")
    moved = {"on": TODAY + 3 * DAY, "time": "9:00 am", "minutes": 20}
    press(fill(other, "contact.move", moved), "Save the change", "contact.move")
    fill(mine, "contact.move", {"on": TODAY + 4 * DAY, "minutes": 40, "how": How.PHONE})

    press(mine, "Save the change", "contact.move")

    assert beside(mine, "contact.move", "on") == "Saved by somebody else: Fri Nov 27"
    assert beside(mine, "contact.move", "time") == "Saved by somebody else: 9:00 am"
    assert beside(mine, "contact.move", "minutes") == "Saved by somebody else: 20"
    # What only I changed is nobody else's.
    assert beside(mine, "contact.move", "how") == ""
    assert typed(mine, "contact.move")["on"] == TODAY + 4 * DAY
    assert care.row(Contact, planned.id).planned_at == at_local(TODAY + 3 * DAY, time(9), ZONE)

    press(mine, "Keep mine", "contact.move")
    press(mine, "Save the change", "contact.move")
    assert care.row(Contact, planned.id).how is How.PHONE
