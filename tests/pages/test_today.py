"""Today as a browser would get it, without the browser."""

import re
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import delete, select, update

from kapteam.actions.notes import NoteEntered, save_draft, start_note
from kapteam.db.tables import Clearance, Client, Clinician, Contact, Episode
from kapteam.ids import new_id
from kapteam.operations.backups import back_up_now
from kapteam.ui.showing import STEP
from kapteam.vocabulary import (
    Audience,
    ContactKind,
    EpisodeState,
    Function,
    HoldReason,
    How,
    NoteKind,
    SessionStatus,
)
from tests.factories import NOW, a_call, a_client, a_clinician, a_contact, a_course, pin
from tests.factories_care import (
    a_booked_pair,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signed_intention,
    an_integration_session,
    an_overdue_integration,
    an_unrecorded_session,
    another_course,
)
from tests.pages.tabs import (
    MOST_STATEMENTS,
    addresses,
    back,
    bare,
    headings,
    links,
    names,
    opened,
    said,
    statements_of,
    titles,
    unsigned,
    well,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def busy(care):
    """One of everything that Today asks about."""
    with care.database.writing() as db:
        an_unrecorded_session(db, care.course)
        an_overdue_integration(db, another_course(db, care, "Late"))
        given = a_given_session(
            db, another_course(db, care, "Now"), given_at=NOW - HOUR, status=SessionStatus.STARTED
        )
        a_signed_intention(db, given, care.therapist, signed_at=NOW - DAY)
        a_ketamine_session(db, another_course(db, care, "Soon"), planned_at=NOW + 2 * HOUR)
        course = another_course(db, care, "Asked")
        asked = a_given_session(db, course, given_at=NOW - 20 * HOUR)
        an_integration_session(
            db, course, asked, therapist=care.therapist, planned_at=NOW - 3 * HOUR
        )
        course = another_course(db, care, "Held")
        held = a_given_session(db, course, given_at=NOW - 30 * HOUR)
        an_integration_session(db, course, held, therapist=care.therapist, held_at=NOW - 10 * HOUR)
        a_booked_pair(db, another_course(db, care, "Ahead"), therapist=care.therapist)
        another_course(db, care, "Paused", hold=HoldReason.TRAVEL)
    return care


def test_nobody_signed_in_gets_nothing(busy):
    assert unsigned("today") == ""


def test_a_colleague_on_none_of_the_courses_sees_none_of_them(busy):
    tab = opened(busy, busy.stranger, "today")

    assert names(tab) == []
    assert "Okafor" not in said(tab)
    assert "Nothing is booked today." in said(tab)


def test_with_nothing_to_do_every_section_says_so(care):
    tab = opened(care, care.stranger, "today")

    assert headings(tab) == []
    for sentence in ("Nothing is booked today.", "No integration is owed.", "Nothing waits."):
        assert sentence in said(tab)
    assert "No integration is late" in links(tab)[0]


def test_a_course_without_a_next_step_waits_on_somebody(care):
    with care.database.writing() as db:
        a_call(db, care.client, care.therapist)
    tab = opened(care, care.therapist, "today")

    assert headings(tab) == ["Waiting on me (1)"]
    assert names(tab) == ["Okafor, Amara"]
    assert addresses(tab, "Open") == [f"episode?id={care.course.id}"]


@pytest.mark.parametrize("by", ["therapist", "prescriber"])
def test_what_was_called_off_is_to_be_booked_again_from_its_row(care, by):
    with care.database.writing() as db:
        a_call(db, care.client, care.therapist)
        session = a_ketamine_session(
            db, care.course, planned_at=NOW + 2 * DAY, status=SessionStatus.CANCELLED
        )
        session.closed_at = NOW - HOUR
    tab = opened(care, getattr(care, by), "today")

    assert headings(tab) == ["Waiting on me (1)"]
    assert "To rebook: session of Thu Nov 26 cancelled" in said(tab)
    assert addresses(tab, "Book") == [f"booking?episode={care.course.id}"]
    assert "To rebook" not in said(opened(care, care.stranger, "today"))

    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 3 * DAY)
    assert "To rebook" not in said(opened(care, getattr(care, by), "today"))


