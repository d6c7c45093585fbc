"""Inquiries as rows, and the facts of one."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from kapteam import sentences, wording
from kapteam.queries.inquiries import InquiryLine, inquiries
from kapteam.sentences import inquirer
from kapteam.ui.forms import Form
from kapteam.ui.navigation import link
from kapteam.ui.rows import crisis_lines, list_row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.text import dialed, plain, quiet, strong
from kapteam.vocabulary import InquiryOutcome, ServiceLine, StopQuestion

_PAGE = "inquiries_page"


def draw_inquiries(here: Present) -> None:
    """Open inquiries above settled ones, a page of these; never counted as clients."""
    found = here.read(inquiries, st.session_state.get(_PAGE) or 1)
    with st.container(horizontal=True):
        link("inquiry", "Record an inquiry", icon="add_call")
        link("client_edit", "New client without an inquiry", icon="person_add")
    with section(
        "Open",
        len(found.open),
        key="open_inquiries",
        nothing="Nobody waits for an answer. Record the next call above.",
    ):
        for one in found.open:
            _inquiry_row(here, one)
    with section("Settled", found.settled_count, key="settled_inquiries", nothing="None yet."):
        for one in found.settled:
            _inquiry_row(here, one)
    if found.pages > 1:
        st.pagination(found.pages, key=_PAGE)


def _inquiry_row(here: Present, one: InquiryLine) -> None:
    with list_row(f"inquiry_{one.id}"):
        words(strong(inquirer(here.viewer, one.name)), 235)
        words("" if here.viewer.hides_names else dialed(one.phone), 150)
        words(plain(one.service_wanted.label if one.service_wanted else "Service not said"), 270)
        called = wording.moment(one.called_at, here.now, here.zone)
        words(quiet(f"called {called}"), 220)
        words(plain(one.outcome.label if one.outcome else ""), 160)
        if one.client_code:
            link("client", "Client", icon="chevron_right", client=one.client_code)
        else:
            link("inquiry", "Open", icon="chevron_right", id=one.id)


def inquiry_fields(here: Present, form: Form) -> None:
    """The first call; it starts as having come just now."""
    local = here.now.astimezone(here.zone)
    form.line("name", "Name")
    form.line("phone", "Phone")
    form.choice("service_wanted", "Service wanted", list(ServiceLine))
    form.area("concern", "What it is about, in a few words")
    form.moment(
        "called_on",
        "called_time",
        "Called on",
        "At",
        local.date(),
        wording.clock_time(local.time()),
    )


def draw_inquiry(here: Present, one: InquiryLine) -> None:
    """Who called, when, about what."""
    with st.container(border=True):
        st.markdown(f"**{plain(one.name)}** {dialed(one.phone)}")
        service = one.service_wanted.label if one.service_wanted else "Service not said"
        called = wording.moment(one.called_at, here.now, here.zone)
        st.markdown(f"{plain(service)}, {quiet(f'called {called}')}")
        if one.concern:
            st.text(one.concern)
        for question in StopQuestion:
            if one.answer(question):
                words(f":red[:material/error: **{question.label}**]")
        unasked = [asked.label for asked in StopQuestion if one.answer(asked) is None]
        if one.held_at and unasked:
            words(quiet(f"Not asked: {', '.join(unasked)}"))
        if one.outcome:
            held = (
                f"consultation {wording.moment(one.held_at, here.now, here.zone)}"
                if one.held_at
                else "no consultation recorded"
            )
            st.markdown(f"**{plain(one.outcome.label)}** {quiet(held)}")
        if one.outcome_note:
            st.text(one.outcome_note)


@contextmanager
def consultation_fields(here: Present, form: Form, kept: InquiryLine) -> Iterator[None]:
    """The free 15-minute consultation and its outcome; the form's Save is drawn in this block.

    Who is in danger now is helped first: the crisis lines stand where the form was, and what is
    typed in it stays.
    """
    danger = StopQuestion.IN_DANGER
    if not form.answer(danger.value, f"{danger.label}?", kept.answer(danger)):
        _consultation(here, form, kept)
        yield
        return
    with st.container(border=True, key="crisis"):
        st.markdown(f":red[:material/emergency: **{sentences.STAY_WITH_THEM}**]")
        crisis_lines()
    with st.expander("Once this person is safe: the consultation"):
        _consultation(here, form, kept)
        yield


def _consultation(here: Present, form: Form, kept: InquiryLine) -> None:
    for question in StopQuestion:
        if question is not StopQuestion.IN_DANGER:
            form.answer(question.value, f"{question.label}?", kept.answer(question))
    held = kept.held_at.astimezone(here.zone) if kept.held_at else None
    form.kept_as(held_at=("held_on", "held_time"))
    form.moment(
        "held_on",
        "held_time",
        "Consultation held on",
        "At",
        held.date() if held else None,
        wording.clock_time(held.time()) if held else "",
    )
    form.choice("outcome", "Outcome", list(InquiryOutcome), kept.outcome)
    form.area("outcome_note", "Note", kept.outcome_note)
