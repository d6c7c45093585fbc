"""The parts of an integration's page: where it stands, and its four forms."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.integration import (
    AgreeIntegrationEntered,
    BookIntegrationEntered,
    CloseIntegrationEntered,
    DropIntegrationEntered,
    DueIntegrationEntered,
    HoldIntegrationEntered,
    Owed,
    agree_integration,
    book_integration,
    close_integration,
    drop_integration,
    hold_integration,
    set_due_day,
)
from kapteam.queries.booking import INTEGRATION_MINUTES
from kapteam.queries.integration_session import IntegrationPage
from kapteam.queries.standing import IntegrationLine
from kapteam.rules.dosing import ends_session, estimated_last_given_at
from kapteam.rules.integration import IntegrationStage
from kapteam.rules.permissions import can_hold_integration
from kapteam.ui.booking import (
    ELSEWHERE,
    AfterDose,
    integrators,
    offer_slots,
    present_integrator,
    say_how_soon,
    say_who_is_away,
    usual_integrator,
)
from kapteam.ui.discuss import discuss_link
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import go, link
from kapteam.ui.rows import given, integration_links, phrase
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import free_words
from kapteam.vocabulary import (
    EpisodeState,
    How,
    IntegrationCloseReason,
    IntegrationKind,
    ServiceLine,
)

_TABS = {"book": "Book", "hold": "Held", "agree": "Agree a day", "close": "Close with a reason"}


def draw_standing(here: Present, shown: IntegrationPage) -> None:
    """Where it stands, in the words of every other page, and after which dose."""
    if shown.line:
        phrase(sentences.integration(shown.line.standing, here.now, here.zone))
        if shown.kept and shown.kept.agreed_reason:
            st.text(free_words(here, shown.kept.agreed_reason))
        for dose in shown.doses:
            st.markdown(given(here, dose))
        if shown.line.standing.stage is IntegrationStage.HELD:
            integration_links(here, shown.line)
    elif shown.settled:
        _settled(here, shown)
    else:
        st.markdown("A new integration session")
        for dose in shown.doses:
            st.markdown(given(here, dose))
    if shown.course.state is not EpisodeState.CLOSED:
        discuss_link(here, shown.course.id)


def _settled(here: Present, shown: IntegrationPage) -> None:
    settled = shown.settled
    if settled is None:
        return
    for word, at, more in (
        ("Held", settled.held_at, settled.held_by or ""),
        ("Closed", settled.closed_at, settled.close_reason.label if settled.close_reason else ""),
        ("Taken back", settled.dropped_at, free_words(here, settled.drop_reason)),
    ):
        if at:
            when = wording.moment(at, here.now, here.zone)
            st.markdown(f"**{word}** {plain(when)} {quiet(more)}")
    if settled.close_note:
        st.text(free_words(here, settled.close_note))


def draw_forms(here: Present, shown: IntegrationPage, do: str) -> None:
    """The forms as tabs, the one asked for in front; once it is held, only its correction."""
    if shown.settled or (shown.line and not shown.line.standing.is_open):
        if shown.line and can_hold_integration(here.viewer):
            with st.expander("Correct the record", icon=":material/edit:"):
                _hold(here, shown)
            with st.expander("Entered in error", icon=":material/block:"):
                _in_error(here, shown)
        link("client", "Back to the client", icon="arrow_back", client=shown.course.client.code)
        return
    planned = shown.line.standing.facts.planned_at if shown.line else None
    labels = dict(_TABS) | ({"book": "Move"} if planned else {})
    if planned:
        labels["drop"] = "Missed or cancelled"
    if not can_hold_integration(here.viewer):
        labels = {key: label for key, label in labels.items() if key in {"book", "drop"}}
    if shown.course.service_line is not ServiceLine.KAP and can_hold_integration(here.viewer):
        labels["due"] = "Due by a day"
    tabs = st.tabs(list(labels.values()), default=labels.get(do))
    drawn: dict[str, Callable[[Present, IntegrationPage], None]] = {
        "book": _book,
        "hold": _hold,
        "agree": _agree,
        "close": _close,
        "drop": _drop,
        "due": _due,
    }
    for name, tab in zip(labels, tabs, strict=True):
        with tab:
            drawn[name](here, shown)


def _owed(here: Present, shown: IntegrationPage, form: Form, version: int) -> Owed:
    line, care = shown.line, shown.course
    doses = tuple(dose.id for dose in shown.doses)
    if line is None and not doses:
        return Owed(form.makes, 0, care.id, outside_experience_id=shown.experience_id)
    if line is None or line.id is None or _is_beside(here, line, form):
        row_id, version = form.makes, 0
    else:
        row_id = line.id
    also = tuple(dose.id for dose in shown.others if form.value(f"also.{dose.id}"))
    return Owed(row_id, version, care.id, ketamine_session_ids=doses, also_ids=also)


def _is_beside(here: Present, line: IntegrationLine, form: Form) -> bool:
    """A debrief while the integration is still booked ahead is a row of its own (rule 7)."""
    planned = line.standing.facts.planned_at
    is_debrief = form.value("kind") is IntegrationKind.DEBRIEF
    return is_debrief and line.kind is IntegrationKind.FULL and bool(planned and planned > here.now)


def _form(here: Present, shown: IntegrationPage, name: str) -> tuple[Form, int]:
    line = shown.line
    makes = "" if line and line.id and name != "hold" else unused_id(here)
    form = Form(here, f"integration.{name}", line.key if line else "", makes=makes)
    return form, form.seen(line.version if line else 0)


def _also_for(here: Present, shown: IntegrationPage, form: Form) -> None:
    """One session for two doses is a choice, never the default (rule 6)."""
    for dose in shown.others:
        at = wording.moment(dose.last_given_at or dose.planned_at, here.now, here.zone)
        form.check(f"also.{dose.id}", f"It is also for the dose of {at}")


def _save(
    here: Present,
    shown: IntegrationPage,
    form: Form,
    version: int,
    label: str,
    action: Any,
    kind: type[Any],
) -> None:
    form.save(
        label,
        action,
        lambda: form.entered(kind, owed=_owed(here, shown, form, version)),
        then=lambda _: go("client", client=shown.course.client.code),
    )


def _book(here: Present, shown: IntegrationPage) -> None:
    form, version = _form(here, shown, "book")
    therapist_of_course = shown.of_course.therapist
    line = shown.line
    planned = line.standing.facts.planned_at if line else None
    therapists = integrators((one.id for one in shown.of_course.people), shown.team)
    of_course = therapist_of_course.id if therapist_of_course else None
    usual = usual_integrator(here, of_course, therapists)
    facts = line.standing.facts if line else None
    anchor = (facts.last_given_at or facts.expected_at) if facts else None
    if anchor is None and shown.doses:
        dose = shown.doses[0]
        anchor = estimated_last_given_at(dose.planned_at, dose.product_route)
    kept = shown.kept if planned else None
    if kept and (kept.therapist_id is None or kept.therapist_id in therapists):
        usual = kept.therapist_id
    elif anchor:
        usual = present_integrator(here, usual, therapists, anchor)
    therapist = form.pick("therapist", "With", therapists, usual, none=ELSEWHERE)
    if anchor:
        offer_slots(here, form, therapist, anchor, ("on", "time"))
    local = planned.astimezone(here.zone) if planned else None
    form.kept_as(planned_at=("on", "time"), planned_minutes="minutes", therapist_id="therapist")
    form.moment(
        "on",
        "time",
        "Day",
        "Time",
        local.date() if local else None,
        wording.clock_time(local.time()) if local else "",
    )
    with_whom = {therapist: therapists[therapist]} if therapist in therapists else {}
    at = form.instant("on", "time")
    say_who_is_away(here, with_whom, at)
    if anchor:
        after = AfterDose(anchor, _ends_at(shown), given=bool(facts and facts.last_given_at))
        say_how_soon(here, form, "soon", at, after)
    minutes = line.standing.facts.planned_minutes if line and planned else INTEGRATION_MINUTES
    form.number("minutes", "Minutes", minutes)
    form.choice("how", "How", list(How), (line.how if line else None) or How.IN_PERSON)
    form.line("place", "Place", kept.place if kept else "")
    _also_for(here, shown, form)
    _save(
        here,
        shown,
        form,
        version,
        "Move" if planned else "Book",
        book_integration,
        BookIntegrationEntered,
    )


def _ends_at(shown: IntegrationPage) -> datetime | None:
    """When the last of its ketamine sessions is over, or is planned to be."""
    ends = [
        dose.discharged_at or dose.planned_at + timedelta(minutes=dose.planned_minutes)
        for dose in shown.doses
        if not ends_session(dose.status)
    ]
    return max(ends, default=None)


def _hold(here: Present, shown: IntegrationPage) -> None:
    form, version = _form(here, shown, "hold")
    facts = shown.line.standing.facts if shown.line else None
    start = facts.held_at if facts else None
    if facts and start is None and facts.planned_at and facts.planned_at <= here.now:
        start = facts.planned_at
    local = (start or here.now).astimezone(here.zone)
    began, ended = st.columns(2, gap="medium")
    form.kept_as(held_at=("held_on", "held_time"), ended_at=("ended_on", "ended_time"))
    with began:
        at = wording.clock_time(local.time())
        form.moment("held_on", "held_time", "Held on", "Began at", local.date(), at)
    with ended:
        form.moment("ended_on", "ended_time", "Ended on", "Ended at, if known", local.date())
    how = (shown.line.how if shown.line else None) or How.IN_PERSON
    form.choice("how", "How", list(How), how)
    kind = shown.line.kind if shown.line else IntegrationKind.FULL
    is_ahead = bool(facts and facts.planned_at and facts.planned_at > here.now)
    if facts and facts.planned_at and is_ahead and facts.held_at is None:
        booked = wording.moment(facts.planned_at, here.now, here.zone)
        st.markdown(
            f":material/info: Booked {plain(booked)}. The integration itself uses that booking up; "
            "a debrief leaves it as it is."
        )
        # Nobody uses a booking up by leaving a field as it was.
        form.choice("kind", "What it was", list(IntegrationKind))
    else:
        form.choice("kind", "What it was", list(IntegrationKind), kind)
    if facts is None or facts.held_at is None:
        _also_for(here, shown, form)
    _save(here, shown, form, version, "Save as held", hold_integration, HoldIntegrationEntered)


def _agree(here: Present, shown: IntegrationPage) -> None:
    form, version = _form(here, shown, "agree")
    form.day("agreed_for", "Agreed with the client for")
    form.line("reason", "Reason")
    _save(here, shown, form, version, "Save the day", agree_integration, AgreeIntegrationEntered)


def _close(here: Present, shown: IntegrationPage) -> None:
    form, version = _form(here, shown, "close")
    form.choice("reason", "Reason", list(IntegrationCloseReason))
    form.area("note", "Note")
    _save(here, shown, form, version, "Close it", close_integration, CloseIntegrationEntered)


def _drop(here: Present, shown: IntegrationPage) -> None:
    form, version = _form(here, shown, "drop")
    st.markdown(quiet("The booking is taken back; the integration stays to do."))
    form.check("missed", "The client did not come")
    form.line("reason", "Reason")
    _save(
        here,
        shown,
        form,
        version,
        "Take the booking back",
        drop_integration,
        DropIntegrationEntered,
    )


def _in_error(here: Present, shown: IntegrationPage) -> None:
    form, version = _form(here, shown, "error")
    st.markdown(
        quiet(
            "The record is taken back: what was booked stands again, and the integration is to do."
        )
    )
    form.line("reason", "What was wrong")
    _save(here, shown, form, version, "It was not held", drop_integration, DropIntegrationEntered)


def _due(here: Present, shown: IntegrationPage) -> None:
    form, version = _form(here, shown, "due")
    form.day("due_on", "Due on, set by hand")
    _save(here, shown, form, version, "Set the day", set_due_day, DueIntegrationEntered)
