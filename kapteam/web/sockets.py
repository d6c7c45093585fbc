"""The open websockets of each signed-in browser, closed the moment its sign-in is not live.

One of a tab's two is Streamlit's, the other the guard's: its heartbeat, over which the tab is told
what there is to tell it.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import chain
from socket import IPPROTO_TCP, TCP_NODELAY

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnected

from kapteam import clock
from kapteam.errors import Unavailable
from kapteam.web.visitor import news_of

CLOSED_BY_US = 4401
_EVERY_SECONDS = 0.5
_BEAT_SECONDS = 3
_log = logging.getLogger(__name__)


class _Socket:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.ended = asyncio.Event()
        self.may_send = asyncio.Event()
        self.may_send.set()


class Sockets:
    """Every open websocket, by the key of its sign-in and of who acts there (`visitor.key_of`)."""

    def __init__(self) -> None:
        self._open: defaultdict[str, set[_Socket]] = defaultdict(set)
        self._news: dict[str, str] = {}
        self._beat = asyncio.Condition()

    async def carry(
        self, key: str, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Run a websocket until it closes by itself or its sign-in is not live any more."""
        socket = _Socket()
        send_at_once(receive)

        async def send_while_live(message: Message) -> None:
            await socket.may_send.wait()
            if not socket.ended.is_set():
                await send(message)

        async def serve() -> None:
            await app(scope, receive, send_while_live)

        self._open[key].add(socket)
        serving = asyncio.create_task(serve())
        ending = asyncio.create_task(socket.ended.wait())
        try:
            await asyncio.wait({serving, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                await send({"type": "websocket.close", "code": CLOSED_BY_US})
        finally:
            self._open[key].discard(socket)
            if not self._open[key]:
                del self._open[key]
            ending.cancel()
            serving.cancel()
            await asyncio.wait({serving})
        if not serving.cancelled():
            # Streamlit, stopped while it sends, closes once more what is closed already.
            with suppress(WebSocketDisconnected):
                serving.result()

    async def heartbeat(self, key: str) -> AsyncIterator[str]:
        """The news of a sign-in, at once when there are any and else every three seconds."""
        while True:
            async with self._beat:
                await self._beat.wait()
            if key in self._news:
                yield self._news[key]

    def close(self, key: str) -> None:
        """Close every websocket of a key; what is still queued for it is dropped."""
        for socket in tuple(self._open.get(key, ())):
            socket.loop.call_soon_threadsafe(socket.ended.set)

    def close_all(self, of: str) -> None:
        """Close every websocket of a sign-in (`visitor.browser_key`), whoever acts there."""
        for key in tuple(self._open):
            if key.startswith(f"{of}."):
                self.close(key)

    async def sweep_for_ever(self) -> None:
        """Twice a second, look for news, and close the websockets of whoever may not go on.

        While the database is gone nobody's sign-in can be checked, so nothing is sent to anybody.
        The websockets stay open: Streamlit takes away what is typed in a page that it closes on.
        """
        beat_at, now = 0.0, asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            keys, before = set(self._open), self._news
            if not keys:
                continue
            try:
                self._news = await run_in_threadpool(news_of, keys, clock.now())
            except Unavailable:
                for socket in chain.from_iterable(self._open.values()):
                    socket.may_send.clear()
                continue
            except Exception as error:
                # Nobody's sign-in can be checked now, so nobody stays connected.
                _log.error("The sign-ins cannot be checked: %s", type(error).__name__)
                self._news = {}
            for key in keys - self._news.keys():
                self.close(key)
            for socket in chain.from_iterable(self._open.get(key, ()) for key in self._news):
                socket.may_send.set()
            if self._news != before or now() - beat_at >= _BEAT_SECONDS:
                beat_at = now()
                async with self._beat:
                    self._beat.notify_all()


def send_at_once(receive: Receive) -> None:
    """Have the system send each message when it is there.

    Streamlit makes its listening socket in a way by which asyncio does not take it for TCP, and
    leaves Nagle's algorithm on. A page's second message then waits for the browser to acknowledge
    the first, which takes it 40 ms: more than most pages need altogether. No message of ASGI tells
    the connection, so it is taken from uvicorn, whose own method `receive` is.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    connection = transport.get_extra_info("socket") if transport is not None else None
    if connection is not None:
        with suppress(OSError):  # of a browser that is gone already
            connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
