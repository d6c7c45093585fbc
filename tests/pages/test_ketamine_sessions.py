"""Ketamine sessions as a browser would get it, without the browser."""

from datetime import timedelta

import pytest

from kapteam.ui.showing import STEP
from kapteam.vocabulary import HoldReason, SessionStatus
from tests.factories import NOW, a_clinician, a_hold, a_setting
from tests.factories_care import (
    a_booked_pair,
    a_given_session,
    a_ketamine_session,
    a_signed_intention,
    an_overdue_integration,
    an_unrecorded_session,
    another_course,
)
from tests.pages.tabs import a_tab, headings, links, names, opened, said, statements_of, well

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _open(care, viewer=None, **query):
    return opened(care, viewer or care.therapist, "ketamine_sessions", **query)


@pytest.fixture
def busy(care):
    """One ready today, one silent, one not closed, one owed, one that lacks everything."""
    with care.database.writing() as db:
        session, _ = a_booked_pair(db, care.course, therapist=care.therapist, dose_at=NOW + HOUR)
        a_signed_intention(db, session, care.therapist)
        an_unrecorded_session(db, another_course(db, care, "Silent"))
        a_given_session(
            db,
            another_course(db, care, "Open"),
            given_at=NOW - 8 * HOUR,
            status=SessionStatus.STARTED,
        )
        an_overdue_integration(db, another_course(db, care, "Owed"))
        a_ketamine_session(
            db,
            another_course(db, care, "Unready", cleared=False),
            planned_at=NOW + 2 * DAY,
            ordered_ug=None,
        )
    return care


def test_nobody_signed_in_gets_nothing(care):
    tab = well(a_tab("ketamine_sessions").run())

    assert said(tab) == ""
    assert links(tab) == []


def test_without_a_function_there_is_no_list(care):
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    tab = _open(care, nobody)

    assert "Your sign-in has no function yet" in said(tab)
    assert "Book a ketamine session" not in links(tab)


def test_with_nothing_booked_it_says_so_and_offers_to_book(care):
    tab = _open(care)

    assert "No ketamine session is booked in these days." in said(tab)
    assert "Book a ketamine session" in links(tab)
    assert headings(tab) == []


def test_a_colleague_who_is_on_none_of_them_sees_none(busy):
    assert names(_open(busy, busy.stranger)) == []


def test_the_gaps_come_first_then_the_days_that_have_a_session(busy):
    assert headings(_open(busy)) == [
        "Not recorded or not closed (2)",
        "Given, integration not booked (1)",
        "Not ready yet (1)",
        "Today, Tuesday, November 24 (1)",
        "Thursday, November 26 (1)",
    ]


def test_a_row_says_when_how_much_which_one_where_and_with_what_intention(busy):
    words = said(_open(busy))

    assert "**Tue Nov 24, 3:30 pm** :gray[in 1 hr]" in words
    assert "70 mg intramuscular" in words
    assert "1 of 6, Room 2" in words
    assert "Ready, intention signed Tue Nov 24" in words
    assert "Booked Thu Nov 26, 2:30 pm" in words


def test_what_is_missing_is_said_in_words(busy):
    words = said(_open(busy))

    assert "Was this given? Planned Mon Nov 23, 2:30 pm" in words
    assert "Not closed, planned Tue Nov 24, 6:30 am" in words
    assert "Not cleared" in words
    assert "Dose not ordered, intramuscular" in words
    assert "No intention note yet" in words
    assert "Integration not booked" in words


def test_the_integration_stands_under_its_own_dose(care):
    with care.database.writing() as db:
        a_booked_pair(db, care.course, dose_at=NOW + HOUR, integration_at=NOW + 20 * HOUR)
        a_booked_pair(
            db, another_course(db, care, "Vale"), dose_at=NOW + 2 * HOUR, integration_at=NOW + DAY
        )

    words = said(_open(care))
    of_the_day = words[words.rindex("in 1 hr") :]

    assert (
        of_the_day.index("Booked Wed Nov 25, 10:30 am")
        < of_the_day.index("in 2 hr")
        < of_the_day.index("Booked Wed Nov 25, 2:30 pm")
    )


@pytest.mark.parametrize(
    ("show", "shown"),
    [
        ("was_this_given", ["Silent, Amara"]),
        ("not_closed", ["Open, Amara"]),
        ("integration_not_booked", ["Owed", "Silent", "Open", "Unready"]),
        ("not_cleared", ["Unready, Amara"]),
        ("not_ordered", ["Unready, Amara"]),
        ("no_intention", ["Unready, Amara"]),
    ],
)
def test_rule_73_a_count_leads_to_exactly_its_rows(busy, show, shown):
    everything = _open(busy)
    (count,) = [
        one.proto.label
        for one in everything.get("page_link")
        if one.proto.query_string == f"show={show}"
    ]

    tab = _open(busy, show=show)

    assert [name.removesuffix(", Amara") for name in names(tab)] == [
        name.removesuffix(", Amara") for name in shown
    ]
    assert count.rstrip("]").endswith(f" {len(shown)}")
    assert headings(tab)[0].endswith(f"({len(shown)})")


