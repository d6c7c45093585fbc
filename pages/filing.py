"""What was signed or decided, to copy into the record that a practice keeps elsewhere."""

import streamlit as st

from kapteam.queries.filing import not_filed, one_to_file
from kapteam.rules.permissions import check_can_read_notes
from kapteam.ui.filing import draw_not_filed, draw_one_to_file
from kapteam.ui.page import open_page

here = open_page("For the other record", needs=check_can_read_notes)
note, record, item = (st.query_params.get(name, "") for name in ("note", "record", "item"))
if note or record or item:
    draw_one_to_file(here, here.read(one_to_file, note, record, item))
else:
    draw_not_filed(here, here.read(not_filed))
