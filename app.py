"""The application: Streamlit behind kapteam's gate. Run it with `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from kapteam.web.front import Front, check_bind

check_bind(st.get_option("server.address"))
front = Front(Path(st.__file__).parent / "static" / "index.html")
app = st.App(
    Path(__file__).parent / "kapteam" / "ui" / "main.py",
    routes=front.routes,
    middleware=front.middleware,
    lifespan=front.lifespan,
)
