"""Streamlit's script: who is here, which pages they have, and one place for what goes wrong."""

import streamlit as st

from kapteam.ui.navigation import link, pages_for
from kapteam.ui.shell import present, sentence_for
from kapteam.ui.text import plain


def main() -> None:
    """Run the page that was asked for; what it refuses or fails at is said in a sentence."""
    here = present()
    if here is None:
        st.stop()
    page = st.navigation(pages_for(here.viewer), position="top")
    try:
        page.run()
    except Exception as error:
        st.warning(plain(sentence_for(error)), icon=":material/info:")
        st.markdown("Use **Find a client** (Ctrl+K), or go back to Today.")
        link("today", "Today", icon="today")


main()
