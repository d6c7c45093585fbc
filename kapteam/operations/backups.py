"""The practice's backups: one a night, on request, and only as many as are kept.

Once a night the signed records are checked as well, whether or not a backup was due.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from kapteam import clock
from kapteam.db.anchors import description_of
from kapteam.db.audit import record
from kapteam.db.backup import Backup, back_up, backups_in
from kapteam.db.copying import Told, untold
from kapteam.db.in_force import practice_in_force
from kapteam.db.practices import PRACTICE, database
from kapteam.db.tables import Practice, RecordCheck
from kapteam.errors import Unusable
from kapteam.operations.checking import check_on_record
from kapteam.rules.backups import is_due, is_late, kept
from kapteam.rules.permissions import Viewer, check_can_administer
from kapteam.settings import settings

_LOOK_EVERY_SECONDS = 60
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackupState:
    """How the practice's backups stand. `is_late`: a day has passed without a good one."""

    last_good_at: datetime | None
    number: int
    is_late: bool


def backup_state(now: datetime) -> BackupState:
    """How the practice's backups stand at `now`."""
    found = backups_in(settings().backup_dir)
    since = _since(found)
    return BackupState(
        last_good_at=found[0].made_at if found else None,
        number=len(found),
        is_late=since is not None and is_late(since, now),
    )


def back_up_now(viewer: Viewer | None, now: datetime, told: Told = untold) -> Path:
    """Make a backup, on record, and remove those that are not kept.

    `viewer` is None at night and on the command line. Raises NotAllowed (administrators only) and
    Unusable when no good copy could be made.
    """
    if viewer is not None:
        check_can_administer(viewer)
    practice, folder = database(PRACTICE), settings().backup_dir
    file = back_up(practice, folder, now, told)
    with practice.writing() as db:
        record(db, "backup:made", viewer, now)
        in_force = practice_in_force(db, now)
    if in_force is not None:
        _remove_old(folder, kept((one.made_at for one in backups_in(folder)), now, in_force.zone))
    return file


def back_up_if_due(now: datetime) -> Path | None:
    """Make the backup of the night unless there is one; None when none is due."""
    with database(PRACTICE).reading() as db:
        practice = practice_in_force(db, now)
    since = _since(backups_in(settings().backup_dir))
    if practice is None or since is None or not is_due(since, now, practice.zone):
        return None
    return back_up_now(None, now)


def check_if_due(now: datetime) -> None:
    """Check the signed records unless that was done since the last 2:00 am, by whomever.

    Raises Unusable as `check_on_record` does.
    """
    with database(PRACTICE).reading() as db:
        practice = practice_in_force(db, now)
        checked_at = db.scalar(select(func.max(RecordCheck.at)))
        since = checked_at or db.scalar(select(Practice.created_at))
    if practice is None or since is None or not is_due(since, now, practice.zone):
        return
    if check_on_record(None, now):
        _log.error("Signed records do not check out. Practice, Backups says what was found.")


def tonight(now: datetime) -> None:
    """What is done once a night: a backup and a check of the signed records.

    Neither waits on the other. What fails is logged, and tried again when this is called next.
    """
    for do, failed in (
        (back_up_if_due, "No backup could be made"),
        (check_if_due, "The signed records could not be checked"),
    ):
        try:
            do(now)
        except Exception as error:
            # Practice and Today say how old the last backup is, and Practice the last check.
            sentence = str(error) if isinstance(error, Unusable) else type(error).__name__
            _log.error("%s: %s", failed, sentence)


async def keep_backed_up() -> None:
    """Look once a minute whether a backup or a check is due, for as long as kapteam runs."""
    while True:
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
        await asyncio.to_thread(tonight, clock.now())


def _since(found: Sequence[Backup]) -> datetime | None:
    """When the last good backup was made, else when the practice began; None before set-up."""
    if found:
        return found[0].made_at
    with database(PRACTICE).reading() as db:
        return db.scalar(select(Practice.created_at))


def _remove_old(folder: Path, keep: frozenset[datetime]) -> None:
    for one in backups_in(folder):
        if one.made_at not in keep:
            one.file.unlink()
            description_of(one.file).unlink(missing_ok=True)
