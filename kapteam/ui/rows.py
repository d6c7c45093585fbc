"""Lists as rows: words in the same order everywhere, aligned, wrapping on a narrow screen."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from kapteam.queries.standing import ClientName
from kapteam.ui.names import client_name
from kapteam.ui.navigation import link
from kapteam.ui.shell import Present
from kapteam.ui.text import plain, said
from kapteam.wording import Phrase

NAME = 235


@contextmanager
def section(
    title: str, number: int | None = None, *, key: str, nothing: str = ""
) -> Iterator[None]:
    """A heading with its count and a frame around its rows.

    With nothing to show it is one line: `nothing`.
    """
    if number == 0:
        st.markdown(f"**{plain(title)}** :gray[{plain(nothing)}]")
        yield
        return
    st.subheader(f"{title} ({number})" if number is not None else title, anchor=False)
    with st.container(border=True, gap="xsmall", key=key):
        yield


@contextmanager
def row(key: str) -> Iterator[None]:
    """One row; its parts stand side by side and wrap where they do not fit."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=key):
        yield


def name_cell(here: Present, client: ClientName, width: int = NAME) -> None:
    """The client's name as a link to the client, with the code in grey."""
    name = plain(client_name(here.viewer, client))
    link("client", f"**{name}** :gray[{client.code}]", width=width, client=client.code)


def words(text: str, width: int | None = None) -> None:
    """Markdown words (user text through `ui.text.plain`) of a fixed width."""
    st.markdown(text, width=width or "content")


def phrase(one: Phrase, width: int | None = None) -> None:
    """A phrase in its tone."""
    st.markdown(said(one), width=width or "content")
