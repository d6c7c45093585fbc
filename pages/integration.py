"""Integration: who is owed integration, how long is left, what is booked?"""

from kapteam.queries.integration import integrations
from kapteam.rules.permissions import check_can_book
from kapteam.ui.integration import draw_integrations
from kapteam.ui.page import open_page
from kapteam.ui.shell import Present
from kapteam.ui.showing import scope


def draw(here: Present) -> None:
    """Whose, and their rows."""
    chosen = scope(here, "integration_whose")
    draw_integrations(here, here.read(integrations, scope=chosen))


open_page("Integration", needs=check_can_book, body=draw)
