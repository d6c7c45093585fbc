"""Outcomes: how do our clients do, of how many, and how many could nobody judge?"""

from kapteam.queries.outcomes import outcomes
from kapteam.rules.permissions import check_can_read_scores
from kapteam.ui.outcomes import ask_what, draw_outcomes
from kapteam.ui.page import open_page

here = open_page("Outcomes", needs=check_can_read_scores)
wanted = ask_what(here)
draw_outcomes(here, here.read(outcomes, wanted))
