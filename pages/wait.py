"""What a course of care waits for from someone outside: begin a wait, change it, say it ended."""

import streamlit as st

from kapteam.queries.waits import wait_page
from kapteam.rules.permissions import check_can_book
from kapteam.ui.page import open_page
from kapteam.ui.rows import identity
from kapteam.ui.waits import draw_wait_forms

here = open_page("Waiting on someone outside", needs=check_can_book)
shown = here.read(
    wait_page,
    episode_id=st.query_params.get("episode", ""),
    wait_id=st.query_params.get("id", ""),
)
identity(here, shown.client, course_id=shown.episode_id)
draw_wait_forms(here, shown, st.query_params.get("do", ""))
