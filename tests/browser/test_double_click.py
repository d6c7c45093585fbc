"""Every Save pressed twice before anything can answer, and again after a restart: saved once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from kapteam.db.base import Base
from kapteam.db.tables import (
    Administration,
    Clearance,
    Client,
    Clinician,
    Consent,
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
    fill_day,
    open_at,
    paste,
    press,
    press_at_once,
    tick,
    wait_for_run,
)
from tests.browser.server import Server
from tests.factories import NOW, TODAY, an_inquiry, audit_events, count_rows
from tests.factories_care import (
    Care,
    a_given_session,
    a_ketamine_session,
    a_signed_intention,
    an_integration_session,
    an_overdue_integration,
)

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Save:
    """One Save: where its form is, how it is filled, and all that one press of it leaves behind."""

    address: Callable[[Care], str]
    fill: Callable[[Page], None]
    button: str
    tags: tuple[str, ...]
    makes: tuple[type[Base], ...] = ()
    by_prescriber: bool = False
    presses: int = 2


def _inquiry(page: Page) -> None:
    paste(page, "Name", "Juniper Fable")


def _outcome(page: Page) -> None:
    fill_day(page, "Consultation held on", TODAY - DAY)
    paste(page, "At", "9:00 am")
    tick(page, "Declined")


def _an_inquiry(own: Care) -> str:
    with own.database.writing() as db:
        return f"/inquiry?id={an_inquiry(db, own.therapist).id}"


def _become_client(page: Page) -> None:
    page.get_by_role("tab", name="Make this person a client").click()


def _client(page: Page) -> None:
    paste(page, "Family name", "Fable")


def _details(page: Page) -> None:
    paste(page, "Phone", "555 0142")


def _pinned_line(page: Page) -> None:
    press(page, "Pin a line")
    paste(page, "What everybody should know first", "Prefers mornings")


def _course(page: Page) -> None:
    tick(page, "Psychedelic integration")
    paste(page, "Substance", "psilocybin")
    paste(page, "When", "summer 2025")


def _the_course(own: Care) -> str:
    return f"/episode?id={own.course.id}"


def _move(page: Page) -> None:
    tick(page, "Series review")


def _hold(page: Page) -> None:
    page.get_by_role("tab", name="Hold", exact=True).click()
    tick(page, "Travel")
    fill_day(page, "Look again on", TODAY + DAY)


def _member(page: Page) -> None:
    page.get_by_role("tab", name="Who is on it").click()
    paste(page.locator(".st-key-member_therapist"), "… or elsewhere, by name", "Wren Faraway")


def _closing(page: Page) -> None:
    page.get_by_role("tab", name="Close", exact=True).click()
    tick(page, "Goals met")


def _clearance(page: Page) -> None:
    tick(page, "Deferred")


def _consent(page: Page) -> None:
    tick(page, "Touch agreement")


def _booking(page: Page) -> None:
    tick(page, "intramuscular")
    fill_day(page, "Day", TODAY + DAY)
    paste(page, "Time", "10:00 am")
    fill_day(page, "Day of the integration", TODAY + 2 * DAY)
    paste(page, "Time of the integration", "9:00 am")


def _a_dose_ahead(own: Care) -> str:
    with own.database.writing() as db:
        return f"/ketamine_session?id={a_ketamine_session(db, own.course, ordered_ug=None).id}"


def _order(page: Page) -> None:
    page.get_by_text("Order the dose").click()
    paste(page, "Dose, mg", "70")


def _a_dose_an_hour_ago(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course, planned_at=NOW - timedelta(hours=1))
    return f"/ketamine_session?id={dose.id}"


def _record(page: Page) -> None:
    paste(page, "Dose given, mg", "70")
    paste(page, "Given at", "1:35 pm")


def _an_integration_to_do(own: Care) -> str:
    with own.database.writing() as db:
        return f"/integration_session?dose={an_overdue_integration(db, own.course).id}"


def _held(page: Page) -> None:
    page.get_by_role("tab", name="Held", exact=True).click()
    paste(page, "Began at", "1:00 pm")


def _booked(page: Page) -> None:
    fill_day(page, "Day", TODAY + DAY)
    paste(page, "Time", "10:00 am")


def _nothing(page: Page) -> None:
    """There is nothing to fill in."""


def _an_integration_held(own: Care) -> str:
    with own.database.writing() as db:
        dose = an_overdue_integration(db, own.course)
        held = an_integration_session(
            db, own.course, dose, therapist=own.therapist, held_at=NOW - timedelta(hours=2)
        )
    return f"/integration_session?id={held.id}"


def _signature(page: Page) -> None:
    press(page, "Intention note")
    paste(page, "Intention (required)", "To rest")
    paste(page, "Safety (required)", "Asked. Safe.")
    paste(page, "Coping skills agreed (required)", "Breath counting")
    tick(page, "Ready")
    press(page, "Sign …")
    paste(page, "Your password", PASSWORD)


def _a_signed_note(own: Care) -> str:
    with own.database.writing() as db:
        dose = a_given_session(db, own.course, given_at=NOW - timedelta(hours=3))
        return f"/note?id={a_signed_intention(db, dose, own.therapist).id}"


def _amendment(page: Page) -> None:
    page.get_by_text("Amend", exact=True).click()
    paste(page, "Reason for the amendment", "A slip")
    paste(page, "What it should say", "To rest and be held")


def _addition(page: Page) -> None:
    page.get_by_text("Add to this note").click()
    paste(page, "What to add", "Blood pressure was fine")


def _colleague(page: Page) -> None:
    page.get_by_text("Add a colleague").click()
    paste(page, "Name", "Nell Newcomer")
    paste(page, "Sign-in name", "nell")
    tick(page, "Nurse")


SAVES = {
    "inquiry": Save(
        lambda own: "/inquiry", _inquiry, "Save inquiry", ("inquiry:recorded",), (Inquiry,)
    ),
    "outcome": Save(_an_inquiry, _outcome, "Save outcome", ("inquiry:settled",)),
    "client of an inquiry": Save(
        _an_inquiry, _become_client, "Save client", ("client:created",), (Client,)
    ),
    "client": Save(
        lambda own: "/client_edit", _client, "Save client", ("client:created",), (Client,)
    ),
    "details": Save(
        lambda own: f"/client_edit?client={own.client.code}", _details, "Save", ("client:changed",)
    ),
    "pinned line": Save(
        lambda own: f"/client?client={own.client.code}", _pinned_line, "Pin", ("client:pinned",)
    ),
    "course": Save(
        lambda own: f"/episode?client={own.client.code}",
        _course,
        "Open the course",
        ("episode:opened",),
        (Episode, EpisodeMember),
    ),
    "move": Save(_the_course, _move, "Move", ("episode:moved",)),
    "hold": Save(_the_course, _hold, "Hold", ("episode:held",), (Hold,)),
    "member": Save(
        _the_course,
        _member,
        "Change therapist",
        ("episode:member_changed",),
        (EpisodeMember,),
        by_prescriber=True,
    ),
    "closing": Save(_the_course, _closing, "Close the course", ("episode:closed",)),
    "clearance": Save(
        lambda own: f"/clearance?episode={own.course.id}",
        _clearance,
        "Save clearance",
        ("clearance:recorded",),
        (Clearance,),
        by_prescriber=True,
    ),
    "consent": Save(
        lambda own: f"/consent?episode={own.course.id}",
        _consent,
        "Save consent",
        ("consent:recorded",),
        (Consent,),
    ),
    "booking": Save(
        lambda own: f"/booking?episode={own.course.id}",
        _booking,
        "Book",
        ("ketamine_session:booked",),
        (KetamineSession, IntegrationSession),
        presses=3,
    ),
    "order": Save(_a_dose_ahead, _order, "Order", ("dose:ordered",), by_prescriber=True),
    "record": Save(
        _a_dose_an_hour_ago,
        _record,
        "Save record",
        ("ketamine_session:recorded",),
        (Administration,),
        presses=3,
    ),
    "integration held": Save(
        _an_integration_to_do,
        _held,
        "Save as held",
        ("integration_session:held",),
        (IntegrationSession,),
    ),
    "integration booked": Save(
        _an_integration_to_do,
        _booked,
        "Book",
        ("integration_session:booked",),
        (IntegrationSession,),
    ),
    "intention note": Save(_a_dose_ahead, _nothing, "Intention note", ("note:started",), (Note,)),
    "integration note": Save(
        _an_integration_held, _nothing, "Write note", ("note:started",), (Note,)
    ),
    "signature": Save(_a_dose_ahead, _signature, "Sign and lock", ("note:signed",)),
    "amendment": Save(
        _a_signed_note, _amendment, "Save amendment", ("note:amended",), (NoteAmendment,)
    ),
    "addition": Save(
        _a_signed_note,
        _addition,
        "Save addition",
        ("note:added_to",),
        (NoteAddendum,),
        by_prescriber=True,
    ),
    "colleague": Save(
        lambda own: "/practice",
        _colleague,
        "Make a one-time link",
        ("clinician:added", "invitation:made"),
        (Clinician,),
        by_prescriber=True,
        presses=3,
    ),
}


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES)
def test_a_save_pressed_several_times_at_once_saves_once(
    own: Care, tab_of: TabOf, save: Save
) -> None:
    page = tab_of(own.prescriber if save.by_prescriber else own.therapist)
    open_at(page, save.address(own))
    save.fill(page)
    rows, events = _kept(own, save)
    press_at_once(page, save.button, times=save.presses)
    _is_saved_once(own, save, rows, events)
    expect(page.get_by_text("Somebody else")).to_have_count(0)
    expect(page.get_by_text("Not saved yet")).to_have_count(0)
    expect(page.get_by_text("Something went wrong")).to_have_count(0)


@pytest.mark.parametrize("name", ["inquiry", "booking", "record"])
def test_a_save_pressed_again_after_a_power_cut_is_the_same_save(
    own: Care, tab_of: TabOf, server: Server, name: str
) -> None:
    save = SAVES[name]
    first, again = tab_of(own.therapist), tab_of(own.therapist)
    open_at(first, save.address(own))
    open_at(again, first.url)
    for page in (first, again):
        save.fill(page)
    rows, events = _kept(own, save)
    press(first, save.button)
    server.kill()
    server.start()
    wait_for_run(again)
    said = "is saved already" if save.makes[0] is not Administration else "^Saved "
    if save.makes[0] is Administration:
        press(again, save.button)
    expect(again.get_by_text(re.compile(said))).to_be_visible()
    _is_saved_once(own, save, rows, events)


def _kept(own: Care, save: Save) -> tuple[list[int], list[str]]:
    """The rows of each table that `save` writes to, and every write in the audit log."""
    rows = [count_rows(own.database, table) for table in save.makes]
    return rows, [one.tag for one in audit_events(own.database) if one.tag != "client:viewed"]


def _is_saved_once(own: Care, save: Save, rows: list[int], events: list[str]) -> None:
    assert _kept(own, save) == ([one + 1 for one in rows], [*events, *save.tags])
