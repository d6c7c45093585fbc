"""Whether anything that was signed or given was changed outside kapteam.

Read in parts, each with a connection of its own: what is written meanwhile is no finding, and a
check that is interrupted leaves nothing behind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kapteam import clock, sentences
from kapteam.actions.practice import the_practice
from kapteam.db.anchors import noted_anchors
from kapteam.db.audit import record
from kapteam.db.copying import Told, untold
from kapteam.db.engine import Database
from kapteam.db.practices import PRACTICE, database
from kapteam.db.record_key import record_key
from kapteam.db.record_links import (
    first_unlisted,
    links_after,
    list_what_is_there,
    newest_anchor,
    restored_backups,
    row_named,
)
from kapteam.db.tables import RecordCheck
from kapteam.errors import Unavailable, Unusable
from kapteam.ids import new_id
from kapteam.rules.permissions import Viewer, check_can_administer
from kapteam.rules.record_links import (
    Anchor,
    Found,
    Link,
    NotedAnchor,
    Walk,
    against_anchor,
    anchor_of,
    is_put_aside,
)
from kapteam.settings import settings
from kapteam.vocabulary import Linked, Outside


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to: how many lines it went through, and what it found wrong first."""

    lines: int
    found: Found | None


def begin_list(practice: Database) -> None:
    """List what was signed before there was a list; nothing where there is one.

    Raises Unusable when that cannot be written.
    """
    with practice.writing() as db:
        list_what_is_there(db, clock.now())


def check_on_record(viewer: Viewer | None, now: datetime, told: Told = untold) -> str:
    """Check the practice's signed records and keep what came of it; returns that, as it is said.

    The sentence is empty when nothing was wrong; a key that cannot be read is said as well.
    `viewer` is None at night. Raises NotAllowed (administrators only) and Unusable when the
    database cannot be read or written.
    """
    if viewer is not None:
        check_can_administer(viewer)
    practice, lines, finding = database(PRACTICE), 0, ""
    with practice.reading() as db:
        zone = the_practice(db, now).zone
    try:
        checked = check_records(practice, noted_anchors(settings().backup_dir), told)
    except Unavailable:
        raise
    except Unusable as unusable:
        finding = str(unusable)
    else:
        lines = checked.lines
        if checked.found is not None:
            finding = sentences.changed_outside(checked.found, zone)
    with practice.writing() as db:
        db.add(
            RecordCheck(
                id=new_id(),
                at=now,
                checked_by_id=viewer.clinician_id if viewer else None,
                lines=lines,
                finding=finding,
            )
        )
        record(db, "records:checked", viewer, now, lines=lines, is_whole=not finding)
    return finding


def check_records(
    practice: Database, anchors: Sequence[NotedAnchor] = (), told: Told = untold
) -> Checked:
    """Go through the list of signed records from its first line, and hold it against anchors.

    Raises Unusable when the database or the key cannot be read.
    """
    key = record_key(practice.url)
    with practice.reading() as db:
        lines = newest_anchor(db).position
        unlisted = first_unlisted(db)
        if key is None and (lines or unlisted):
            return Checked(0, Found(Outside.NO_KEY, lines))
    there: dict[int, Anchor] = {}
    other_key = None
    if key is not None:
        walk = Walk(key)
        asked = {one.anchor.position for one in anchors}
        while part := _step(practice, walk, asked, there):
            told("signed records", walk.position, max(lines, walk.position))
            if part.wrong is not None:
                return Checked(walk.position, part.wrong)
            # The last place where one begins: what is known of a lost key hides no later one.
            other_key = part.other_key or other_key
        lines = walk.position
    wrong = _unlisted(practice, lines) or _missing(practice, anchors, lines, there)
    return Checked(lines, wrong or other_key)


@dataclass(frozen=True, slots=True)
class _Part:
    """What ended the walk in a part of the list, and where lines of another key began last."""

    wrong: Found | None
    other_key: Found | None


def _step(
    practice: Database, walk: Walk, asked: set[int], there: dict[int, Anchor]
) -> _Part | None:
    """The next part, or that there was none."""
    other_key = None
    with practice.reading() as db:
        part = links_after(db, walk.position)
        for link, says_now in part:
            before = walk.position
            wrong = walk.step(link, says_now)
            found = Found(wrong, before, row_named(db, *_about(link))) if wrong else None
            if wrong is Outside.OTHER_KEY:
                other_key = found
            elif found is not None:
                return _Part(found, other_key)
            if link.position in asked:
                there[link.position] = anchor_of(link)
    return _Part(None, other_key) if part else None


def _about(link: Link) -> tuple[Linked | None, str]:
    return (Linked(link.kind) if link.kind in list(Linked) else None, link.row_id)


def _unlisted(practice: Database, lines: int) -> Found | None:
    with practice.reading() as db:
        added = first_unlisted(db)
        return Found(Outside.ADDED, lines, row_named(db, *added)) if added else None


def _missing(
    practice: Database, anchors: Sequence[NotedAnchor], lines: int, there: dict[int, Anchor]
) -> Found | None:
    with practice.reading() as db:
        restored = restored_backups(db)
    for one in anchors:
        wrong = against_anchor(one.anchor, lines, there.get(one.anchor.position))
        if wrong is None:
            continue
        if is_put_aside(one, restored):
            if one.noted_at is not None:
                continue
            wrong = Outside.PUT_ASIDE
        return Found(wrong, lines, anchor=one.anchor, anchored_at=one.noted_at)
    return None
