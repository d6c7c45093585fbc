"""Plan the rest of a series: a day for each session that is left, with its integration."""

import streamlit as st

from kapteam.queries.course import course
from kapteam.rules.pathway import check_can_book_ketamine
from kapteam.rules.permissions import check_can_book
from kapteam.ui.course import draw_banner
from kapteam.ui.page import open_page
from kapteam.ui.series_plan import draw_plan

here = open_page("Plan the rest of a series", needs=check_can_book)
care = here.read(course, st.query_params.get("episode", ""))
draw_banner(here, care.head, seen=care.seen_this_hour)
check_can_book_ketamine(care.service_line, care.state, on_hold=care.hold is not None)
draw_plan(here, care)
