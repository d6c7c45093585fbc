"""Notes: what is unsigned, and since when; and where something was written."""

from kapteam.queries.notes import unsigned_notes
from kapteam.rules.permissions import check_can_read_notes
from kapteam.ui.navigation import link
from kapteam.ui.note_search import draw_found, notes_wanted
from kapteam.ui.notes import draw_unsigned
from kapteam.ui.page import open_page

here = open_page("Notes", needs=check_can_read_notes)
wanted = notes_wanted(here)
if wanted.is_something:
    draw_found(here, wanted)
else:
    draw_unsigned(here, here.read(unsigned_notes))
    link("filing", "What is not filed in the other record", icon="content_copy")
