"""Ketamine sessions: what is coming, is it ready, where are the gaps?"""

from kapteam.queries.upcoming import upcoming
from kapteam.ui.ketamine_sessions import ask, draw_upcoming
from kapteam.ui.page import open_page

here = open_page("Ketamine sessions")
days, everyone = ask(here)
draw_upcoming(here, here.read(upcoming, days=days, everyone=everyone))
