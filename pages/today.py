"""Today."""

from kapteam.queries.today import today
from kapteam.ui.page import open_page
from kapteam.ui.today import draw_today

here = open_page("Today", dated=True)
draw_today(here, here.read(today))
