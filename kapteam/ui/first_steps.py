"""The first steps of a practice in their order, where somebody stands before them."""

import streamlit as st

from kapteam.queries.client_names import ClientName
from kapteam.queries.first_steps import FirstSteps
from kapteam.rules.permissions import can_administer, can_run_episode
from kapteam.ui.navigation import link
from kapteam.ui.rows import (
    list_row,
    name_cell,
    row,
    section,
    words,
)
from kapteam.ui.shell import Present
from kapteam.ui.showing import listed
from kapteam.ui.text import quiet


def draw_first_steps(here: Present, *, is_alone: bool, has_clients: bool) -> None:
    """What to do while nobody is in one's care; `has_clients`: some wait for their course."""
    viewer = here.viewer
    treats = viewer.is_prescriber or viewer.is_therapist
    if has_clients:
        words("No course of care is open with you yet." if treats else "No course is open yet.")
    else:
        words("Nobody is in your care now." if treats else "Nobody is in care now.")
    asks_for_colleagues = is_alone and can_administer(viewer)
    number = 1
    with st.container(gap="xxsmall", key="first_steps"):
        if asks_for_colleagues:
            with row("first_colleagues"):
                words("**1.** Your colleagues, each with a sign-in of their own")
                add_a_colleague(here)
            number = 2
        with row("first_client"):
            words(f"**{number}.** The first call, or a client you know")
            with st.container(horizontal=True, width="content"):
                link("inquiry", "Record an inquiry", icon="add_call")
                link("client_edit", "Add a client", icon="person_add")
        with row("first_course"):
            runs = can_run_episode(viewer)
            who = "who prescribes, who is the therapist" if runs else "a clinician opens it"
            words(f"**{number + 1}.** The client's course of care: {who}")


def draw_without_course(here: Present, steps: FirstSteps) -> None:
    """Who has no course of care yet, and the way to open one."""

    def draw(client: ClientName) -> None:
        with list_row(f"without_{client.id}"):
            name_cell(here, client)
            if can_run_episode(here.viewer):
                link("episode", "Open a course of care", icon="add", client=client.code)
            else:
                link("client", "Open", icon="chevron_right", client=client.code)

    if steps.without_course:
        number = len(steps.without_course)
        with section("No course of care yet", number, key="without_course"):
            listed(steps.without_course, "today_without_course", draw)


def add_a_colleague(here: Present) -> None:
    """The way to add one; who is no administrator is told who does."""
    if can_administer(here.viewer):
        link("practice", "Add your colleagues", icon="group_add")
    else:
        words(quiet("An administrator adds colleagues under Practice, Team."))
