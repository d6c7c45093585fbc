"""Enter an outcome measure of a client: its answers, a total alone, or a result."""

import streamlit as st

from kapteam.queries.scores import score_page
from kapteam.rules.permissions import check_can_enter_score
from kapteam.ui.page import open_page
from kapteam.ui.rows import identity
from kapteam.ui.score_entry import draw_entry

here = open_page("Enter a score", needs=check_can_enter_score)
shown = here.read(score_page, st.query_params.get("episode", ""), st.query_params.get("saved", ""))
also = f"{shown.service_line.label}: {shown.state.label}"
identity(here, shown.client, also, shown.episode_id, seen=shown.seen_this_hour)
draw_entry(here, shown, st.query_params.get("measure", ""))
