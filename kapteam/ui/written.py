"""What was written, as others read it: a signed note by its gist, a draft by author and age."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from kapteam import wording
from kapteam.queries.notes import NoteLine
from kapteam.rules.permissions import can_write_note
from kapteam.ui.navigation import link
from kapteam.ui.rows import row, words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, quiet
from kapteam.vocabulary import NoteKind

COLUMN = 820
"""How wide a text is at most that is read from beginning to end, in pixels."""
_NOT_FOR_OTHERS = "words hidden while others can see"
_GIST = {
    NoteKind.INTENTION: ("intention",),
    NoteKind.INTEGRATION: ("recap", "revisited", "actions"),
    NoteKind.RISK: ("seen", "risk", "plan", "look_again"),
    NoteKind.DECISION: ("decided", "why"),
    NoteKind.GENERAL: ("text",),
}


def draw_note(here: Present, note: NoteLine) -> None:
    """A signed note by its gist, with what was added since; the whole of it below.

    It is amended and added to on its own page.
    """
    if note.signed_at is None:
        draw_draft(here, note, "beside")
        return
    signed = wording.moment(note.signed_at, here.now, here.zone)
    by = ", by prescriber" if note.by_prescriber else ""
    words(
        f":material/lock: **{note.title}** "
        f"{quiet(f'Signed and locked, {note.author.name}{by}, {signed}')}"
    )
    with folded_for_others(here, "The note"):
        st.text(gist(note))
        draw_additions(here, note)
    with st.expander("The whole note"):
        st.text(note.signed_text)
        mine = note.author.id == here.viewer.clinician_id
        link("note", "Amend it" if mine else "Add to it", icon="chevron_right", id=note.id)


@contextmanager
def folded_for_others(here: Present, title: str) -> Iterator[None]:
    """Words about somebody: with others in the room one unfolds them first."""
    if here.viewer.hides_names:
        with st.expander(title, icon=":material/visibility_off:"):
            yield
    else:
        yield


def free_words(here: Present, text: str) -> str:
    """What somebody typed in a few words, a reason for instance, which may name somebody.

    With others in the room only that there is something.
    """
    return _NOT_FOR_OTHERS if text and here.viewer.hides_names else text


def draw_draft(here: Present, note: NoteLine, place: str) -> None:
    """That a draft exists, whose and since when; never a word of it.

    What is about a session stands with it; of another kind it says which.
    """
    since = wording.moment(note.started_at, here.now, here.zone)
    with row(f"{place}_draft_{note.id}"):
        if note.kind.is_about_course:
            words(f"**{note.title}**")
        if note.author.id == here.viewer.clinician_id:
            words(f":material/draft: Your draft {quiet(f'since {since}')}")
            link("note", "Continue", icon="edit_note", id=note.id)
        else:
            words(
                f":material/draft: {plain(f'Draft, {note.author.name}')} {quiet(f'since {since}')}"
            )


def write_links(here: Present, episode_id: str) -> None:
    """The ways to write about a course of care: a link for each kind that is this person's."""
    for kind in NoteKind:
        if kind.is_about_course and can_write_note(here.viewer, kind):
            link("note", kind.label, icon="edit_note", kind=kind.value, episode=episode_id)


def gist(note: NoteLine) -> str:
    """What a note comes down to, in its own words; all of it where it has no such field."""
    first, *rest = _GIST[note.kind]
    parts = [note.answer(first)]
    parts += [f"{one.label}: {one.text}" for one in note.answers if one.key in rest]
    return "\n".join(filter(None, parts)) or note.signed_text


def draw_additions(here: Present, note: NoteLine) -> None:
    """What was amended in a signed note and why, what colleagues added, and who read it."""
    for one in note.amendments:
        at = wording.moment(one.at, here.now, here.zone)
        st.markdown(f"**Amended** {quiet(f'{one.author}, {at}: {one.reason}')}")
        st.text(one.text)
    for one in note.addenda:
        at = wording.moment(one.at, here.now, here.zone)
        st.markdown(f"**Added** {quiet(f'{one.author}, {at}')}")
        st.text(one.text)
    for one in note.reads:
        at = wording.moment(one.at, here.now, here.zone)
        st.markdown(f":material/done_all: {plain(f'Read by {one.author}, {at}')}")
        if one.text:
            st.text(one.text)
