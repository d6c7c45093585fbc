"""What somebody had typed on a page that opens to them no more: they still read and copy it."""

from collections.abc import Mapping

import streamlit as st

from kapteam.errors import Unavailable
from kapteam.queries.away import covered_until_now
from kapteam.ui.forms import typed_words
from kapteam.ui.shell import Present
from kapteam.ui.text import plain
from kapteam.ui.written import folded_for_others
from kapteam.wording import listed

_WORDS = "words_of_a_page_that_is_closed"


def forget_unsaved() -> None:
    """A page was drawn: its fields hold what was typed."""
    st.session_state.pop(_WORDS, None)


def draw_unsaved(here: Present, page: str, query: Mapping[str, str]) -> None:
    """What had been typed on the page at this address, below why it is not drawn.

    Streamlit forgets a field that is not drawn, so the words are kept for as long as the page is.
    """
    place = page, dict(query)
    kept_at, words = st.session_state.get(_WORDS, (None, ()))
    words = typed_words() or (words if kept_at == place else ())
    st.session_state[_WORDS] = place, words
    if not words:
        return
    with st.container(border=True, key="unsaved"):
        st.markdown(
            ":red[:material/error: What you had typed here was not saved. It stands below for you "
            f"to copy.] {plain(_who_has_it(here))}"
        )
        with folded_for_others(here, "What you had typed"):
            for label, text in words:
                st.markdown(f"**{label}**")
                st.text(text)


def _who_has_it(here: Present) -> str:
    """To whom it can be handed: whom one covered until now."""
    try:
        names = here.read(covered_until_now)
    except Unavailable:
        return ""
    if not names:
        return ""
    return f"Your cover for {listed(names)} has ended. Hand it to them."
