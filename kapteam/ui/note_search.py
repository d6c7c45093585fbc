"""Search in signed notes: what is asked for above, what was found below, with the words in bold.

What is typed may be about anybody's health, so nothing of it is bound to the address.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import streamlit as st

from kapteam import wording
from kapteam.actions.views import record_views
from kapteam.queries.note_search import (
    FoundNote,
    NotesFound,
    NotesWanted,
    note_authors,
    search_notes,
)
from kapteam.queries.views import unseen_this_hour
from kapteam.rules.note_search import Context
from kapteam.ui.navigation import link
from kapteam.ui.rows import list_row, name_cell, section, telling_apart, words
from kapteam.ui.shell import Present, acting
from kapteam.ui.text import plain, quiet, strong
from kapteam.ui.written import folded_for_others
from kapteam.vocabulary import NoteKind

TYPED = ("notes_typed", "notes_client")
"""Where what was typed is kept: emptied when others can see the screen."""
_CHOSEN = ("notes_author", "notes_kind", "notes_theme", "notes_from", "notes_until")
_STARTS = "notes_starts"
_NOTHING = (
    "No signed note has all of this. Check the spelling, type the beginning of a word with * after "
    "it, or take a filter away."
)
_NO_OLDER = "No older note has all of this."
_GOES_ON = "“Older notes” goes on from there."


def notes_wanted(here: Present) -> NotesWanted:
    """The field to search in, and its filters; what is asked for in them."""
    names = here.read(note_authors)
    with st.container(horizontal=True, vertical_alignment="bottom", key="notes_search"):
        typed = st.text_input(
            "Search in signed notes",
            key=TYPED[0],
            type="search",
            placeholder="Words, a “phrase”, or begin*",
            autocomplete="off",
            persist_state="session",
            width=380,
        )
        folded = st.popover(
            "Filters", icon=":material/filter_list:", width="content", key="notes_filters"
        )
        clear = st.container(width="content")
    with folded:
        client = st.text_input(
            "Client: name, code, phone or date of birth",
            key=TYPED[1],
            autocomplete="off",
            persist_state="session",
        )
        author = _pick("Written by", list(names), "notes_author", names)
        kind = _pick("Kind", list(NoteKind), "notes_kind", {one: one.label for one in NoteKind})
        theme = _pick("Theme", here.asked.practice.themes_ever, "notes_theme", or_typed=True)
        with st.container(horizontal=True):
            from_on = _day("Signed from", "notes_from")
            until_on = _day("Until", "notes_until")
    wanted = NotesWanted(
        typed=typed or "",
        client=client or "",
        author_id=author,
        kind=NoteKind(kind) if kind else None,
        from_on=from_on,
        until_on=until_on,
        theme=theme,
    )
    if wanted.is_something:
        clear.button("Clear", icon=":material/close:", key="notes_clear", on_click=_clear)
    chosen = _chosen(here, wanted, names.get(author or "", ""))
    if chosen:
        words(quiet(f"Only {', '.join(chosen)}"))
    return wanted


def _pick(
    label: str,
    options: Sequence[str],
    key: str,
    named: Mapping[str, str] | None = None,
    *,
    or_typed: bool = False,
) -> str | None:
    chosen: str | None = st.selectbox(
        label,
        options,
        index=None,
        placeholder="Any, or type one" if or_typed else "Any",
        accept_new_options=or_typed,
        format_func=lambda one: (named or {}).get(one, one),
        key=key,
        persist_state="session",
    )
    return chosen


def _day(label: str, key: str) -> date | None:
    day: date | None = st.date_input(
        label, None, key=key, format="YYYY-MM-DD", persist_state="session", width=150
    )
    return day


def _chosen(here: Present, wanted: NotesWanted, author: str) -> list[str]:
    """The filters in words, because they lie folded."""
    said = []
    if wanted.client.strip():
        said.append(f"about “{wanted.client.strip()}”")
    if author:
        said.append(f"by {author}")
    if wanted.kind:
        said.append(f"of the kind “{wanted.kind.label}”")
    if wanted.theme:
        said.append(f"with the theme “{wanted.theme}”")
    if wanted.from_on:
        said.append(f"from {wording.day(wanted.from_on, here.today)}")
    if wanted.until_on:
        said.append(f"until {wording.day(wanted.until_on, here.today)}")
    return said


@acting
def _clear(here: Present) -> None:
    for key in TYPED:
        st.session_state[key] = ""
    for key in _CHOSEN:
        st.session_state[key] = None


@acting
def _as_client(here: Present) -> None:
    words_key, client_key = TYPED
    st.session_state[client_key], st.session_state[words_key] = st.session_state[words_key], ""


def draw_found(here: Present, wanted: NotesWanted) -> None:
    """One page of what was found, the newest first, and the ways to older and newer ones."""
    starts = _starts(wanted)
    page = here.read(search_notes, wanted, starts[-1] if starts else None)
    if page.problem:
        words(plain(page.problem))
        return
    _on_record(here, page)
    here = telling_apart(here, (one.client for one in page.found))
    is_all = not starts and page.older is None
    number = len(page.found) if is_all or not page.found else None
    with section("Notes found", number, key="notes_found", nothing=_nothing(here, starts, page)):
        for one in page.found:
            _found_row(here, one)
    if is_all and not page.found and wanted.typed.strip() and not wanted.client.strip():
        st.button(
            "Notes about a client of this name",
            icon=":material/person_search:",
            key="notes_as_client",
            type="tertiary",
            on_click=_as_client,
        )
    if page.found and page.looked_back_to is not None:
        words(quiet(f"Looked through back to {_on(here, page.looked_back_to)} so far. {_GOES_ON}"))
    if not is_all:
        _ways_on(starts, page)


def _nothing(here: Present, starts: tuple[int, ...], page: NotesFound) -> str:
    """What a page without a note says: of which notes none has it."""
    if page.looked_back_to is not None:
        return f"None back to {_on(here, page.looked_back_to)} so far. {_GOES_ON}"
    return _NO_OLDER if starts else _NOTHING


def _on(here: Present, at: datetime) -> str:
    return wording.full_day(at.astimezone(here.zone).date())


def _starts(wanted: NotesWanted) -> tuple[int, ...]:
    """Where each page after the first begins, up to the one that is shown; of this search alone."""
    of, starts = st.session_state.get(_STARTS, (wanted, ()))
    if of != wanted:
        starts = ()
    st.session_state[_STARTS] = wanted, starts
    return tuple(starts)


def _ways_on(starts: tuple[int, ...], page: NotesFound) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="notes_pages"):
        if starts:
            st.button(
                "Newer notes",
                icon=":material/chevron_left:",
                key="notes_newer",
                on_click=_turn,
                args=(starts[:-1],),
            )
        words(quiet(f"Page {len(starts) + 1}, newest first"))
        if page.older is not None:
            st.button(
                "Older notes",
                icon=":material/chevron_right:",
                icon_position="right",
                key="notes_older",
                on_click=_turn,
                args=((*starts, page.older),),
            )


@acting
def _turn(here: Present, starts: tuple[int, ...]) -> None:
    wanted, _ = st.session_state[_STARTS]
    st.session_state[_STARTS] = wanted, starts


def _on_record(here: Present, page: NotesFound) -> None:
    """Whoever reads words of a note has opened the chart; that is on record before (rule 63)."""
    ids = tuple({one.client.id for one in page.found})
    unseen = here.read(unseen_this_hour, ids) if ids else ()
    if unseen:
        here.write(record_views, unseen, here.now)


def _found_row(here: Present, one: FoundNote) -> None:
    note = one.note
    with st.container(gap="xxsmall", key=f"found_{note.id}"):
        with list_row(f"note_{note.id}"):
            name_cell(here, one.client)
            error = f" {quiet('entered in error')}" if note.voided_at else ""
            words(f"{strong(note.title)}{error}", 210)
            signed = note.signed_at or note.started_at
            words(quiet(f"signed {wording.moment(signed, here.now, here.zone)}"), 250)
            words(plain(note.author.name), 200)
            link("note", "Open", icon="chevron_right", id=note.id)
        if one.contexts:
            with folded_for_others(here, "Show"):
                for context in one.contexts:
                    words(_marked(context))


def _marked(context: Context) -> str:
    said = (strong(one.text) if one.is_hit else plain(one.text) for one in context.pieces)
    return f":small[:gray[{plain(context.label)}:] {''.join(said)}]"
