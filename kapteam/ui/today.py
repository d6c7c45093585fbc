"""The sections of Today, in the prescriber's and in the therapist's order (product.md)."""

import streamlit as st

from kapteam import sentences, wording
from kapteam.queries.standing import DoseRow, IntegrationRow
from kapteam.queries.today import AgendaRow, Today, WaitRow
from kapteam.rules.attention import Reason
from kapteam.ui.navigation import link
from kapteam.ui.rows import (
    attention_row,
    before_dose,
    count_link,
    dose_row,
    given,
    integration_row,
    name_cell,
    order_of,
    phrase,
    row,
    section,
    words,
)
from kapteam.ui.shell import Present
from kapteam.ui.text import quiet
from kapteam.vocabulary import Tone
from kapteam.wording import Phrase

_SHOWN_ABOVE = {
    Reason.WAS_THIS_GIVEN,
    Reason.INTEGRATION_LATE,
    Reason.WAS_THIS_HELD,
    Reason.INTEGRATION_NOT_BOOKED,
    Reason.INTEGRATION_OUTSIDE,
    Reason.INTENTION,
    Reason.NOTE_TO_FINISH,
}

_READY = "Everything is ready."
_PAST_DUE = "Integration not held past its time"
_NOT_OWED = "No integration is owed."
_NOT_BOOKED = "No ketamine session is booked."


def draw_today(here: Present, today: Today) -> None:
    """Today as this person needs it; one switch shows the colleague's."""
    as_prescriber = _whose(here)
    _counts(today)
    _unrecorded(here, today.unrecorded)
    _right_now(here, today.under_medicine)
    _agenda(here, today.agenda)
    if as_prescriber:
        _waits(here, today.waiting_on_me, "Waiting on me", "Nothing waits on you.", "me")
        _doses(here, today.next_day_not_ready, "Next dosing day, not ready yet", _READY, "next_day")
        _integrations(here, today.integration_past_due, _PAST_DUE, "None.")
    else:
        _integrations(here, today.integration_to_do, "Integration to do", _NOT_OWED)
        _doses(here, today.intentions_due, "Intentions due", "None is due.", "due")
        mine = _beyond(today.waiting_on_me)
        _waits(here, mine, "Waiting on me", "Nothing else waits on you.", "me")
    others = _beyond(today.waiting_on_others)
    _waits(here, others, "Waiting on others", "Nothing else waits.", "others")
    if not as_prescriber:
        _held(here, today.notes_to_finish)
        _doses(here, today.next_doses, "Ketamine sessions, next 7 days", _NOT_BOOKED, "next")


def _whose(here: Present) -> bool:
    """Whether to use the prescriber's order."""
    options = ["Therapist's order", "Prescriber's order"]
    only_prescriber = here.viewer.is_prescriber and not here.viewer.is_therapist
    chosen = st.radio(
        "Order of this page",
        options,
        index=1 if only_prescriber else 0,
        horizontal=True,
        label_visibility="collapsed",
        key="today_order",
        persist_state="session",
    )
    return chosen == options[1]


def _counts(today: Today) -> None:
    with st.container(horizontal=True, gap="xsmall", key="today_counts"):
        late = wording.count(today.late, "integration is", "integrations are") + " late"
        count_link("integration", _loud(late, today.late, Tone.RED, "error"), show="late")
        if today.was_this_held:
            held = Phrase(f"Was this held? {today.was_this_held}", Tone.AMBER, "help")
            count_link("integration", held, show="was_this_held")
        without = wording.count(today.doses_today_without_intention, "dose") + (
            " today without an intention note"
        )
        count_link(
            "ketamine_sessions",
            _loud(without, today.doses_today_without_intention, Tone.AMBER, "edit_note"),
            show="today_no_intention",
        )
        left = wording.count(today.doses_left_today, "dose") + " left today"
        count_link("ketamine_sessions", Phrase(left, Tone.QUIET), show="today")


def _loud(text: str, number: int, tone: Tone, icon: str) -> Phrase:
    return Phrase(text, tone, icon) if number else Phrase(text, Tone.QUIET)


def _unrecorded(here: Present, rows: tuple[DoseRow, ...]) -> None:
    if rows:
        with section("Was this given?", len(rows), key="unrecorded"):
            for one in rows:
                dose_row(here, one.course, one.dose, "unrecorded")


def _right_now(here: Present, rows: tuple[DoseRow, ...]) -> None:
    if rows:
        with section("Right now", len(rows), key="right_now"):
            for one in rows:
                dose_row(here, one.course, one.dose, "right_now")


def _agenda(here: Present, rows: tuple[AgendaRow, ...]) -> None:
    with section("Today by time", len(rows), key="agenda", nothing="Nothing is booked today."):
        for one in rows:
            _agenda_row(here, one)


def _agenda_row(here: Present, one: AgendaRow) -> None:
    with row(f"agenda_{one.dose.id if one.dose else one.line.key if one.line else ''}"):
        time = wording.clock_time(one.at.astimezone(here.zone).time())
        words(f"**{time}** {quiet(wording.relative(one.at, here.now))}", 190)
        name_cell(here, one.course.client)
        if one.dose and one.dose.last_given_at:
            words(given(here, one.dose), 390)
            words(quiet(one.dose.status.label), 225)
            link("ketamine_session", "Open", icon="chevron_right", id=one.dose.id)
        elif one.dose:
            phrase(order_of(one.dose), 235)
            words(quiet(f"{one.dose.number} of {one.dose.of}"), 55)
            phrase(before_dose(here, one.course, one.dose), 240)
            words(quiet(one.dose.place), 80)
            link("ketamine_session", "Open", icon="chevron_right", id=one.dose.id)
        elif one.line:
            phrase(sentences.integration(one.line.standing, here.now, here.zone), 390)
            words(quiet(one.line.how.label if one.line.how else ""), 230)
            link("integration_session", "Open", icon="chevron_right", id=one.line.key)


def _integrations(
    here: Present, rows: tuple[IntegrationRow, ...], title: str, nothing: str
) -> None:
    with section(title, len(rows), key="to_do", nothing=nothing):
        for one in rows:
            integration_row(here, one.course, one.line, "to_do")


def _held(here: Present, rows: tuple[IntegrationRow, ...]) -> None:
    if rows:
        with section("Held, note to finish", len(rows), key="held"):
            for one in rows:
                integration_row(here, one.course, one.line, "held")


def _doses(here: Present, rows: tuple[DoseRow, ...], title: str, nothing: str, place: str) -> None:
    with section(title, len(rows), key=f"doses_{place}", nothing=nothing):
        for one in rows:
            dose_row(here, one.course, one.dose, place)


def _waits(here: Present, rows: tuple[WaitRow, ...], title: str, nothing: str, place: str) -> None:
    with section(title, len(rows), key=f"waits_{place}", nothing=nothing):
        for one in rows:
            attention_row(here, one.course, one.attention, place)


def _beyond(rows: tuple[WaitRow, ...]) -> tuple[WaitRow, ...]:
    """What the sections above do not show already."""
    return tuple(one for one in rows if one.attention.reason not in _SHOWN_ABOVE)
