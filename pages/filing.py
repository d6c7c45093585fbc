"""What was signed, to copy into the record that a practice keeps elsewhere."""

import streamlit as st

from kapteam.queries.filing import not_filed, one_to_file
from kapteam.rules.permissions import check_can_read_notes
from kapteam.ui.filing import draw_not_filed, draw_one_to_file
from kapteam.ui.page import open_page

here = open_page("For the other record", needs=check_can_read_notes)
note, record = st.query_params.get("note", ""), st.query_params.get("record", "")
if note or record:
    draw_one_to_file(here, here.read(one_to_file, note, record))
else:
    draw_not_filed(here, here.read(not_filed))
