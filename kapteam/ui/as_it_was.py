"""A course of care as a past case review saw it, beside how it stands today."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from kapteam import wording
from kapteam.queries.case_review import (
    PastItem,
    PastReview,
    Said,
    agenda_row,
    presented,
    reviews_of,
)
from kapteam.queries.review_facts import facts_now, reasons_now
from kapteam.rules.as_it_was import Fact, Since, compare
from kapteam.rules.permissions import can_review_cases
from kapteam.ui.minutes import (
    as_it_was_link,
    decision_in_words,
    draw_action,
    draw_proposal,
    written,
)
from kapteam.ui.navigation import link
from kapteam.ui.rows import NAME, identity, list_row, row, section, words
from kapteam.ui.shell import Present
from kapteam.ui.showing import listed
from kapteam.ui.text import plain, quiet, said
from kapteam.ui.written import folded_for_others
from kapteam.vocabulary import EpisodeState, Tone
from kapteam.wording import Phrase

_FIRST = 12
_MARKS = {
    Since.AS_THEN: Phrase(Since.AS_THEN.label, Tone.QUIET, "check"),
    Since.CHANGED: Phrase(Since.CHANGED.label, Tone.BLUE, "edit"),
    Since.NEW: Phrase(Since.NEW.label, Tone.BLUE, "add"),
    Since.GONE: Phrase(Since.GONE.label, Tone.BLUE, "remove"),
}


_Side = dict[str, tuple[Said, ...]]
"""What stands on one side: `_WHY` the course is on an agenda, and the `_FACTS`."""
_WHY, _FACTS = "why", "facts"


def draw_as_it_was(here: Present, past: PastItem) -> None:
    """What both saw and decided then, and today's in the same words; what differs is said."""
    item, head = past.item, past.head
    identity(here, item.client, course_id=item.episode_id)
    with row("as_it_was_head"):
        words(f"**Case review, {wording.full_moment(head.started_at, here.zone)}**")
        words(quiet(wording.listed([one.name for one in head.members])))
        if past.is_member and head.ended_at:
            link("case_review", "Minutes", icon="arrow_back", id=head.id)
        if item.decision and head.ended_at:
            link("filing", "For the other record", icon="content_copy", item=item.id)
    _draw_decision(here, past)
    then: _Side = {_WHY: item.reasons, _FACTS: item.facts}
    now = _today(here, past)
    with folded_for_others(here, "What stood there"):
        left, right = st.columns(2, gap="medium")
        with left:
            at = wording.moment(item.decided_at or head.started_at, here.now, here.zone)
            _draw_side(here, f"As it was, {at}", then, _marks(then, now, is_then=True), "then")
        with right:
            title = f"Today, {wording.moment(here.now, here.now, here.zone)}"
            if now is None:
                st.subheader(title, anchor=False)
                words("This course of care is closed: there is nothing to set beside it.")
            else:
                _draw_side(here, title, now, _marks(then, now, is_then=False), "now")
    _draw_others(here, past)


def _draw_decision(here: Present, past: PastItem) -> None:
    item = past.item
    with st.container(border=True, gap="xsmall", key="what_was_decided"):
        if item.decision:
            words(decision_in_words(here, item))
        else:
            taken_off = f"Taken off the agenda by {item.dropped_by}" if item.dropped_by else ""
            why = quiet(taken_off or "Not reached: nothing was decided.")
            words("  \n".join([why, *written(here, item)]))
        if item.is_proposed:
            draw_proposal(here, item.id, item.version, item.decided_by)
        for one in item.actions:
            with list_row(f"action_{one.id}"):
                words(plain(one.owner), NAME)
                draw_action(here, one)


def _today(here: Present, past: PastItem) -> _Side | None:
    """How the course stands now; None once it is closed."""
    shown = None if past.item.state is EpisodeState.CLOSED else here.read(presented, past.item)
    if shown is None or shown.course is None:
        return None
    on_agenda = agenda_row(shown.course, here.asked)
    reasons = reasons_now(here.asked, on_agenda) if on_agenda else []
    why = tuple(Said(one.text, one.tone) for one in reasons)
    return {_WHY: why, _FACTS: facts_now(here.asked, shown)}


def _marks(then: _Side, now: _Side | None, *, is_then: bool) -> dict[tuple[str, int], Phrase]:
    """By kind and place what became of each thing of one side, where that side says it.

    What is of both sides is said beside today's, what is gone beside that of then. Where nothing
    was kept nothing is claimed.
    """
    found = {}
    for kind, kept in then.items():
        if now is None or not kept:
            continue
        for one in compare(_facts(kept), _facts(now[kind])):
            place = one.then if is_then else one.now
            if place is not None and (one.since is Since.GONE) == is_then:
                found[kind, place] = _MARKS[one.since]
    return found


def _facts(kept: Sequence[Said]) -> list[Fact]:
    return [(one.label, one.words) for one in kept]


def _draw_side(
    here: Present, title: str, side: _Side, marks: dict[tuple[str, int], Phrase], key: str
) -> None:
    with st.container(gap="xsmall", key=f"side_{key}"):
        st.subheader(title, anchor=False)
        st.markdown("**Why on the agenda**")
        if not side[_WHY]:
            words(quiet("It would not be on it" if key == "now" else "Added to it"))
        for kind, kept in side.items():
            for place, one in enumerate(kept):
                label = f"{quiet(one.label)} " if one.label else ""
                mark = marks.get((kind, place))
                since = f" {said(mark)}" if mark else ""
                st.markdown(f"{label}{said(Phrase(one.words, one.tone))}{since}")
        if not side[_FACTS]:
            words(quiet("What else stood there is kept with a decision only."))


def draw_reviews(here: Present, found: Sequence[PastReview]) -> None:
    """The last case review that decided about each course, a link to what it saw.

    Nothing for who holds none.
    """
    if not found or not can_review_cases(here.viewer):
        return
    with row("case_reviews"):
        words(quiet("Case reviews"))
        for one in found:
            _review_link(here, one)


def _draw_others(here: Present, past: PastItem) -> None:
    """What other case reviews decided about the same course."""
    found = here.read(reviews_of, past.item.episode_id)
    others = [one for one in found if one.item_id != past.item.id]
    title, nothing = "Other case reviews of this course", "None yet"
    with section(title, len(others), key="other_reviews", nothing=nothing):
        listed(others, "other_reviews", partial(_review_link, here), first=_FIRST)


def _review_link(here: Present, one: PastReview) -> None:
    on = wording.day(one.decided_at.astimezone(here.zone).date(), here.today)
    label = f"Reviewed {on}: {wording.first_down(one.decision.label)}"
    as_it_was_link(one.case_review_id, one.item_id, label)
