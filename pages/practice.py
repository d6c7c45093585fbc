"""Practice: one part of it at a time (`?practice_show=…`), or one colleague (`?colleague=…`)."""

import streamlit as st

from kapteam.queries.away import absences, closed_days
from kapteam.queries.emergency import emergency_accesses
from kapteam.queries.pins import pin_browsers
from kapteam.queries.practice import colleague, open_parts, team, thresholds
from kapteam.queries.record_checks import last_check
from kapteam.rules.permissions import check_can_administer
from kapteam.ui.audit_log import draw_audit_log
from kapteam.ui.away import draw_absences, draw_closed_days, draw_hours
from kapteam.ui.emergency import draw_emergency_accesses
from kapteam.ui.navigation import PracticePart
from kapteam.ui.page import open_page
from kapteam.ui.practice import (
    ask_what,
    draw_backups,
    draw_name_and_zone,
    draw_record_check,
    draw_thresholds,
)
from kapteam.ui.team import (
    draw_colleague,
    draw_new_colleague,
    draw_pin_browsers,
    draw_team,
    draw_turn_off,
)

here = open_page("Practice", needs=check_can_administer)
everybody = here.read(team)
if "colleague" in st.query_params:
    one = colleague(everybody, st.query_params["colleague"])
    if st.query_params.get("do") == "turn_off":
        draw_turn_off(here, one, everybody, here.read(open_parts, one.id))
    else:
        draw_colleague(here, one)
        draw_pin_browsers(here, here.read(pin_browsers, one.id))
    st.stop()

match ask_what(here):
    case PracticePart.TEAM:
        draw_team(here, everybody)
        draw_new_colleague(here)
        draw_name_and_zone(here)
    case PracticePart.AWAY:
        draw_absences(here, here.read(absences, everybody), everybody)
        draw_closed_days(here, here.read(closed_days))
        draw_hours(here)
    case PracticePart.THRESHOLDS:
        draw_thresholds(here, here.read(thresholds))
    case PracticePart.EMERGENCY:
        draw_emergency_accesses(here, here.read(emergency_accesses))
    case PracticePart.BACKUPS:
        draw_backups(here)
        draw_record_check(here, here.read(last_check))
    case PracticePart.LOG:
        draw_audit_log(here, everybody)
