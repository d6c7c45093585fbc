"""Book a ketamine session, with its integration slot and its dose."""

import streamlit as st

from kapteam.actions.booking import BookKetamineEntered, book_ketamine_session
from kapteam.ids import id_within
from kapteam.queries.booking import booking_start
from kapteam.rules.pathway import check_can_book_ketamine
from kapteam.rules.permissions import check_can_book
from kapteam.ui.booking import booking_fields, pick_course
from kapteam.ui.course import draw_banner
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import go
from kapteam.ui.page import open_page

here = open_page("Book a ketamine session", needs=check_can_book)
if "episode" not in st.query_params:
    pick_course(here)
    st.stop()
start = here.read(booking_start, st.query_params["episode"])
care = start.course
draw_banner(here, care.head, seen=care.seen_this_hour)
check_can_book_ketamine(care.service_line, care.state, on_hold=care.hold is not None)
form = Form(here, "booking", makes=unused_id(here))
booking_fields(here, form, start)
form.save(
    "Book",
    book_ketamine_session,
    lambda: form.entered(
        BookKetamineEntered,
        id=form.makes,
        episode_id=care.id,
        at_home=bool(form.value("at_home")),
        integration_id=id_within(form.makes, "integration"),
    ),
    then=lambda _: go("ketamine_session", id=form.makes),
    said="Booked",
)
