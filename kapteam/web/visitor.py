"""Whose browser is asking: its cookies, and the sign-in behind the one of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy.exc import DatabaseError
from starlette.requests import HTTPConnection

from kapteam.accounts import sign_ins
from kapteam.accounts.sign_ins import LiveSignIn, LockedSignIn
from kapteam.db.audit import change_token
from kapteam.db.engine import Database
from kapteam.db.practices import DEMO, PRACTICE, database
from kapteam.errors import Unavailable, Unusable
from kapteam.settings import settings

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser; `practice` is the name of the database that its cookie points to."""

    practice: str
    sign_in: LiveSignIn | LockedSignIn | None

    @property
    def key(self) -> str:
        """The sign-in and who acts at it (`key_of`), locked or not; empty when signed out."""
        one = self.sign_in
        return key_of(self.practice, one.id, one.presence_id) if one else ""

    @property
    def is_live(self) -> bool:
        """Whether the person may go on."""
        return isinstance(self.sign_in, LiveSignIn)


def key_of(practice: str, sign_in_id: str, presence_id: str) -> str:
    """`practice.<id of the sign-in>.<id of the acting presence>`.

    Streamlit keeps what is typed and pressed on a page under it: when another person acts, nothing
    of it is theirs.
    """
    return f"{browser_key(practice, sign_in_id)}.{presence_id}"


def browser_key(practice: str, sign_in_id: str) -> str:
    """What the keys of one sign-in begin with, whoever acts: `practice.<id>`."""
    return f"{practice}.{sign_in_id}"


_SIGNED_OUT = Visitor(PRACTICE, None)


def cookie_name(scheme: str) -> str:
    """The cookie's name; over TLS its prefix makes the browser insist on Secure and Path=/."""
    return "__Host-kapteam" if scheme in ("https", "wss") else "kapteam"


def browser_cookie_name(scheme: str) -> str:
    """The name of the cookie by which PINs work at a browser, which outlives its sign-ins."""
    return f"{cookie_name(scheme)}-browser"


def browser_token(connection: HTTPConnection, practice: str) -> str:
    """The browser's own token for this practice's database; empty when it has none."""
    cookie = connection.cookies.get(browser_cookie_name(connection.url.scheme), "")
    of_practice, _, token = cookie.partition(".")
    return token if of_practice == practice else ""


def visitor_of(connection: HTTPConnection, now: datetime) -> Visitor:
    """Read the cookie and look its sign-in up; an idle one is locked on the way.

    Raises Unusable when the practice's database cannot be read.
    """
    cookie = connection.cookies.get(cookie_name(connection.url.scheme), "")
    practice, _, token = cookie.partition(".")
    if practice not in (PRACTICE, DEMO) or not token:
        return _SIGNED_OUT

    def look(database: Database) -> LiveSignIn | LockedSignIn | None:
        with database.reading() as db:
            found = sign_ins.find(db, token, now)
        if isinstance(found, LockedSignIn) and not found.recorded:
            _lock_idle(database, now)
        return found

    return Visitor(practice, _look_up(practice, look, None))


def news_of(keys: Iterable[str], now: datetime) -> dict[str, str]:
    """What there is to tell those of `keys` whose person may go on; the idle are locked.

    That is the change token, who can see the screen and is at it, and how far colleagues are with
    the words of a case review, by which a page knows that it is out of date, and the key itself, by
    which it knows that it is still its own person's: two statements a database, however many are
    asked about. A key of somebody who does not act any more gets none.
    """
    ids: defaultdict[str, set[str]] = defaultdict(set)
    asked = set(keys)
    for key in asked:
        practice, sign_in_id, _ = key.split(".")
        ids[practice].add(sign_in_id)

    news: dict[str, str] = {}
    for practice, theirs in ids.items():
        look = partial(_news, practice=practice, ids=theirs, now=now)
        told = _look_up(practice, look, dict[str, str]())
        news |= {key: words for key, words in told.items() if key in asked}
    return news


def _news(database: Database, practice: str, ids: set[str], now: datetime) -> dict[str, str]:
    """By key; the keys are of who acts now."""
    with database.reading() as db:
        live, token = sign_ins.live(db, ids, now), change_token(db)
    if live.keys() != ids:
        _lock_idle(database, now)
    keys = {key_of(practice, one.id, one.presence_id): one for one in live.values()}
    return {key: f"{token} {one.room} {one.typed_by_others} {key}" for key, one in keys.items()}


def _lock_idle(database: Database, now: datetime) -> None:
    # Who is idle is locked by the clock already; on a full disk that goes on record later.
    with suppress(Unavailable), database.writing() as db:
        sign_ins.lock_idle(db, now)


def _look_up(practice: str, look: Callable[[Database], _Found], nothing: _Found) -> _Found:
    # The demo's file is rebuilt now and then; whoever was in it is simply signed out.
    if practice != DEMO:
        return look(database(practice))
    if not settings().demo_path.exists():
        return nothing
    try:
        return look(database(DEMO))
    except (DatabaseError, Unusable):
        return nothing
