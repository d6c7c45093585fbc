"""A page to try the gate and the guard on: who is here, a file to take away, a note, a dialog."""

import streamlit as st


@st.dialog("Find a client")
def _find() -> None:
    st.text_input("Name")


st.session_state.setdefault("first_seen_as", st.user.sign_in)
st.text(f"here: {st.user.sign_in}; remembered: {st.session_state.first_seen_as}")
st.download_button("Doses", "client,dose\nK-001,70\n", file_name="doses.csv", mime="text/csv")
st.text_area("Note")
if st.button("Find"):
    _find()
if st.button("Save and sign"):
    st.html('<div data-kapteam-go="/session/nothing-yet?note=1"></div>')
st.html('<a href="/" data-kapteam-post="/session/sign-out">Sign out</a>')
st.html('<button data-kapteam-post="/session/lock">Lock now</button>')
st.html('<a href="/" data-kapteam-post="//evil.example/">Elsewhere</a>')
