"""Every Save pressed twice before anything can answer, and again after a restart: saved once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from kapteam.db.base import Base
from kapteam.db.tables import (
    Administration,
    Clearance,
    Client,
    Clinician,
    Consent,
    Draft,
    Episode,
    EpisodeMember,
    Hold,
    Inquiry,
    IntegrationSession,
    KetamineSession,
    Note,
    NoteAddendum,
    NoteAmendment,
)
from tests.accounts.people import PASSWORD
from tests.browser.conftest import TabOf
from tests.browser.hands import (
    choose,
    fill_day,
    fill_field,
    open_at,
    press,
    press_twice,
    tick,
    wait_for_run,
)
from tests.browser.server import Server
from tests.factories import NOW, an_inquiry, audit_events, count_rows
from tests.factories_care import (
    Care,
    a_given_session,
    a_ketamine_session,
    a_signed_intention,
    an_integration_session,
    an_overdue_integration,
)

TOMORROW = date(2026, 11, 25)
READS = {"client:viewed"}
"""What is audited although nothing is saved."""


@dataclass(frozen=True, slots=True)
class Save:
    """One Save: how its form is opened and filled, and all that one press of it leaves behind."""

    fill: Callable[[Page, Care], None]
    button: str
    tags: tuple[str, ...]
    makes: tuple[type[Base], ...] = ()
    by_prescriber: bool = False


def _inquiry(page: Page, own: Care) -> None:
    open_at(page, "/inquiry")
    fill_field(page, "Name", "Juniper Fable")


def _outcome(page: Page, own: Care) -> None:
    _open_inquiry(page, own)
    fill_day(page, "Consultation held on", date(2026, 11, 23))
    fill_field(page, "At", "9:00 am")
    tick(page, "Declined")


def _client_of_inquiry(page: Page, own: Care) -> None:
    _open_inquiry(page, own)
    page.get_by_role("tab", name="Make this person a client").click()


def _open_inquiry(page: Page, own: Care) -> None:
    with own.database.writing() as db:
        inquiry = an_inquiry(db, own.therapist)
    open_at(page, f"/inquiry?id={inquiry.id}")


def _client(page: Page, own: Care) -> None:
    open_at(page, "/client_edit")
    fill_field(page, "Family name", "Fable")


def _details(page: Page, own: Care) -> None:
    open_at(page, f"/client_edit?client={own.client.code}")
    fill_field(page, "Phone", "555 0142")


def _pinned_line(page: Page, own: Care) -> None:
    open_at(page, f"/client?client={own.client.code}")
    press(page, "Pin a line")
    fill_field(page, "What everybody should know first", "Prefers mornings")


def _course(page: Page, own: Care) -> None:
    open_at(page, f"/episode?client={own.client.code}")
    tick(page, "Psychedelic integration")
    fill_field(page, "Substance", "psilocybin")
    fill_field(page, "When", "summer 2025")


def _move(page: Page, own: Care) -> None:
    open_at(page, f"/episode?id={own.course.id}")
    tick(page, "Series review")


def _hold(page: Page, own: Care) -> None:
    _open_tab(page, own, "Hold")
    tick(page, "Travel")
    fill_day(page, "Look again on", TOMORROW)


def _therapist(page: Page, own: Care) -> None:
    _open_tab(page, own, "Who is on it")
    elsewhere = page.get_by_label("… or elsewhere, by name").last
    elsewhere.fill("Wren Faraway")
    elsewhere.press("Tab")
    wait_for_run(page)


def _closing(page: Page, own: Care) -> None:
    _open_tab(page, own, "Close")
    tick(page, "Goals met")


def _open_tab(page: Page, own: Care, name: str) -> None:
    open_at(page, f"/episode?id={own.course.id}")
    page.get_by_role("tab", name=name, exact=True).click()


def _clearance(page: Page, own: Care) -> None:
    open_at(page, f"/clearance?episode={own.course.id}")
    tick(page, "Cleared")
    tick(page, "intramuscular")
    fill_day(page, "Valid until", date(2027, 11, 24))


def _consent(page: Page, own: Care) -> None:
    open_at(page, f"/consent?episode={own.course.id}")
    tick(page, "Touch agreement")


def _booking(page: Page, own: Care) -> None:
    open_at(page, f"/booking?episode={own.course.id}")
    fill_day(page, "Day", TOMORROW)
    fill_field(page, "Time", "10:00 am")
    fill_day(page, "Day of the integration", TOMORROW + timedelta(days=1))
    fill_field(page, "Time of the integration", "9:00 am")


def _order(page: Page, own: Care) -> None:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course, ordered_ug=None)
    open_at(page, f"/ketamine_session?id={dose.id}")
    page.get_by_text("Order the dose").click()
    fill_field(page, "Dose, mg", "70")


def _record(page: Page, own: Care) -> None:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course, planned_at=NOW - timedelta(hours=1))
    open_at(page, f"/ketamine_session?id={dose.id}")
    fill_field(page, "Dose given, mg", "70")
    fill_field(page, "Given at", "1:35 pm")


def _held(page: Page, own: Care) -> None:
    _open_integration(page, own, "hold")
    fill_field(page, "Began at", "1:00 pm")


def _booked(page: Page, own: Care) -> None:
    _open_integration(page, own, "book")
    fill_day(page, "Day", TOMORROW)
    fill_field(page, "Time", "10:00 am")


def _open_integration(page: Page, own: Care, do: str) -> None:
    with own.database.writing() as db:
        dose = an_overdue_integration(db, own.course)
    open_at(page, f"/integration_session?dose={dose.id}&do={do}")


def _note(page: Page, own: Care) -> None:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course)
    open_at(page, f"/ketamine_session?id={dose.id}")


def _signature(page: Page, own: Care) -> None:
    _note(page, own)
    press(page, "Intention note")
    fill_field(page, "Intention (required)", "To rest")
    fill_field(page, "Safety (required)", "Asked. Safe.")
    fill_field(page, "Coping skills agreed (required)", "Breath counting")
    tick(page, "Ready")
    press(page, "Sign …")
    fill_field(page, "Your password", PASSWORD)


def _amendment(page: Page, own: Care) -> None:
    _open_signed_note(page, own)
    page.get_by_text("Amend", exact=True).click()
    fill_field(page, "Reason for the amendment", "A slip")
    fill_field(page, "What it should say", "To rest and be held")


def _addition(page: Page, own: Care) -> None:
    _open_signed_note(page, own)
    page.get_by_text("Add to this note").click()
    fill_field(page, "What to add", "Blood pressure was fine")


def _open_signed_note(page: Page, own: Care) -> None:
    with own.database.writing() as db:
        dose = a_given_session(db, own.course, given_at=NOW - timedelta(hours=3))
        note = a_signed_intention(db, dose, own.therapist)
    open_at(page, f"/note?id={note.id}")


def _integration_note(page: Page, own: Care) -> None:
    with own.database.writing() as db:
        dose = an_overdue_integration(db, own.course)
        held = an_integration_session(
            db, own.course, dose, therapist=own.therapist, held_at=NOW - timedelta(hours=2)
        )
    open_at(page, f"/integration_session?id={held.id}")


def _colleague(page: Page, own: Care) -> None:
    open_at(page, "/practice")
    page.get_by_text("Add a colleague").click()
    fill_field(page, "Name", "Nell Newcomer")
    fill_field(page, "Sign-in name", "nell")
    tick(page, "Nurse")


SAVES = {
    "inquiry": Save(_inquiry, "Save inquiry", ("inquiry:recorded",), (Inquiry,)),
    "outcome": Save(_outcome, "Save outcome", ("inquiry:settled",)),
    "client of an inquiry": Save(
        _client_of_inquiry, "Save client", ("client:created",), (Client,)
    ),
    "client": Save(_client, "Save client", ("client:created",), (Client,)),
    "details": Save(_details, "Save", ("client:changed",)),
    "pinned line": Save(_pinned_line, "Pin", ("client:pinned",)),
    "course": Save(_course, "Open the course", ("episode:opened",), (Episode, EpisodeMember)),
    "move": Save(_move, "Move", ("episode:moved",)),
    "hold": Save(_hold, "Hold", ("episode:held",), (Hold,)),
    "therapist": Save(
        _therapist, "Change therapist", ("episode:member_changed",), (EpisodeMember,)
    ),
    "closing": Save(_closing, "Close the course", ("episode:closed",)),
    "clearance": Save(
        _clearance, "Save clearance", ("clearance:recorded",), (Clearance,), by_prescriber=True
    ),
    "consent": Save(_consent, "Save consent", ("consent:recorded",), (Consent,)),
    "booking": Save(
        _booking,
        "Book",
        ("integration_session:booked", "ketamine_session:booked"),
        (KetamineSession, IntegrationSession),
    ),
    "order": Save(_order, "Order", ("dose:ordered",), by_prescriber=True),
    "record": Save(_record, "Save record", ("ketamine_session:recorded",), (Administration,)),
    "integration held": Save(
        _held, "Save as held", ("integration_session:held",), (IntegrationSession,)
    ),
    "integration booked": Save(
        _booked, "Book", ("integration_session:booked",), (IntegrationSession,)
    ),
    "intention note": Save(_note, "Intention note", ("note:started",), (Note,)),
    "integration note": Save(_integration_note, "Write note", ("note:started",), (Note,)),
    "signature": Save(_signature, "Sign and lock", ("note:signed",)),
    "amendment": Save(_amendment, "Save amendment", ("note:amended",), (NoteAmendment,)),
    "addition": Save(
        _addition, "Save addition", ("note:added_to",), (NoteAddendum,), by_prescriber=True
    ),
    "colleague": Save(
        _colleague,
        "Make a one-time link",
        ("clinician:added", "invitation:made"),
        (Clinician,),
        by_prescriber=True,
    ),
}


@pytest.mark.parametrize("name", SAVES)
def test_two_rapid_presses_save_once(own: Care, tab_of: TabOf, name: str) -> None:
    save = SAVES[name]
    _presses_save_once(own, tab_of, save, times=2)


@pytest.mark.parametrize("name", ["booking", "record", "colleague"])
def test_three_rapid_presses_save_once(own: Care, tab_of: TabOf, name: str) -> None:
    _presses_save_once(own, tab_of, SAVES[name], times=3)


def _presses_save_once(own: Care, tab_of: TabOf, save: Save, *, times: int) -> None:
    page = tab_of(own.prescriber if save.by_prescriber else own.therapist)
    save.fill(page, own)
    rows = [count_rows(own.database, table) for table in save.makes]
    before = len(_written(own))
    form = page.url
    press_twice(page, save.button, times=times)
    assert _written(own)[before:] == list(save.tags)
    assert [count_rows(own.database, table) for table in save.makes] == [one + 1 for one in rows]
    print("LANDED", form, page.url, page.locator("[data-testid=stAlert]").all_inner_texts())


def _written(own: Care) -> list[str]:
    return [one.tag for one in audit_events(own.database) if one.tag not in READS]
