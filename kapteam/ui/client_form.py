"""The fields of a client, the same for a new client, a change, and an inquiry that becomes one."""

from datetime import date

import streamlit as st

from kapteam.queries.client_details import ClientDetails
from kapteam.ui.forms import Form


def client_fields(
    form: Form, kept: ClientDetails | None = None, *, name: str = "", phone: str = ""
) -> None:
    """Draw every field; `kept` is the client there is, `name` and `phone` what an inquiry knows."""
    given, _, family = name.rpartition(" ")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Who", anchor=False)
        form.line("given_name", "Given name", kept.given_name if kept else given)
        form.line("family_name", "Family name", kept.family_name if kept else family)
        form.line("preferred_name", "Preferred name", kept.preferred_name if kept else "")
        form.line("pronouns", "Pronouns", kept.pronouns if kept else "")
        form.day(
            "born_on",
            "Birth date",
            kept.born_on if kept else None,
            past=True,
            empty="No birth date",
        )
        form.line("phone", "Phone", kept.phone if kept else phone)
        form.answer(
            "voicemail_ok", "May we leave a voicemail?", kept.voicemail_ok if kept else None
        )
    with right:
        st.subheader("In an emergency", anchor=False)
        form.line("emergency_name", "Emergency contact", kept.emergency_name if kept else "")
        form.line("emergency_relation", "Relation", kept.emergency_relation if kept else "")
        form.line(
            "emergency_phone", "Emergency contact's phone", kept.emergency_phone if kept else ""
        )
        form.area(
            "may_be_told", "Who may be told what", kept.may_be_told if kept else "", height=70
        )
        _asked(
            form,
            "allergies",
            "Allergies",
            kept.allergies if kept else None,
            kept.allergies_asked_on if kept else None,
        )
        _asked(
            form,
            "medications",
            "Medications",
            kept.medications if kept else None,
            kept.medications_asked_on if kept else None,
        )


def _asked(form: Form, field: str, label: str, text: str | None, on: date | None) -> None:
    form.area(field, label, text or "", height=70)
    form.day(
        f"{field}_asked_on",
        f"{label}: asked on (a day and no text means none)",
        on,
        empty=f"{label}: not asked",
    )
