"""What was looked at is recorded before anything of it is shown (rule 63)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from sqlalchemy.orm import Session

from kapteam.db.access import visible_client
from kapteam.db.audit import record
from kapteam.db.tables import ChartLook
from kapteam.rules.looks import Look, next_look
from kapteam.rules.permissions import Viewer, check_can_take_names
from kapteam.vocabulary import ExportPurpose


def record_view(db: Session, viewer: Viewer, client_id: str, now: datetime) -> None:
    """Note that this person opened a client's chart.

    The caller has read the client as one this person may see, and that this hour has no such event
    yet (`seen_this_hour`); it shows nothing before this is committed.
    """
    opened = any(one.client_id == client_id for one in viewer.emergencies)
    why = {"why": "emergency access"} if opened else {}
    record(db, "client:viewed", viewer, now, client_id=client_id, subject_id=client_id, **why)


def keep_look(db: Session, viewer: Viewer, client_id: str, now: datetime) -> None:
    """Keep that this person has a client's page before them: what is new to them is told by it.

    No event of the audit log, which has it that the chart was opened. Raises NotFound.
    """
    # Locked as a change of the client is, so that two tabs of one person make one row.
    client = visible_client(db, viewer, client_id, now)
    key = {"clinician_id": viewer.clinician_id, "client_id": client.id}
    row = db.get(ChartLook, key)
    kept = next_look(Look(row.looked_at, row.before_at) if row else None, now)
    if kept is None:
        return
    if row is None:
        db.add(ChartLook(**key, looked_at=kept.looked_at, before_at=kept.before_at))
    else:
        row.looked_at, row.before_at = kept.looked_at, kept.before_at


def record_views(db: Session, viewer: Viewer, client_ids: Sequence[str], now: datetime) -> None:
    """The same of several clients at once, whose words stand on one page."""
    for client_id in client_ids:
        record_view(db, viewer, client_id, now)


def record_day_sheet(
    db: Session, viewer: Viewer, on: date, codes: Sequence[str], now: datetime
) -> None:
    """Note that this person printed the sheet of a day, and who stands on it.

    The caller hands it out only after this is committed.
    """
    record(db, "day_sheet:printed", viewer, now, on=on, codes=codes)


def record_thread(
    db: Session, viewer: Viewer, client_id: str, episode_id: str, now: datetime
) -> None:
    """Note that this person printed the thread of a course of care.

    The caller hands it out only after this is committed.
    """
    record(db, "thread:printed", viewer, now, client_id=client_id, subject_id=episode_id)


def record_brief(
    db: Session, viewer: Viewer, client_id: str, session_id: str, now: datetime
) -> None:
    """Note that this person printed the brief before a dose.

    The caller hands it out only after this is committed.
    """
    record(db, "brief:printed", viewer, now, client_id=client_id, subject_id=session_id)


def record_minutes(
    db: Session,
    viewer: Viewer,
    how: Literal["printed", "copied"],
    case_review_id: str,
    codes: Sequence[str],
    names_for: ExportPurpose | None,
    now: datetime,
) -> None:
    """Note that this person took the minutes of a case review along, and who stands on them.

    Without `names_for` they name nobody; with it the names stand in them for that purpose (rule
    65). The caller hands them out only after this is committed. Raises NotAllowed where others can
    see the screen and names were asked for.
    """
    if names_for is not None:
        check_can_take_names(viewer)
    named = {"names_for": names_for} if names_for else {}
    record(db, f"case_review:{how}", viewer, now, subject_id=case_review_id, codes=codes, **named)
