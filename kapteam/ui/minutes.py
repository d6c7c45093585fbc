"""The minutes of a case review: what was decided, who does what, who was not reached, on paper."""

from functools import partial
from typing import Literal

import streamlit as st

from kapteam import wording
from kapteam.actions.case_reviews import confirm_decision, confirm_minutes
from kapteam.actions.views import record_minutes, record_views
from kapteam.exchange.minutes import minutes_pdf, minutes_text
from kapteam.queries.case_review import (
    UNSAVED,
    AgreedAction,
    ItemLine,
    Meeting,
    MeetingHead,
    meeting,
)
from kapteam.queries.record_state import record_state
from kapteam.queries.views import unseen_this_hour
from kapteam.rules.permissions import can_order_dose, can_take_names
from kapteam.ui.navigation import link
from kapteam.ui.review_actions import draw_ends
from kapteam.ui.rows import (
    list_row,
    name_cell,
    phrase,
    row,
    row_links,
    section,
    telling_apart,
    words,
)
from kapteam.ui.shell import Present, acting, made_when_pressed
from kapteam.ui.showing import listed
from kapteam.ui.text import plain, quiet, said, strong
from kapteam.ui.written import folded_for_others, free_words
from kapteam.vocabulary import ExportPurpose, Tone
from kapteam.wording import Phrase

_FIRST_PAST = 12
_WORDS, _WHEN, _WITH, _STATE = 430, 190, 300, 230
_LINKS, _ENDS = 130, 190
_TEXT = "minutes_text_of"
_NO_NAMES_SAID = "What was typed stands as it was typed: look through it for names."


def draw_past(here: Present, past: tuple[MeetingHead, ...]) -> None:
    """The reviews there were, the newest first, and whether the viewer has confirmed each."""
    with section("Earlier reviews", len(past), key="past", nothing="None yet"):
        listed(past, "past_reviews", partial(_past_row, here), first=_FIRST_PAST)


def _past_row(here: Present, one: MeetingHead) -> None:
    with list_row(f"past_{one.id}"):
        words(strong(wording.moment(one.started_at, here.now, here.zone)), _WHEN)
        others = wording.listed([other.name for other in one.others(here.viewer.clinician_id)])
        words(quiet(f"with {others}" if others else "by yourself"), _WITH)
        if one.waits_on(here.viewer.clinician_id):
            phrase(Phrase("You have not confirmed it", Tone.AMBER, "hourglass_empty"), _STATE)
        else:
            phrase(Phrase("Confirmed by you", Tone.QUIET, "check"), _STATE)
        with row_links(_LINKS):
            link("case_review", "Minutes", icon="chevron_right", id=one.id)


def draw_minutes(here: Present, shown: Meeting) -> None:
    """All of it, with the way to confirm it and to take it along once it has ended."""
    here = telling_apart(here, (one.client for one in shown.items))
    _on_record(here, shown)
    _draw_head(here, shown)
    with section("Decided", len(shown.decided), key="decided", nothing="Nothing"):
        for one in shown.decided:
            _decided_row(here, shown.head, one)
    _draw_actions(here, shown)
    with section("Not reached", len(shown.not_reached), key="not_reached", nothing="Nobody"):
        for one in shown.not_reached:
            _row_without_decision(here, shown.head, one, "")
    if shown.dropped:
        with section("Taken off the agenda", len(shown.dropped), key="dropped"):
            for one in shown.dropped:
                _row_without_decision(here, shown.head, one, f"by {one.dropped_by}")
    _confirm(here, shown)
    if shown.head.ended_at:
        _take_along(here, shown)


def _on_record(here: Present, shown: Meeting) -> None:
    """Whoever reads what was decided about somebody has opened their chart (rule 63)."""
    ids = tuple({one.client.id for one in shown.items})
    unseen = here.read(unseen_this_hour, ids) if ids else ()
    if unseen:
        here.write(record_views, unseen, here.now)


