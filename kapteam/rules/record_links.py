"""The list of all that was signed or given: each line is tied to the one before it by a key.

Pure arithmetic for rules 19 and 66: what was changed under the application is found. Whoever has
the key as well can write the whole list anew; only an anchor that was kept elsewhere shows that.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from kapteam.errors import Invalid
from kapteam.vocabulary import Linked, Outside

FIRST_BEFORE = ""
"""What stands before the first line."""
_SHORT = 16
_ANCHOR = re.compile(r"(\d{1,12})((?:-[0-9a-f]{4}){4})")


@dataclass(frozen=True, slots=True)
class Link:
    """One line, counted from 1: which row it is about, what that row said, and the tie (`mac`).

    `kind` holds a value of `Linked` and is plain text, since it may have been tampered with.
    `linked_at` is an instant in ISO format, to the letter as it was tied; `key_name` tells keys
    apart and gives nothing of one away. `content_hash` and `mac` are 64 hexadecimal digits.
    """

    position: int
    kind: str
    row_id: str
    content_hash: str
    linked_at: str
    key_name: str
    mac: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """How far the list reached at some time, and a short form of the tie that stood there."""

    position: int
    digest: str

    def __str__(self) -> str:
        parts = (self.digest[at : at + 4] for at in range(0, _SHORT, 4))
        return "-".join((str(self.position), *parts))


NOTHING_LISTED = Anchor(0, "0" * _SHORT)
"""Before the first line."""


@dataclass(frozen=True, slots=True)
class NotedAnchor:
    """An anchor and when it was noted; None of one that somebody typed from paper."""

    anchor: Anchor
    noted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored backup on record, at `position`; what was put aside reached to `before`.

    `is_anew`: the backup had no list, so that all of it was written anew. `put_aside`: the anchors
    known by then that the backup does not hold; None where restoring did not yet write them down.
    """

    position: int
    before: int
    is_anew: bool
    put_aside: frozenset[Anchor] | None


@dataclass(frozen=True, slots=True)
class RowNamed:
    """A row as a sentence names it: what it is, when it was said, and whose it is, by code.

    `kind` is None where a line is about nothing that there is, `at` where nothing says when; `code`
    is empty where a row is about no client, or nobody can tell about whom.
    """

    kind: Linked | None
    at: datetime | None
    code: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found wrong first: with a row, at a line, or against an anchor.

    `lines` is how many lines there are; `anchored_at` is when the anchor was noted, None of one
    that was typed.
    """

    wrong: Outside
    lines: int
    row: RowNamed | None = None
    anchor: Anchor | None = None
    anchored_at: datetime | None = None


def name_of_key(key: bytes) -> str:
    """Eight digits that tell one key from another."""
    return hmac.new(key, b"name", hashlib.sha256).hexdigest()[:8]


def hash_of_row(kind: Linked, row_id: str, says: Mapping[str, Any]) -> str:
    """SHA-256 of what a row says, the same whichever database it was read from."""
    plain = {name: _plain(value) for name, value in says.items()}
    return hashlib.sha256(_written([kind.value, row_id, plain])).hexdigest()


def next_link(
    key: bytes, before: Link | None, kind: Linked, row_id: str, content_hash: str, at: datetime
) -> Link:
    """The line that follows on `before` (None: the first one)."""
    position = before.position + 1 if before else 1
    linked_at, name = at.astimezone(UTC).isoformat(), name_of_key(key)
    tied = (position, kind.value, row_id, content_hash, linked_at, name)
    return Link(*tied, mac=_mac(key, before.mac if before else FIRST_BEFORE, *tied))


def anchor_of(link: Link) -> Anchor:
    """What names the list as far as this line."""
    return Anchor(link.position, link.mac[:_SHORT])


def read_anchor(text: str) -> Anchor:
    """An anchor as it is written on paper: `214-7f3a-91c2-0be4-55d0`. Raises Invalid (`anchor`)."""
    found = _ANCHOR.fullmatch(text.strip().lower())
    if found is None:
        raise Invalid(
            {"anchor": "It reads like 214-7f3a-91c2-0be4-55d0. Type it as it is printed."}
        )
    return Anchor(int(found[1]), found[2].replace("-", ""))


class Walk:
    """Goes through the list from its first line on, a line at a time."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._name = name_of_key(key)
        self._before = FIRST_BEFORE
        self._is_other = False
        self.position = 0

    def step(self, link: Link, says_now: str | None) -> Outside | None:
        """What is wrong with the next line, or with its row; None when nothing is.

        `says_now` is the hash of the row as it is now, None where there is no such row. After
        something wrong the walk is over, except after OTHER_KEY, which is said where lines of
        another key begin: their ties are taken on trust, and what follows is checked.
        """
        if link.position != self.position + 1:
            return Outside.LINE_GONE
        is_other = link.key_name != self._name
        if not is_other and self._tie(link) != link.mac:
            return Outside.LINE_CHANGED
        if says_now is None:
            return Outside.GONE
        if says_now != link.content_hash:
            return Outside.CHANGED
        begins = is_other and not self._is_other
        self._before, self._is_other, self.position = link.mac, is_other, link.position
        return Outside.OTHER_KEY if begins else None

    def _tie(self, link: Link) -> str:
        return _mac(
            self._key,
            self._before,
            link.position,
            link.kind,
            link.row_id,
            link.content_hash,
            link.linked_at,
            link.key_name,
        )


def against_anchor(anchor: Anchor, last: int, there: Anchor | None) -> Outside | None:
    """Whether a list of `last` lines still holds what an anchor says; None when it does.

    `there` is the anchor of the line at that position now. A position of 0 says that there was no
    line yet, which every list holds.
    """
    if anchor.position == 0:
        return None
    if anchor.position > last or there is None:
        return Outside.CUT
    return None if there == anchor else Outside.REPLACED


def not_held(anchors: Iterable[Anchor], there: Mapping[int, Anchor]) -> list[Anchor]:
    """Those that a list does not hold, by place; `there` are its own anchors at their positions."""
    missing = {one for one in anchors if one.position and there.get(one.position) != one}
    return sorted(missing, key=lambda one: (one.position, one.digest))


def is_put_aside(noted: NotedAnchor, restored: Iterable[Restored]) -> bool:
    """Whether what an anchor names was put aside by restoring a backup, as is on record.

    What was noted beside a backup is excused only where restoring wrote down exactly that. Paper
    may have been printed between two backups: of it how far the records reached has to do.
    """
    return any(
        _is_between(noted.anchor, one)
        if one.put_aside is None
        else noted.anchor in one.put_aside
        or (noted.noted_at is None and _is_between(noted.anchor, one))
        for one in restored
    )


def _is_between(anchor: Anchor, one: Restored) -> bool:
    return anchor.position <= one.before and (one.is_anew or anchor.position >= one.position)


def _mac(key: bytes, before: str, *tied: Any) -> str:
    return hmac.new(key, _written([before, *tied]), hashlib.sha256).hexdigest()


def _written(value: Any) -> bytes:
    # What was written past kapteam need not be text.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value
