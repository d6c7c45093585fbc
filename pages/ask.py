"""Questions between those who treat a client: ask one, answer it, say that one has read it."""

import streamlit as st

from kapteam.queries.asks import AskPage, ask_page
from kapteam.rules.permissions import check_can_ask
from kapteam.ui.asks import draw_ask_page
from kapteam.ui.page import open_page
from kapteam.ui.rows import identity
from kapteam.ui.shell import Present


def read(here: Present) -> AskPage:
    """The questions of a course, and the one that was asked for."""
    return here.read(
        ask_page,
        episode_id=st.query_params.get("episode", ""),
        ask_id=st.query_params.get("id", ""),
        ketamine_session_id=st.query_params.get("dose", ""),
        integration_session_id=st.query_params.get("integration", ""),
        note_id=st.query_params.get("note", ""),
    )


here = open_page("Questions", needs=check_can_ask, has_live_part=True)
shown = read(here)
identity(here, shown.client, course_id=shown.episode_id)
draw_ask_page(here, shown, read)
