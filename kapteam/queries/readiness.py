"""What was answered before a ketamine session, in whose words and when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kapteam.db.tables import Clinician, ReadinessAnswer
from kapteam.queries.standing import Asked
from kapteam.vocabulary import Answer, ReadinessItem


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """The answer that counts; `words` say who takes them home, what is amiss or why they go on."""

    id: str
    answer: Answer
    words: str
    by: str
    at: datetime


def answers_of(db: Session, asked: Asked, session_id: str) -> dict[ReadinessItem, AnswerLine]:
    """The answers that count for a session that the viewer may see.

    To the front desk only the ride: the rest is asked by those who treat.
    """
    statement = (
        select(ReadinessAnswer, Clinician.name)
        .join(Clinician, Clinician.id == ReadinessAnswer.answered_by_id)
        .where(
            ReadinessAnswer.ketamine_session_id == session_id,
            ReadinessAnswer.replaced_at.is_(None),
        )
    )
    if not asked.viewer.reads_notes:
        statement = statement.where(ReadinessAnswer.item == ReadinessItem.RIDE)
    return {
        row.item: AnswerLine(row.id, row.answer, row.words, by, row.answered_at)
        for row, by in db.execute(statement)
    }
