"""The medicine that a client keeps at home: shipments, counts, returns, and what should be left."""

import streamlit as st

from kapteam.queries.home_supply import home_supply_page
from kapteam.rules.permissions import check_can_book
from kapteam.ui.course import draw_banner
from kapteam.ui.home_supply import draw_home_supply
from kapteam.ui.page import open_page

here = open_page("Medicine at home", needs=check_can_book)
shown = here.read(home_supply_page, st.query_params.get("episode", ""))
draw_banner(here, shown.course)
draw_home_supply(here, shown)