def _draw_head(here: Present, shown: Meeting) -> None:
    head = shown.head
    with row("minutes_head"):
        words(strong(wording.full_moment(head.started_at, here.zone)))
        until = f"to {wording.zoned_time(head.ended_at, here.zone)}" if head.ended_at else "goes on"
        words(quiet(until))
        words(quiet(wording.listed([one.name for one in head.members])))
        link("case_review", "Case review", icon="arrow_back")
    if shown.hidden:
        are = "is" if shown.hidden == 1 else "are"
        courses = wording.count(shown.hidden, "course")
        words(quiet(f"{courses} of care that you are not on {are} not shown here."))


def as_it_was_link(case_review_id: str, item_id: str, label: str = "As it was") -> None:
    """The way to one course in a case review, with what stood there."""
    link("case_review", label, icon="history", id=case_review_id, item=item_id)


def _decided_row(here: Present, head: MeetingHead, one: ItemLine) -> None:
    with st.container(gap="xxsmall", key=f"with_proposal_{one.id}"):
        with list_row(f"decided_{one.id}"):
            name_cell(here, one.client)
            words(decision_in_words(here, one), _WORDS)
            with row_links(_LINKS):
                as_it_was_link(head.id, one.id)
        if one.is_proposed:
            draw_proposal(here, one.id, one.version, one.decided_by)


def decision_in_words(here: Present, one: ItemLine) -> str:
    """What was decided, what was typed of it, and by whom, in lines of Markdown."""
    label = strong(one.decision.label) if one.decision else quiet("Nothing decided")
    text = [plain(free_words(here, one.words))] if one.words else []
    confirmed = f", confirmed by {one.confirmed_by}" if one.confirmed_by else ""
    by = [quiet(f"{one.decided_by}{confirmed}")] if one.decision else []
    return "  \n".join([*_care(one), label, *text, *written(here, one), *by])


def _care(one: ItemLine) -> list[str]:
    """What the course is for, a line of Markdown, where it is not KAP."""
    return [quiet(one.care)] if one.care else []


def written(here: Present, one: ItemLine) -> list[str]:
    """What was typed of it and not decided, a line of Markdown if anything was."""
    return [quiet(f"{UNSAVED}: {free_words(here, one.unsaved)}")] if one.unsaved else []


def draw_proposal(here: Present, item_id: str, version: int, by: str) -> None:
    """Rule 62: that a change of dose waits for a prescriber, who confirms here what was drawn."""
    with row(f"proposal_{item_id}"):
        waits = f"Proposed by {by}, not confirmed by a prescriber"
        phrase(Phrase(waits, Tone.AMBER, "hourglass_empty"))
        if can_order_dose(here.viewer):
            st.button(
                "Confirm the change",
                key=f"confirm_{item_id}",
                on_click=_confirm_change,
                args=(item_id, version),
            )


@acting
def _confirm_change(here: Present, item_id: str, version: int) -> None:
    here.write(confirm_decision, item_id, version, here.now)


def _draw_actions(here: Present, shown: Meeting) -> None:
    number = sum(len(lines) for _, lines in shown.by_owner)
    with section("Actions", number, key="actions", nothing="None"):
        for name, lines in shown.by_owner:
            st.markdown(strong(name))
            for item, one in lines:
                with list_row(f"action_{one.id}"):
                    name_cell(here, item.client)
                    draw_action(here, one, *_care(item))


def draw_action(here: Present, one: AgreedAction, *above: str) -> None:
    """What is to be done by when, in a row; what became of it, or the way to say so.

    Lines of Markdown may stand `above` it.
    """
    due = f"by {wording.day(one.due_on, here.today)}"
    is_late = one.ended_as is None and one.due_on < here.today
    tone = Tone.AMBER if is_late else Tone.QUIET
    lines = (*above, plain(free_words(here, one.words)), said(Phrase(due, tone)))
    words("  \n".join(lines), _WORDS)
    with st.container(
        horizontal=True, horizontal_alignment="right", vertical_alignment="center", width=_ENDS
    ):
        if one.ended_as and one.ended_at:
            at = wording.day(one.ended_at.astimezone(here.zone).date(), here.today)
            words(quiet(f"{one.ended_as.label}, {one.ended_by}, {at}"))
            return
        draw_ends(one.id)


