"""One ketamine session: order, record, move or end it."""

import streamlit as st

from kapteam.queries.ketamine_session import ketamine_session_page
from kapteam.queries.session_record import session_record
from kapteam.rules.permissions import can_record_session
from kapteam.ui.course import draw_banner
from kapteam.ui.home_supply import draw_at_home
from kapteam.ui.ketamine_session import (
    draw_administrations,
    draw_facts,
    draw_number,
    draw_order,
    draw_other_ends,
    draw_record,
)
from kapteam.ui.other_medicines import draw_medicine_form, draw_other_medicines
from kapteam.ui.page import open_page
from kapteam.ui.readiness import draw_readiness
from kapteam.ui.readings import draw_readings
from kapteam.ui.session_record import draw_signatures, draw_support
from kapteam.ui.spravato import draw_spravato

here = open_page("Ketamine session")
shown = here.read(ketamine_session_page, st.query_params.get("id", ""))
draw_banner(here, shown.course, seen=shown.seen_this_hour, critical=shown.critical)
draw_facts(here, shown)
draw_readiness(here, shown)
draw_at_home(here, shown)
draw_spravato(here, shown)
draw_order(here, shown)
draw_number(here, shown)
draw_administrations(here, shown)
draw_other_medicines(here, shown)
draw_readings(here, shown)
record = here.read(session_record, shown.id)
draw_support(here, shown, record)
draw_signatures(here, shown, record)
if can_record_session(here.viewer):
    draw_record(here, shown)
    draw_medicine_form(here, shown)
draw_other_ends(here, shown)
