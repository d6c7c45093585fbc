"""Inquiries as a browser would get them, without the browser."""

from datetime import timedelta

from kapteam.vocabulary import InquiryOutcome
from tests.factories import NOW, a_client, a_clinician, an_inquiry
from tests.pages.tabs import headings, links, opened, said, statements_of, unsigned, well

DAY = timedelta(days=1)


def _settled(db, care, name, outcome, **columns):
    inquiry = an_inquiry(db, care.therapist, name=name)
    inquiry.outcome = outcome
    for column, value in columns.items():
        setattr(inquiry, column, value)


def test_nobody_signed_in_gets_nothing(care):
    with care.database.writing() as db:
        an_inquiry(db, care.therapist)

    assert unsigned("inquiries") == ""


def test_without_a_function_there_is_no_list(care):
    with care.database.writing() as db:
        an_inquiry(db, care.therapist)
        nobody = a_clinician(db, name="Nora Nobody", is_administrator=True)

    tab = opened(care, nobody, "inquiries")

    assert "Your sign-in has no function yet" in said(tab)
    assert "Juniper" not in said(tab)


def test_with_nobody_waiting_it_says_what_to_do_next(care):
    tab = opened(care, care.front_desk, "inquiries")

    assert "Nobody waits for an answer. Record the next call above." in said(tab)
    assert links(tab)[:2] == ["Record an inquiry", "New client without an inquiry"]
    assert headings(tab) == []


def test_open_ones_stand_above_settled_ones_the_newest_call_first(care):
    with care.database.writing() as db:
        an_inquiry(db, care.therapist, name="Early Caller", called_at=NOW - 3 * DAY)
        an_inquiry(db, care.therapist, name="Late Caller", called_at=NOW - DAY)
        _settled(db, care, "Done Caller", InquiryOutcome.DECLINED)

    tab = opened(care, care.front_desk, "inquiries")
    words = said(tab)

    assert headings(tab) == ["Open (2)", "Settled (1)"]
    assert words.index("Late Caller") < words.index("Early Caller") < words.index("Done Caller")
    assert "Declined" in words


def test_who_goes_on_waits_until_a_client_was_made_of_the_inquiry(care):
    with care.database.writing() as db:
        _settled(db, care, "Goes On", InquiryOutcome.PROCEED, held_at=NOW - DAY)
        client = a_client(db, care.therapist, family="Became")
        _settled(db, care, "Became One", InquiryOutcome.PROCEED, client_id=client.id)

    tab = opened(care, care.front_desk, "inquiries")

    assert headings(tab) == ["Open (1)", "Settled (1)"]
    assert links(tab)[2:] == ["Open", "Client"]


def test_an_inquiry_is_never_among_the_clients(care):
    with care.database.writing() as db:
        an_inquiry(db, care.therapist, name="Juniper Vale")

    assert "Vale" not in "".join(links(opened(care, care.therapist, "caseload")))


def test_it_takes_as_many_statements_with_thirty_as_with_three(care):
    def fill(numbers):
        with care.database.writing() as db:
            for number in numbers:
                an_inquiry(db, care.therapist, name=f"Caller {number}")

    fill(range(3))
    tab = opened(care, care.therapist, "inquiries")
    few = statements_of(care, tab)
    fill(range(3, 30))

    assert statements_of(care, tab) == few <= 12
    assert headings(tab) == ["Open (30)"]


def test_settled_ones_come_a_page_at_a_time(care):
    with care.database.writing() as db:
        for number in range(27):
            called_at = NOW - number * DAY
            inquiry = an_inquiry(
                db, care.therapist, name=f"Caller {number:02d}", called_at=called_at
            )
            inquiry.outcome = InquiryOutcome.DECLINED

    tab = opened(care, care.front_desk, "inquiries")

    assert headings(tab) == ["Settled (27)"]
    assert "Caller 24" in said(tab)
    assert "Caller 25" not in said(tab)

    tab.session_state["inquiries_page"] = 2
    well(tab.run())

    assert "Caller 24" not in said(tab)
    assert "Caller 26" in said(tab)
