"""Consents: what was agreed to in writing, and a new one."""

import streamlit as st

from kapteam.actions.consents import ConsentEntered, record_consent
from kapteam.queries.course import course
from kapteam.rules.permissions import check_can_book
from kapteam.ui.course import consent_fields, draw_banner, draw_consents
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.page import open_page

here = open_page("Consent", needs=check_can_book)
care = here.read(course, st.query_params.get("episode", ""))
draw_banner(here, care.head, seen=care.seen_this_hour)
draw_consents(here, care)
form = Form(here, "consent", makes=unused_id(here))
consent_fields(here, form)
form.save(
    "Save consent",
    record_consent,
    lambda: form.entered(ConsentEntered, id=form.makes, episode_id=care.id),
)
