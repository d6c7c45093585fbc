"""A browser tab without the browser: Streamlit's websocket, with a clock and a scale on it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.browser.server import Server

_PATIENCE_SECONDS = 120
_TROUBLE = b"Something went wrong"
_EARLY = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the script: from asking for it to hearing that it is over, and what it sent."""

    ms: float
    bytes: int
    messages: tuple[ForwardMsg, ...]

    def element(self, kind: str, label: str) -> tuple[str, str]:
        """The ids of the one widget of this kind and label, and of the fragment it is drawn in."""
        [found] = [
            (getattr(message.delta.new_element, kind).id, message.delta.fragment_id)
            for message in self.messages
            if message.delta.new_element.WhichOneof("type") == kind
            and getattr(message.delta.new_element, kind).label == label
        ]
        return found


class Tab:
    """An open tab. It stays at the page it was sent to last."""

    def __init__(self, connection: ClientConnection) -> None:
        self._socket = connection
        self._page_hash = ""
        self._query = ""

    def open(self, place: str, query: str = "") -> Run:
        """Go to a page; "" is the first one."""
        self._page_hash, self._query = "", query
        return self._run(self._asking(page_name=place))

    def run(self) -> Run:
        """Run the page again."""
        return self._run(self._asking())

    def press(self, button: tuple[str, str]) -> Run:
        """Press a button that an earlier run has drawn."""
        return self._run(self._asking(WidgetState(id=button[0], trigger_value=True), button[1]))

    def type_into(self, field: tuple[str, str], text: str) -> Run:
        """Type into a field that an earlier run has drawn."""
        return self._run(self._asking(WidgetState(id=field[0], string_value=text), field[1]))

    def _asking(
        self, changed: WidgetState | None = None, fragment_id: str = "", page_name: str = ""
    ) -> BackMsg:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string = self._query
        asked.page_script_hash = self._page_hash
        asked.page_name = page_name
        asked.fragment_id = fragment_id
        if changed is not None:
            asked.widget_states.widgets.append(changed)
        return message

    def _run(self, asking: BackMsg) -> Run:
        """Raises RuntimeError when the page says that something went wrong."""
        frames, messages = [], []
        sent = time.perf_counter()
        self._socket.send(asking.SerializeToString())
        while True:
            frame = self._socket.recv(_PATIENCE_SECONDS, decode=False)
            message = ForwardMsg.FromString(frame)
            frames.append(frame)
            messages.append(message)
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self._page_hash = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self._query = message.page_info_changed.query_string
            elif kind == "script_finished" and message.script_finished != _EARLY:
                break
        ms = (time.perf_counter() - sent) * 1000
        if any(_TROUBLE in frame for frame in frames):
            raise RuntimeError("The page says that something went wrong; see the server's log.")
        return Run(ms, sum(map(len, frames)), tuple(messages))


@contextmanager
def open_tab(server: Server, cookie: str = "") -> Iterator[Tab]:
    """A tab in the browser that has this cookie."""
    with _connect(server, "/_stcore/stream", cookie, [Subprotocol("streamlit")]) as connection:
        yield Tab(connection)


def open_heartbeat(server: Server, cookie: str) -> ClientConnection:
    """The heartbeat of a tab of that browser."""
    return _connect(server, "/session/heartbeat", cookie, None)


def _connect(
    server: Server, path: str, cookie: str, protocols: list[Subprotocol] | None
) -> ClientConnection:
    return connect(
        f"{server.url.replace('http', 'ws', 1)}{path}",
        origin=Origin(server.url),
        additional_headers={"Cookie": cookie} if cookie else {},
        subprotocols=protocols,
        max_size=None,
        proxy=None,
    )
