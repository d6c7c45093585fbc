"""What was looked at is recorded before anything of it is shown (rule 63)."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from kapteam.db.audit import record
from kapteam.rules.permissions import Viewer


def record_view(db: Session, viewer: Viewer, client_id: str, now: datetime) -> None:
    """Note that this person opened a client's chart.

    The caller has read the client as one this person may see, and that this hour has no such event
    yet (`seen_this_hour`); it shows nothing before this is committed.
    """
    opened = any(one.client_id == client_id for one in viewer.emergencies)
    why = {"why": "emergency access"} if opened else {}
    record(db, "client:viewed", viewer, now, client_id=client_id, subject_id=client_id, **why)


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
