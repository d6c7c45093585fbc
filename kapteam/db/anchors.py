"""How far the signed records reached when each backup was made, noted beside the backups.

Every backup has its own description; `anchors.txt` keeps what all of them said, those that are
gone too. Both are meant to be copied elsewhere with the backups: whoever cuts the list of signed
records short, or puts an older file back, is found by any of them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import inspect

from kapteam.db.engine import Database
from kapteam.db.record_links import newest_anchor
from kapteam.db.tables import RecordLink
from kapteam.errors import Invalid
from kapteam.rules.record_links import Anchor, NotedAnchor, read_anchor

_STAMP = "%Y-%m-%dT%H%M%SZ"


def note_anchor(backup: Path, made_at: datetime) -> None:
    """Write down how far the signed records in a backup reach; nothing where none are listed.

    Raises OSError when it cannot be written.
    """
    anchor = _anchor_in(backup)
    if anchor is None or anchor.position == 0:
        return
    stamp = made_at.astimezone(UTC).strftime(_STAMP)
    description_of(backup).write_text(
        f"kapteam, backup of {stamp}\nSigned records: {anchor}\n", encoding="ascii"
    )
    with _file(backup.parent).open("a", encoding="ascii") as writing:
        writing.write(f"{stamp} {anchor}\n")


def description_of(backup: Path) -> Path:
    """The file that describes a backup; there is none of one without signed records."""
    return backup.with_suffix(".txt")


def noted_anchors(folder: Path) -> tuple[NotedAnchor, ...]:
    """Every anchor that was noted in a folder of backups, the oldest first."""
    found = [*_lines(_file(folder)), *_described(folder)]
    return tuple(sorted(set(found), key=lambda one: (one.noted_at, one.anchor.position)))


def _anchor_in(backup: Path) -> Anchor | None:
    copy = Database(f"sqlite:///{backup}")
    try:
        with copy.reading() as db:
            has_list = inspect(db.connection()).has_table(RecordLink.__tablename__)
            return newest_anchor(db) if has_list else None
    finally:
        copy.close()


def _lines(file: Path) -> Iterator[NotedAnchor]:
    """What each line says. One that was cut off by a power cut says nothing."""
    if not file.exists():
        return
    for line in file.read_text(encoding="ascii", errors="replace").splitlines():
        stamp, _, written = line.partition(" ")
        noted = _noted(stamp, written)
        if noted is not None:
            yield noted


def _described(folder: Path) -> Iterator[NotedAnchor]:
    for file in folder.glob("kapteam-*.txt"):
        text = file.read_text(encoding="ascii", errors="replace")
        noted = _noted(file.stem.removeprefix("kapteam-"), text.rpartition(": ")[2])
        if noted is not None:
            yield noted


def _noted(stamp: str, written: str) -> NotedAnchor | None:
    try:
        noted_at = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
        return NotedAnchor(read_anchor(written), noted_at)
    except (ValueError, Invalid):
        return None


def _file(folder: Path) -> Path:
    return folder / "anchors.txt"
