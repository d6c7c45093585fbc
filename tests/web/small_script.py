"""Shows who Streamlit says is here, what this tab remembers, and a file to take away."""

import streamlit as st

st.session_state.setdefault("first_seen_as", st.user.sign_in)
st.text(f"here: {st.user.sign_in}; remembered: {st.session_state.first_seen_as}")
st.download_button("Doses", "client,dose\nK-001,70\n", file_name="doses.csv", mime="text/csv")
