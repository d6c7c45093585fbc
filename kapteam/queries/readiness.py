"""What was answered before a ketamine session, in whose words and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, type_coerce
from sqlalchemy.orm import Session

from kapteam.db.matters import matter
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


ANSWER = "answer"


def answers_select(asked: Asked, session_id: str) -> Select[Any]:
    """The answers that count for a session, as a part of a statement that asks for more.

    To the front desk only the ride: the rest is asked by those who treat. Words stand where other
    rows have a person's id.
    """
    statement = (
        matter(
            ANSWER,
            ReadinessAnswer.ketamine_session_id,
            id=ReadinessAnswer.id,
            kind=type_coerce(ReadinessAnswer.item, String),
            level=type_coerce(ReadinessAnswer.answer, String),
            at=ReadinessAnswer.answered_at,
            person_id=ReadinessAnswer.words,
            person=Clinician.name,
        )
        .join(Clinician, Clinician.id == ReadinessAnswer.answered_by_id)
        .where(
            ReadinessAnswer.ketamine_session_id == session_id,
            ReadinessAnswer.replaced_at.is_(None),
        )
    )
    if not asked.viewer.reads_notes:
        return statement.where(ReadinessAnswer.item == ReadinessItem.RIDE)
    return statement


def answers_in(rows: Iterable[Any]) -> dict[ReadinessItem, AnswerLine]:
    """What `answers_select` found; other rows among them are passed over."""
    return {
        ReadinessItem(row.kind): AnswerLine(
            row.id, Answer(row.level), row.person_id, row.person, row.at
        )
        for row in rows
        if row.what == ANSWER
    }


def answers_of(db: Session, asked: Asked, session_id: str) -> dict[ReadinessItem, AnswerLine]:
    """The answers that count for a session that the viewer may see, in one statement."""
    return answers_in(db.execute(answers_select(asked, session_id)).all())
