"""Every route of kapteam and of the Streamlit behind it, its placeholders filled in."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import MagicMock

from starlette.routing import BaseRoute, Mount, Route
from streamlit.web.server.starlette.starlette_app import create_streamlit_routes

from kapteam.operations.address import address_of
from kapteam.settings import Settings
from kapteam.web.gate import Entrance
from kapteam.web.routes import plain_routes
from kapteam.web.shell import Shell
from kapteam.web.sockets import Sockets

INDEX = Path(find_spec("streamlit").origin).parent / "static" / "index.html"
PAGES = Path(__file__).parents[2] / "pages"
_FILLED = {
    "{file_id:path}": "0a1b2c3d.csv",
    "{path:path}": "a/b.js",
    "{session_id}": "0a1b",
    "{file_id}": "0a1b",
    "{token}": "0a1b",
    "{note_id}": "0a1b",
    "{parts}": "medical",
    "{rest:path}": "a",
}


def registered(method: str = "") -> list[str]:
    """The paths of all routes, or of those that take `method`."""
    entrance = Entrance(Shell(INDEX), Sockets(), frozenset({"/"}), address_of(Settings()))
    ours = plain_routes(entrance)
    return sorted({*_paths(ours, method), *_paths(create_streamlit_routes(MagicMock()), method)})


def _paths(routes: Iterable[BaseRoute], method: str, under: str = "") -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount) and route.routes:
            yield from _paths(route.routes, method, under + route.path)
        elif isinstance(route, Route) and (not method or method in (route.methods or ())):
            path = under + route.path
            for placeholder, value in _FILLED.items():
                path = path.replace(placeholder, value)
            yield path
