"""What was answered before a ketamine session, in whose words and when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.tables import Clinician, ReadinessAnswer
from kapteam.vocabulary import Answer, ReadinessItem


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """The answer that counts; `words` say who takes them home, what is amiss or why they go on."""

    id: str
    answer: Answer
    words: str
    by: str
    at: datetime


def ride_of(db: Session, session_id: str) -> AnswerLine | None:
    """Who takes the client home from a session that the viewer may see, if anybody said."""
    row = db.execute(
        select(ReadinessAnswer, Clinician.name)
        .join(Clinician, Clinician.id == ReadinessAnswer.answered_by_id)
        .where(
            ReadinessAnswer.ketamine_session_id == session_id,
            ReadinessAnswer.item == ReadinessItem.RIDE,
            ReadinessAnswer.replaced_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    ride = row.ReadinessAnswer
    return AnswerLine(ride.id, ride.answer, ride.words, row.name, ride.answered_at)
