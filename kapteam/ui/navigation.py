"""Every page: file, title, and whether it stands in the menu. Links are made here only.

No icons in the menu: Streamlit would fetch each as the tab's icon from an outside server.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st

from kapteam.rules.permissions import (
    Viewer,
    can_administer,
    can_book,
    can_read_scores,
    can_review_cases,
)
from kapteam.vocabulary import Term

_ADDRESS = "address_of_the_last_run"
_PAGES = Path(__file__).resolve().parents[2] / "pages"


def _everyone(viewer: Viewer) -> bool:
    return True


def _reads_notes(viewer: Viewer) -> bool:
    return viewer.reads_notes


@dataclass(frozen=True, slots=True)
class Place:
    """One page. `shown_to` says to whom the menu offers it; the page itself checks again."""

    title: str
    in_menu: bool = False
    shown_to: Callable[[Viewer], bool] = _everyone


PLACES: dict[str, Place] = {
    "today": Place("Today", True),
    "caseload": Place("Caseload", True),
    "ketamine_sessions": Place("Ketamine sessions", True),
    "integration": Place("Integration", True),
    "notes": Place("Notes", True, _reads_notes),
    "case_review": Place("Case review", True, can_review_cases),
    "outcomes": Place("Outcomes", True, can_read_scores),
    "inquiries": Place("Inquiries", True, can_book),
    "practice": Place("Practice", True, can_administer),
    "client": Place("Client"),
    "client_edit": Place("Client details"),
    "inquiry": Place("Inquiry"),
    "episode": Place("Course of care"),
    "clearance": Place("Clearance"),
    "consent": Place("Consent"),
    "booking": Place("Book a ketamine session"),
    "series_plan": Place("Plan the rest of a series"),
    "ketamine_session": Place("Ketamine session"),
    "live_session": Place("During the session"),
    "brief": Place("Brief before the dose"),
    "home_supply": Place("Medicine at home"),
    "integration_session": Place("Integration session"),
    "note": Place("Note"),
    "thread": Place("Thread"),
    "filing": Place("For the other record"),
    "score": Place("Enter a score"),
    "scores": Place("Scores"),
    "contact": Place("Contacts"),
    "away": Place("Days away"),
    "concern": Place("Safety"),
    "ask": Place("Questions"),
    "wait": Place("Waiting on someone outside"),
    "emergency": Place("Emergency access"),
}


class PracticePart(Term):
    """The parts of Practice, of which one is shown at a time (`?practice_show=` its label)."""

    TEAM = "team", "Team"
    AWAY = "away", "Days away"
    THRESHOLDS = "thresholds", "Thresholds"
    EMERGENCY = "emergency", "Emergency access"
    BACKUPS = "backups", "Backups"
    LOG = "log", "Who did what"


def file_of(name: str) -> str:
    """The file of a page, as `st.Page` and `st.switch_page` want it."""
    return str(_PAGES / f"{name}.py")


def pages_for(viewer: Viewer) -> list[st.Page]:
    """The pages of this person; hidden ones are reached by link."""
    # Copies, because Streamlit marks the page that this very run may open.
    return [
        copy(_page(name, in_menu=place.in_menu and place.shown_to(viewer)))
        for name, place in PLACES.items()
    ]


@cache
def _page(name: str, *, in_menu: bool = False) -> st.Page:
    """A page as Streamlit knows it, made once: each time it would follow the path on the disk."""
    return st.Page(
        file_of(name),
        title=PLACES[name].title,
        url_path=name,
        default=name == "today",
        visibility="visible" if in_menu else "hidden",
    )


def link(
    to: str, label: str, *, icon: str = "", tip: str = "", width: int | None = None, **query: str
) -> None:
    """A link within the application; `label` and `tip`, which says more about it, are Markdown.

    User text comes through `ui.text.plain`.
    """
    st.page_link(
        _page(to),
        label=label,
        icon=f":material/{icon}:" if icon else None,
        help=tip or None,
        width=width or "content",
        query_params=query or None,
    )


def keep_address(page: str) -> None:
    """Have the browser show the address that this run of the page of this title is for.

    A link to the page that one is on changes what is drawn and not the browser's address, and the
    next field that is left, Back and a reload would bring back what was there before. Where the
    address is the same already, nothing happens.
    """
    asked = st.query_params.to_dict()
    last_page, last_asked = st.session_state.get(_ADDRESS, ("", asked))
    st.session_state[_ADDRESS] = page, asked
    # Coming from another page the browser's address is written by Streamlit, a moment later.
    if last_page == page and last_asked != asked:
        st.query_params.update()


def go(to: str, **query: str) -> None:
    """Leave for another page; ends this run."""
    st.switch_page(file_of(to), query_params=query or None)
