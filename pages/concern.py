"""A client's safety: raise a concern, say that one has seen it, clear it; the crisis card."""

import streamlit as st

from kapteam.queries.client import client_code
from kapteam.queries.concerns import ConcernPage, concern_page
from kapteam.rules.permissions import check_can_raise_concern
from kapteam.ui.concerns import draw_concern_page
from kapteam.ui.page import open_page
from kapteam.ui.rows import identity
from kapteam.ui.shell import Present


def read(here: Present) -> ConcernPage:
    """The client's concerns, and the one that was asked for."""
    return here.read(
        concern_page,
        code=client_code(st.query_params.get("client", "")),
        concern_id=st.query_params.get("id", ""),
    )


here = open_page(
    "Safety",
    of=client_code(st.query_params.get("client", "")),
    needs=check_can_raise_concern,
    has_live_part=True,
)
shown = read(here)
identity(here, shown.details.name)
draw_concern_page(here, shown, read)
