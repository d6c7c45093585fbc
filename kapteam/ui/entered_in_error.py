"""A row of a session's record that was entered in error, and the small form that marks one."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import streamlit as st

from kapteam import sentences
from kapteam.actions.entered_in_error import VoidRowEntered
from kapteam.rules.permissions import Viewer
from kapteam.ui.forms import Form
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import free_words


class Struck(Protocol):
    """A row that was entered in error: when, by whom and why."""

    @property
    def voided_at(self) -> datetime | None: ...

    @property
    def voided_by(self) -> str: ...

    @property
    def void_reason(self) -> str: ...


def struck(here: Present, what: str, row: Struck) -> str:
    """What a struck row said, struck through, with who struck it, when and why; as Markdown."""
    why = free_words(here, row.void_reason)
    by, at = row.voided_by, row.voided_at or here.now
    said = sentences.entered_in_error(by, at, why, here.now, here.zone)
    return f"~~{plain(what)}~~ {quiet(said)}"


def draw_void_form(
    here: Present,
    what: str,
    row_id: str,
    action: Callable[[Any, Viewer, VoidRowEntered, datetime], None],
) -> None:
    """Behind "Entered in error": why; `what` names the row in the button: `the reading`."""
    with st.popover("Entered in error", width="content", key=f"void_{row_id}"):
        form = Form(here, f"void_{what.removeprefix('the ')}", row_id)
        form.line("void_reason", "What was wrong")
        form.save(
            f"Mark {what} as entered in error",
            action,
            lambda: form.entered(VoidRowEntered, row_id=row_id),
            kind="secondary",
        )
