"""Practice: the team and the thresholds."""

from kapteam.queries.practice import team, thresholds
from kapteam.rules.permissions import check_can_administer
from kapteam.ui.page import open_page
from kapteam.ui.practice import draw_new_colleague, draw_team, draw_thresholds

here = open_page("Practice", needs=check_can_administer)
draw_team(here, here.read(team))
draw_new_colleague(here)
draw_thresholds(here, here.read(thresholds))
