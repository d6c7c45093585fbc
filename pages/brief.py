"""Before the dose: what both need to know, on one screen and one page of paper."""

import streamlit as st

from kapteam.queries.brief import brief
from kapteam.rules.permissions import check_can_read_notes
from kapteam.ui.brief import draw_brief
from kapteam.ui.page import open_page

here = open_page("Brief before the dose", needs=check_can_read_notes)
draw_brief(here, here.read(brief, st.query_params.get("id", "")))
