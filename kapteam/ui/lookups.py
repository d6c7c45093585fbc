"""When a client was looked up in the prescription database, and the form for it."""

import streamlit as st

from kapteam import wording
from kapteam.actions.lookups import LookupEntered, record_lookup, void_lookup
from kapteam.queries.course import Course
from kapteam.queries.lookups import LookupLine, lookups
from kapteam.rules.permissions import can_record_lookup
from kapteam.ui.entered_in_error import draw_void_form
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.rows import row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.ui.written import free_words
from kapteam.vocabulary import ServiceLine

_SHOWN = 4


def draw_lookups(here: Present, care: Course) -> None:
    """The last look-ups of the client of a course with ketamine; who reads no notes sees none."""
    if care.service_line is not ServiceLine.KAP or not here.viewer.reads_notes:
        return
    found = here.read(lookups, care.id)
    with section(
        "Prescription database (CSPMP)", len(found), key="lookups", nothing="Not looked up yet."
    ):
        for one in found[:_SHOWN]:
            _draw_lookup(here, one)
        if found[_SHOWN:]:
            with st.expander(f"{len(found) - _SHOWN} before"):
                for one in found[_SHOWN:]:
                    _draw_lookup(here, one)
    if care.closed_at is not None or not can_record_lookup(here.viewer):
        return
    form = Form(here, "lookup", makes=unused_id(here, "new_lookup"))
    with row("new_lookup"):
        with st.container(width=380):
            form.day("looked_up_on", "Looked up on", here.today, past=True)
        form.save(
            "Save the look-up",
            record_lookup,
            lambda: form.entered(LookupEntered, id=form.makes, episode_id=care.id),
            kind="secondary",
        )


def _draw_lookup(here: Present, one: LookupLine) -> None:
    said = plain(f"Looked up {wording.full_day(one.looked_up_on)}")
    with row(f"lookup_{one.id}"):
        if one.voided_at:
            why = free_words(here, one.void_reason)
            words(f"~~{said}~~ {quiet(f'entered in error: {why}')}")
            return
        words(f"**{said}**")
        words(quiet(f"{one.recorded_by}, {wording.moment(one.recorded_at, here.now, here.zone)}"))
        if can_record_lookup(here.viewer):
            draw_void_form(here, "the look-up", one.id, void_lookup)
