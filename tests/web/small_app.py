"""The gate in front of one small script, so that the tests of the gate do not hang on any page."""

from pathlib import Path

import streamlit as st

from kapteam.web.front import Front, check_served

check_served(st.get_option)
pages = Path(__file__).parents[2] / "pages"
front = Front(Path(st.__file__).parent / "static" / "index.html", pages)
app = st.App(
    Path(__file__).parent / "small_script.py",
    routes=front.routes,
    middleware=front.middleware,
    lifespan=front.lifespan,
)
