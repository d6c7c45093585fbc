"""Practice: team and thresholds, one colleague (`?colleague=…`), or who did what (`?show=log`)."""

import streamlit as st

from kapteam.queries.practice import colleague, open_parts, team, thresholds
from kapteam.rules.permissions import check_can_administer
from kapteam.ui.audit_log import draw_audit_log
from kapteam.ui.page import open_page
from kapteam.ui.practice import (
    draw_backups,
    draw_colleague,
    draw_name_and_zone,
    draw_new_colleague,
    draw_practice,
    draw_team,
    draw_thresholds,
    draw_turn_off,
    draw_way_to_log,
)

here = open_page("Practice", needs=check_can_administer)
everybody = here.read(team)
if "colleague" in st.query_params:
    one = colleague(everybody, st.query_params["colleague"])
    if st.query_params.get("do") == "turn_off":
        draw_turn_off(here, one, everybody, here.read(open_parts, one.id))
    else:
        draw_colleague(here, one)
    st.stop()

if st.query_params.get("show") == "log":
    draw_audit_log(here, everybody)
    st.stop()

draw_practice(here)
draw_team(here, everybody)
draw_new_colleague(here)
draw_name_and_zone(here)
draw_thresholds(here, here.read(thresholds))
draw_backups(here)
draw_way_to_log()
