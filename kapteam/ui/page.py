"""Opening a page: the second lock behind the gate, then the banner and the header."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import streamlit as st

from kapteam import wording
from kapteam.rules.permissions import Viewer
from kapteam.ui.find import find_button
from kapteam.ui.shell import FLASH, Present, live, present
from kapteam.ui.text import plain


def open_page(
    title: str,
    *,
    of: str = "",
    dated: bool = False,
    needs: Callable[[Viewer], None] | None = None,
) -> Present:
    """Check who is here and what they may see, then draw the top of the page.

    `needs` is a `check_can_…` of rules.permissions. Stops the run when nobody is signed in; raises
    NotAllowed when `needs` says so. `title` never holds a client's name; `of` is the code of what
    the page is about, so that two tabs can be told apart: "Client K-014". A `dated` page's heading
    says the practice's day.
    """
    here = present()
    if here is None:
        st.stop()
    title = f"{title} {of}".strip()
    st.set_page_config(page_title=f"{title} · kapteam", layout="wide")
    if here.asked.practice.is_demo:
        _demo_banner(here)
    _header(here, f"{title}, {wording.heading_day(here.today)}" if dated else title)
    # After the header: who may not be here still finds a client and the way out.
    if needs is not None:
        needs(here.viewer)
    # A place that is always there: were it put in and taken out, everything below it would move,
    # and Streamlit would close what was open and go back to the first tab.
    top = st.empty()
    sentence, well = st.session_state.pop(FLASH, ("", True))
    if sentence and well:
        top.success(plain(sentence), icon=":material/check:")
    elif sentence:
        top.warning(plain(sentence), icon=":material/error:")
    _ready_again()
    return replace(here, top=top)


@partial(live, every=timedelta(days=1))
def _ready_again(here: Present) -> None:
    """Draws nothing; its timer makes a page ready again after the server was restarted.

    A browser that finds the server again asks for a run only where a timer runs. Until then the new
    server knows no callback, so the first Save or the first field left would pass unheard.
    """


def _header(here: Present, heading: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="page_header"):
        st.title(heading, anchor=False, width="stretch")
        st.markdown(
            f":gray[As of {wording.zoned_time(here.now, here.zone)}]",
            width="content",
        )
        find_button(here)
        with st.popover(plain(here.viewer.name), icon=":material/person:", width="content"):
            if not here.asked.practice.is_demo:
                st.html('<p><a href="/session/password" target="_self">Change password</a></p>')
            st.html(f"<p>{_post('Lock now (F9)', '/session/lock')}</p>")
            st.html(f"<p>{_post('Sign out', '/session/sign-out')}</p>")


def _post(label: str, path: str) -> str:
    """A link that the guard script turns into a POST (no state changes by GET)."""
    return f'<a href="/" data-kapteam-post="{path}">{label}</a>'


def _demo_banner(here: Present) -> None:
    other = "therapist" if here.viewer.is_prescriber else "prescriber"
    with st.container(horizontal=True, vertical_alignment="center", key="demo_banner"):
        st.markdown(
            ":violet-badge[:material/science: Demo practice: every person here is made up]",
            width="content",
        )
        st.html(_post(f"See it as the {other}", "/session/demo/switch"), width="content")
        st.html(_post("Leave the demo", "/session/demo/leave"), width="content")
