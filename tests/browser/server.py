"""A running kapteam, as `make run` starts it, over a data folder and a clock of its own."""

import os
import re
import resource
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from tests.certificates import Certificate
from tests.clock import FrozenClock

_ROOT = Path(__file__).resolve().parent.parent.parent
_COMPLAINT = re.compile(r"Traceback|\bERROR\b|\bException\b|[Ff]ailed, reference")
_SECONDS_TO_START = 60
_SECONDS_TO_STOP = 10


class Server:
    """kapteam on a port of this machine, a free one unless told; or another `app` beside it.

    `data` is its data folder, `clock` what it takes for the time, `log` what it wrote so far,
    `environment` what it finds in its own, `tokens` those by which people are signed in. It can be
    stopped, killed and started again over the same data at the same address. With a certificate it
    serves other machines, by the certificate's name.
    """

    def __init__(
        self,
        folder: Path,
        now: datetime,
        port: int | None = None,
        *,
        app: str = "app.py",
        certificate: Certificate | None = None,
        **environment: str,
    ) -> None:
        self.data = folder / "data"
        self.clock = FrozenClock(folder / "clock", now)
        self.tokens: set[str] = set()
        self._log = folder / "log"
        self.port = port or free_port()
        self._app = app
        self._certificate = certificate
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        if self._certificate is not None:
            return f"https://{self._certificate.name}:{self.port}"
        return f"http://127.0.0.1:{self.port}"

    @property
    def _command(self) -> list[str]:
        if self._app == "app.py":
            return ["kapteam", "serve", "--port", str(self.port)]
        return ["streamlit", "run", self._app, "--server.port", str(self.port)]

    @property
    def environment(self) -> dict[str, str]:
        """What its process finds in its environment."""
        of_second_machine = (
            {"KAPTEAM_PUBLIC_URL": self.url, **self._certificate.settings}
            if self._certificate
            else {}
        )
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("KAPTEAM_")},
            "KAPTEAM_DATA_DIR": str(self.data),
            "KAPTEAM_CLOCK_FILE": str(self.clock.file),
            **of_second_machine,
            **self._environment,
        }

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of its practice's database."""
        in_a_file = f"sqlite:///{self.data / 'practice.db'}"
        return self._environment.get("KAPTEAM_DATABASE_URL", in_a_file)

    @property
    def process_id(self) -> int:
        """The id of its process, which runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything that the server wrote, over all its starts."""
        return self._log.read_text(errors="replace")

    @property
    def complaints(self) -> list[str]:
        """The lines of the log that speak of an error."""
        return [line for line in self.log.splitlines() if _COMPLAINT.search(line)]

    def start(self) -> None:
        """Start, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._command],
                cwd=_ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        given_up = time.monotonic() + _SECONDS_TO_START
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > given_up:
                self.kill()
                raise RuntimeError(f"The server did not start:\n{self.log}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it as Ctrl+C does."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def fill_disk(self, is_full: bool = True) -> None:
        """Let none of its files grow, as on a full disk; or let them again."""
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        limit = 0 if is_full else most
        resource.prlimit(self.process_id, resource.RLIMIT_FSIZE, (limit, most))

    def restart(self) -> None:
        """Stop and start again, at the same address."""
        self.stop()
        self.start()

    def _answers(self) -> bool:
        scheme, trusted = "http", None
        if self._certificate is not None:
            scheme, trusted = "https", self._certificate.trusted()
            trusted.check_hostname = False
        try:
            address = f"{scheme}://127.0.0.1:{self.port}/health"
            urlopen(address, timeout=5, context=trusted).close()
        except HTTPError:
            return True
        except (URLError, OSError):
            return False
        return True


def free_port() -> int:
    """A port on which nothing answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
