"""The thread of a course of care: intention, what happened, integration, next intention."""

import streamlit as st

from kapteam.queries.thread import thread
from kapteam.rules.permissions import check_can_read_notes
from kapteam.ui.page import open_page
from kapteam.ui.thread import draw_thread

here = open_page("Thread", needs=check_can_read_notes)
draw_thread(here, here.read(thread, st.query_params.get("episode", "")))
