"""Case review: the agenda, one client at a time, the minutes."""

import streamlit as st

from kapteam.queries.case_review import case_agenda, meeting, running_meeting
from kapteam.rules.permissions import check_can_review_cases
from kapteam.ui.case_review import draw_agenda, draw_meeting
from kapteam.ui.minutes import draw_minutes
from kapteam.ui.page import open_page

here = open_page("Case review", needs=check_can_review_cases, has_live_part=True)
if over := st.query_params.get("id", ""):
    draw_minutes(here, here.read(meeting, over))
elif running := here.read(running_meeting):
    draw_meeting(here, running)
else:
    draw_agenda(here, here.read(case_agenda, st.session_state.get("review_with")))
