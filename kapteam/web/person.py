"""Who may go on at the browser that asks, and where the others are sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from kapteam import clock
from kapteam.accounts.sign_ins import LiveSignIn, viewer_of
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.practices import DEMO, database
from kapteam.queries.standing import Asked
from kapteam.web.plain import message
from kapteam.web.visitor import browser_token, key_of, visitor_of


@dataclass(frozen=True, slots=True)
class Person:
    """Who is at this browser, and of which practice; `token` is the browser's, for PINs."""

    asked: Asked
    database: Database
    practice: str
    token: str

    @property
    def key(self) -> str:
        """The key of the sign-in and of this person at it."""
        viewer = self.asked.viewer
        return key_of(self.practice, viewer.sign_in_id, viewer.presence_id)

    @property
    def is_demo(self) -> bool:
        """Whether this is the demo."""
        return self.practice == DEMO


def person_at(request: Request) -> Person | None:
    """Who may go on at this browser; None when locked, ended or never signed in."""
    now = clock.now()
    visitor = visitor_of(request, now)
    if not isinstance(visitor.sign_in, LiveSignIn):
        return None
    here = database(visitor.practice)
    with here.reading() as db:
        viewer = viewer_of(db, visitor.sign_in.id, now)
        practice = practice_in_force(db, now)
    if viewer is None or practice is None:
        return None
    token = browser_token(request, visitor.practice)
    return Person(Asked(viewer, practice, now), here, visitor.practice, token)


def drawn_for_another(form: Mapping[str, list[str]], key: str) -> Response | None:
    """The answer to a form that was drawn while somebody else acted at this browser.

    `key` is of who acts now; None: the form is theirs.
    """
    if form.get("acting", [key])[0] == key:
        return None
    return message(
        409, "Somebody else acts at this screen now", "Nothing was saved. Open the page again."
    )


def door(request: Request) -> str:
    """The page where somebody goes first who may not go on."""
    return "/session/locked" if visitor_of(request, clock.now()).sign_in else "/session/sign-in"
