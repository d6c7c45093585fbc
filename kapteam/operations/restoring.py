"""A practice back from a backup. What was there before is kept."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import inspect, select
from sqlalchemy.exc import DBAPIError

from kapteam.accounts.pins import end_everybodys_pins
from kapteam.accounts.sign_ins import end_everybody
from kapteam.db.anchors import noted_anchors
from kapteam.db.audit import record
from kapteam.db.backup import Backup, back_up, backups_in, copy_file, remove, verify
from kapteam.db.copying import Told, untold
from kapteam.db.engine import Database
from kapteam.db.practices import PRACTICE, database
from kapteam.db.record_key import record_key
from kapteam.db.record_links import (
    anchors_at,
    list_rows,
    list_what_is_there,
    newest_anchor,
    newest_key_name,
)
from kapteam.db.tables import Practice, RecordLink
from kapteam.db.versions import bring_to
from kapteam.errors import NotFound, NotNoted, Unusable
from kapteam.operations.moving import move
from kapteam.rules.record_links import NOTHING_LISTED, Anchor, name_of_key, not_held
from kapteam.settings import settings


def find_backup(named: str) -> Backup:
    """The backup of a name (`kapteam-2026-11-24T090000Z.db`), or the `last` one.

    Raises NotFound.
    """
    found = backups_in(settings().backup_dir)
    asked = [one for one in found if one.file.name == Path(named).name]
    if named == "last":
        asked = list(found[:1])
    if not asked:
        names = ", ".join(one.file.name for one in found) or "none"
        raise NotFound(f"There is no such backup. Those there are, the newest first: {names}.")
    return asked[0]


def zone_of(backup: Backup) -> ZoneInfo:
    """The time zone of the practice in a backup. Raises Unusable when it cannot be read."""
    copy = Database(f"sqlite:///{backup.file}")
    try:
        with copy.reading() as db:
            return ZoneInfo(db.scalar(select(Practice.zone)) or "UTC")
    finally:
        copy.close()


def said_of_key(backup: Backup) -> str:
    """That the key of the signed records in a backup is not here; empty when it is, or none is.

    Raises Unusable when the backup or the key here cannot be read.
    """
    key, copy = record_key(database(PRACTICE).url), Database(f"sqlite:///{backup.file}")
    try:
        with copy.reading() as db:
            has_list = inspect(db.connection()).has_table(RecordLink.__tablename__)
            name = newest_key_name(db) if has_list else None
    finally:
        copy.close()
    if name is None or (key is not None and name_of_key(key) == name):
        return ""
    which = (
        "is missing from the data folder, so a new one was made"
        if key is None
        else "here is another one than when this backup was made"
    )
    return (
        f"The file records.key {which}: what was signed before can be read, and not checked. Where "
        "there is a copy of the old one, put it into the data folder and restore once more."
    )


def restore(backup: Backup, now: datetime, told: Told = untold) -> Path | None:
    """Put a backup in the place of the practice's database; returns where the old one is kept.

    A SQLite file is backed up first, or set aside when it is damaged, and replaced in one step by a
    finished one, so that an interruption leaves the old or the new. PostgreSQL is filled, and
    has to be empty. Everybody is signed out, and the audit log says that it was restored. Raises
    Unusable when the backup is not whole, or there is something in PostgreSQL.
    """
    practice, folder = database(PRACTICE), settings().data_dir
    try:
        verify(backup.file)
    except Unusable:
        raise Unusable("This backup is not whole. Nothing was changed; try an older one.") from None
    finished = folder / "practice.restoring"
    remove(finished)
    try:
        _prepare(backup, finished, _known(practice), now, told)
        if practice.is_sqlite:
            return _put_in_place(finished, practice, now)
        move(Database(f"sqlite:///{finished}"), practice, told)
        return None
    finally:
        remove(finished)


def _known(practice: Database) -> list[Anchor]:
    """How far signed records are known to have reached, the furthest last.

    What is put aside is among them, which is noted only as it is kept.
    """
    known = [one.anchor for one in noted_anchors(settings().backup_dir)]
    with suppress(Unusable, DBAPIError), practice.reading() as db:
        known.append(newest_anchor(db))
    return sorted(known, key=lambda one: one.position)


def _prepare(
    backup: Backup, finished: Path, known: Sequence[Anchor], now: datetime, told: Told
) -> None:
    """The backup as this version of kapteam opens it, with nobody signed in and no PIN.

    That it was restored is listed among the signed records, with what was known of those before
    and the backup does not hold: that is no finding then.
    """
    source, copy = Database(f"sqlite:///{backup.file}"), Database(f"sqlite:///{finished}")
    try:
        copy_file(source, finished, told)
        bring_to(copy, "head")
        with copy.writing() as db:
            end_everybody(db, now)
            end_everybodys_pins(db, now)
            is_anew = newest_anchor(db).position == 0
            there = anchors_at(db, {one.position for one in known})
            restored = record(
                db,
                "backup:restored",
                None,
                now,
                made_at=backup.made_at,
                before=str(known[-1] if known else NOTHING_LISTED),
                listed_anew=is_anew,
                put_aside=[str(one) for one in not_held(known, there)],
            )
            if is_anew:
                list_what_is_there(db, now, anew=True)
            list_rows(db, now, restored)
        verify(finished)
    finally:
        source.close()
        copy.close()


def _put_in_place(finished: Path, practice: Database, now: datetime) -> Path | None:
    file = Path(str(practice.url.database))
    kept = _keep(file, practice, now) if file.exists() else None
    practice.close()
    # Of the old file: a finished one beside it would be read as its end.
    for end in ("-wal", "-shm"):
        file.with_name(f"{file.name}{end}").unlink(missing_ok=True)
    finished.replace(file)
    return kept


def _keep(file: Path, practice: Database, now: datetime) -> Path:
    try:
        return back_up(practice, settings().backup_dir, now)
    except NotNoted as not_noted:
        # The event of restoring has its anchor all the same.
        return not_noted.file
    except Unusable:
        damaged = file.with_name(f"practice-damaged-{now:%Y-%m-%dT%H%M%SZ}.db")
        for end in ("", "-wal"):
            beside = file.with_name(f"{file.name}{end}")
            if beside.exists():
                shutil.copy2(beside, damaged.with_name(f"{damaged.name}{end}"))
        return damaged
