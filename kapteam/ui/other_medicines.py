"""Medicines other than ketamine on a ketamine session's page: what was given, and the form."""

from datetime import datetime

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.other_medicines import (
    OtherMedicineEntered,
    record_other_medicine,
    void_other_medicine,
)
from kapteam.queries.ketamine_session import KetamineSessionPage
from kapteam.queries.session_rows import OtherMedicineLine
from kapteam.rules.permissions import can_record_session
from kapteam.ui.entered_in_error import draw_void_form, struck
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.rows import row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import free_words
from kapteam.vocabulary import MedicineRoute


def draw_other_medicines(here: Present, shown: KetamineSessionPage) -> None:
    """What else was given, by time, apart from the dose.

    What was entered in error stays readable, struck through.
    """
    if not shown.other_medicines:
        return
    with section("Other medicines", key="other_medicines"):
        for one in shown.other_medicines:
            _line(here, one)


def draw_medicine_form(here: Present, shown: KetamineSessionPage) -> None:
    """Record another medicine, once the day has come."""
    if shown.planned_at.astimezone(here.zone).date() > here.today and not shown.counted:
        return
    with st.expander("Add another medicine", icon=":material/medication:"):
        medicine_form(here, shown.id, shown.planned_at)


def _line(here: Present, one: OtherMedicineLine) -> None:
    with row(f"other_medicine_{one.id}"):
        at = wording.moment(one.given_at, here.now, here.zone)
        line = f"{one.name} {one.dose} {one.route.label}, {at}"
        if one.voided_at:
            words(struck(here, line, one), 760)
            return
        words(f"**{plain(line)}**", 480)
        words(quiet(sentences.given_by(one.given_by, is_witnessed=one.is_witnessed)), 250)
        if can_record_session(here.viewer):
            draw_void_form(here, "the medicine", one.id, void_other_medicine)
    if one.reason:
        st.text(f"For: {free_words(here, one.reason)}")


def medicine_form(here: Present, session_id: str, planned_at: datetime) -> None:
    """Record another medicine of a session."""
    form = Form(here, "medicine", session_id, makes=unused_id(here, "new_medicine"))
    day = planned_at.astimezone(here.zone).date()
    st.markdown(quiet("It is not part of the dose, and no clock runs from it."))
    three = st.grid(3, min_column_width=200)
    with three.cell():
        form.line("name", "Medicine", hint="ondansetron")
    with three.cell():
        form.line("dose", "Its dose and unit", hint="4 mg", width=180)
    with three.cell():
        form.moment(
            "given_on",
            "given_time",
            "Medicine given on",
            "Medicine given at",
            min(day, here.today),
            with_now=True,
        )
    form.choice("route", "How it was given", list(MedicineRoute))
    form.line("reason", "What for (may stay empty)")
    form.save(
        "Save the medicine",
        record_other_medicine,
        lambda: form.entered(OtherMedicineEntered, id=form.makes, ketamine_session_id=session_id),
        kind="secondary",
    )
