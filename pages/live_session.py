"""During a ketamine session: what happens now, kept by one press, seen by both at once."""

import streamlit as st

from kapteam.queries.live_session import live_session
from kapteam.rules.permissions import check_can_record_session
from kapteam.ui.live_session import draw_live_session
from kapteam.ui.page import open_page
from kapteam.ui.shell import Present


def draw(here: Present) -> None:
    """The four buttons, what is due, and all that was recorded so far."""
    draw_live_session(here, here.read(live_session, st.query_params.get("id", "")))


open_page("During the session", needs=check_can_record_session, body=draw)
