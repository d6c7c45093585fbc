"""Clearance: the prescriber's decision, and those before it."""

import streamlit as st

from kapteam.actions.clearance import record_clearance
from kapteam.queries.course import course
from kapteam.ui.clearance import (
    clearance_entered,
    clearance_fields,
    draw_clearances,
    takes_clearance,
)
from kapteam.ui.course import draw_banner
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.lookups import draw_lookups
from kapteam.ui.navigation import go
from kapteam.ui.page import open_page
from kapteam.ui.spravato import draw_enrollment

here = open_page("Clearance")
care = here.read(course, st.query_params.get("episode", ""))
draw_banner(here, care.head, seen=care.seen_this_hour)
draw_clearances(here, care)
draw_lookups(here, care)
draw_enrollment(here, care)
if takes_clearance(here, care):
    form = Form(here, "clearance", makes=unused_id(here))
    follows_id = form.seen(care.clearance.id if care.clearance else "")
    clearance_fields(here, form, care)
    form.save(
        "Save clearance",
        record_clearance,
        lambda: clearance_entered(form, care, follows_id),
        then=lambda _: go("episode", id=care.id),
    )
