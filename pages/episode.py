"""A course of care: open one, or move, hold and close the one there is."""

import streamlit as st

from kapteam.actions.episodes import EpisodeEntered, open_episode
from kapteam.queries.client_details import client_details
from kapteam.queries.course import course, course_before
from kapteam.queries.for_review import for_review_of
from kapteam.queries.practice import team
from kapteam.rules.permissions import (
    can_record_session,
    can_run_episode,
    check_can_run_episode,
)
from kapteam.ui.course import (
    draw_banner,
    draw_course,
    draw_earlier_holds,
    draw_measures_asked,
    draw_steps,
    draw_unbooked,
    new_course_fields,
)
from kapteam.ui.discuss import ASKED_FOR, draw_reviews_of
from kapteam.ui.for_review import draw_for_review
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import go
from kapteam.ui.page import open_page
from kapteam.ui.rows import identity

here = open_page("Course of care")
if "id" in st.query_params:
    runs = can_run_episode(here.viewer)
    care = here.read(course, st.query_params["id"], in_full=True, to_end=runs)
    draw_banner(here, care.head, to_course=False, seen=care.seen_this_hour, critical=care.critical)
    is_asked = st.query_params.get("do") == ASKED_FOR
    if is_asked:
        # What somebody came for stands first.
        draw_reviews_of(here, care, unfolded=True)
    draw_course(here, care)
    if not is_asked:
        draw_reviews_of(here, care, unfolded=False)
    if runs:
        draw_measures_asked(here, care)
    draw_for_review(here, care, here.read(for_review_of, care.id))
    draw_earlier_holds(here, care)
    if runs:
        draw_steps(here, care, here.read(team))
    if can_record_session(here.viewer):
        draw_unbooked(here, care)
    st.stop()

check_can_run_episode(here.viewer)
client = here.read(client_details, st.query_params.get("client", ""))
identity(here, client.name)
st.subheader("A new course of care", anchor=False)
form = Form(here, "episode", makes=unused_id(here))
new_course_fields(here, form, here.read(team), here.read(course_before, client.id))
form.save(
    "Open the course",
    open_episode,
    lambda: form.entered(EpisodeEntered, id=form.makes, client_id=client.id),
    then=lambda _: go("episode", id=form.makes),
)
