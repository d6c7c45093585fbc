"""Caseload: who do we share, where are they, who needs somebody, who has no next step?"""

from kapteam.queries.caseload import caseload
from kapteam.rules.permissions import check_can_book
from kapteam.ui.caseload import Controls, draw_rows
from kapteam.ui.page import open_page
from kapteam.ui.shell import Present


def draw(here: Present) -> None:
    """What is chosen, and its rows."""
    controls = Controls(here)
    found = here.read(caseload, controls.wanted)
    controls.offer(found)
    draw_rows(here, found, controls.wanted)


open_page("Caseload", needs=check_can_book, body=draw)
