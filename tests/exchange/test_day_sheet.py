"""The day on paper: what it says, that nothing typed becomes markup, and how many pages it has."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kapteam.db.tables import Client
from kapteam.exchange.day_sheet import day_sheet_pdf, paper
from kapteam.queries.day_sheet import day_sheet
from kapteam.vocabulary import HoldReason, How, OrderState, ProductRoute, SessionStatus
from tests.factories import NOW, TODAY, a_client, a_contact, a_course, some_closed_days
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_cared_for_client,
    a_given_session,
    a_ketamine_session,
    a_series,
    a_signed_intention,
    an_integration_session,
    an_overdue_integration,
    another_course,
)
from tests.paper import pages_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = ON_SQLITE


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


def _asked(care, who=None, on=TODAY):
    asked = care.asked_by(who or care.therapist)
    with care.database.reading() as db:
        return day_sheet(db, asked, on), asked


def _paper(care, who=None, on=TODAY):
    return paper(*_asked(care, who, on))


def _pages(care, who=None):
    return pages_of(day_sheet_pdf(*_asked(care, who)))


def _texts(words):
    return [one.text.replace("\u00a0", " ") for one in words]


def test_an_empty_day_says_so_under_its_heading(care):
    [page] = _pages(care)

    for words in (
        "Tuesday, November 24, 2026",
        "Saguaro Practice",
        "Clients of Thea Tallis",
        "Nothing is booked.",
        "No integration is owed.",
        "Printed Tue Nov 24, 2:30 pm MST",
        "page 1 of 1",
    ):
        assert words in page


def test_a_dose_reads_with_product_route_order_number_and_room(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + HOUR, may_add_ug=30_000)
        a_signed_intention(db, dose, care.therapist)

    [row] = _paper(care).rows

    assert (row.time, row.initials, row.code) == ("3:30\u00a0pm", "A.O.", care.client.code)
    assert row.what == "Ketamine, intramuscular"
    assert _texts(row.details) == [
        "70 mg ordered, may add up to 30 mg once",
        "Dose 1 of 6, Room 2",
    ]
    assert row.people == (care.prescriber.name, care.therapist.name)
    assert _texts(row.standing) == ["Ready, intention signed Tue Nov 24", "Allergies: not asked"]


def test_a_contact_stands_by_its_time_with_how_and_where(care):
    with care.database.writing() as db:
        a_contact(db, care.course, care.therapist, planned_at=NOW + HOUR, place="Room 5")
        a_contact(db, care.course, care.therapist, planned_at=NOW - 2 * HOUR, how=How.PHONE)

    asked, ahead = _paper(care).rows

    assert (asked.time, ahead.time) == ("12:30\u00a0pm", "3:30\u00a0pm")
    assert (ahead.what, _texts(ahead.details)) == ("Preparation", ["In person", "Room 5"])
    assert _texts(asked.standing) == ["Did this take place?"]
    assert not ahead.is_dose


def test_where_a_client_is_by_video_or_at_home_stays_off_paper(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        dose.at_home, dose.place, dose.people_present = True, "418 Mesquite Lane", "Sister Ida"
        values = {"how": How.VIDEO, "place": "418 Mesquite Lane", "local_emergency": "911"}
        a_contact(db, care.course, care.therapist, planned_at=NOW + 2 * HOUR, **values)

    rows = _paper(care).rows

    assert _texts(rows[0].details)[-1].endswith("at home")
    assert _texts(rows[1].details) == ["By video"]
    assert "Mesquite Lane" not in repr(rows)
    assert "Ida" not in repr(rows)


def test_what_is_not_ready_says_on_whom_it_waits_also_when_that_is_oneself(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR, ordered_ug=None)
        unwritten = another_course(db, care, "Unwritten")
        a_ketamine_session(db, unwritten, planned_at=NOW + 2 * HOUR)
        held = another_course(db, care, "Held", hold=HoldReason.TRAVEL)
        a_ketamine_session(db, held, planned_at=NOW + 3 * HOUR)

    first, second, third = _paper(care).rows

    assert first.details[0].text == "Dose not ordered"
    assert first.details[0].strong
    waits = ["No intention note yet", "Waiting on Robin Prescott: dose"]
    assert _texts(first.standing)[:-1] == waits
    assert _texts(second.standing)[:-1] == [waits[0], "Waiting on Thea Tallis: intention"]
    [paused] = _texts(third.standing)[:-1]
    assert paused.startswith("On hold, look again")
    assert "ravel" not in paused


def test_a_proposed_dose_is_not_taken_for_an_order(care):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        dose.order_state = OrderState.PROPOSED

    [row] = _paper(care).rows

    assert _texts(row.details)[0] == "Proposed 70 mg, not ordered"
    assert row.details[0].strong


def test_esketamine_is_named_as_the_other_product_that_it_is(care):
    with care.database.writing() as db:
        series = a_series(
            db, care.course, product_route=ProductRoute.ESKETAMINE_NASAL, ordered_count=None
        )
        dose = a_ketamine_session(db, care.course, series=series, planned_at=NOW + HOUR)
        dose.place = ""

    [row] = _paper(care).rows

    assert row.what == "Esketamine nasal (Spravato)"
    assert _texts(row.details)[1] == "Dose 1, number of sessions not ordered yet"


@pytest.mark.parametrize(
    ("kept", "said", "strong"),
    [
        (None, "Allergies: not asked", False),
        ("", "Allergies: none", False),
        ("Latex", "Allergies: Latex", True),
        ("Latex\n\n Penicillin \n", "Allergies: Latex, Penicillin", True),
    ],
)
def test_not_asked_for_allergies_is_not_none(care, kept, said, strong):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        db.get_one(Client, care.client.id).allergies = kept

    [row] = _paper(care).rows

    assert (row.standing[-1].text, row.standing[-1].strong) == (said, strong)


def test_what_was_given_says_when_and_what_nobody_recorded_is_asked_about(care):
    with care.database.writing() as db:
        given = a_given_session(
            db, care.course, given_at=NOW - 2 * HOUR, status=SessionStatus.STARTED
        )
        given.discharged_at = NOW - HOUR
        silent = another_course(db, care, "Silent")
        a_ketamine_session(db, silent, planned_at=NOW - 4 * HOUR)

    first, second = _paper(care).rows

    assert _texts(first.standing)[:-1] == ["Was this given?"]
    assert _texts(second.details)[:-1] == ["70 mg given", "70 mg ordered, may add up to 20 mg once"]
    assert _texts(second.standing)[:-1] == ["Started, given 12:30 pm", "Out 1:30 pm"]


def test_while_a_session_lasts_it_says_what_may_still_be_added(care):
    with care.database.writing() as db:
        a_given_session(db, care.course, given_at=NOW - HOUR, status=SessionStatus.STARTED)
        closed = another_course(db, care, "Closed")
        a_given_session(db, closed, given_at=NOW - 2 * HOUR)

    ended, lasting = _paper(care).rows

    assert _texts(lasting.details)[:2] == ["70 mg given", "70 mg ordered, may add up to 20 mg once"]
    assert _texts(ended.details) == ["70 mg given", "Dose 1 of 6, Room 2"]


def test_an_integration_of_the_day_and_those_that_are_owed_say_by_when(care):
    with care.database.writing() as db:
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        slot = an_integration_session(
            db, care.course, given, therapist=care.therapist, planned_at=NOW + HOUR
        )
        slot.how = How.VIDEO
        an_overdue_integration(db, another_course(db, care, "Late"), hours=50)

    sheet = _paper(care)

    [row] = sheet.rows
    assert (row.what, _texts(row.details), row.is_dose) == ("Integration", ["By video"], False)
    assert _texts(row.standing) == ["By Tue Nov 24, 6:30 pm"]
    late, booked = sheet.owed
    assert _texts([late.due, late.booked]) == ["Was due Mon Nov 23, 12:30 pm", "Not booked"]
    assert late.due.strong
    assert late.people == (care.therapist.name,)
    assert [one.replace("\u00a0", " ") for one in late.after] == [
        "70 mg intramuscular, Sun Nov 22, 12:30 pm"
    ]
    assert _texts([booked.due, booked.booked]) == [
        "By Tue Nov 24, 6:30 pm",
        "Booked Tue Nov 24, 3:30 pm",
    ]


def test_the_rows_stand_by_time_and_a_dose_before_an_integration_of_the_same_time(care):
    with care.database.writing() as db:
        for hours in (3, 1, 2):
            course = another_course(db, care, f"Hour{hours}")
            a_ketamine_session(db, course, planned_at=NOW + hours * HOUR)
        given = a_given_session(db, care.course, given_at=NOW - 20 * HOUR)
        an_integration_session(db, care.course, given, planned_at=NOW + HOUR)

    rows = _paper(care).rows

    times = [row.time.replace("\u00a0", " ") for row in rows]
    assert times == ["3:30 pm", "3:30 pm", "4:30 pm", "5:30 pm"]
    assert [row.is_dose for row in rows] == [True, False, True, True]


def test_the_sheet_of_another_day_has_that_day_s_rows_and_says_that_it_is_closed(care):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR)
        tomorrow = another_course(db, care, "Tomorrow")
        a_ketamine_session(db, tomorrow, planned_at=NOW + DAY)
        some_closed_days(db, care.therapist, TODAY + DAY, name="Founders' day")

    sheet = _paper(care, on=TODAY + DAY)

    assert [row.initials for row in sheet.rows] == ["A.T."]
    assert sheet.day == "Wednesday, November 25, 2026"
    assert sheet.closed == "Closed: Founders' day"


def test_nobody_is_named_and_the_front_desk_has_everybody_s_rows(care):
    with care.database.writing() as db:
        client = a_client(db, care.stranger, family="Elsewhere", given="Ona", preferred="Onny")
        course = a_course(db, client, prescriber=care.stranger, therapist=care.stranger)
        a_ketamine_session(db, course, planned_at=NOW + HOUR)
        dose = a_ketamine_session(db, care.course, planned_at=NOW + 2 * HOUR)
        note = a_signed_intention(db, dose, care.therapist)
        an_overdue_integration(db, another_course(db, care, "Late"))

    [page] = _pages(care, care.front_desk)

    assert "All clients" in page
    for code in (client.code, care.client.code):
        assert code in page
    for word in ("Elsewhere", "Ona", "Onny", "Okafor", "Amara", "Late", "555", "1987", "Ngozi"):
        assert word not in page
        assert word not in repr(_paper(care, care.front_desk))
    assert note.signed_text.rstrip(".") not in page
    [others] = _pages(care, care.therapist)
    assert client.code not in others


HOSTILE = [
    '#read("/etc/passwd")',
    "*bold* _italic_ $x$ = heading",
    '#import "@preview/cetz:0.3.0" `raw` <label> @ref // comment',
    "]) #panic() [(",
    "C:\\new\\u{41} \\",
    "Łukasz “Żółć” O’Brien -- don't",
    '", "is_dose": true, "',
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_somebody_typed_is_shown_to_the_letter(care, typed):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR).place = typed
        db.get_one(Client, care.client.id).allergies = typed

    [page] = _pages(care)

    assert page.replace(" ", "").count(typed.replace(" ", "")) == 2
    assert "root:" not in page


@pytest.mark.parametrize(
    "typed",
    ["Room 🌵", "غرفة ٢", "חדר 2", "\u202egnirts", "Zimmer\x07\x1b[2J", "👩🏽‍⚕️" * 12, "中文"],
)
def test_a_sign_that_no_font_has_costs_no_sheet(care, typed):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR).place = typed

    [page] = _pages(care)

    assert care.client.code in page
    assert "70 mg ordered" in page


@pytest.mark.parametrize("typed", ["x" * 300, "Room " * 60, "Ł" * 299 + "é"])
def test_a_very_long_room_is_wrapped_and_nothing_of_it_is_lost(care, typed):
    with care.database.writing() as db:
        a_ketamine_session(db, care.course, planned_at=NOW + HOUR).place = typed

    [page] = _pages(care)

    assert typed.replace(" ", "") in page.replace(" ", "")


def test_a_tagged_pdf_is_made_where_every_sign_has_a_font(care):
    made = day_sheet_pdf(*_asked(care))

    assert made.startswith(b"%PDF-")
    assert b"pdfuaid" in made


def test_the_same_day_printed_twice_is_the_same_file(care):
    sheet, asked = _asked(care)

    assert day_sheet_pdf(sheet, asked) == day_sheet_pdf(sheet, replace(asked))


def test_a_day_that_one_page_cannot_hold_repeats_its_heading_on_each(care):
    with care.database.writing() as db:
        for number in range(12):
            course = another_course(db, care, f"Client{number:02d}")
            a_ketamine_session(db, course, planned_at=NOW + timedelta(minutes=10 * number))
            an_overdue_integration(db, another_course(db, care, f"Other{number:02d}"))

    pages = _pages(care)

    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert "Tuesday, November 24, 2026" in page
        assert "Saguaro Practice, Clients of Thea Tallis" in page
        assert "Printed Tue Nov 24, 2:30 pm MST" in page
        assert f"page {number} of {len(pages)}" in page
    assert sum(page.count("Ketamine, intramuscular") for page in pages) == 12
