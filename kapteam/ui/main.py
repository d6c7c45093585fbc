"""Streamlit's script: who is here, which pages they have, and one place for what goes wrong."""

import streamlit as st

from kapteam.ui.navigation import pages_for
from kapteam.ui.page import draw_trouble
from kapteam.ui.shell import Present, one_run, present_again
from kapteam.ui.unsaved import draw_unsaved, forget_unsaved


def _run(here: Present, page: st.Page) -> None:
    """One run of a page. Where it is refused, what was typed on it is shown all the same."""
    try:
        page.run()
    except Exception as error:
        draw_trouble(error)
        draw_unsaved(here, page.url_path, st.query_params.to_dict())
    else:
        forget_unsaved()


def main() -> None:
    """Run the page that was asked for; what it refuses or fails at is said in a sentence."""
    try:
        here = present_again()
        if here is None:
            st.stop()
        page = st.navigation(pages_for(here.viewer), position="top")
        with one_run(here):
            _run(here, page)
    except Exception as error:
        draw_trouble(error)


main()
