"""What `app.py` puts around Streamlit: our routes, the gate, and what happens at start and end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from kapteam.db.migrate import bring_up_to_date
from kapteam.db.practices import PRACTICE, database
from kapteam.db.results import forget_results
from kapteam.errors import BadInstruments, Invalid, Unavailable, Unusable
from kapteam.instruments import instruments
from kapteam.operations.address import address_of
from kapteam.operations.alone import alone
from kapteam.operations.backups import keep_backed_up
from kapteam.operations.checking import begin_list
from kapteam.operations.results import keep_results
from kapteam.settings import settings
from kapteam.web.gate import Entrance, Gate
from kapteam.web.plain import trouble_page
from kapteam.web.routes import plain_routes
from kapteam.web.shell import Shell
from kapteam.web.sockets import Sockets

_TRY_AGAIN_SECONDS = 2


class Front:
    """The front of one process. `index` is Streamlit's index.html, `pages` the folder of ours."""

    def __init__(self, index: Path, pages: Path) -> None:
        paths = frozenset({"/", *(f"/{file.stem}" for file in pages.glob("*.py"))})
        self._entrance = Entrance(Shell(index), Sockets(), paths, address_of(settings()))
        self._said = ""

    @property
    def routes(self) -> list[BaseRoute]:
        """The plain pages."""
        return plain_routes(self._entrance)

    @property
    def middleware(self) -> list[Middleware]:
        """The gate, in front of every route."""
        return [Middleware(Gate, entrance=self._entrance)]

    @asynccontextmanager
    async def lifespan(self, _app: Any) -> AsyncIterator[None]:
        """Bring the database up to date, then watch over websockets, backups and results.

        When the database cannot be used the server starts all the same, to say so on every page;
        what is only so for now is tried again until it can.
        """
        with ExitStack() as until_the_end:
            refusal = await self._refusal(until_the_end)
            always = [self._entrance.sockets.sweep_for_ever(), self._go_on(refusal, until_the_end)]
            running = [asyncio.create_task(one) for one in always]
            try:
                yield
            finally:
                for one in running:
                    one.cancel()
                await asyncio.gather(*running, return_exceptions=True)

    async def _go_on(self, refusal: Unusable | None, until_the_end: ExitStack) -> None:
        while isinstance(refusal, Unavailable):
            await asyncio.sleep(_TRY_AGAIN_SECONDS)
            refusal = await self._refusal(until_the_end)
        if refusal is None:
            await asyncio.gather(keep_backed_up(), keep_results())

    async def _refusal(self, until_the_end: ExitStack) -> Unusable | None:
        """Why there is no database up to date for this process alone, and every page says so."""
        with ExitStack() as held:
            try:
                held.enter_context(alone())
                practice, backups = database(PRACTICE), settings().backup_dir
                await run_in_threadpool(bring_up_to_date, practice, backups)
                await run_in_threadpool(begin_list, practice)
                await run_in_threadpool(forget_results, practice)
            except Unusable as unusable:
                if str(unusable) != self._said:
                    self._said, self._entrance.trouble = str(unusable), trouble_page(unusable)
                return unusable
            until_the_end.push(held.pop_all())
        self._entrance.trouble = None
        return None


def check_served(told: Callable[[str], Any]) -> None:
    """Exit with a sentence unless Streamlit listens as the settings of kapteam have it.

    The same where an instrument's file cannot be used: no score is entered by half of one.

    `told` answers what Streamlit was told, by the name of its option.
    """
    try:
        follows = address_of(settings()).options
        instruments()
    except (Invalid, BadInstruments) as refused:
        raise SystemExit(str(refused)) from None
    for option, value in follows.items():
        given = told(option)
        if (list(given) if isinstance(given, tuple) else given) != value:
            raise SystemExit(
                f"kapteam does not start: {option} is {given!r} and has to be {value!r}. It "
                "listens on this machine only, or as KAPTEAM_PUBLIC_URL says. Start it by: python "
                "-m kapteam serve"
            )
