"""An empty Streamlit page, served without the gate: what every page is compared with.

Its messages go out as kapteam's do, or it would wait 40 ms now and then and not at other times.
"""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from kapteam.web.sockets import send_at_once


class AtOnce:
    """Has each message of a websocket sent when it is there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            send_at_once(receive)
        await self._app(scope, receive, send)


app = st.App(Path(__file__).with_name("nothing.py"), middleware=[Middleware(AtOnce)])
