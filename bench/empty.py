"""An empty Streamlit page, served without a gate: what every page is compared with."""

from pathlib import Path

import streamlit as st

app = st.App(Path(__file__).with_name("nothing.py"))
