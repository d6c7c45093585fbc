"""Notes: what is unsigned, and since when."""

from kapteam.queries.notes import unsigned_notes
from kapteam.rules.permissions import check_can_read_notes
from kapteam.ui.notes import draw_unsigned
from kapteam.ui.page import open_page

here = open_page("Notes", needs=check_can_read_notes)
draw_unsigned(here, here.read(unsigned_notes))
