"""The minutes of a case review: what was decided, who does what, who was not reached."""

import streamlit as st

from kapteam import wording
from kapteam.actions.case_reviews import confirm_minutes
from kapteam.queries.case_review import AgreedAction, ItemLine, Meeting
from kapteam.ui.navigation import link
from kapteam.ui.rows import list_row, name_cell, phrase, row, section, telling_apart, words
from kapteam.ui.shell import Present, acting
from kapteam.ui.text import plain, quiet, strong
from kapteam.ui.written import free_words
from kapteam.vocabulary import Tone
from kapteam.wording import Phrase


def draw_minutes(here: Present, shown: Meeting) -> None:
    """All of it, with the way to confirm it once it has ended."""
    here = telling_apart(here, (one.client for one in shown.items))
    head = shown.head
    with row("minutes_head"):
        words(strong(wording.full_moment(head.started_at, here.zone)))
        words(quiet(wording.listed([one.name for one in head.members])))
        link("case_review", "Case review", icon="arrow_back")
    if shown.hidden:
        courses = wording.count(shown.hidden, "course")
        words(quiet(f"{courses} of care you are no longer on: not shown here."))
    decided = [one for one in shown.shown if one.decision]
    with section("Decided", len(decided), key="decided", nothing="Nothing"):
        for one in decided:
            with list_row(f"decided_{one.id}"):
                name_cell(here, one.client)
                words(_decided(here, one), 640)
    _draw_actions(here, shown)
    missed = shown.not_reached
    with section("Not reached", len(missed), key="not_reached", nothing="Nobody"):
        for one in missed:
            with list_row(f"missed_{one.id}"):
                name_cell(here, one.client)
    _confirm(here, shown)


def _decided(here: Present, one: ItemLine) -> str:
    if one.decision is None:
        return ""
    label = f"{one.decision.label}, proposed" if one.is_proposed else one.decision.label
    by = (
        f"{one.decided_by}, confirmed by {one.confirmed_by}" if one.confirmed_by else one.decided_by
    )
    said = free_words(here, one.words)
    return f"{strong(label)} {plain(said)} {quiet(by)}"


def _draw_actions(here: Present, shown: Meeting) -> None:
    agreed = [(one, each) for one in shown.shown for each in one.actions]
    with section("Actions", len(agreed), key="actions", nothing="None"):
        for item, one in sorted(agreed, key=lambda pair: (pair[1].owner, pair[1].due_on)):
            with list_row(f"action_{one.id}"):
                name_cell(here, item.client)
                words(_action(here, one), 640)


def _action(here: Present, one: AgreedAction) -> str:
    due = wording.day(one.due_on, here.today)
    end = quiet(one.ended_as.label) if one.ended_as else ""
    return f"{strong(one.owner)} by {plain(due)}: {plain(free_words(here, one.words))} {end}"


def _confirm(here: Present, shown: Meeting) -> None:
    """Each of the two says once that the minutes are right."""
    for one in shown.head.members:
        if one.confirmed_at:
            at = wording.moment(one.confirmed_at, here.now, here.zone)
            phrase(Phrase(f"Confirmed by {one.name}, {at}", Tone.QUIET, "check"))
        elif one.id != here.viewer.clinician_id:
            phrase(Phrase(f"Not confirmed by {one.name} yet", Tone.PLAIN, "hourglass_empty"))
        elif shown.head.ended_at:
            st.button(
                "Confirm these minutes",
                type="primary",
                key="confirm_minutes",
                on_click=_confirm_now,
                args=(shown.head.id,),
            )


@acting
def _confirm_now(here: Present, case_review_id: str) -> None:
    here.write(confirm_minutes, case_review_id, here.now)
