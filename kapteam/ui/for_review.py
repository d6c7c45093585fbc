"""For the next review: what of a course's ketamine sessions the pair looks at together."""

from functools import partial

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.reviewing import ReviewedEntered, mark_reviewed
from kapteam.queries.course import Course
from kapteam.queries.for_review import ReviewLine
from kapteam.rules.permissions import can_run_episode
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.navigation import link
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.text import quiet
from kapteam.ui.written import free_words
from kapteam.vocabulary import ForReview


def draw_for_review(here: Present, care: Course, lines: tuple[ReviewLine, ...]) -> None:
    """Each thing with its day and its reason, until somebody says that it was reviewed."""
    if not lines:
        return
    with section("For the next review", len(lines), key="for_review"):
        for number, one in enumerate(lines):
            _draw_line(here, number, one)
        if can_run_episode(here.viewer):
            form = Form(here, "reviewed", care.id, makes=unused_id(here, "new_reviewed"))
            newest = max(one.at for one in lines)
            form.save(
                "Reviewed",
                mark_reviewed,
                partial(ReviewedEntered, form.makes, care.id, newest),
                said="Reviewed",
                kind="secondary",
            )


def _draw_line(here: Present, number: int, one: ReviewLine) -> None:
    with st.container(gap="xxsmall", key=f"for_review_{number}"):
        with row(f"for_review_row_{number}"):
            phrase(sentences.for_review(one.kind, one.item, left_without=one.left_without))
            planned = wording.moment(one.planned_at, here.now, here.zone)
            at = wording.moment(one.at, here.now, here.zone)
            which = f"session of {planned}" if one.is_given else f"session to come, {planned}"
            by = f"as told by {one.by}" if one.kind is ForReview.AS_TOLD else one.by
            words(quiet("; ".join(filter(None, (which, by, f"recorded {at}")))))
            link("ketamine_session", "Open", icon="chevron_right", id=one.ketamine_session_id)
        if one.words:
            st.text(free_words(here, one.words))
