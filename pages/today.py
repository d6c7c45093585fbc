"""Today."""

from kapteam.queries.today import today
from kapteam.ui.page import open_page
from kapteam.ui.shell import Present
from kapteam.ui.today import Top, draw_today


def draw(here: Present) -> None:
    """Everything that is due, waits or comes."""
    top = Top(here)
    draw_today(here, here.read(today, scope=top.scope), top)


open_page("Today", dated=True, body=draw)
