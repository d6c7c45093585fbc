"""One integration: book, hold, agree a day, or close it with a reason."""

import streamlit as st

from kapteam.queries.integration_session import integration_page
from kapteam.rules.permissions import check_can_book
from kapteam.ui.course import draw_banner
from kapteam.ui.integration_session import draw_forms, draw_standing
from kapteam.ui.page import open_page

here = open_page("Integration session", needs=check_can_book)
shown = here.read(
    integration_page,
    integration_id=st.query_params.get("id", ""),
    ketamine_session_id=st.query_params.get("dose", ""),
    episode_id=st.query_params.get("episode", ""),
)
draw_banner(here, shown.course)
draw_standing(here, shown)
draw_forms(here, shown, st.query_params.get("do", ""))
