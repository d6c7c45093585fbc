"""Plain HTML pages: rendering, and the ones that only say what is wrong."""

import logging
import secrets
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from kapteam.errors import Unusable

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_log = logging.getLogger(__name__)


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The page `template`, filled with `values`."""
    html = _templates.get_template(template).render(**values)
    return HTMLResponse(html, status_code=status)


def message(status: int, heading: str, sentence: str, reference: str = "") -> HTMLResponse:
    """A page with a heading and a sentence."""
    return page(
        "message.html", status=status, heading=heading, sentence=sentence, reference=reference
    )


def local_path(path: str) -> str:
    """`path` when it stays within kapteam's own pages, else the first page."""
    parts = urlsplit(path)
    is_local = path.startswith("/") and not parts.scheme and not parts.netloc
    is_odd = "\\" in path or any(ord(letter) < 33 for letter in path)
    return path if is_local and not is_odd and not path.startswith("/session") else "/"


def log_trouble(error: BaseException) -> str:
    """Write what happened to the log under a short reference number; returns the number.

    The error's own words stay out of the log: they may quote what was typed or stored. Those of a
    database that cannot be used are ours; while it is gone, each try says so once more.
    """
    reference = secrets.token_hex(3).upper()
    if isinstance(error, Unusable):
        _log.error("Reference %s: %s: %s", reference, type(error).__name__, error)
        return reference
    frames = "".join(traceback.format_tb(error.__traceback__))
    _log.error("Reference %s: %s\n%s", reference, type(error).__name__, frames)
    return reference


def trouble_page(error: Exception) -> HTMLResponse:
    """The page for what went wrong, with the reference number under which the log has it."""
    reference = log_trouble(error)
    if isinstance(error, Unusable):
        return message(503, "kapteam cannot use its database", str(error), reference)
    sentence = "Go back and look whether your last change is there, then try again."
    return message(500, "Something went wrong", sentence, reference)
