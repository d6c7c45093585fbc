"""One's own days away (`?id=…`): who has what meanwhile, and afterwards what happened."""

import streamlit as st

from kapteam.queries.away import own_days_away, since_away, while_away
from kapteam.ui.page import open_page
from kapteam.ui.while_away import draw_meanwhile, draw_since

here = open_page("Days away")
away = own_days_away(here.asked, st.query_params.get("id", ""))
if away.until_at <= here.now:
    draw_since(here, away, here.read(since_away, away.id))
else:
    course_id = st.query_params.get("course", "")
    draw_meanwhile(here, here.read(while_away, away.id), course_id)