def test_who_is_out_of_touch_is_called_from_the_row(care):
    tab = opened(care, care.therapist, "today")

    assert "Out of touch since Sun Oct 25, nothing booked" in said(tab)
    assert addresses(tab, "Call") == [f"contact?client={care.client.code}"]
    assert "Out of touch" not in said(opened(care, care.stranger, "today"))


def test_what_waits_is_done_from_its_row(care):
    with care.database.writing() as db:
        a_series(db, care.course, ordered_count=None)
        dose = a_ketamine_session(db, care.course, planned_at=NOW + 10 * DAY)

    tab = opened(care, care.prescriber, "today")

    assert "Number of sessions not ordered yet" in said(tab)
    assert f"ketamine_session?id={dose.id}" in addresses(tab, "Open")


def test_the_prescriber_is_told_that_an_intention_says_postpone(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + 2 * HOUR)
        a_signed_intention(db, dose, care.therapist, ready="Postpone")

    words = said(opened(care, care.prescriber, "today"))

    assert "Intention says postpone" in words
    assert "Ready" not in words


def test_what_nobody_recorded_stands_above_everything_else(busy):
    tab = opened(busy, busy.therapist, "today")

    assert headings(tab)[0] == "Was this given? (1)"
    assert names(tab)[0] == "Okafor, Amara"
    assert "Record" in links(tab)


def test_who_is_under_medicine_stands_there_as_right_now(busy):
    tab = opened(busy, busy.therapist, "today")

    assert "**Right now**" in said(tab)
    assert "**Now, Amara**" in said(tab)
    assert "BP late by" in said(tab)
    assert "**Right now**" not in said(opened(busy, busy.stranger, "today"))


def test_what_is_done_today_carries_the_pinned_line_of_its_client(busy):
    pinned = {"Okafor": "Unrecorded", "Asked": "Deaf", "Now": "Faces the door", "Soon": "Late bus"}
    with busy.database.writing() as db:
        for client in db.scalars(select(Client)):
            text = pinned.get(client.family_name, "Not of today")
            pin(db, client, busy.prescriber, text, at=NOW - 5 * DAY)

    tab = opened(busy, busy.therapist, "today")

    lines = re.findall("Robin Prescott, Thu Nov 19:] (.+?)]", said(tab))
    assert lines == [*pinned.values()]

    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())

    assert not [one for one in pinned.values() if one in said(tab)]
    assert "Robin Prescott, Thu" not in said(tab)


def test_a_therapist_sees_the_integration_to_do_before_the_doses_to_come(busy):
    with busy.database.writing() as db:
        a_ketamine_session(db, another_course(db, busy, "Later"), planned_at=NOW + 5 * DAY)

    found = [one.split(" (")[0] for one in headings(opened(busy, busy.therapist, "today"))]

    assert found.index("Other integration to do") < found.index(
        "Other ketamine sessions, next 7 days"
    )
    assert "Next dosing day, not ready yet" not in found


_FIRST = ["Was this given?", "Today by time"]


@pytest.mark.parametrize(
    ("whose", "order"),
    [
        (
            "Therapist's order",
            [
                *_FIRST,
                "Other integration to do",
                "Other intentions due",
                "Waiting on me",
                "Waiting on others",
                "Held, note to finish",
                "Other ketamine sessions, next 7 days",
            ],
        ),
        (
            "Prescriber's order",
            [
                *_FIRST,
                "Waiting on me",
                "Held, note to finish",
                "Next dosing day, not ready yet",
                "Other integration not held past its time",
                "Waiting on others",
            ],
        ),
    ],
)
def test_the_sections_stand_in_the_order_of_whose_page_it_is(busy, whose, order):
    tab = opened(busy, busy.therapist, "today")

    assert titles(tab.radio(key="today_order").set_value(whose).run()) == order


