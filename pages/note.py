"""One note: write it, or read it with what was added since."""

import streamlit as st

from kapteam.queries.notes import note_page
from kapteam.rules.permissions import check_can_read_notes
from kapteam.ui.note import begin_note, draw_note_banner, draw_signed, draw_writing
from kapteam.ui.page import open_page

here = open_page("Note", needs=check_can_read_notes)
if "id" not in st.query_params:
    begin_note(here)
shown = here.read(note_page, st.query_params["id"])
draw_note_banner(here, shown)
if shown.can_write:
    draw_writing(here, shown)
else:
    draw_signed(here, shown)
