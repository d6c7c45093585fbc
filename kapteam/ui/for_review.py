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
from kapteam.vocabulary import ForReview, Part

_BOTH = (Part.PRESCRIBER, Part.THERAPIST)


def draw_for_review(here: Present, care: Course, lines: tuple[ReviewLine, ...]) -> None:
    """Each thing with its day and its reason, until both of the two have reviewed it."""
    if not lines:
        return
    with section("For the next review", len(lines), key="for_review"):
        for number, one in enumerate(lines):
            _draw_line(here, care, number, one)
        mine = [one for one in lines if _parts_of(here).intersection(one.waits_on)]
        if mine and can_run_episode(here.viewer):
            form = Form(here, "reviewed", care.id, makes=unused_id(here, "new_reviewed"))
            newest = max(one.at for one in mine)
            form.save(
                "Reviewed",
                mark_reviewed,
                partial(ReviewedEntered, form.makes, care.id, newest),
                said="Reviewed",
                kind="secondary",
            )


def _parts_of(here: Present) -> set[Part]:
    """For which of the two this person looks at it."""
    found = {Part.PRESCRIBER} if here.viewer.is_prescriber else set()
    return found | ({Part.THERAPIST} if here.viewer.is_therapist else set())


def _draw_line(here: Present, care: Course, number: int, one: ReviewLine) -> None:
    with st.container(gap="xxsmall", key=f"for_review_{number}"):
        with row(f"for_review_row_{number}"):
            phrase(sentences.for_review(one.kind, one.item, left_without=one.left_without))
            planned = wording.moment(one.planned_at, here.now, here.zone)
            at = wording.moment(one.at, here.now, here.zone)
            which = f"session of {planned}" if one.is_given else f"session to come, {planned}"
            by = f"as told by {one.by}" if one.kind is ForReview.AS_TOLD else one.by
            waits = _waits(care, one)
            words(quiet("; ".join(filter(None, (which, by, f"recorded {at}", waits)))))
            link("ketamine_session", "Open", icon="chevron_right", id=one.ketamine_session_id)
        if one.words:
            st.text(free_words(here, one.words))


def _waits(care: Course, one: ReviewLine) -> str:
    """`reviewed, waits on Elias Mesquite` once one of the two has looked at it."""
    both = [member for part in _BOTH if (member := care.member(part)) and member.clinician_id]
    names = [member.name for member in both if member.part in one.waits_on]
    if len(names) == len(both) or not names:
        return ""
    return f"reviewed, waits on {wording.listed(names)}"
