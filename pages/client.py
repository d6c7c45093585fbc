"""One client: who it is, what a caller asks, the timeline, every dose between its two notes."""

import streamlit as st

from kapteam.actions.views import keep_look, record_view
from kapteam.queries.client import client_code, client_page
from kapteam.rules.permissions import check_can_book
from kapteam.ui.as_it_was import draw_reviews
from kapteam.ui.asks import draw_questions
from kapteam.ui.client import (
    draw_course_notes,
    draw_courses,
    draw_doses,
    draw_facts,
    draw_identity,
    draw_in_error,
    draw_latest_notes,
    draw_other_courses,
    draw_timeline,
    draw_without_dose,
)
from kapteam.ui.contacts import draw_contacts
from kapteam.ui.discuss import draw_left_by_reviews
from kapteam.ui.news import draw_news
from kapteam.ui.page import open_page
from kapteam.ui.scores import draw_scores
from kapteam.ui.signals import draw_alerts

here = open_page("Client", of=client_code(st.query_params.get("client", "")), needs=check_can_book)
page = here.read(client_page, client_code(st.query_params.get("client", "")))
if not page.seen_this_hour:
    here.write(record_view, page.name.id, here.now)
if page.news.keeps_look:
    here.write(keep_look, page.name.id, here.now)
draw_identity(here, page)
draw_alerts(here, page.courses)
draw_news(here, page)
draw_questions(here, page.questions)
draw_left_by_reviews(here, (*page.courses, *page.ended))
draw_facts(here, page)
draw_courses(here, page)
draw_reviews(here, [one.reviewed for one in page.lines if one.reviewed])
draw_contacts(here, page)
draw_latest_notes(here, page)
draw_course_notes(here, page)
draw_scores(here, page)
draw_timeline(here, page)
draw_doses(here, page)
draw_without_dose(here, page)
draw_other_courses(here, page)
draw_in_error(here, page)