def test_what_was_given_is_said_and_its_intention_is_not_asked_for_any_more(care):
    with care.database.writing() as db:
        given = a_given_session(
            db, care.course, given_at=NOW - 50 * HOUR, boosted_at=NOW - 49 * HOUR
        )
        a_signed_intention(db, given, care.therapist)

    words = said(_open(care, show="integration_not_booked"))

    assert "90 mg intramuscular" in words
    assert "Completed, :gray[given Sun Nov 22, 1:30 pm]" in words
    assert "No intention note yet" not in words


def test_what_is_left_of_today(busy):
    with busy.database.writing() as db:
        a_ketamine_session(db, another_course(db, busy, "Later"), planned_at=NOW + 3 * HOUR)

    assert names(_open(busy, show="today")) == ["Okafor, Amara", "Later, Amara"]
    assert names(_open(busy, show="today_no_intention")) == ["Later, Amara"]


def test_the_days_together_are_one_list_that_begins_with_its_first_rows(care):
    with care.database.writing() as db:
        for number in range(STEP + 5):
            course = another_course(db, care, f"Client{number:02d}")
            a_booked_pair(db, course, dose_at=NOW + (1 if number < STEP - 5 else 2) * DAY)

    tab = _open(care)
    assert headings(tab)[-2:] == ["Wednesday, November 25 (20)", "Thursday, November 26 (10)"]
    assert _of_days(tab) == STEP
    assert said(tab).count("5 not shown") == 2

    well(tab.button(key="more_of_days").click().run())
    assert headings(tab)[-2:] == ["Wednesday, November 25 (20)", "Thursday, November 26 (10)"]
    assert _of_days(tab) == STEP + 5
    assert said(tab).count("5 not shown") == 1


def _of_days(tab):
    """How many rows stand under the days: those of sessions to come have their number."""
    return said(tab).count("1 of 6, Room 2")


def test_a_gap_beyond_the_first_rows_is_counted_and_reached(care):
    with care.database.writing() as db:
        for number in range(STEP + 1):
            course = another_course(db, care, f"Client{number:02d}", cleared=False)
            a_ketamine_session(db, course, planned_at=NOW + DAY)

    tab = _open(care, show="not_cleared")
    assert headings(tab) == ["Not cleared (26)"]
    assert len(names(tab)) == STEP
    assert "1 not shown" in said(tab)

    well(tab.button(key="more_of_not_cleared").click().run())
    assert len(names(tab)) == STEP + 1


def test_from_there_one_goes_back_to_all(busy):
    tab = _open(busy, show="not_closed")

    well(tab.button(key="show_all").click().run())

    assert len(headings(tab)) == 5


def test_seven_days_or_twenty_eight(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 10 * DAY)

    assert headings(_open(care)) == []
    assert "Friday, December 4 (1)" in headings(_open(care, ketamine_sessions_days="28 days"))


def test_what_is_chosen_stays_chosen_behind_a_count(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + 10 * DAY, ordered_ug=None)

    tab = _open(care, ketamine_sessions_days="28 days")

    counts = [
        one.proto.query_string
        for one in tab.get("page_link")
        if one.proto.page == "ketamine_sessions"
    ]
    assert "ketamine_sessions_days=28+days&show=not_ordered" in counts


def test_what_was_called_off_is_not_there(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, status=SessionStatus.CANCELLED)

    assert names(_open(care)) == []


def test_a_hold_quiets_the_gaps_of_planning(care):
    with care.database.writing() as db:
        session, _ = a_booked_pair(db, care.course)
        session.ordered_ug = None
        a_hold(db, care.course, HoldReason.TRAVEL, care.therapist.clinician_id)

    tab = _open(care)
    assert headings(tab) == ["Not ready yet (1)", "Wednesday, November 25 (1)"]
    assert "On hold: travel" in said(tab)
    assert "Dose not ordered" not in [one.value for one in tab.subheader]
    assert "Write" not in links(tab)


def test_everyone_s_is_offered_only_where_the_practice_lets_everyone_see(busy):
    asked = {"ketamine_sessions_whose": "Everyone's"}
    assert names(_open(busy, busy.stranger, **asked)) == []

    with busy.database.writing() as db:
        a_setting(db, busy.prescriber, "everyone_sees_caseload", 1, since=NOW - HOUR)

    assert names(_open(busy, busy.stranger)) == []
    assert "Okafor, Amara" in names(_open(busy, busy.stranger, **asked))


def test_only_a_therapist_is_sent_to_write_the_intention(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course)

    assert "Write" in links(_open(care))
    assert "Write" not in links(_open(care, care.prescriber))
    assert "Write" not in links(_open(care, care.front_desk))


def test_it_takes_as_many_statements_with_thirty_clients_as_with_three(care):
    def fill(numbers):
        with care.database.writing() as db:
            for number in numbers:
                a_booked_pair(db, another_course(db, care, f"Client{number:02d}"))

    fill(range(3))
    tab = _open(care)
    few = statements_of(care, tab)
    fill(range(3, 30))

    assert statements_of(care, tab) == few
    assert "Wednesday, November 25 (30)" in headings(tab)
