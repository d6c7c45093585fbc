"""The brief before a dose on one screen, and its page to print."""

from functools import partial

import streamlit as st

from kapteam.actions.views import record_brief
from kapteam.exchange.brief import brief_pdf, lines
from kapteam.queries.brief import Brief, brief
from kapteam.queries.record_state import record_state
from kapteam.ui.navigation import link
from kapteam.ui.rows import identity, row, words
from kapteam.ui.shell import Present, made_when_pressed
from kapteam.ui.text import quiet
from kapteam.ui.written import free_words


def draw_brief(here: Present, shown: Brief) -> None:
    """Every line, the label beside its words; what somebody said is kept from others."""
    identity(here, shown.client, seen=shown.seen_this_hour)
    with row("brief_ways"):
        link("ketamine_session", "Ketamine session", icon="chevron_right", id=shown.session_id)
        link("live_session", "During the session", icon="timer", id=shown.session_id)
        st.download_button(
            "Print (A5)",
            made_when_pressed(here, partial(_paper, shown.session_id)),
            file_name="brief.pdf",
            mime="application/pdf",
            icon=":material/print:",
            key="print_brief",
            on_click="ignore",
        )
    with st.container(border=True, gap="xsmall", key="list_brief"):
        for number, one in enumerate(lines(shown, here.now, here.zone)):
            with row(f"brief_{number}"):
                words(quiet(one.heading), 240)
                with st.container(width=720):
                    st.text(free_words(here, one.text) if one.is_words else one.text)


def _paper(session_id: str, here: Present) -> bytes:
    """The page, on record before it is handed out."""
    shown = here.read(brief, session_id)
    made = brief_pdf(shown, here.asked, here.read(record_state))
    here.write(record_brief, shown.client.id, session_id, here.now)
    return made
