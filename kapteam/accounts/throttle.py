"""Slowing down whoever guesses: five wrong passwords (or PINs) for one name, then a wait."""

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kapteam.db.tables import FailedAttempt
from kapteam.errors import Invalid
from kapteam.ids import new_id
from kapteam.rules.folding import fold

LIMIT = 5
WINDOW = timedelta(minutes=15)


def subject_of(typed_name: str) -> str:
    """What is kept of a typed name: a password typed into the wrong field never lands anywhere."""
    return sha256(fold(typed_name).encode()).hexdigest()


def count_attempt(
    db: Session, subject: str, now: datetime, *, field: str = "password", guessed: str = "passwords"
) -> None:
    """Count an attempt before its password is looked at, so that attempts at once all count.

    `guessed` is what was tried, in the plural. Raises Invalid (`field`) when there were too many;
    that attempt is not counted.
    """
    db.execute(delete(FailedAttempt).where(FailedAttempt.at <= now - WINDOW))
    attempts = db.scalars(
        select(FailedAttempt.at)
        .where(FailedAttempt.subject == subject)
        .order_by(FailedAttempt.at.desc())
        .limit(LIMIT)
    ).all()
    if len(attempts) == LIMIT:
        minutes = -((now - WINDOW - attempts[-1]) // timedelta(minutes=1))
        wait = f"{minutes} minutes" if minutes > 1 else "one minute"
        raise Invalid({field: f"Too many wrong {guessed}. Wait {wait}, then try again."})
    db.add(FailedAttempt(id=new_id(), subject=subject, at=now))


def forget(db: Session, subject: str) -> None:
    """The right password was given: its earlier misses no longer count."""
    db.execute(delete(FailedAttempt).where(FailedAttempt.subject == subject))
