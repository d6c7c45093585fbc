"""Streamlit's script: who is here, which pages they have, and one place for what goes wrong."""

import streamlit as st

from kapteam.ui.navigation import pages_for
from kapteam.ui.page import draw_trouble
from kapteam.ui.shell import one_run, present_again


def main() -> None:
    """Run the page that was asked for; what it refuses or fails at is said in a sentence."""
    try:
        here = present_again()
        if here is None:
            st.stop()
        page = st.navigation(pages_for(here.viewer), position="top")
        with one_run(here):
            page.run()
    except Exception as error:
        draw_trouble(error)


main()
