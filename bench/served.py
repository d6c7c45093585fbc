"""kapteam as it is always served, with a count of the statements that its pages run.

The count is at `COUNT`. What runs beside the pages (heartbeats, the watch over websockets) is not
in it.
"""

from threading import Lock
from typing import Any

import streamlit as st
from sqlalchemy import Engine, event
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit.runtime.scriptrunner import get_script_run_ctx

import app as kapteam_app

COUNT = "/session/bench/statements"
_lock = Lock()
_statements = 0


@event.listens_for(Engine, "before_cursor_execute")
def _count_statement(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    """Count it, but for the BEGIN that SQLite's hook sends."""
    global _statements
    if statement.startswith("BEGIN") or get_script_run_ctx(suppress_warning=True) is None:
        return
    with _lock:
        _statements += 1


def _answer(_request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(_statements))


app = st.App(
    kapteam_app.here / "kapteam" / "ui" / "main.py",
    routes=[Route(COUNT, _answer), *kapteam_app.front.routes],
    middleware=kapteam_app.front.middleware,
    lifespan=kapteam_app.front.lifespan,
)
