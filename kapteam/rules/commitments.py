"""What a client set out to do after a session, carried forward until it is settled (domain 3.4).

Each line of “Committed actions” of a signed integration note is one. The note is frozen, so a line
is known by its note and its place in it for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from kapteam.vocabulary import CommitmentState

_MARKS = "-–•*·"


@dataclass(frozen=True, slots=True)
class Agreed:
    """The committed actions of one signed note: its text, when it was signed, when to check back.

    `check_on` is a day of the practice, None where nobody chose one.
    """

    note_id: str
    text: str
    at: datetime
    check_on: date | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """What somebody said became of one of them; the newest counts."""

    note_id: str
    line: int
    state: CommitmentState
    words: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Commitment:
    """One committed action, and the last that was said of it."""

    note_id: str
    line: int
    text: str
    agreed_at: datetime
    check_on: date | None
    update: Update | None

    @property
    def state(self) -> CommitmentState:
        """What became of it; open until somebody says."""
        return self.update.state if self.update else CommitmentState.OPEN

    @property
    def is_open(self) -> bool:
        """Whether it is carried forward."""
        return self.state is CommitmentState.OPEN

    def is_due(self, today: date) -> bool:
        """Whether the day to check back has come and it is still open."""
        return self.is_open and self.check_on is not None and self.check_on <= today


def lines_of(text: str) -> tuple[str, ...]:
    """The actions of a text, one a line, without empty lines and the dashes that people type."""
    lines = (line.strip().lstrip(_MARKS).strip() for line in text.splitlines())
    return tuple(filter(None, lines))


def commitments(agreed: Iterable[Agreed], updates: Iterable[Update]) -> tuple[Commitment, ...]:
    """Every committed action with what became of it, as they were agreed."""
    newest: dict[tuple[str, int], Update] = {}
    for one in sorted(updates, key=lambda one: one.at):
        newest[one.note_id, one.line] = one
    return tuple(
        Commitment(
            note.note_id, line, text, note.at, note.check_on, newest.get((note.note_id, line))
        )
        for note in sorted(agreed, key=lambda one: (one.at, one.note_id))
        for line, text in enumerate(lines_of(note.text))
    )


def carried(every: Iterable[Commitment]) -> tuple[Commitment, ...]:
    """What the next note looks back on: what is still open, and all of what was agreed last."""
    found = tuple(every)
    last = max(((one.agreed_at, one.note_id) for one in found), default=None)
    return tuple(one for one in found if one.is_open or (one.agreed_at, one.note_id) == last)
