"""What case reviews left on a course of care, what the next one is to discuss, and the way there.

The form stands on the course's own page; every other page about the course has the link to it.
"""

from collections.abc import Iterable
from datetime import datetime

import streamlit as st

from kapteam import sentences, wording
from kapteam.actions.case_reviews import (
    DiscussEntered,
    mark_to_discuss,
    take_mark_back,
)
from kapteam.queries.agreed import LastDecision
from kapteam.queries.course import Course
from kapteam.queries.standing import CourseStanding
from kapteam.rules.permissions import can_review_cases
from kapteam.ui.forms import Form, unused_id
from kapteam.ui.minutes import as_it_was_link, draw_proposal
from kapteam.ui.navigation import link
from kapteam.ui.review_actions import draw_open_action
from kapteam.ui.rows import phrase, row, section, words
from kapteam.ui.shell import Present, acting, say_next
from kapteam.ui.text import plain, quiet, strong
from kapteam.ui.written import free_words
from kapteam.vocabulary import Tone
from kapteam.wording import Phrase

ASKED_FOR = "discuss"
"""What `do` says in the address of a course whose form was asked for."""


def discuss_link(here: Present, episode_id: str) -> None:
    """The way to say that a course is to be discussed in the next case review."""
    if can_review_cases(here.viewer):
        link("episode", "Discuss in the review", icon="add_comment", id=episode_id, do=ASKED_FOR)


def draw_reviews_of(here: Present, care: Course, *, unfolded: bool) -> None:
    """On the course: what was decided last, what was agreed, what is to be discussed, its form."""
    left, may_mark = care.reviews, care.closed_at is None and can_review_cases(here.viewer)
    if left.is_empty and not may_mark:
        return
    with section("Case review", key="reviews"):
        _last(here, left.last)
        for action in left.actions:
            draw_open_action(
                here, action.id, action.owner_id, action.owner, action.due_on, action.words
            )
        for mark in left.marks:
            _mark(here, mark.id, mark.by, mark.at, mark.words)
        if may_mark:
            _form(here, care.id, unfolded=unfolded)


def draw_left_by_reviews(here: Present, courses: Iterable[CourseStanding]) -> None:
    """On the client: the same of all courses, as far as it is open; nothing takes no room."""
    left = [course for course in courses if course.actions or course.marks]
    if not left:
        return
    number = sum(len(course.actions) + len(course.marks) for course in left)
    with section("Case review", number, key="reviews"):
        for course in left:
            for line in course.actions:
                short = line.short
                name = sentences.colleague(line.person, here.now, here.zone)
                draw_open_action(here, line.id, short.owner_id, name, short.due_on, short.words)
            for mark in course.marks:
                _mark(here, mark.id, mark.by, mark.at, mark.words)


def _last(here: Present, last: LastDecision | None) -> None:
    if last is None:
        words(quiet("Not reviewed yet"))
        return
    at = wording.moment(last.at, here.now, here.zone)
    label = f"{last.decision.label}, proposed" if last.is_proposed else last.decision.label
    decided = free_words(here, last.words)
    with row("last_decision"):
        by = quiet(f"{last.by}, {at}")
        words(f"{quiet('Last decided')} {strong(label)} {plain(decided)} {by}")
        if can_review_cases(here.viewer):
            as_it_was_link(last.case_review_id, last.item_id)
    if last.is_proposed:
        draw_proposal(here, last.item_id, last.version, last.by)


def _mark(here: Present, mark_id: str, by: str, at: datetime, said: str) -> None:
    """What somebody wants to discuss, until a review decided about the course."""
    since = wording.moment(at, here.now, here.zone)
    with row(f"mark_{mark_id}"):
        phrase(Phrase("To discuss", Tone.PLAIN, "add_comment"))
        words(f"{plain(_shown(here, said))} {quiet(f'{by}, {since}')}")
        if can_review_cases(here.viewer):
            st.button(
                "Not needed any more",
                key=f"take_back_{mark_id}",
                type="tertiary",
                on_click=_take_back,
                args=(mark_id,),
            )


@acting
def _take_back(here: Present, mark_id: str) -> None:
    here.write(take_mark_back, mark_id, here.now)
    say_next("Taken off the next agenda")


def _shown(here: Present, said: str) -> str:
    """The words; with others in the room, where a list reads none, only that there are any."""
    return free_words(here, said or "…")


def _form(here: Present, episode_id: str, *, unfolded: bool) -> None:
    form = Form(here, "discuss", episode_id, makes=unused_id(here, "new_mark"))
    unfolds = unfolded or form.is_refused("words")
    with st.expander("Discuss in the next case review", expanded=unfolds, type="compact"):
        form.line("words", "What it is about")
        form.save(
            "Put on the next agenda",
            mark_to_discuss,
            lambda: form.entered(DiscussEntered, id=form.makes, episode_id=episode_id),
            said="On the next agenda",
            kind="secondary",
        )
