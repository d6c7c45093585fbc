"""A client's contacts: log a call, plan an appointment, say how one ended."""

import streamlit as st

from kapteam.queries.client import client_code
from kapteam.queries.contacts import contact_page
from kapteam.rules.permissions import check_can_book
from kapteam.ui.contacts import draw_contact_forms
from kapteam.ui.page import open_page
from kapteam.ui.rows import identity

here = open_page(
    "Contacts", of=client_code(st.query_params.get("client", "")), needs=check_can_book
)
shown = here.read(
    contact_page,
    code=client_code(st.query_params.get("client", "")),
    contact_id=st.query_params.get("id", ""),
)
identity(here, shown.client)
draw_contact_forms(here, shown, st.query_params.get("do", ""))
