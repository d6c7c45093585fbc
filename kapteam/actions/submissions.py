"""The monitoring form that went out of a session, held against what is recorded of it now."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.spravato import session_facts, submission_counts
from kapteam.db.tables import KetamineSession, MonitoringSubmission
from kapteam.rules.monitoring_form import FORMS, fingerprint


def submission_of(db: Session, ketamine_session_id: str) -> MonitoringSubmission | None:
    """How the form of a session went out, of what counts."""
    return db.scalar(
        select(MonitoringSubmission).where(
            MonitoringSubmission.ketamine_session_id == ketamine_session_id, submission_counts()
        )
    )


def judge_submission(db: Session, session: KetamineSession, now: datetime) -> None:
    """Mark the form that went out as changed since, or as what is recorded once that is undone.

    To be called after every write of what the form says of a session. Of one that was sent before
    its content was kept nobody knows.
    """
    sent = submission_of(db, session.id)
    if sent is None or not sent.content_hash:
        return
    said = fingerprint(FORMS[sent.form_version], session_facts(db, session))
    if said == sent.content_hash:
        sent.changed_at = None
    elif sent.changed_at is None:
        sent.changed_at = now
