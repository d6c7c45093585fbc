"""What one more run of each page costs the server: statements, time, bytes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.pages import FIND, PAGES, Page
from bench.practice import TYPED
from bench.serving import Served
from bench.tab import Run, Tab, open_tab
from tests.browser.server import Server

_FIELD = "Name, code, phone or date of birth"


@dataclass(frozen=True, slots=True)
class Rerun:
    """One page at one size. `empty_ms` is the time of an empty page, measured by turns with it."""

    page: str
    clients: int
    statements: int
    ms: float
    empty_ms: float
    bytes: int

    @property
    def ratio(self) -> float:
        """How many empty pages it is worth."""
        return round(self.ms / self.empty_ms, 1)

    @property
    def result(self) -> dict[str, Any]:
        """As it stands in the results."""
        return {
            "page": self.page,
            "clients": self.clients,
            "statements": self.statements,
            "ms": self.ms,
            "ratio": self.ratio,
            "bytes": self.bytes,
        }


def measure_reruns(served: Served, empty: Server, rounds: int) -> Iterator[Rerun]:
    """Every page and Find, one after the other; the middle one of so many reruns."""
    with open_tab(empty) as nothing:
        nothing.open("")
        for page in PAGES:
            with _opened(served, page) as tab:
                yield _measured(served, page.name, tab.run, nothing, rounds)
        with _opened(served, PAGES[0]) as tab:
            dialog = tab.press(tab.run().element("button", FIND))
            field = dialog.element("text_input", _FIELD)
            typing = lambda: tab.type_into(field, TYPED)  # noqa: E731
            yield _measured(served, FIND, typing, nothing, rounds)


@contextmanager
def _opened(served: Served, page: Page) -> Iterator[Tab]:
    """A tab at this page, of somebody who has just signed in."""
    cookie = f"kapteam={served.sign_in(page.who(served.filled))}"
    with served.set_for(page), open_tab(served.server, cookie) as tab:
        tab.open("" if page.place == "today" else page.place, page.query(served.filled))
        yield tab


def _measured(
    served: Served, name: str, rerun: Callable[[], Run], nothing: Tab, rounds: int
) -> Rerun:
    rerun()
    before = served.statements()
    last = rerun()
    statements = served.statements() - before
    ours, empty = [], []
    for _ in range(rounds):
        empty.append(nothing.run().ms)
        ours.append(rerun().ms)
    return Rerun(
        page=name,
        clients=served.clients,
        statements=statements,
        ms=round(median(ours), 1),
        empty_ms=round(median(empty), 2),
        bytes=last.bytes,
    )
