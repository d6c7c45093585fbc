"""What is unsigned, mine and the colleagues', of every kind of note or of one."""

from collections import Counter

from kapteam import wording
from kapteam.queries.notes import UnsignedNote
from kapteam.ui.navigation import link
from kapteam.ui.rows import list_row, name_cell, section, telling_apart, words
from kapteam.ui.shell import Present
from kapteam.ui.showing import alone, counts, shown
from kapteam.ui.text import plain, quiet
from kapteam.vocabulary import NoteKind, Tone


def draw_unsigned(here: Present, notes: tuple[UnsignedNote, ...]) -> None:
    """Unsigned notes with their age: mine first, then whose they are; or those of one kind."""
    only = shown(NoteKind)
    if only is None:
        of_kind = Counter(one.kind for one in notes)
        if len(of_kind) > 1:
            counts("notes", ((kind, of_kind[kind], Tone.PLAIN) for kind in NoteKind))
    else:
        alone(only)
        notes = tuple(one for one in notes if one.kind is only)
    here = telling_apart(here, (one.client for one in notes))
    mine = [one for one in notes if one.is_mine]
    others = [one for one in notes if not one.is_mine]
    with section("Mine to sign", len(mine), key="mine", nothing="Nothing of yours is unsigned."):
        for one in mine:
            _unsigned_row(here, one)
    with section("Colleagues' to sign", len(others), key="others", nothing="None."):
        for one in others:
            _unsigned_row(here, one)


def _unsigned_row(here: Present, one: UnsignedNote) -> None:
    with list_row(f"unsigned_{one.key}"):
        name_cell(here, one.client)
        words(plain(one.title), 170)
        about = wording.moment(one.subject_at, here.now, here.zone) if one.subject_at else ""
        words(quiet(f"for {about}" if about else ""), 220)
        words(plain(one.author.name), 180)
        age = wording.duration(one.age)
        words(quiet(f"unsigned for {age}" if one.id else f"not begun, held {age} ago"), 220)
        if one.is_mine and one.id:
            link("note", "Finish", icon="edit_note", id=one.id)
        elif one.is_mine and one.integration_session_id:
            to = one.integration_session_id
            link("note", "Write", icon="edit_note", kind="integration", integration=to)
