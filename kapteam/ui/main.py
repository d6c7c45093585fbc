"""Streamlit's script: who is here, which pages they have, and one place for what goes wrong."""

import logging

import streamlit as st

from kapteam.errors import NotFound, Refused
from kapteam.ids import new_id
from kapteam.ui.navigation import link, pages_for
from kapteam.ui.shell import present
from kapteam.ui.text import plain

_log = logging.getLogger("kapteam")


def _wrong(sentence: str) -> None:
    st.warning(plain(sentence), icon=":material/info:")
    st.markdown("Use **Find a client** (Ctrl+K), or go back to Today.")
    link("today", "Today", icon="today")


def main() -> None:
    """Run the page that was asked for."""
    here = present()
    if here is None:
        st.stop()
    page = st.navigation(pages_for(here.viewer), position="top")
    try:
        page.run()
    except NotFound as error:
        _wrong(str(error))
    except Refused as error:
        _wrong(str(error))
    except Exception as error:
        reference = new_id()[-8:]
        _log.error("Page failed, reference %s: %s", reference, type(error).__name__, exc_info=False)
        st.error(
            f"Something went wrong on our side. Nothing was saved by this. Reference {reference}.",
            icon=":material/error:",
        )
        link("today", "Today", icon="today")


main()
