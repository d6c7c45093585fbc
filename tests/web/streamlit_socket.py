"""A tab's two websockets: the heartbeat, and just enough of Streamlit's own to run a page."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.web.server import Browser, Server

PATIENCE_SECONDS = 20
STREAM, HEARTBEAT = "/_stcore/stream", "/session/heartbeat"
STREAM, HEARTBEAT = "/_stcore/stream", "/session/heartbeat"
_GOES_ON = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN


class Wire:
    """An open websocket, used like a blocking one.

    Not `websockets.sync`: over TLS that reads in one thread while it writes in another, and now and
    then waits for ever for a handshake that was never sent.
    """

    def __init__(self, runner: asyncio.Runner, connection: ClientConnection) -> None:
        self._runner = runner
        self._connection = connection

    def send(self, frame: str | bytes) -> None:
        """Send one frame. Raises ConnectionClosed."""
        self._runner.run(self._connection.send(frame))

    def recv(self, seconds: float) -> Any:
        """The next frame. Raises ConnectionClosed, and TimeoutError after so many seconds."""
        return self._runner.run(asyncio.wait_for(self._connection.recv(), seconds))

    @property
    def close_code(self) -> int | None:
        """The code with which the server closed it."""
        return self._connection.close_code


class Tab:
    """An open websocket. `run_id` is the id under which Streamlit keeps this tab's state.

    `page` and `query` are its address.
    """

    def __init__(self, connection: Wire) -> None:
        self._socket = connection
        self.run_id = ""
        self.page, self.query = "", ""
        self._widgets: dict[str, WidgetState] = {}

    def run(self, typed: Mapping[str, str] | None = None, pressed: str = "") -> str:
        """Ask for a run of the script; everything it printed, as one text.

        `typed` is what fields hold by their labels, `pressed` the label of a button.
        """
        message = BackMsg()
        asked = message.rerun_script
        asked.page_name, asked.query_string = self.page, self.query
        for label, text in (typed or {}).items():
            self._widgets[label].string_value = text
        if pressed:
            self._widgets[pressed].trigger_value = True
        asked.widget_states.widgets.extend(self._widgets.values())
        self._widgets = {}
        self._socket.send(message.SerializeToString())
        printed = []
        while True:
            forward = ForwardMsg.FromString(self._socket.recv(PATIENCE_SECONDS))
            kind = forward.WhichOneof("type")
            if kind == "new_session":
                self.run_id = forward.new_session.initialize.session_id
            elif kind == "page_info_changed":
                self.query = forward.page_info_changed.query_string
            elif kind == "delta":
                printed.append(str(forward.delta))
                self._find(forward.delta.new_element)
            elif kind == "script_finished" and forward.script_finished != _GOES_ON:
                return "\n".join(printed)

    def _find(self, element: Element) -> None:
        """Know what a field holds at first, as a browser does; and the buttons."""
        kind = element.WhichOneof("type")
        if kind not in ("text_input", "date_input", "button"):
            return
        drawn = getattr(element, kind)
        state = self._widgets[drawn.label] = WidgetState(id=drawn.id)
        if kind == "text_input":
            state.string_value = drawn.default
        elif kind == "date_input":
            state.string_array_value.data.extend(drawn.default)

    def closed_with(self) -> int:
        """Wait until the server closes this socket; the code it gave. Raises TimeoutError."""
        try:
            while True:
                self._socket.recv(PATIENCE_SECONDS)
        except ConnectionClosed:
            return self._socket.close_code or 0


@contextmanager
def connected(
    server: Server,
    cookie: str,
    path: str,
    *,
    origin: str | None = "",
    headers: dict[str, str] | None = None,
    host: str = "",
    protocols: Sequence[str] = (),
) -> Iterator[Wire]:
    """The websocket at `path`, with this Cookie header.

    `origin` is the server's own unless given; None sends no Origin. `host` is the name that the
    browser asks for, when it is another than the server's. Raises InvalidStatus when the handshake
    is refused.
    """
    given = {"Cookie": cookie, **(headers or {})} if cookie else dict(headers or {})
    secure, trusted = ("s", server.certificate.trusted()) if server.certificate else ("", None)

    async def opened() -> ClientConnection:
        return await connect(
            f"ws{secure}://{host or server.name}:{server.port}{path}",
            origin=server.url if origin == "" else origin,
            additional_headers=given,
            subprotocols=protocols or None,
            host="127.0.0.1",
            port=server.port,
            ssl=trusted,
            server_hostname=server.name if trusted else None,
            proxy=None,
            max_size=None,
            open_timeout=PATIENCE_SECONDS,
        )

    with asyncio.Runner() as runner:
        connection = runner.run(opened())
        try:
            yield Wire(runner, connection)
        finally:
            runner.run(connection.close())


@contextmanager
def open_tab(
    server: Server, cookie: str, *, resume: str = "", headers: dict[str, str] | None = None
) -> Iterator[Tab]:
    """A tab with this Cookie header; `resume` is the `run_id` of one to take up again."""
    protocols = ["streamlit", "no-token", resume] if resume else ["streamlit"]
    with connected(server, cookie, STREAM, headers=headers, protocols=protocols) as connection:
        yield Tab(connection)


def tab_of(server: Server, browser: Browser, resume: str = ""):
    """A tab of this browser."""
    return open_tab(server, browser.cookie_header, resume=resume)


def heartbeat_of(server: Server, browser: Browser):
    """The heartbeat of a tab of this browser."""
    return connected(server, browser.cookie_header, HEARTBEAT)


def refused(server: Server, cookie: str, path: str = STREAM, **handshake: Any) -> int:
    """The HTTP status with which a handshake is refused; 101 when it was not."""
    try:
        with connected(server, cookie, path, **handshake):
            return 101
    except InvalidStatus as error:
        return error.response.status_code
