"""The gate: one middleware in front of everything that this process answers.

Streamlit by itself protects only what its script prints; files behind download buttons, uploads,
the websocket and its session ids lie outside. So nothing passes here without a live sign-in,
except the plain pages under /session/, Streamlit's own bundle and the health check.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kapteam import clock
from kapteam.db.in_force import practice_in_force
from kapteam.db.practices import PRACTICE, database
from kapteam.operations.address import Address
from kapteam.web.plain import log_trouble, message, trouble_page
from kapteam.web.shell import Shell
from kapteam.web.sockets import CLOSED_BY_US, Sockets, send_at_once
from kapteam.web.visitor import Visitor, visitor_of

SIGN_IN_HEADER = "X-Kapteam-Sign-In"
_OUR_HEADERS = b"x-kapteam-"
_DEAD = (
    "/_stcore/agent",
    "/_stcore/metrics",
    "/_stcore/script-health-check",
    "/auth",
    "/mcp",
    "/metrics",
    "/oauth2callback",
    "/script-health-check",
)
_FIRST_START = ("/session/welcome", "/session/set-up", "/session/demo")
_HEALTH = frozenset({"/health", "/_stcore/health"})
_SET_UP_THERE = (
    "A practice is set up, and the demo looked at, on the machine that runs kapteam: start it "
    "there without KAPTEAM_PUBLIC_URL, and with it again afterwards."
)
_TODAY = "/today"
_ALWAYS = frozenset({"/session/plain.css", "/session/source-sans.woff2", "/favicon.png"})
_UPLOADS = "/_stcore/upload_file"
_STREAMLITS = ("/_stcore", "/component", "/media")
_READING = frozenset({"GET", "HEAD"})
_FORM_BYTES = 65_536
_REFUSED = 4403
_UNUSABLE = 503


@dataclass(slots=True)
class Entrance:
    """What the gate and the plain pages share.

    `pages` are the paths of the application's own pages, `address` is where browsers find them;
    `trouble` is the page that every route answers while the database cannot be used at all.
    """

    shell: Shell
    sockets: Sockets
    pages: frozenset[str]
    address: Address
    trouble: HTMLResponse | None = None


class Gate:
    """Decides for each request and each websocket: answer, refuse, or pass on to Streamlit."""

    def __init__(self, app: ASGIApp, entrance: Entrance) -> None:
        self._app = app
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = [pair for pair in scope["headers"] if not pair[0].startswith(_OUR_HEADERS)]
        # Not as the connection or a header has it: behind a proxy the one is plain, and anybody can
        # send the other.
        scheme = self._entrance.address.scheme
        if scope["type"] == "websocket":
            scheme = scheme.replace("http", "ws")
            await self._websocket({**scope, "headers": headers, "scheme": scheme}, receive, send)
        else:
            await self._http({**scope, "headers": headers, "scheme": scheme}, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        code = _REFUSED
        if self._is_meant(connection) and _is_ours(connection) and not self._entrance.trouble:
            try:
                visitor = await run_in_threadpool(visitor_of, connection, clock.now())
            except Exception as error:
                log_trouble(error)
            else:
                if visitor.is_live:
                    scope["headers"].append(_sign_in_header(visitor))
                    carry = self._entrance.sockets.carry
                    await carry(visitor.key, self._app, scope, receive, send)
                    return
                code = CLOSED_BY_US
        await send({"type": "websocket.close", "code": code})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False
        send_at_once(receive)

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers.update(self._entrance.shell.headers(scope["path"], scope["scheme"]))
                if message["status"] == _UNUSABLE and scope["method"] == "GET":
                    # The page comes back by itself; what was posted is for the person to repeat.
                    headers["Refresh"] = "5"
            await send(message)

        try:
            answer = await self._answer(HTTPConnection(scope), scope)
            await answer(scope, receive, send_with_headers)
        except Exception as error:
            page = trouble_page(error)
            if not started:
                await page(scope, receive, send_with_headers)

    async def _answer(self, connection: HTTPConnection, scope: Scope) -> ASGIApp:
        path, method = scope["path"], scope["method"]
        if not self._is_meant(connection):
            return PlainTextResponse("kapteam does not answer to this name here.", 421)
        if self._entrance.trouble and path not in _ALWAYS:
            return self._entrance.trouble
        if _is_under(path, *_DEAD):
            return PlainTextResponse("There is nothing here.", 404)
        if self._entrance.address.is_public and _is_under(path, *_FIRST_START):
            return message(403, "Not from here", _SET_UP_THERE)
        if path in _HEALTH or path in self._entrance.shell.bundle:
            return self._app if method in _READING else PlainTextResponse("Not allowed.", 405)
        if _is_under(path, "/session"):
            return _refusal(connection, method) or self._app
        visitor = await run_in_threadpool(visitor_of, connection, clock.now())
        is_page = method in _READING and not _is_under(path, *_STREAMLITS)
        if not visitor.is_live:
            if is_page and "text/html" in connection.headers.get("accept", ""):
                return await run_in_threadpool(_way_in, connection, visitor)
            return PlainTextResponse("Sign in first.", 401)
        if is_page and path == _TODAY:
            # Streamlit knows its first page by the bare address only.
            return RedirectResponse("/", 303)
        if is_page and path not in self._entrance.pages:
            return message(404, "There is no such page", "Check the address.")
        if is_page:
            # Streamlit would answer any path with its own page; this one carries the guard.
            return HTMLResponse(self._entrance.shell.html)
        scope["headers"].append(_sign_in_header(visitor))
        return _refusal(connection, method) or self._app

    def _is_meant(self, connection: HTTPConnection) -> bool:
        """Whether the request names us, once, and comes from a machine that may ask."""
        address, client = self._entrance.address, connection.client
        hosts = connection.headers.getlist("host")
        if len(hosts) != 1 or not address.is_named(hosts[0]):
            return False
        return address.is_public or (
            client is not None and ipaddress.ip_address(client.host).is_loopback
        )


def _refusal(connection: HTTPConnection, method: str) -> Response | None:
    """Why a request that may change something is not let through: forged, a file, or too large."""
    if method in _READING:
        return None
    fetched_from = connection.headers.get("sec-fetch-site", "same-origin")
    if not _is_ours(connection) or fetched_from != "same-origin":
        return PlainTextResponse("This did not come from a page of kapteam.", 403)
    if _is_under(connection.scope["path"], _UPLOADS):
        # Streamlit would keep every file in memory, also one that no page has asked for.
        return PlainTextResponse("kapteam takes no files.", 413)
    length = connection.headers.get("content-length", "0")
    is_form = _is_under(connection.scope["path"], "/session")
    if is_form and ("transfer-encoding" in connection.headers or int(length) > _FORM_BYTES):
        return PlainTextResponse("This is more than a form of kapteam holds.", 413)
    return None


def _way_in(connection: HTTPConnection, visitor: Visitor) -> Response:
    """Where somebody who may not go on is sent: unlock, sign in, or first of all set up."""
    if visitor.sign_in is None and not is_set_up():
        return RedirectResponse("/session/welcome", 303)
    door = "locked" if visitor.sign_in else "sign-in"
    query = f"?{connection.url.query}" if connection.url.query else ""
    wanted = quote(connection.scope["path"] + query, safe="")
    return RedirectResponse(f"/session/{door}?next={wanted}", 303)


def is_set_up() -> bool:
    """Whether this installation's own practice exists."""
    with database(PRACTICE).reading() as db:
        return practice_in_force(db, clock.now()) is not None


def _is_ours(connection: HTTPConnection) -> bool:
    """Whether the Origin is exactly ours: scheme, host and port."""
    scheme = "https" if connection.url.scheme in ("https", "wss") else "http"
    return connection.headers.getlist("origin") == [f"{scheme}://{connection.headers['host']}"]


def _is_under(path: str, *folders: str) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _sign_in_header(visitor: Visitor) -> tuple[bytes, bytes]:
    return SIGN_IN_HEADER.lower().encode(), visitor.key.encode()
