"""The small form that marks one row of a session's record as entered in error."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import streamlit as st

from kapteam.actions.entered_in_error import VoidRowEntered
from kapteam.rules.permissions import Viewer
from kapteam.ui.forms import Form
from kapteam.ui.shell import Present


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
