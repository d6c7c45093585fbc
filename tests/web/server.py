"""A real server process of kapteam, and browsers that talk to it."""

import ctypes
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx

from kapteam.operations.address import address_of
from kapteam.settings import Settings
from kapteam.web.visitor import browser_cookie_name, cookie_name
from tests.certificates import Certificate

ROOT = Path(__file__).resolve().parent.parent.parent
_START_SECONDS = 60
_DROP_FROM_BOUNDING_SET, _MAY_IGNORE_FILE_RIGHTS = 24, 1


def _obey_file_rights() -> None:
    """Make the superuser obey file rights like everybody else (prctl and capabilities of Linux)."""
    ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _MAY_IGNORE_FILE_RIGHTS, 0, 0, 0)


class Server:
    """`streamlit run` in a process of its own, on a free port of this machine.

    With a certificate it is served to other machines, by the certificate's name. Such requests come
    from this machine all the same, as if the name led here.
    """

    def __init__(
        self,
        folder: Path,
        app: str = "app.py",
        certificate: Certificate | None = None,
        **environment: str,
    ) -> None:
        self.folder = folder
        self.certificate = certificate
        self._app = app
        self._log = folder / "server.log"
        self._environment = {
            **os.environ,  # noqa: TID251 - the process inherits it
            "KAPTEAM_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.asking: list[httpx.Client] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.flags = [f"--server.port={self.port}"]
        if certificate is not None:
            self._environment |= {"KAPTEAM_PUBLIC_URL": self.url, **certificate.settings}
            told = Settings(
                public_url=self.url, certificate=certificate.file, certificate_key=certificate.key
            )
            self.flags = address_of(told).flags(self.port)

    def start(self, *arguments: str) -> "Server":
        """Start, and wait until it answers anything at all."""
        command = [sys.executable, "-m", "streamlit", "run", self._app]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self.flags, *arguments],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                preexec_fn=_obey_file_rights if os.geteuid() == 0 else None,
            )
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                Browser(self).get("/health")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return self
        self.stop()
        raise RuntimeError(f"The server did not start:\n{self.log}")

    def stop(self) -> None:
        """End the process and wait for it; its browsers are closed, or TLS would wait for them."""
        while self.asking:
            self.asking.pop().close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def kill(self) -> None:
        """End the process as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def name(self) -> str:
        """The name by which browsers ask for it."""
        return self.certificate.name if self.certificate else "127.0.0.1"

    @property
    def scheme(self) -> str:
        """How they ask."""
        return "https" if self.certificate else "http"

    @property
    def url(self) -> str:
        """Scheme, name and port."""
        return f"{self.scheme}://{self.name}:{self.port}"

    @property
    def cookie_name(self) -> str:
        """The name of the cookie that it hands out."""
        return cookie_name(self.scheme)

    @property
    def process_id(self) -> int:
        """The id of its process, which runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything it wrote so far."""
        return self._log.read_text()


class Browser:
    """One browser with its cookies. It follows no redirect, so that a test sees each."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client = httpx.Client(
            base_url=f"{server.scheme}://127.0.0.1:{server.port}",
            headers={"accept": "text/html", "host": f"{server.name}:{server.port}"},
            verify=server.certificate.trusted() if server.certificate else False,
            trust_env=False,
            timeout=30,
        )
        server.asking.append(self._client)

    def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **given: object
    ) -> httpx.Response:
        """One request, like a browser's own: anything but a GET says which page it comes from."""
        own = {} if method in ("GET", "HEAD") else {"origin": self._server.url}
        return self._client.request(
            method,
            path,
            headers={**own, **(headers or {})},
            extensions={"sni_hostname": self._server.name},
            **given,
        )

    def get(self, path: str, **given: object) -> httpx.Response:
        """A GET."""
        return self.ask("GET", path, **given)

    def post(self, path: str, **given: object) -> httpx.Response:
        """A form sent by POST."""
        return self.ask("POST", path, **given)

    @property
    def cookies(self) -> httpx.Cookies:
        """Every cookie that it was given."""
        return self._client.cookies

    @property
    def cookie(self) -> str:
        """The value of kapteam's cookie; empty when there is none."""
        return self._client.cookies.get(self._server.cookie_name) or ""

    @cookie.setter
    def cookie(self, value: str) -> None:
        stays = self.browser_cookie
        self._client.cookies.clear()
        self._put(self._server.cookie_name, value)
        if stays:
            self.browser_cookie = stays

    @property
    def browser_cookie(self) -> str:
        """The value of the cookie by which PINs work here; empty when there is none."""
        return self._client.cookies.get(browser_cookie_name(self._server.scheme)) or ""

    @browser_cookie.setter
    def browser_cookie(self, value: str) -> None:
        self._put(browser_cookie_name(self._server.scheme), value)

    def _put(self, name: str, value: str) -> None:
        with suppress(KeyError):
            self._client.cookies.delete(name)
        self._client.cookies.set(name, value, domain="127.0.0.1", path="/")

    @property
    def cookie_header(self) -> str:
        """What this browser would send with a websocket handshake."""
        return f"{self._server.cookie_name}={self.cookie}" if self.cookie else ""
