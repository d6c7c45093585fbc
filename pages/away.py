"""One's own days away; of some (`?id=…`) who has what meanwhile, afterwards what happened.

Who covers them is changed at `&do=cover`, there by administrators for anybody.
"""

import streamlit as st

from kapteam.queries.away import (
    absence_to_change,
    own_absences,
    own_days_away,
    since_away,
    while_away,
)
from kapteam.queries.contacts import told_while_away
from kapteam.queries.practice import team
from kapteam.ui.away import draw_cover, draw_own_absences
from kapteam.ui.page import open_page
from kapteam.ui.while_away import draw_meanwhile, draw_since

here = open_page("Days away")
if "id" not in st.query_params:
    everybody = here.read(team)
    draw_own_absences(here, here.read(own_absences, everybody), everybody)
    st.stop()

if st.query_params.get("do") == "cover":
    everybody = here.read(team)
    draw_cover(here, here.read(absence_to_change, everybody, st.query_params["id"]), everybody)
    st.stop()

away = own_days_away(here.asked, st.query_params["id"])
if away.until_at <= here.now:
    draw_since(here, away, here.read(told_while_away, away), here.read(since_away, away.id))
else:
    course_id = st.query_params.get("course", "")
    draw_meanwhile(here, here.read(while_away, away.id), course_id)
