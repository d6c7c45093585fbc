"""A client's details: a new client, or a change."""

import streamlit as st

from kapteam.actions.clients import (
    ClientChangeEntered,
    ClientEntered,
    change_client,
    create_client,
)
from kapteam.queries.client_details import client_details
from kapteam.rules.permissions import check_can_enter_names
from kapteam.ui.client_form import client_fields
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import go
from kapteam.ui.page import open_page
from kapteam.ui.rows import identity

here = open_page(
    "Client details" if "client" in st.query_params else "New client", needs=check_can_enter_names
)
if "client" in st.query_params:
    kept = here.read(client_details, st.query_params["client"])
    identity(here, kept.name)
    form = Form(here, "client", kept.id)
    version = form.seen(kept.version)
    client_fields(here, form, kept)
    form.save(
        "Save",
        change_client,
        lambda: form.entered(ClientChangeEntered, id=kept.id, version=version),
        then=lambda code: go("client", client=code),
    )
else:
    form = Form(here, "client", makes=unused_id(here))
    client_fields(here, form)
    form.save(
        "Save client",
        create_client,
        lambda: form.entered(ClientEntered, id=form.makes),
        then=lambda code: go("client", client=code),
    )
