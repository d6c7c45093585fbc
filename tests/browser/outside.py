"""The rest of the world: a proxy that refuses all that is asked of it, and remembers it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

_NAMES = ("http_proxy", "https_proxy", "all_proxy")
# Chromium asks its makers what kinds of fields a form has, for its autofill. No page asks for that.
_CHROMIUMS_OWN = "content-autofill.googleapis.com"
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Outside:
    """Stands between this machine and every other one; `asked` are the requests that came."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._refuse, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the proxy is."""
        return f"http://127.0.0.1:{self._door.getsockname()[1]}"

    @property
    def variables(self) -> dict[str, str]:
        """What has a program send its requests here."""
        return {one: self.url for name in _NAMES for one in (name, name.upper())}

    @contextmanager
    def expected(self) -> Iterator[list[str]]:
        """What is asked within this block, which is then forgotten: the test wants it."""
        before = len(self.asked)
        found: list[str] = []
        yield found
        found.extend(self.asked[before:])
        del self.asked[before:]

    def close(self) -> None:
        """Answer no longer."""
        self._door.close()

    def _refuse(self) -> None:
        with suppress(OSError):  # of a door that is closed
            while True:
                caller, _ = self._door.accept()
                with caller, suppress(OSError):  # of a caller who is gone
                    caller.settimeout(2)
                    words = caller.recv(4096).split(b"\r\n")[0].decode(errors="replace")
                    if _CHROMIUMS_OWN not in words:
                        self.asked.append(words)
                    caller.sendall(_REFUSED)
