"""Emergency access: open a client whom one does not treat, with a reason, for four hours."""

from kapteam.rules.permissions import check_can_open_in_emergency
from kapteam.ui.emergency import draw_emergency_form
from kapteam.ui.page import open_page

here = open_page("Emergency access", needs=check_can_open_in_emergency)
draw_emergency_form(here)