@pytest.mark.parametrize("whose", ["Therapist's order", "Prescriber's order"])
def test_each_session_and_each_integration_stands_once(busy, whose):
    tab = opened(busy, busy.therapist, "today")

    words = said(tab.radio(key="today_order").set_value(whose).run())

    for once in ("Was this given? Planned", "50 hr since dose", "20 hr since dose"):
        assert words.count(once) == 1, once
    actions = [
        (one.proto.page, one.proto.query_string)
        for one in tab.get("page_link")
        if one.proto.page in {"ketamine_session", "integration_session", "note"}
    ]
    assert len(actions) == len(set(actions))


def test_what_stands_above_is_told_from_nothing(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        an_integration_session(
            db, care.course, given, therapist=care.therapist, planned_at=NOW + HOUR
        )

    words = said(opened(care, care.therapist, "today"))

    assert "**Other integration to do** :gray[None besides those above.]" in words
    assert "No integration is owed." not in words


def test_a_dose_that_nobody_ordered_is_said_once_where_it_is_given_today(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR, ordered_ug=None)
        a_ketamine_session(db, care.course, planned_at=NOW + DAY, ordered_ug=None)

    words = said(opened(care, care.prescriber, "today"))

    assert words.count("Dose not ordered") == 2


def test_today_names_the_colleague_and_how_one_meets(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        slot = an_integration_session(
            db, care.course, given, therapist=care.therapist, planned_at=NOW + HOUR
        )
        slot.how = How.VIDEO
        a_ketamine_session(db, another_course(db, care, "Soon"), planned_at=NOW + 2 * HOUR)

    prescribers = said(opened(care, care.prescriber, "today"))
    therapists = said(opened(care, care.therapist, "today"))

    assert "By video" in prescribers
    assert prescribers.count("with Thea Tallis") == 2
    assert "with Robin Prescott" in therapists
    assert "with Thea Tallis" not in therapists


def test_who_is_not_cleared_reads_so_in_the_row(care):
    with care.database.writing() as db:
        course = another_course(db, care, "Unready", cleared=False)
        a_ketamine_session(db, course, planned_at=NOW + HOUR)

    assert said(opened(care, care.prescriber, "today")).count("Not cleared") == 1


def test_the_heading_says_the_day_and_the_tab_does_not(care):
    tab = opened(care, care.therapist, "today")

    assert tab.title[0].value == "Today, Tuesday, November 24"


def test_with_nobody_in_care_the_first_step_is_one_link_away(care):
    assert "Add a client" not in links(opened(care, care.therapist, "today"))

    tab = opened(care, care.stranger, "today")

    assert "Nobody is in your care now." in said(tab)
    assert {"Record an inquiry", "Add a client"} <= set(links(tab))
    # There are colleagues already, and whoever is no administrator could add none.
    assert "Your colleagues" not in said(tab)


@pytest.fixture
def alone(care):
    """An administrator who is the only one who can sign in, with nobody in care."""
    with care.database.writing() as db:
        db.execute(update(Clinician).values(suspended_at=NOW))
        return a_clinician(db, Function.THERAPIST, name="Ada Alone", is_administrator=True)


@pytest.mark.parametrize("page", ["today", "caseload"])
def test_in_an_empty_practice_colleagues_come_first(care, alone, page):
    tab = opened(care, alone, page)
    words = said(tab)
    steps = ("1. Your colleagues", "2. The first call", "3. The client's course of care")
    places = [words.replace("**", "").index(one) for one in steps]
    assert places == sorted(places)
    assert addresses(tab, "Add your colleagues") == ["practice?"]

    with care.database.writing() as db:
        a_clinician(db, Function.PRESCRIBER, name="Petra Second")
    tab = opened(care, alone, page)
    assert "Your colleagues" not in said(tab)
    assert "1. The first call" in said(tab).replace("**", "")
    assert statements_of(care, tab) <= MOST_STATEMENTS


def test_a_client_without_a_course_is_said_with_the_way_to_open_one(care):
    with care.database.writing() as db:
        client = a_client(db, care.stranger, family="Newcomer")
    tab = opened(care, care.stranger, "today")

    assert headings(tab) == ["No course of care yet (1)"]
    assert names(tab) == ["Newcomer, Amara"]
    assert addresses(tab, "Open a course of care") == [f"episode?client={client.code}"]
    assert "Nobody is in your care now." not in said(tab)
    # Who treats somebody has a day to look at: Caseload has the others.
    assert "Newcomer" not in " ".join(links(opened(care, care.therapist, "today")))

    with care.database.writing() as db:
        a_course(db, client, therapist=care.stranger)
    tab = opened(care, care.stranger, "today")
    assert "No course of care yet" not in said(tab)
    assert "The first call" not in said(tab)


def test_the_front_desk_is_never_told_that_nobody_is_in_care_while_a_client_waits(care):
    with care.database.writing() as db:
        care_course = db.get_one(Episode, care.course.id)
        care_course.state, care_course.closed_at = EpisodeState.CLOSED, NOW - DAY
    tab = opened(care, care.front_desk, "today")
    assert "Nobody is in care now." in said(tab)
    assert "your care" not in said(tab)

    with care.database.writing() as db:
        client = a_client(db, care.front_desk, family="Newcomer")
    tab = opened(care, care.front_desk, "today")
    assert "Nobody is in" not in said(tab)
    assert names(tab) == ["Newcomer, Amara"]
    # The front desk opens no course, and is told who does.
    assert addresses(tab, "Open") == [f"client?client={client.code}"]
    assert "a clinician opens it" in said(tab)


def test_a_prescriber_sees_what_waits_and_what_is_not_ready_and_may_see_the_other_order(busy):
    tab = opened(busy, busy.prescriber, "today")
    words = said(tab)
    assert "Next dosing day, not ready yet" in words
    assert "intentions due" not in words.lower()

    tab.radio(key="today_order").set_value("Therapist's order").run()

    assert "intentions due" in said(tab)
    assert "Next dosing day, not ready yet" not in said(tab)
    # The order stays chosen while this tab is open, also on the way back from another page.
    back(back(tab, "caseload"), "today")
    assert "intentions due" in said(tab)


def test_rule_73_the_counts_are_what_they_lead_to(busy):
    with busy.database.writing() as db:
        later = a_ketamine_session(db, another_course(db, busy, "Later"), planned_at=NOW + 3 * HOUR)
        a_signed_intention(db, later, busy.therapist)
    tab = opened(busy, busy.therapist, "today")
    counts = [one.proto for one in tab.get("page_link") if "show=" in one.proto.query_string]

    led_to = {}
    for one in counts:
        query = dict(parse_qsl(one.query_string))
        led_to[bare(one.label)] = names(back(tab, one.page, **query))
        (number,) = re.findall(r"\d+", bare(one.label))
        assert len(led_to[bare(one.label)]) == int(number), one.label

    assert [sorted(rows) for rows in led_to.values()] == [
        ["Late, Amara"],
        ["Asked, Amara"],
        ["Soon, Amara"],
        ["Later, Amara", "Soon, Amara"],
    ]
    assert [":red[" in one.label for one in counts] == [True, False, False, False]
    for words, label in zip(
        (
            "1 integration is late",
            "Was this held? 1",
            "1 dose left today without an intention note",
            "2 doses left today",
        ),
        led_to,
        strict=True,
    ):
        assert words in label


def test_the_words_of_an_unsigned_note_are_nowhere_on_the_page(busy):
    with busy.database.writing() as db:
        session = a_ketamine_session(db, busy.course, planned_at=NOW + DAY)
    entered = NoteEntered(new_id(), NoteKind.INTENTION, busy.course.id, session.id)
    note_id = busy.do(start_note, busy.therapist, entered)
    busy.do(save_draft, busy.therapist, note_id, "intention", "To forgive Ezra", 0)

    for who in (busy.therapist, busy.prescriber, busy.front_desk):
        tab = opened(busy, who, "today")
        assert "draft" in said(tab).lower()
        assert "Ezra" not in said(tab)


def test_the_front_desk_reads_it_and_writes_nothing(busy):
    tab = opened(busy, busy.front_desk, "today")

    assert "Late, Amara" in names(tab)
    assert not {"Write", "Write note", "Finish note", "Held"} & set(links(tab))


def test_without_a_function_today_is_empty(busy):
    with busy.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    assert names(opened(busy, nobody, "today")) == []


@pytest.mark.parametrize(
    ("red", "amber", "shown"),
    [(0, 10, 10), (0, 12, 10), (3, 9, 10), (14, 3, 14), (STEP, 2, STEP), (STEP + 2, 0, STEP)],
)
def test_a_section_begins_with_ten_rows_and_with_what_is_red(care, red, amber, shown):
    with care.database.writing() as db:
        for number in range(red + amber):
            course = another_course(db, care, f"Client{number:02d}")
            an_overdue_integration(db, course, hours=30 if number < amber else 75)
    tab = opened(care, care.therapist, "today")
    hidden = red + amber - shown

    assert f"Integration to do ({red + amber})" in headings(tab)
    assert said(tab).count("since dose, not held") == shown
    assert said(tab).count("Past 72 hr") == min(red, shown)
    more = [one for one in tab.button if one.key == "more_of_today_to_do"]
    assert [one.label for one in more] == ([f"Show {hidden} more"] if hidden else [])

    for one in more:
        well(one.click().run())
        assert said(tab).count("since dose, not held") == red + amber


def test_what_waits_on_somebody_begins_with_ten_rows_as_well(care):
    with care.database.writing() as db:
        for number in range(12):
            course = another_course(db, care, f"Client{number:02d}", state=EpisodeState.ASSESSMENT)
            db.execute(delete(Clearance).where(Clearance.episode_id == course.id))
    tab = opened(care, care.prescriber, "today")

    assert "Waiting on me (12)" in headings(tab)
    assert said(tab).count("Clearance not decided yet") == 10

    well(tab.button(key="more_of_today_me").click().run())

    assert said(tab).count("Clearance not decided yet") == 12


def test_the_next_dosing_day_is_ready_only_where_there_is_one(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR, ordered_ug=None)
    words = said(opened(care, care.prescriber, "today"))
    assert "No dose is booked after today." in words
    assert "Everything is ready" not in words

    with care.database.writing() as db:
        course = another_course(db, care, "Ready")
        ready, _ = a_booked_pair(db, course, dose_at=NOW + 2 * DAY, therapist=care.therapist)
        a_signed_intention(db, ready, care.therapist, signed_at=NOW - HOUR)
    assert "Everything is ready for Thu Nov 26." in said(opened(care, care.prescriber, "today"))


def test_whom_a_client_waits_on_for_clearance_is_told_on_their_own_today(care):
    with care.database.writing() as db:
        care.course.state = EpisodeState.ASSESSMENT
        db.merge(care.course)
        db.execute(delete(Clearance))
    stuck = f"Waiting on: clearance, {care.prescriber.name}"
    assert stuck in said(opened(care, care.therapist, "client", client=care.client.code))

    mine = opened(care, care.prescriber, "today")
    theirs = opened(care, care.therapist, "today")

    assert "Clearance not decided yet" in said(mine)
    assert "Waiting on me (1)" in headings(mine)
    assert "Waiting on me (1)" in headings(theirs)  # no next step is the therapist's to find
    assert said(theirs).count("Clearance not decided yet") == 1


def test_of_many_sessions_to_come_the_nearest_ten_stand_there_and_all_that_nobody_recorded(care):
    with care.database.writing() as db:
        for number in range(12):
            course = another_course(db, care, f"Client{number:02d}")
            an_unrecorded_session(db, another_course(db, care, f"Unasked{number:02d}"))
            a_ketamine_session(db, course, planned_at=NOW + DAY + number * HOUR)
    tab = opened(care, care.therapist, "today")
    coming = [f"Client{number:02d}, Amara" for number in range(12)]

    assert {one for one in names(tab) if one.startswith("Client")} == set(coming[:10])
    assert len({one for one in names(tab) if one.startswith("Unasked")}) == 12
    assert "2 not shown" in said(tab)

    well(tab.button(key="more_of_today_due").click().run())

    assert {one for one in names(tab) if one.startswith("Client")} == set(coming)


@pytest.mark.parametrize("who", [Function.PRESCRIBER, Function.THERAPIST])
def test_it_takes_as_many_statements_with_thirty_clients_as_with_three(care, who):
    viewer = care.prescriber if who is Function.PRESCRIBER else care.therapist

    def fill(numbers):
        with care.database.writing() as db:
            for number in numbers:
                course = another_course(db, care, f"Client{number:02d}")
                an_overdue_integration(db, course)
                a_ketamine_session(db, course, planned_at=NOW + DAY)

    fill(range(3))
    tab = opened(care, viewer, "today")
    few = statements_of(care, tab)
    fill(range(3, 30))

    assert statements_of(care, tab) == few <= MOST_STATEMENTS
    assert any(one.endswith("(30)") for one in headings(tab))


def test_a_dose_that_waits_says_on_whom_and_for_what_unless_that_is_oneself(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        unordered = another_course(db, care, "Unordered")
        a_ketamine_session(db, unordered, planned_at=NOW + 2 * HOUR, ordered_ug=None)
    on_therapist = f"waiting on {care.therapist.name}: intention"
    on_prescriber = f"waiting on {care.prescriber.name}: dose"

    mine = said(opened(care, care.therapist, "today"))
    theirs = said(opened(care, care.prescriber, "today"))

    assert (on_therapist in theirs, on_therapist in mine) == (True, False)
    assert (on_prescriber in mine, on_prescriber in theirs) == (True, False)


def test_an_empty_practice_is_not_told_that_everything_is_ready(care):
    assert "No dose is booked after today." in said(opened(care, care.prescriber, "today"))


def test_a_day_without_a_good_backup_is_told_to_whoever_can_make_one(care):
    with care.database.writing() as db:
        admin = a_clinician(db, Function.THERAPIST, name="Ada Admin", is_administrator=True)
    late = "No good backup for more than a day"
    assert late in "".join(links(opened(care, admin, "today"), "practice"))
    assert late not in "".join(links(opened(care, care.therapist, "today")))

    back_up_now(admin, NOW)

    assert late not in "".join(links(opened(care, admin, "today")))


@pytest.mark.parametrize("is_held", [True, False])
def test_an_integration_note_that_a_follow_up_will_miss_is_said_to_both(care, is_held):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        if is_held:
            an_integration_session(db, care.course, given, held_at=NOW - HOUR)
        follow_up = a_contact(
            db,
            care.course,
            care.prescriber,
            kind=ContactKind.FOLLOW_UP,
            planned_at=NOW + 20 * HOUR,
        )
    missing = (
        "No integration note yet before the prescriber follow-up Wed Nov 25, 10:30 am, in 20 hr"
    )
    for who in (care.therapist, care.prescriber):
        assert missing in said(opened(care, who, "today")), who.name
        assert missing in said(opened(care, who, "caseload")), who.name
    with care.database.writing() as db:
        db.get_one(Contact, follow_up.id).planned_at = NOW + 80 * HOUR
    assert "No integration note yet" not in said(opened(care, care.prescriber, "today"))
