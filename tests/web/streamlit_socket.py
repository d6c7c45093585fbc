"""Just enough of Streamlit's websocket protocol to be a tab: connect, run, read, drop."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.web.server import Browser, Server

PATIENCE_SECONDS = 20


class Tab:
    """An open websocket. `run_id` is the id under which Streamlit keeps this tab's state."""

    def __init__(self, connection: ClientConnection) -> None:
        self._socket = connection
        self.run_id = ""

    def run(self) -> str:
        """Ask for a run of the script; everything it printed, as one text."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        self._socket.send(message.SerializeToString())
        printed = []
        while True:
            forward = ForwardMsg.FromString(self._socket.recv(PATIENCE_SECONDS))
            kind = forward.WhichOneof("type")
            if kind == "new_session":
                self.run_id = forward.new_session.initialize.session_id
            elif kind == "delta":
                printed.append(str(forward.delta))
            elif kind == "script_finished":
                return "\n".join(printed)

    def closed_with(self) -> int:
        """Wait until the server closes this socket; the code it gave. Raises TimeoutError."""
        try:
            while True:
                self._socket.recv(PATIENCE_SECONDS)
        except ConnectionClosed:
            return self._socket.close_code or 0


@contextmanager
def open_tab(
    server: Server,
    cookie: str,
    *,
    origin: str | None = "",
    headers: dict[str, str] | None = None,
    host: str = "",
    resume: str = "",
) -> Iterator[Tab]:
    """A tab with this Cookie header; `resume` is the `run_id` of one to take up again.

    `origin` is the server's own unless given; None sends no Origin. `host` is the name that the
    browser asks for, when it is another than the server's. Raises InvalidStatus when the handshake
    is refused.
    """
    given = {"Cookie": cookie, **(headers or {})} if cookie else dict(headers or {})
    protocols = ["streamlit", "no-token", resume] if resume else ["streamlit"]
    secure, trusted = ("s", server.certificate.trusted()) if server.certificate else ("", None)
    with connect(
        f"ws{secure}://{host or server.name}:{server.port}/_stcore/stream",
        origin=server.url if origin == "" else origin,
        additional_headers=given,
        subprotocols=protocols,
        sock=socket.create_connection(("127.0.0.1", server.port)),
        ssl=trusted,
        server_hostname=server.name if trusted else None,
        max_size=None,
        open_timeout=PATIENCE_SECONDS,
    ) as connection:
        yield Tab(connection)


def tab_of(server: Server, browser: Browser, resume: str = ""):
    """A tab of this browser."""
    return open_tab(server, browser.cookie_header, resume=resume)


def refused(server: Server, cookie: str, **handshake: object) -> int:
    """The HTTP status with which a handshake is refused; 101 when it was not."""
    try:
        with open_tab(server, cookie, **handshake):
            return 101
    except InvalidStatus as error:
        return error.response.status_code
