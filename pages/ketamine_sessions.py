"""Ketamine sessions: what is coming, is it ready, where are the gaps?"""

from kapteam.queries.upcoming import upcoming
from kapteam.rules.permissions import check_can_book
from kapteam.ui.ketamine_sessions import ask, draw_upcoming
from kapteam.ui.page import open_page
from kapteam.ui.shell import Present


def draw(here: Present) -> None:
    """What is chosen, and its rows."""
    days, chosen = ask(here)
    draw_upcoming(here, here.read(upcoming, days=days, scope=chosen))


open_page("Ketamine sessions", needs=check_can_book, body=draw)
