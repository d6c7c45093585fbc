"""A list that a count leads to: `?show=` leaves exactly the rows that were counted (rule 73).

Of a long list the first rows are drawn, and below them it says how many more there are.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import streamlit as st

from kapteam.queries.standing import Scope, usual_scope
from kapteam.ui.rows import count_link, words
from kapteam.ui.shell import Present, acting
from kapteam.ui.text import quiet, strong
from kapteam.vocabulary import Term, Tone
from kapteam.wording import Phrase

_Shown = TypeVar("_Shown", bound=Term)
_Row = TypeVar("_Row")
STEP = 25
_CHOSEN_BY_TWO = "chosen_by_two"
_MINE, _EVERYONE = "Mine", "Everyone's"


def whose(here: Present, key: str) -> bool:
    """Whether everyone's are asked for; offered to those who have their own and may see all."""
    viewer = here.viewer
    if not viewer.sees_everyone or not (viewer.is_prescriber or viewer.is_therapist):
        return False
    chosen = st.radio(
        "Whose",
        [_MINE, _EVERYONE],
        horizontal=True,
        key=key,
        bind="query-params",
        label_visibility="collapsed",
    )
    return chosen == _EVERYONE


def scope(here: Present, key: str) -> Scope:
    """Whose courses a list is of; `key` is of the page's own radio.

    While two are at the screen it begins with what they treat together, and the choice holds on
    every page that asks.
    """
    usual = usual_scope(here.viewer)
    if usual is not Scope.OURS:
        return Scope.EVERYONE if whose(here, key) else usual
    viewer = here.viewer
    treats = viewer.is_prescriber or viewer.is_therapist
    offered = [Scope.OURS, Scope.MINE]
    if treats and viewer.sees_everyone:
        offered.append(Scope.EVERYONE)
    kept = st.session_state.get(_CHOSEN_BY_TWO, usual)
    chosen = st.radio(
        "Whose",
        offered,
        index=offered.index(kept) if kept in offered else 0,
        format_func=lambda one: one.label,
        horizontal=True,
        key=f"{key}_of_two",
        label_visibility="collapsed",
        width="content",
    )
    st.session_state[_CHOSEN_BY_TWO] = chosen
    return chosen


def shown(kind: type[_Shown]) -> _Shown | None:
    """What the URL asks to be left; None for all of it, or for a word that is none of `kind`."""
    asked = st.query_params.get("show")
    found = next((one for one in kind if one.value == asked), None)
    if found is not None:
        # A link from the page to itself leaves the address as it was; the next run would forget.
        st.query_params["show"] = found.value
    return found


def counts(to: str, numbers: Iterable[tuple[Term, int, Tone]]) -> None:
    """The counts that are not zero, each a link to its rows on the page `to` itself."""
    with st.container(horizontal=True, gap="xsmall", key="counts"):
        for one, number, tone in numbers:
            if number:
                count_link(to, Phrase(f"{one.label} {number}", tone), **_kept(), show=one.value)


def alone(one: Term) -> None:
    """Above the rows of a count: what they are, and the way back to the whole page."""
    with st.container(horizontal=True, vertical_alignment="center", key="alone"):
        words(f"Only {strong(one.label)}")
        st.button("Show all", icon=":material/close:", key="show_all", on_click=_show_all)


@acting
def _show_all(here: Present) -> None:
    st.query_params.pop("show", None)


def beginning(rows: Sequence[_Row], key: str, first: int = STEP) -> Sequence[_Row]:
    """The `first` rows of the list that `key` names, or as many as were asked for."""
    return rows[: st.session_state.get(_asked_for(key), first)]


def rest(rows: Sequence[object], key: str, first: int = STEP) -> None:
    """Below the beginning of a list: how many more rows it has, and the way to the next ones."""
    shown = len(beginning(rows, key, first))
    hidden = len(rows) - shown
    if hidden:
        _more(key, shown + STEP, f"Show {min(hidden, STEP)} more", "expand_more", hidden)


def _more(key: str, number: int, label: str, icon: str, hidden: int) -> None:
    """The button that has so many rows shown, and how many are not."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"rest_of_{key}"):
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"more_of_{key}",
            on_click=_show_more,
            args=(key, number),
        )
        words(quiet(f"{hidden} not shown"))


def ending(rows: Sequence[_Row], key: str, first: int = STEP) -> Sequence[_Row]:
    """The last `first` rows of the list that `key` names, or as many as were asked for."""
    return rows[-st.session_state.get(_asked_for(key), first) :]


def before(rows: Sequence[object], key: str, first: int = STEP) -> None:
    """Above the ending of a list: how many earlier rows it has, and the way to so many more."""
    shown = len(ending(rows, key, first))
    hidden = len(rows) - shown
    if hidden:
        _more(key, shown + first, f"Show {min(hidden, first)} earlier", "expand_less", hidden)


def listed(
    rows: Sequence[_Row], key: str, draw: Callable[[_Row], None], *, first: int = STEP
) -> None:
    """The beginning of a list, a row each, and what is said of the rest."""
    for one in beginning(rows, key, first):
        draw(one)
    rest(rows, key, first)


@acting
def _show_more(here: Present, key: str, number: int) -> None:
    st.session_state[_asked_for(key)] = number


def _asked_for(key: str) -> str:
    return f"shown_of_{key}"


def _kept() -> dict[str, Any]:
    """What else is chosen on the page stays chosen."""
    return {name: value for name, value in st.query_params.items() if name != "show"}
