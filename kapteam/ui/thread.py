"""The thread of a course of care in one column, and what the client set out to do."""

from dataclasses import replace
from functools import partial

import streamlit as st

from kapteam.actions.views import record_thread
from kapteam.exchange.thread import Passage, Turn, thread_pdf, turns
from kapteam.queries.record_state import record_state
from kapteam.queries.thread import Thread, thread
from kapteam.ui.commitments import draw_commitments
from kapteam.ui.navigation import link
from kapteam.ui.rows import identity, row, words
from kapteam.ui.shell import Present, made_when_pressed
from kapteam.ui.showing import before, ending
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import COLUMN, folded_for_others

_FIRST = 10
"""How many turns are shown until more are asked for."""
_SHORT = 60
"""So many characters stand on the line of their heading."""


def draw_thread(here: Present, shown: Thread) -> None:
    """What is still open first, then the newest turns in one readable column."""
    identity(here, shown.client, course_id=shown.episode_id, seen=shown.seen_this_hour)
    with row("thread_ways"):
        words(quiet(f"{shown.service_line.label}, the oldest first"))
        st.download_button(
            "Print",
            made_when_pressed(here, partial(_paper, shown.episode_id)),
            file_name="thread.pdf",
            mime="application/pdf",
            icon=":material/print:",
            key="print_thread",
            on_click="ignore",
        )
    with st.container(width=COLUMN, key="thread"):
        draw_commitments(here, "Still open", shown.commitments, may_say=shown.is_member)
        _turns(here, shown)
        if not shown.steps:
            words("Nothing yet. The thread begins with the first ketamine session or integration.")


def _paper(episode_id: str, here: Present) -> bytes:
    """The pages, on record before they are handed out."""
    shown = here.read(thread, episode_id)
    made = thread_pdf(shown, here.asked, here.read(record_state))
    here.write(record_thread, shown.client.id, episode_id, here.now)
    return made


def _turns(here: Present, shown: Thread) -> None:
    """The newest turns, the oldest of them first, below the way to those before them."""
    key = f"turns_{shown.episode_id}"
    before(shown.steps, key, _FIRST)
    newest = replace(shown, steps=tuple(ending(shown.steps, key, _FIRST)))
    for turn in turns(newest, here.now, here.zone):
        _turn(here, turn)


def _turn(here: Present, turn: Turn) -> None:
    st.subheader(plain(turn.title), anchor=False)
    with st.container(border=True, gap="medium", key=f"turn_{turn.id}"):
        for number, passage in enumerate(turn.passages):
            _passage(here, passage, f"{turn.id}_{number}")


def _passage(here: Present, passage: Passage, place: str) -> None:
    with st.container(gap="xxsmall", key=f"told_{place}"):
        with row(f"passage_{place}"):
            words(f"**{passage.title}** {quiet(passage.about)}")
            if passage.note_id:
                link("note", "Note", icon="chevron_right", id=passage.note_id)
        facts = [one for one in passage.told if not one.is_words]
        if facts:
            with row(f"facts_{place}"):
                for one in facts:
                    words(f"{quiet(one.heading)} {plain(one.text)}")
        said = [one for one in passage.told if one.is_words]
        if not said:
            return
        with folded_for_others(here, passage.title):
            for one in said:
                if one.heading and len(one.text) <= _SHORT:
                    words(f"{quiet(one.heading)} {plain(one.text)}")
                    continue
                if one.heading:
                    words(quiet(one.heading))
                st.text(one.text)
