"""What a client set out to do: carried forward until somebody says what became of it."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from kapteam import wording
from kapteam.actions.commitments import CommitmentEntered, update_commitment
from kapteam.exchange.thread import became
from kapteam.rules.commitments import Commitment
from kapteam.rules.permissions import can_update_commitment
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.showing import listed
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import free_words
from kapteam.vocabulary import CommitmentState, Tone
from kapteam.wording import Phrase

_SETTLED = tuple(one for one in CommitmentState if one is not CommitmentState.OPEN)
_FIRST = 10
"""How many are shown until more are asked for."""
_ALL_SETTLED = "Every committed action is settled."


def draw_commitments(
    here: Present, heading: str, agreed: Sequence[Commitment], *, may_say: bool
) -> None:
    """What is open, under its heading, and what is settled, folded; of nothing agreed nothing.

    `may_say`: this person is on the course, and so says what became of one, if they treat.
    """
    if not agreed:
        return
    may_say = may_say and can_update_commitment(here.viewer)
    still_open = [one for one in agreed if one.is_open]
    with section(heading, len(still_open), key="commitments", nothing=_ALL_SETTLED):
        # None whose day to check back has come is left to a button.
        due = [number for number, one in enumerate(still_open, 1) if one.is_due(here.today)]
        first = max([_FIRST, *due])
        listed(still_open, "commitments", partial(_open_one, here, may_say), first=first)
    settled = [one for one in agreed if not one.is_open]
    if settled:
        with st.expander(f"{len(settled)} settled"):
            listed(settled, "settled", partial(_settled_one, here, may_say), first=_FIRST)


def _open_one(here: Present, may_say: bool, one: Commitment) -> None:
    with row(f"commitment_{one.note_id}_{one.line}"):
        words(plain(free_words(here, one.text)))
        _since(here, one)
        if may_say:
            _say(here, one, _SETTLED)


def _settled_one(here: Present, may_say: bool, one: Commitment) -> None:
    with row(f"commitment_{one.note_id}_{one.line}"):
        words(plain(free_words(here, one.text)))
        words(quiet(free_words(here, became(one, here.now, here.zone))))
        if may_say:
            _say(here, one, tuple(CommitmentState))


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


def _say(here: Present, one: Commitment, states: tuple[CommitmentState, ...]) -> None:
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