def _row_without_decision(here: Present, head: MeetingHead, one: ItemLine, by: str) -> None:
    """Who it is, why they were on the agenda, and who took them off it."""
    with list_row(f"no_decision_{one.id}"):
        name_cell(here, one.client)
        why = [said(Phrase(each.words, each.tone)) for each in one.reasons]
        if here.viewer.hides_names:
            # A reason may hold what a colleague typed, and was kept as it read then.
            why = [quiet(f"{wording.count(len(why), 'reason')}, hidden while others can see")]
        lines = [*_care(one), *why, *written(here, one), *([quiet(by)] if by else [])]
        words("  \n".join(lines), _WORDS)
        with row_links(_LINKS):
            as_it_was_link(head.id, one.id)


def _confirm(here: Present, shown: Meeting) -> None:
    """Each of those who were in it says once that the minutes are right."""
    with st.container(gap="xsmall", key="confirmed"):
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


def _take_along(here: Present, shown: Meeting) -> None:
    """On paper or as text, by code; by name only once it is said what for (rule 65)."""
    with section("To take along", key="take_along"):
        with_names, names_for = _names_for(here, shown.head.id)
        if with_names and names_for is None:
            words(quiet("Say what the names are for. It is kept with who took them along."))
            return
        with row("take_along_ways"):
            st.download_button(
                "Print",
                made_when_pressed(here, partial(_paper, shown.head.id, names_for)),
                file_name=f"case-review-{shown.head.started_at.astimezone(here.zone):%Y-%m-%d}.pdf",
                mime="application/pdf",
                icon=":material/print:",
                key="print_minutes",
                on_click="ignore",
            )
            st.button(
                "Text to copy",
                icon=":material/content_copy:",
                key="copy_minutes",
                on_click=_show_text,
                args=(shown.head.id, names_for),
            )
            words(quiet("With names." if with_names else f"By code. {_NO_NAMES_SAID}"))
        if st.session_state.get(_TEXT) == (shown.head.id, names_for):
            with folded_for_others(here, "The text"):
                text = minutes_text(shown, here.asked, with_names=names_for is not None)
                st.code(text, language=None, wrap_lines=True)
            st.markdown(
                quiet("Point at the text: its upper right corner has a button that copies it.")
            )


def _names_for(here: Present, case_review_id: str) -> tuple[bool, ExportPurpose | None]:
    """Whether names are asked for, and what for; while others can see, they are not."""
    if not can_take_names(here.viewer):
        return False, None
    with row("take_along_names"):
        with_names = st.checkbox("With names", key=f"with_names_{case_review_id}")
        if not with_names:
            return False, None
        purpose = st.selectbox(
            "What for",
            list(ExportPurpose),
            index=None,
            placeholder="Choose one",
            format_func=lambda one: one.label,
            key=f"names_for_{case_review_id}",
            width=320,
        )
    return True, purpose


def _paper(case_review_id: str, names_for: ExportPurpose | None, here: Present) -> bytes:
    """The pages, on record before they are handed out."""
    shown = here.read(meeting, case_review_id)
    _taken(here, "printed", shown, names_for)
    return minutes_pdf(shown, here.asked, names_for, here.read(record_state))


@acting
def _show_text(here: Present, case_review_id: str, names_for: ExportPurpose | None) -> None:
    """The text is shown once it is on record that it was taken."""
    _taken(here, "copied", here.read(meeting, case_review_id), names_for)
    st.session_state[_TEXT] = case_review_id, names_for


def _taken(
    here: Present,
    how: Literal["printed", "copied"],
    shown: Meeting,
    names_for: ExportPurpose | None,
) -> None:
    codes = [one.client.code for one in shown.items]
    here.write(record_minutes, how, shown.head.id, codes, names_for, here.now)
