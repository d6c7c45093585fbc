"""All outcome measures of a client, the newest first."""

import streamlit as st

from kapteam.queries.client import client_code
from kapteam.queries.scores import scores_page
from kapteam.rules.permissions import check_can_enter_score
from kapteam.ui.page import open_page
from kapteam.ui.rows import identity
from kapteam.ui.scores import draw_all_scores

here = open_page(
    "Scores", of=client_code(st.query_params.get("client", "")), needs=check_can_enter_score
)
shown = here.read(scores_page, client_code(st.query_params.get("client", "")))
identity(here, shown.client, seen=shown.seen_this_hour)
draw_all_scores(here, shown)
