"""Integration as a browser would get it, without the browser."""

from datetime import timedelta

import pytest

from kapteam.ui.showing import STEP
from kapteam.vocabulary import EpisodeState, IntegrationKind, ServiceLine
from tests.factories import NOW, TODAY, a_clinician, a_setting
from tests.factories_care import (
    a_booked_pair,
    a_given_session,
    an_integration_session,
    an_overdue_integration,
    an_unrecorded_session,
    another_course,
)
from tests.pages.tabs import (
    a_tab,
    addresses,
    headings,
    links,
    names,
    opened,
    said,
    statements_of,
    well,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _open(care, viewer=None, **query):
    return opened(care, viewer or care.therapist, "integration", **query)


@pytest.fixture
def busy(care):
    """Two late, one to ask about, one booked outside, one agreed, one held, one ahead."""
    with care.database.writing() as db:
        an_overdue_integration(db, care.course)
        an_overdue_integration(db, another_course(db, care, "Later"), hours=30)
        for family, slot in (("Asked", -3), ("Outside", 20)):
            course = another_course(db, care, family)
            given = a_given_session(db, course, given_at=NOW - 20 * HOUR)
            an_integration_session(db, course, given, planned_at=NOW + slot * HOUR)
        course = another_course(db, care, "Agreed")
        given = a_given_session(db, course, given_at=NOW - 60 * HOUR)
        an_integration_session(db, course, given, agreed_for=TODAY + 6 * DAY, agreed_reason="Away.")
        course = another_course(db, care, "Held")
        given = a_given_session(db, course, given_at=NOW - 30 * HOUR)
        an_integration_session(db, course, given, held_at=NOW - 10 * HOUR)
        a_booked_pair(db, another_course(db, care, "Ahead"), therapist=care.therapist)
    return care


def test_nobody_signed_in_gets_nothing(care):
    tab = well(a_tab("integration").run())

    assert said(tab) == ""
    assert links(tab) == []


def test_without_a_function_there_is_no_list(care):
    with care.database.writing() as db:
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    assert "Your sign-in has no function yet" in said(_open(care, nobody))


def test_with_nothing_owed_it_says_so(care):
    tab = _open(care)

    assert "No integration is owed or booked." in said(tab)
    assert headings(tab) == []


def test_a_colleague_who_is_on_none_of_them_sees_none(busy):
    assert names(_open(busy, busy.stranger)) == []


def test_the_sections_stand_in_their_order_with_their_numbers(busy):
    assert headings(_open(busy)) == [
        "Late (2)",
        "Was this held? (1)",
        "Booked (1)",
        "Booked outside the window (1)",
        "Agreed for a day (1)",
        "Held, note to finish (1)",
    ]


def test_each_row_says_where_it_stands_and_after_which_dose(busy):
    words = said(_open(busy))

    assert "50 hr since dose, not held" in words
    assert "70 mg intramuscular, :gray[given Sun Nov 22, 12:30 pm]" in words
    assert "Was this held? Booked Tue Nov 24, 11:30 am, 20 hr since dose" in words
    assert "Agreed: Mon Nov 30, 60 hr since dose" in words
    assert "Held 20 hr after dose, note to finish" in words
    assert "No integration is late" not in words


def test_zero_late_is_said(care):
    with care.database.writing() as db:
        a_booked_pair(db, care.course)

    assert "No integration is late." in said(_open(care))


@pytest.mark.parametrize(
    ("show", "section", "shown"),
    [
        ("late", "Late (2)", ["Okafor, Amara", "Later, Amara"]),
        ("was_this_held", "Was this held? (1)", ["Asked, Amara"]),
        ("held", "Held, note to finish (1)", ["Held, Amara"]),
        ("agreed", "Agreed for a day (1)", ["Agreed, Amara"]),
    ],
)
def test_rule_73_a_count_leads_to_exactly_its_rows(busy, show, section, shown):
    everything = _open(busy)
    (count,) = [
        one.proto.label.replace("\\", "")
        for one in everything.get("page_link")
        if one.proto.query_string == f"show={show}"
    ]

    tab = _open(busy, show=show)

    assert headings(tab) == [section]
    assert names(tab) == shown
    assert count.rstrip("]").endswith(f" {len(shown)}")


def test_of_a_long_list_it_says_how_many_are_not_shown_and_shows_more(care):
    with care.database.writing() as db:
        for number in range(STEP + 3):
            an_overdue_integration(db, another_course(db, care, f"Client{number:02d}"))

    for query in ({}, {"show": "late"}):
        tab = _open(care, **query)

        assert headings(tab) == ["Late (28)"]
        assert len(names(tab)) == STEP
        assert "3 not shown" in said(tab)
        [more] = [one for one in tab.button if one.label == "Show 3 more"]
        well(more.click().run())
        assert len(names(tab)) == STEP + 3
        assert "not shown" not in said(tab)


def test_from_there_one_goes_back_to_all(busy):
    tab = _open(busy, show="late")

    well(tab.button(key="show_all").click().run())

    assert len(headings(tab)) == 6
    assert "show" not in tab.query_params


def test_what_is_shown_alone_and_gone_meanwhile_is_said(care):
    tab = _open(care, show="late")

    assert "None any more." in said(tab)


@pytest.mark.parametrize("show", ["nonsense", "", "LATE", "<script>"])
def test_an_unknown_show_shows_all(busy, show):
    assert len(headings(_open(busy, show=show))) == 6


def test_a_debt_is_booked_held_agreed_or_closed_from_its_row(care):
    with care.database.writing() as db:
        session = an_overdue_integration(db, care.course)

    tab = _open(care)

    for label, form in (("Book", "book"), ("Held", "hold"), ("Agree", "agree"), ("Close", "close")):
        expected = f"integration_session?do={form}&dose={session.id}"
        assert addresses(tab, label) == [expected]


def test_what_is_booked_is_linked_by_its_own_id_and_not_booked_again(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 5 * HOUR)
        row = an_integration_session(db, care.course, given, planned_at=NOW + HOUR)

    tab = _open(care)

    assert addresses(tab, "Held") == [f"integration_session?do=hold&id={row.id}"]
    assert addresses(tab, "Move") == [f"integration_session?do=book&id={row.id}"]
    assert addresses(tab, "Close") == [f"integration_session?do=close&id={row.id}"]
    assert not {"Book", "Agree"} & set(links(tab))


def test_what_is_ahead_of_its_dose_cannot_be_held(care):
    with care.database.writing() as db:
        a_booked_pair(db, care.course)

    tab = _open(care)

    assert addresses(tab, "Held") == []
    assert len(addresses(tab, "Move")) == 1


def test_the_front_desk_opens_it_and_neither_holds_nor_writes(busy):
    tab = _open(busy, busy.front_desk)

    assert len(names(tab)) == 7
    assert not {"Held", "Agree", "Close", "Write note", "Finish note"} & set(links(tab))
    assert "Open" in links(tab)


def test_a_psychedelic_integration_has_its_day_and_no_hours(care):
    with care.database.writing() as db:
        course = another_course(
            db,
            care,
            "Rook",
            prescriber=None,
            service_line=ServiceLine.PSYCHEDELIC_INTEGRATION,
            state=EpisodeState.INTEGRATION,
        )
        an_integration_session(db, course, due_on=TODAY - 2 * DAY)

    words = said(_open(care))

    assert "Was due Sun Nov 22, not held" in words
    assert "Psychedelic integration" in words
    assert "since dose" not in words


def test_an_estimated_clock_is_called_one(care):
    with care.database.writing() as db:
        an_unrecorded_session(db, care.course)

    assert "time of dose estimated" in said(_open(care))


def test_a_debrief_is_called_one(care):
    with care.database.writing() as db:
        session = a_given_session(db, care.course, given_at=NOW - HOUR)
        an_integration_session(
            db, care.course, session, planned_at=NOW + HOUR, kind=IntegrationKind.DEBRIEF
        )

    tab = _open(care)

    assert "Debrief on the day" in said(tab)
    assert headings(tab) == ["Not booked (1)", "Booked (1)"]


def test_another_therapist_is_named_and_oneself_is_not(care):
    with care.database.writing() as db:
        an_overdue_integration(db, care.course)

    assert "with Thea Tallis" in said(_open(care, care.prescriber))
    assert "with Thea Tallis" not in said(_open(care))


def test_everyone_s_is_offered_only_where_the_practice_lets_everyone_see(busy):
    with busy.database.writing() as db:
        a_setting(db, busy.prescriber, "everyone_sees_caseload", 1, since=NOW - HOUR)

    mine = _open(busy, busy.stranger)
    everyone = _open(busy, busy.stranger, integration_whose="Everyone's")

    assert names(mine) == []
    assert len(names(everyone)) == 7


def test_asking_for_everyone_s_in_the_address_opens_nothing(busy):
    assert names(_open(busy, busy.stranger, integration_whose="Everyone's")) == []


def test_it_takes_as_many_statements_with_thirty_clients_as_with_three(care):
    def fill(numbers):
        with care.database.writing() as db:
            for number in numbers:
                an_overdue_integration(db, another_course(db, care, f"Client{number:02d}"))

    fill(range(3))
    tab = _open(care)
    few = statements_of(care, tab)
    fill(range(3, 30))

    assert statements_of(care, tab) == few
    assert headings(tab) == ["Late (30)"]
