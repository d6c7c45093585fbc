"""The fields of a client, the same for a new client, a change, and an inquiry that becomes one."""

from datetime import date

import streamlit as st

from kapteam import wording
from kapteam.queries.client_details import ClientDetails
from kapteam.queries.find import namesakes_of
from kapteam.ui.forms import Form
from kapteam.ui.navigation import link
from kapteam.ui.shell import Present
from kapteam.ui.text import plain


def client_fields(
    here: Present,
    form: Form,
    kept: ClientDetails | None = None,
    *,
    name: str = "",
    phone: str = "",
) -> None:
    """Draw every field; `kept` is the client there is, `name` and `phone` what an inquiry knows.

    Of a new client it is asked whether somebody of that name is another person.
    """
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
        if kept is None:
            _namesakes(here, form)
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
    _health(form, kept)


def _health(form: Form, kept: ClientDetails | None) -> None:
    """What the client was asked, each with the day of it."""
    st.subheader("Health", anchor=False)
    left, right = st.columns(2, gap="large")
    with left:
        _asked(
            form,
            "allergies",
            "Allergies",
            kept.allergies if kept else None,
            kept.allergies_asked_on if kept else None,
        )
        _asked(
            form,
            "conditions",
            "Conditions",
            kept.conditions if kept else None,
            kept.conditions_asked_on if kept else None,
        )
    with right:
        _asked(
            form,
            "medications",
            "Medications",
            kept.medications if kept else None,
            kept.medications_asked_on if kept else None,
        )
        form.line(
            "usual_pressure",
            "Usual blood pressure",
            (kept.usual_pressure if kept else None) or "",
            hint="128/82",
            width=220,
        )
        form.day(
            "usual_pressure_asked_on",
            "Usual blood pressure: asked on",
            kept.usual_pressure_asked_on if kept else None,
            empty="Usual blood pressure: not asked",
        )


def _namesakes(here: Present, form: Form) -> None:
    same = here.read(
        namesakes_of,
        form.value("given_name") or "",
        form.value("family_name") or "",
        form.value("born_on"),
    )
    if not same:
        return
    for one in same:
        born = f", born {wording.born(one.born_on, here.today)}" if one.born_on else ""
        who = f"{one.code}{born}" if one.code else "a client on courses that you are not on"
        st.markdown(f":orange[:material/group:] {plain(f'Same name: {who}')}")
        if one.code:
            link("client", f"Open {one.code}", icon="person", client=one.code)
    form.check("is_another_person", "This is another person")


def _asked(form: Form, field: str, label: str, text: str | None, on: date | None) -> None:
    form.area(field, label, text or "", height=70)
    form.day(
        f"{field}_asked_on",
        f"{label}: asked on (a day and no text means none)",
        on,
        empty=f"{label}: not asked",
    )
