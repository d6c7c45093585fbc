"""What many people at once cost the server: screens at rest, and everybody clicking.

The server's time and memory are read where Linux shows them.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from websockets.exceptions import WebSocketException

from bench.serving import Served
from bench.tab import Tab, open_heartbeat, open_tab
from tests.browser.server import Server

_REDRAW_SECONDS = 60
_SILENCE_SECONDS = 6
_WAY = ("", "caseload", "ketamine_sessions", "integration", "notes")


@dataclass(frozen=True, slots=True)
class Clicking:
    """How so many people fared who all clicked at once; an error is a click without a page."""

    people: int
    p95_ms: float
    errors: int
    memory_mb: int


def cpu_of_idle_screens(served: Served, screens: int, seconds: int, page: str = "") -> float:
    """Percent of one core that so many signed-in screens cost on which nobody does anything.

    Each is at the page, Today unless told, and does what guard.js does: it hears the heartbeat, and
    redraws each minute.
    """
    with _tabs(served, screens) as tabs, ThreadPoolExecutor(screens) as pool:
        buttons = [tab.open(page).element("button", "Refresh") for _, tab in tabs]
        began, before = time.monotonic(), _cpu_seconds(served.server)
        resting = [
            pool.submit(
                _rest,
                served.server,
                cookie,
                tab,
                button,
                # Spread over the minute, as if the screens had been opened at different times.
                redraw_at=began + _REDRAW_SECONDS * number / screens,
                until=began + seconds,
            )
            for number, ((cookie, tab), button) in enumerate(zip(tabs, buttons, strict=True))
        ]
        for one in resting:
            one.result()
        used = _cpu_seconds(served.server) - before
        return 100 * used / (time.monotonic() - began)


def _rest(
    server: Server,
    cookie: str,
    tab: Tab,
    button: tuple[str, str],
    redraw_at: float,
    until: float,
) -> None:
    with open_heartbeat(server, cookie) as heartbeat:
        while (now := time.monotonic()) < until:
            heartbeat.recv(_SILENCE_SECONDS)
            if now >= redraw_at:
                tab.press(button)
                redraw_at += _REDRAW_SECONDS


def click_at_once(served: Served, people: int, clicks: int) -> Clicking:
    """Everybody goes from page to page, each the moment that the last page is there."""
    with _tabs(served, people) as tabs, ThreadPoolExecutor(people) as pool:
        clicking = [
            pool.submit(_click, tab, number, clicks) for number, (_, tab) in enumerate(tabs)
        ]
        took = [ms for one in clicking for ms in one.result()]
        return Clicking(
            people=people,
            p95_ms=round(quantiles(took, n=20)[-1]),
            errors=people * clicks - len(took),
            memory_mb=memory_mb(served.server),
        )


def _click(tab: Tab, number: int, clicks: int) -> list[float]:
    """How long each click took, up to the first that got no answer."""
    took = []
    with suppress(RuntimeError, TimeoutError, WebSocketException):
        for click in range(clicks):
            took.append(tab.open(_WAY[(number + click) % len(_WAY)]).ms)
    return took


@contextmanager
def _tabs(served: Served, number: int) -> Iterator[list[tuple[str, Tab]]]:
    """So many people of the measured pair, each at a browser of their own: cookie and tab."""
    pair = served.filled.pair
    with ExitStack() as open_ones:
        tabs = []
        for one in range(number):
            who = (pair.therapist_id, pair.prescriber_id)[one % 2]
            cookie = f"kapteam={served.sign_in(who)}"
            tabs.append((cookie, open_ones.enter_context(open_tab(served.server, cookie))))
        yield tabs


def memory_mb(server: Server) -> int:
    """Megabytes of memory that a server's process holds."""
    status = Path(f"/proc/{server.process_id}/status").read_text()
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(kilobytes) // 1024


def _cpu_seconds(server: Server) -> float:
    """Seconds that a server's process has had of a core, in itself and for it in the system."""
    fields = Path(f"/proc/{server.process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
