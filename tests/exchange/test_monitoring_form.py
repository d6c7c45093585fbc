"""The Spravato monitoring form on paper: what it says, on one page, and nothing typed is markup."""

from datetime import timedelta

import pytest

from kapteam.db.tables import Client, KetamineSession
from kapteam.exchange.monitoring_form import form_paper, monitoring_form_pdf
from kapteam.queries.spravato import form_to_print
from kapteam.vocabulary import AdverseEventKind
from tests.factories import NOW
from tests.factories_care import (
    ON_SQLITE,
    Care,
    a_cared_for_client,
    a_spravato_session,
    a_submission,
    a_vital,
    an_event,
    some_monitoring_answers,
)
from tests.paper import pages_of

MINUTE = timedelta(minutes=1)
WILD = "#eval(1) *b* $x$ <i> @a \\ [link](https://example.org) שלום 🌵"
pytestmark = ON_SQLITE


@pytest.fixture
def care(database) -> Care:
    return a_cared_for_client(database)


@pytest.fixture
def session(care) -> KetamineSession:
    """Three devices, all three readings, one event, everything answered."""
    with care.database.writing() as db:
        last_at = NOW - 180 * MINUTE
        session = a_spravato_session(
            db, care.course, last_at=last_at, lot="24KS01", out_at=last_at + 121 * MINUTE
        )
        for minutes in (-20, 40, 119):
            a_vital(db, session, taken_at=last_at + minutes * MINUTE, oxygen=97)
        an_event(
            db,
            session,
            onset_at=last_at + 10 * MINUTE,
            resolved_at=last_at + 50 * MINUTE,
            kind=AdverseEventKind.DISSOCIATION,
        )
        some_monitoring_answers(db, session)
        return session


def _record(care, session):
    asked = care.asked_by(care.prescriber)
    with care.database.reading() as db:
        return form_to_print(db, asked, session.id), asked


def _pages(care, session):
    return [
        page.replace("\u00a0", " ")
        for page in pages_of(monitoring_form_pdf(*_record(care, session)))
    ]


def test_at_its_foot_stands_the_state_of_the_signed_records(care, session):
    state = "Record 214-7f3a-91c2-0be4-55d0"
    [page] = pages_of(monitoring_form_pdf(*_record(care, session), state))
    assert state in page


def test_it_is_one_page_with_all_that_was_recorded(care, session):
    [page] = _pages(care, session)

    for words in (
        "Spravato monitoring form",
        "version 2",
        f"{care.client.given_name} {care.client.family_name}",
        "Robin Prescott, MD",
        "Saguaro Practice",
        "84 mg, 3 devices of 28 mg",
        "24KS01",
        "131 min",
        "128/82 mmHg",
        "97 %",
        "Dissociation?",
        "over 12:20 pm",
        "75 min from the first device",
        "Sex (not kept in kapteam)",
        "page 1 of 1",
    ):
        assert words in page
    assert "Still missing" not in page


def test_what_is_missing_is_named_at_its_top(care, session):
    with care.database.writing() as db:
        bare = a_spravato_session(db, care.course, last_at=NOW - 60 * MINUTE)

    paper = form_paper(*_record(care, bare))

    assert paper.missing.startswith("Still missing: BP and oxygen before the dose, ")
    assert "lot of device 3, when they left, the prescriber's answers." in paper.missing


def test_a_form_that_went_out_is_printed_by_its_own_version(care, session):
    with care.database.writing() as db:
        a_submission(db, db.get_one(KetamineSession, session.id), form_version=1)

    [page] = _pages(care, session)

    assert "version 1" in page
    assert "Oxygen saturation" not in page
    assert "MAO inhibitors?" in page


def test_nothing_that_somebody_typed_is_markup(care, session):
    with care.database.writing() as db:
        db.get_one(Client, care.client.id).medications = WILD

    [page] = _pages(care, session)

    assert "#eval(1) *b* $x$ <i> @a \\ [link](https://example.org)" in page


def test_the_title_in_the_file_names_nobody(care, session):
    paper = form_paper(*_record(care, session))

    assert paper.title == "Spravato monitoring form"


def test_very_long_words_take_a_second_page_and_lose_nothing(care, session):
    with care.database.writing() as db:
        db.get_one(Client, care.client.id).medications = "\n".join(
            f"Medicine {n} 50 mg daily" for n in range(90)
        )

    pages = _pages(care, session)

    assert len(pages) > 1
    assert "Medicine 89 50 mg daily" in " ".join(pages)
