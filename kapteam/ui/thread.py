"""The thread of a course of care in one column, and what the client set out to do."""

from dataclasses import replace
from functools import partial

import streamlit as st

from kapteam import wording
from kapteam.actions.commitments import CommitmentEntered, update_commitment
from kapteam.actions.views import record_thread
from kapteam.exchange.thread import Passage, Turn, became, thread_pdf, turns
from kapteam.queries.record_state import record_state
from kapteam.queries.thread import Thread, thread
from kapteam.rules.commitments import Commitment
from kapteam.rules.permissions import can_update_commitment
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import link
from kapteam.ui.rows import identity, phrase, row, section, words
from kapteam.ui.shell import Present, made_when_pressed
from kapteam.ui.showing import before, ending, listed
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import folded_for_others, free_words
from kapteam.vocabulary import CommitmentState, Tone
from kapteam.wording import Phrase

_COLUMN = 820
_FIRST = 10
"""How many turns, and how many committed actions, are shown until more are asked for."""
_SHORT = 60
"""So many characters stand on the line of their heading."""
_SETTLED = tuple(one for one in CommitmentState if one is not CommitmentState.OPEN)
_STILL_OPEN = "Every committed action is settled."


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
    with st.container(width=_COLUMN, key="thread"):
        _still_open(here, shown)
        _turns(here, shown)
        if not shown.steps:
            words("Nothing yet. The thread begins with the first ketamine session or integration.")


def _paper(episode_id: str, here: Present) -> bytes:
    """The pages, on record before they are handed out."""
    shown = here.read(thread, episode_id)
    made = thread_pdf(shown, here.asked, here.read(record_state))
    here.write(record_thread, shown.client.id, episode_id, here.now)
    return made


def _still_open(here: Present, shown: Thread) -> None:
    """What is carried forward until somebody says what became of it."""
    if not shown.commitments:
        return
    # None whose day to check back has come is left to a button.
    due = [number for number, one in enumerate(shown.open, 1) if one.is_due(here.today)]
    first = max([_FIRST, *due])
    with section("Still open", len(shown.open), key="commitments", nothing=_STILL_OPEN):
        listed(shown.open, "commitments", partial(_open_one, here, shown), first=first)
    settled = [one for one in shown.commitments if not one.is_open]
    if settled:
        with st.expander(f"{len(settled)} settled"):
            listed(settled, "settled", partial(_settled_one, here, shown), first=_FIRST)


def _open_one(here: Present, shown: Thread, one: Commitment) -> None:
    with row(f"commitment_{one.note_id}_{one.line}"):
        words(plain(free_words(here, one.text)))
        _since(here, one)
        _say(here, shown, one, _SETTLED)


def _settled_one(here: Present, shown: Thread, one: Commitment) -> None:
    with row(f"commitment_{one.note_id}_{one.line}"):
        words(plain(free_words(here, one.text)))
        words(quiet(free_words(here, became(one, here.now, here.zone))))
        _say(here, shown, one, tuple(CommitmentState))


def _since(here: Present, one: Commitment) -> None:
    agreed = wording.day(one.agreed_at.astimezone(here.zone).date(), here.today)
    words(quiet(f"since {agreed}"))
    if one.check_on is None:
        return
    check = f"Check back {wording.day(one.check_on, here.today)}"
    if one.is_due(here.today):
        phrase(Phrase(check, Tone.AMBER, "event"))
    else:
        words(quiet(check))


def _say(
    here: Present, shown: Thread, one: Commitment, states: tuple[CommitmentState, ...]
) -> None:
    if not (shown.is_member and can_update_commitment(here.viewer)):
        return
    place = f"{one.note_id}_{one.line}"
    with st.popover("What became of it", width="content", key=f"said_{place}"):
        form = Form(here, "commitment", place, makes=unused_id(here, "new_commitment"))
        form.choice("state", "It is", states)
        form.line("words", "How it went, in a few words")
        form.save(
            "Save what became of it",
            update_commitment,
            lambda: form.entered(
                CommitmentEntered, id=form.makes, note_id=one.note_id, line=one.line
            ),
            kind="secondary",
        )


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
