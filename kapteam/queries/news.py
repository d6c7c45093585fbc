"""What of a client's page is new to one person: what others saved since they looked last."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    cast,
    extract,
    func,
    null,
    select,
    type_coerce,
)

from kapteam.db.tables import AuditEvent, ChartLook, Clinician
from kapteam.queries.standing import Asked
from kapteam.rules.looks import Look
from kapteam.vocabulary import ReviewDecision, Term

_BETWEEN = "\x1f"
"""Between the parts of a line that a statement makes: nobody can type it into a name."""


class NewKind(Term):
    """What is new."""

    NOTE = "note", "Note"
    DOSE = "dose", "Dose"
    SCORE = "score", "Score"
    SESSION = "session", "Ketamine session"
    INTEGRATION = "integration", "Integration session"
    QUESTION = "question", "Question"
    ANSWER = "answer", "Answer"
    DECIDED = "decided", "Case review"
    CONFIRMED = "confirmed", "Change of dose"
    AGREED = "agreed", "Agreed in the case review"


_KINDS = {
    "note:signed": NewKind.NOTE,
    "ketamine_session:recorded": NewKind.DOSE,
    "ketamine_session:closed": NewKind.DOSE,
    "administration:corrected": NewKind.DOSE,
    "administration:voided": NewKind.DOSE,
    "score:recorded": NewKind.SCORE,
    "ketamine_session:moved": NewKind.SESSION,
    "ketamine_session:cancelled": NewKind.SESSION,
    "ketamine_session:missed": NewKind.SESSION,
    "integration_session:moved": NewKind.INTEGRATION,
    "ask:asked": NewKind.QUESTION,
    "ask:reopened": NewKind.QUESTION,
    "ask:answered": NewKind.ANSWER,
    "case_review:decided": NewKind.DECIDED,
    "case_review:confirmed": NewKind.CONFIRMED,
    "action:agreed": NewKind.AGREED,
}

_OF_REVIEWS = ("episode_id", "decision")
"""What the event of a case review has besides."""


@dataclass(frozen=True, slots=True)
class Saved:
    """One thing that somebody else saved about a client: what became of which row, and when.

    What a case review decided also says about which course of care, and what.
    """

    kind: NewKind
    subject_id: str
    at: datetime
    by: str
    episode_id: str = ""
    decision: ReviewDecision | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What was saved since the viewer looked last, the newest first; each thing once.

    `since` is None for who looks for the first time. `keeps_look`: that the viewer looks now is to
    be kept.
    """

    since: datetime | None
    keeps_look: bool
    saved: tuple[Saved, ...]


def saved_since(asked: Asked, client_id: str, since: datetime | None) -> ColumnElement[str | None]:
    """What others have saved about a client, as one text for `read_saved`.

    It tells of every course: the caller shows only what is about rows that the viewer sees.
    """
    if since is None:
        return cast(null(), String)
    parts = (
        AuditEvent.subject_id,
        cast(cast(extract("epoch", AuditEvent.at), Integer), String),
        Clinician.name,
        *(func.coalesce(AuditEvent.changes[name].as_string(), "") for name in _OF_REVIEWS),
    )
    line: ColumnElement[str] = type_coerce(AuditEvent.tag, String)
    for part in parts:
        line = line.concat(_BETWEEN).concat(part)
    return (
        select(func.aggregate_strings(line, "\n"))
        .join(Clinician, Clinician.id == AuditEvent.clinician_id)
        .where(
            AuditEvent.client_id == client_id,
            AuditEvent.at > since,
            AuditEvent.tag.in_(_KINDS),
            AuditEvent.subject_id.is_not(None),
            AuditEvent.clinician_id != asked.viewer.clinician_id,
        )
        .correlate(None)
        .scalar_subquery()
    )


def read_saved(text: str | None) -> tuple[Saved, ...]:
    """What `saved_since` says, the newest first; of one thing that was saved twice the newest."""
    found: dict[tuple[NewKind, str, str], Saved] = {}
    for one in sorted(_lines(text), key=lambda one: one.at, reverse=True):
        found.setdefault((one.kind, one.subject_id, one.episode_id), one)
    return tuple(found.values())


def _lines(text: str | None) -> Iterator[Saved]:
    for line in (text or "").split("\n"):
        if line:
            tag, subject_id, seconds, by, episode_id, decision = line.split(_BETWEEN)
            yield Saved(
                _KINDS[tag],
                subject_id,
                datetime.fromtimestamp(int(seconds), UTC),
                by,
                episode_id,
                ReviewDecision(decision) if decision else None,
            )


LOOK = (ChartLook.looked_at, ChartLook.before_at)
"""What a statement about a client selects for `last_look`."""


def last_look(row: Any) -> Look | None:
    """The last look in a row that selected `LOOK`."""
    return Look(row.looked_at, row.before_at) if row.looked_at else None
