"""Who is under medicine right now: one strip at the top of every page."""

import streamlit as st

from kapteam import sentences
from kapteam.queries.right_now import RightNow
from kapteam.rules.permissions import can_record_session
from kapteam.sentences import client_name, initials_and_code
from kapteam.ui.navigation import link
from kapteam.ui.rows import phrase, row, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet, strong


def draw_right_now(here: Present, found: tuple[RightNow, ...], *, by_code: bool) -> None:
    """A line for each client under medicine whom the viewer may see; nobody takes no room.

    `by_code` says no name, as with others in the room.
    """
    if not found:
        return
    with st.container(border=True, gap="xsmall", key="right_now"):
        for one in found:
            _line(here, one, by_code=by_code or here.viewer.hides_names)


def _line(here: Present, one: RightNow, *, by_code: bool) -> None:
    with row(f"right_now_{one.session_id}"):
        words(":material/monitor_heart: **Right now**")
        if by_code:
            words(strong(initials_and_code(one.client)))
        else:
            words(f"{strong(client_name(here.viewer, one.client))} {quiet(one.client.code)}")
        words(plain("at home" if one.at_home else one.place or "place not recorded"))
        words(quiet(one.product_route.label))
        for alert in one.alerts:
            phrase(sentences.signal(alert, here.now, here.zone))
        if one.due:
            phrase(sentences.due_reading(one.due, here.now, here.zone))
        leaves = sentences.may_leave(one.may_leave_at, here.now, here.zone, at_home=one.at_home)
        words(plain(leaves))
        if can_record_session(here.viewer):
            link("live_session", "During the session", icon="timer", id=one.session_id)
        else:
            link("ketamine_session", "Open", icon="chevron_right", id=one.session_id)
