"""Who is at this browser tab, read from the database on every run, callback and fragment.

`acting` makes callbacks, `live` makes fragments; callbacks run before the page, fragments without
it, so each asks again who is here. `kapteam.ui.page.open_page` does the same for pages.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kapteam import clock
from kapteam.accounts.sign_ins import viewer_of
from kapteam.db.engine import Database
from kapteam.db.in_force import practice_in_force
from kapteam.db.practices import database
from kapteam.errors import Refused, Unavailable
from kapteam.ids import new_id
from kapteam.queries.standing import Asked
from kapteam.rules.permissions import Viewer

FLASH = "said_once"
_ASK_AGAIN_SECONDS = 0.5
_log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Present:
    """The person at this tab, their practice, and the one instant of this run."""

    asked: Asked
    database: Database
    top: DeltaGenerator | None = None
    """Where an open page says what happened last: saved, or refused."""
    as_of: DeltaGenerator | None = None
    """Where an open page says as of when it is."""
    strip: DeltaGenerator | None = None
    """Where an open page says who is under medicine right now."""
    strip_by_code: bool = False
    """Whether it says so by initials and code, because the page is about one other client."""
    namesakes: frozenset[str] = frozenset()
    """The names that two people on the page share."""

    @property
    def viewer(self) -> Viewer:
        """The person acting."""
        return self.asked.viewer

    @property
    def now(self) -> datetime:
        """The instant of this run, in UTC."""
        return self.asked.now

    @property
    def today(self) -> date:
        """The practice's day."""
        return self.asked.today

    @property
    def zone(self) -> ZoneInfo:
        """The practice's time zone."""
        return self.asked.practice.zone

    def read(
        self, query: Callable[Concatenate[Any, Asked, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `query` answers, in one reading transaction."""
        with self.database.reading() as db:
            return query(db, self.asked, *args, **kwargs)

    def write(
        self,
        action: Callable[Concatenate[Any, Viewer, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run one action in one transaction, committed when this returns."""
        with self.database.writing() as db:
            return action(db, self.viewer, *args, **kwargs)


_of_this_run: ContextVar[Present | None] = ContextVar("present", default=None)


@contextmanager
def one_run(here: Present) -> Iterator[None]:
    """What runs in this block is one run of the script, with one person and one instant.

    Callbacks and fragments by themselves run outside of it, and so ask anew.
    """
    before = _of_this_run.set(here)
    try:
        yield
    finally:
        _of_this_run.reset(before)


def present() -> Present | None:
    """Who is here, or None when the sign-in is locked, ended, or there never was one."""
    return _of_this_run.get() or _look()


def present_again() -> Present | None:
    """`present`, as soon as the database answers.

    Until then this run goes on and says nothing, so that the page stands as it is with all that was
    typed on it: a run that ended with a sentence would take every field away. The guard, whose
    heartbeat fails as well, says meanwhile why nothing happens.
    """
    while True:
        try:
            return present()
        except Unavailable:
            # Streamlit ends a run only where it sends something; the page's title moves nothing.
            st.set_page_config(page_title="kapteam")
            time.sleep(_ASK_AGAIN_SECONDS)


def _look() -> Present | None:
    parts = str(getattr(st.user, "sign_in", None) or "").split(".")
    if len(parts) != 3:
        return None
    name, sign_in_id, presence_id = parts
    return _signed_in(database(name), sign_in_id, presence_id)


def _signed_in(here: Database, sign_in_id: str, presence_id: str) -> Present | None:
    """The person acting, as long as it is the one for whom this tab was opened."""
    now = clock.now()
    with here.reading() as db:
        viewer = viewer_of(db, sign_in_id, now)
        practice = practice_in_force(db, now) if viewer else None
    if viewer is None or practice is None or viewer.presence_id != presence_id:
        return None
    return Present(Asked(viewer, practice, now), here)


def acting(callback: Callable[Concatenate[Present, P], None]) -> Callable[P, None]:
    """Make a callback: it gets who is acting now, and does nothing once nobody is signed in."""

    @wraps(callback)
    def called(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            here = present()
            if here is not None:
                callback(here, *args, **kwargs)
        except Exception as error:
            say_next(sentence_for(error), well=False)

    return called


def say_next(sentence: str, *, well: bool = True) -> None:
    """Show a sentence at the top of the next page that opens in this tab.

    `well` says whether it was done; what was refused or failed is never shown as done.
    """
    st.session_state[FLASH] = sentence, well


def sentence_for(error: Exception) -> str:
    """What a person reads when something was refused or failed.

    A failure gets a reference number; the log keeps that and where it happened, never the words of
    the error, because they may name a client.
    """
    if isinstance(error, Refused):
        return str(error)
    reference = new_id()[-8:]
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(frames[-6:]))
    _log.error("Failed, reference %s: %s at %s", reference, type(error).__name__, places)
    return f"Something went wrong on our side, and nothing was saved by it. Reference {reference}."


def live(
    fragment: Callable[Concatenate[Present, P], None], *, every: timedelta | None = None
) -> Callable[P, None]:
    """Make a fragment: a part of a page that runs again by itself, asking again who is here."""

    @wraps(fragment)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        here = present_again()
        if here is None:
            st.rerun()
        fragment(here, *args, **kwargs)

    return st.fragment(drawn, run_every=every)


def made_when_pressed(here: Present, make: Callable[[Present], bytes]) -> Callable[[], bytes]:
    """Make the data of a download button: a file that is made once the button is pressed.

    Streamlit makes it without the page, and so it asks again who is here. When nobody is, or it
    fails, Streamlit says that there is no file, and nothing of the reason.
    """

    def made() -> bytes:
        try:
            viewer = here.viewer
            again = _signed_in(here.database, viewer.sign_in_id, viewer.presence_id)
            if again is not None:
                return make(again)
        except Exception as error:
            sentence_for(error)
        # Streamlit logs what is raised here with all that led to it.
        raise RuntimeError("No file was made.")

    return made
