"""An action of a case review where it stands open: whose, until when, and what became of it."""

from datetime import date

import streamlit as st

from kapteam import sentences
from kapteam.actions.case_reviews import end_action
from kapteam.rules.permissions import can_review_cases
from kapteam.ui.rows import phrase, row, words
from kapteam.ui.shell import Present, acting, say_next
from kapteam.ui.text import plain
from kapteam.ui.written import free_words
from kapteam.vocabulary import ActionEnd
from kapteam.wording import Phrase


def draw_open_action(
    here: Present, action_id: str, owner_id: str, owner: str, due_on: date, said: str
) -> None:
    """What somebody does by a day, in a row, until it is done or dropped.

    With others in the room, where a list reads no words, only that there are any.
    """
    due = sentences.action_due(due_on, here.today)
    who = "You" if here.viewer.stands_for(owner_id) else owner
    with row(f"action_{action_id}"):
        phrase(Phrase(f"{who}, {due.text}", due.tone, "task_alt"))
        words(plain(free_words(here, said or "…")))
        if can_review_cases(here.viewer):
            draw_ends(action_id)


def draw_ends(action_id: str) -> None:
    """The two ways to say what became of it."""
    for label, icon, end in (
        ("Done", "check", ActionEnd.DONE),
        ("Dropped", "close", ActionEnd.DROPPED),
    ):
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"{end.value}_{action_id}",
            type="tertiary",
            on_click=_end,
            args=(action_id, end),
        )


@acting
def _end(here: Present, action_id: str, end: ActionEnd) -> None:
    here.write(end_action, action_id, end, here.now)
    say_next(end.label)
