"""Find a client, on every page: Ctrl+K, a few letters, and the answer is in the result."""

import streamlit as st

from kapteam import sentences, wording
from kapteam.queries.find import FoundClient, find_clients
from kapteam.queries.standing import attention_of
from kapteam.rules.permissions import can_book, can_open_in_emergency, can_raise_concern
from kapteam.sentences import client_name
from kapteam.ui.navigation import link
from kapteam.ui.rows import (
    crisis_lines,
    facts,
    on_hold,
    pinned_words,
    stuck_words,
    to_call,
)
from kapteam.ui.shell import Present, acting, present
from kapteam.ui.text import dialed, plain, quiet, said
from kapteam.vocabulary import ServiceLine

_OPEN = "find_open"


def find_button(here: Present) -> None:
    """The button with its shortcut; pressing it opens the dialog."""
    st.button(
        "Find a client",
        icon=":material/search:",
        key="find_button",
        shortcut="Ctrl+K",
        on_click=_open_find,
        width="content",
    )
    if st.session_state.pop(_OPEN, False):
        st.session_state["find_typed"] = ""
        _dialog()


@acting
def _open_find(here: Present) -> None:
    st.session_state[_OPEN] = True


@st.dialog("Find a client", width="large")
def _dialog() -> None:
    here = present()
    if here is None:
        st.rerun()
    typed = st.text_input(
        "Name, code, phone or date of birth",
        key="find_typed",
        type="search",
        live="150ms",
        autocomplete="off",
    )
    with st.container():
        _results(here, typed or "")
    # Whoever is on the telephone looks here, the front desk too.
    with st.expander("Somebody is in danger now", icon=":material/emergency:", key="find_danger"):
        crisis_lines()


def _results(here: Present, typed: str) -> None:
    if len(typed.strip()) < 2:
        st.caption("Two letters are enough.")
        return
    found = here.read(find_clients, typed)
    if not found:
        st.markdown(f"No client matches “{plain(typed)}”. Check the spelling, or try the code.")
        if can_open_in_emergency(here.viewer):
            link("emergency", "Not your client, and it cannot wait?", icon="emergency_home")
    for one in found:
        _result(here, one)


def _result(here: Present, found: FoundClient) -> None:
    kept = found.details
    with st.container(border=True, gap="xsmall", key=f"found_{kept.code}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            link("client", f"**{plain(client_name(here.viewer, kept.name))}**", client=kept.code)
            if not here.viewer.hides_names:
                born = wording.born(kept.born_on, here.today)
                st.markdown(quiet(f"{kept.code} · born {born}"))
            if can_book(here.viewer):
                link("contact", "Log a call", icon="add_call", client=kept.code)
            if can_raise_concern(here.viewer):
                link("concern", "Safety", icon="emergency_heat", client=kept.code)
        pinned = pinned_words(here, found.pinned)
        if pinned:
            st.markdown(pinned)
        for one in attention_of(found.courses):
            if one.concern:
                st.markdown(said(sentences.concern(one.concern, here.now, here.zone)))
        for course in found.courses:
            if course.hold:
                st.markdown(said(on_hold(here, course.hold)))
            for dose in course.doses:
                if dose.silence:
                    asked = sentences.silence(dose.silence, dose.planned_at, here.now, here.zone)
                    st.markdown(said(asked))
            ahead = course.ahead[0] if course.ahead else None
            if ahead:
                order = sentences.order(
                    ahead.order_state, ahead.ordered_ug, ahead.may_add, ahead.product_route.label
                )
                when = wording.moment(ahead.planned_at, here.now, here.zone)
                away = wording.relative(ahead.planned_at, here.now)
                st.markdown(f"Next dose **{plain(when)}** {quiet(away)} · {said(order)}")
            elif course.service_line is ServiceLine.KAP:
                st.markdown(quiet(f"{course.service_line.label}: no dose booked"))
            else:
                st.markdown(quiet(course.service_line.label))
            stuck = stuck_words(here, course)
            if stuck:
                st.markdown(plain(stuck))
            for line in course.integrations:
                st.markdown(said(sentences.integration(line.standing, here.now, here.zone)))
            for planned in course.contacts:
                st.markdown(said(sentences.contact(planned.standing, here.now, here.zone)))
            if course.expects_integration and course.last_dose and not course.integrations:
                st.markdown(quiet("Integration up to date"))
        if not found.courses:
            st.markdown(quiet("No open course of care"))
        if here.viewer.hides_names:
            return
        st.markdown(facts((("Phone", dialed(kept.phone or "not recorded")), *to_call(kept))))
