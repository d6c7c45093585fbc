"""The application: Streamlit behind kapteam's gate. Run it with `python -m kapteam serve`."""

import gc
from pathlib import Path

import streamlit as st

from kapteam.web.front import Front, check_served

check_served(st.get_option)
here = Path(__file__).parent
front = Front(Path(st.__file__).parent / "static" / "index.html", here / "pages")
app = st.App(
    here / "kapteam" / "ui" / "main.py",
    routes=front.routes,
    middleware=front.middleware,
    lifespan=front.lifespan,
)
# What has been imported stays: to look through it for garbage cost a tenth of the time of a page.
gc.freeze()
# A page makes its objects by the thousand and few of them live: looked through every 700, as Python
# does unless told, it cost another twentieth.
gc.set_threshold(10_000)
