"""One inquiry: the first call, the free consultation, and the way to becoming a client."""

import streamlit as st

from kapteam.actions.inquiries import (
    ConsultationEntered,
    InquiryClientEntered,
    InquiryEntered,
    become_client,
    record_inquiry,
    settle_inquiry,
)
from kapteam.queries.inquiries import inquiry
from kapteam.rules.permissions import check_can_enter_names
from kapteam.ui.client_form import client_fields
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.inquiries import consultation_fields, draw_inquiry, inquiry_fields
from kapteam.ui.navigation import go, link
from kapteam.ui.page import open_page

here = open_page("Inquiry", needs=check_can_enter_names)
if "id" not in st.query_params:
    form = Form(here, "inquiry", makes=unused_id(here))
    inquiry_fields(here, form)
    form.save(
        "Save inquiry",
        record_inquiry,
        lambda: form.entered(InquiryEntered, id=form.makes),
        then=lambda _: go("inquiries"),
    )
    st.stop()

kept = here.read(inquiry, st.query_params["id"])
draw_inquiry(here, kept)
if kept.client_code:
    link("client", f"Open client {kept.client_code}", icon="person", client=kept.client_code)
    st.stop()
settle, become = st.tabs(["Consultation and outcome", "Make this person a client"])
with settle:
    form = Form(here, "consultation", kept.id)
    version = form.seen(kept.version)
    with consultation_fields(here, form, kept):
        form.save(
            "Save outcome",
            settle_inquiry,
            lambda: form.entered(ConsultationEntered, inquiry_id=kept.id, version=version),
            then=lambda _: go("inquiries"),
        )
with become:
    client_form = Form(here, "becomes", kept.id, makes=unused_id(here))
    client_fields(here, client_form, name=kept.name, phone=kept.phone)
    client_form.save(
        "Save client",
        become_client,
        lambda: client_form.entered(InquiryClientEntered, id=client_form.makes, inquiry_id=kept.id),
        then=lambda code: go("client", client=code),
    )
