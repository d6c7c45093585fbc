"""Whether anything was saved: asked of the database for all screens together."""

from threading import Lock
from time import monotonic

from kapteam.db.audit import change_token
from kapteam.db.practices import database

_EVERY_SECONDS = 0.25


class Changes:
    """The change token of each database, at most a quarter of a second old.

    It tells nothing but that something was saved, so it may be shared; who may hear it is asked
    anew for every heartbeat.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[str, tuple[float, str]] = {}

    def token(self, practice: str) -> str:
        """The token of the database of this name; whoever asks meanwhile waits for the answer."""
        with self._lock:
            asked_at, token = self._known.get(practice, (None, ""))
            if asked_at is None or monotonic() - asked_at >= _EVERY_SECONDS:
                # Its age counts from before it is read: it may be newer than that, never older.
                asked_at = monotonic()
                with database(practice).reading() as db:
                    token = change_token(db)
                self._known[practice] = asked_at, token
            return token
