"""Case review: the agenda, one client at a time, the minutes, and what a past one saw."""

import streamlit as st

from kapteam.queries.case_review import case_agenda, meeting, past_item, running_meeting
from kapteam.rules.permissions import check_can_review_cases
from kapteam.ui.as_it_was import draw_as_it_was
from kapteam.ui.case_review import draw_agenda, draw_meeting
from kapteam.ui.minutes import draw_minutes
from kapteam.ui.page import open_page

here = open_page(
    "Case review",
    needs=check_can_review_cases,
    strip_by_code=True,
    has_live_part=not (st.query_params.get("id") or st.query_params.get("item")),
)
over, item = st.query_params.get("id", ""), st.query_params.get("item", "")
if item:
    draw_as_it_was(here, here.read(past_item, item, over))
elif over:
    draw_minutes(here, here.read(meeting, over))
elif running := here.read(running_meeting):
    draw_meeting(here, running)
else:
    draw_agenda(here, here.read(case_agenda, st.session_state.get("review_with")))
