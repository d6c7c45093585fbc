"""Concerns raised by hand: how loud one is, whose it is, and what clears it (domain 5)."""

from dataclasses import dataclass
from datetime import datetime

from kapteam.vocabulary import (
    ConcernKind,
    ConcernLevel,
    Function,
    HoldReason,
    NoteKind,
    Part,
    Tone,
)

_EITHERS = frozenset({ConcernKind.SUICIDE_RISK, ConcernKind.OTHER})
_HOLD_REASONS = {
    ConcernKind.SUICIDE_RISK: HoldReason.SUICIDE_RISK,
    ConcernKind.MANIA_PSYCHOSIS: HoldReason.MANIA_PSYCHOSIS,
    ConcernKind.MEDICINE_USE: HoldReason.MEDICINE_USE,
    ConcernKind.PREGNANCY: HoldReason.PREGNANCY,
    ConcernKind.URINARY: HoldReason.URINARY,
    ConcernKind.OTHER: HoldReason.OTHER,
}
NOTES_AFTER_HIGH_RISK = (NoteKind.RISK, NoteKind.DECISION)
"""Rule 30: one of these by a prescriber, signed after it, before a dose is ready again."""


@dataclass(frozen=True, slots=True)
class ConcernStanding:
    """One open concern, judged.

    `unseen_by` are the names of those who treat the client and have not seen it yet. `seen_at` is
    when the last of them did; None while somebody has not, or nobody else treats the client.
    `has_prescriber`: one of the practice treats the client. `version` is another one once it was
    open again.
    """

    kind: ConcernKind
    level: ConcernLevel
    raised_at: datetime
    raised_by: str
    unseen_by: tuple[str, ...]
    seen_at: datetime | None
    has_prescriber: bool = True
    version: int = 0

    @property
    def tone(self) -> Tone:
        """Loudest while it is high or a colleague may not know of it."""
        is_loud = self.level is ConcernLevel.HIGH or bool(self.unseen_by)
        return Tone.RED if is_loud else Tone.AMBER

    @property
    def waits_on(self) -> Part | None:
        """Whose it is; None where it is either's (`owners`)."""
        is_eithers = self.kind in _EITHERS or not self.has_prescriber
        return None if is_eithers else Part.PRESCRIBER


def owners(kind: ConcernKind, *, has_prescriber: bool) -> frozenset[Function]:
    """Rule 17: whose function owns a concern, and closes it.

    What is the prescriber's is the therapist's as well while no prescriber of the practice treats
    the client: no concern is without an owner.
    """
    if kind in _EITHERS or not has_prescriber:
        return frozenset({Function.PRESCRIBER, Function.THERAPIST})
    return frozenset({Function.PRESCRIBER})


def clearing_notes(kind: ConcernKind) -> tuple[NoteKind, ...]:
    """What clears it once an owner has signed it: a risk note.

    What is the prescriber's alone is cleared by a decision as well (domain 5, S4 to S7).
    """
    return (NoteKind.RISK,) if kind in _EITHERS else (NoteKind.RISK, NoteKind.DECISION)


def owned_by(owning: frozenset[Function]) -> str:
    """Whose it is, in words: `a prescriber or a therapist`."""
    return " or ".join(f"a {one.label.lower()}" for one in Function if one in owning)


def cleared_by(kind: ConcernKind) -> str:
    """What clears it, in words: `a risk note or a decision note`."""
    return " or ".join(f"a {one.label.lower()}" for one in clearing_notes(kind))


def holds_at_once(kind: ConcernKind) -> bool:
    """Rule 17: a medicine-use concern holds the next dose, whoever raises it."""
    return kind is ConcernKind.MEDICINE_USE


def hold_reason(kind: ConcernKind) -> HoldReason:
    """What the course is on hold for."""
    return _HOLD_REASONS[kind]


def does_not_clear(
    kind: ConcernKind,
    raised_at: datetime,
    note_kind: NoteKind,
    signed_at: datetime | None,
    author: frozenset[Function],
    owning: frozenset[Function],
) -> str | None:
    """Why a note clears no concern of this kind, as a sentence; None when it does.

    It is signed, by somebody whose the concern is, and later than the concern (rules 17 and 30).
    """
    if note_kind not in clearing_notes(kind):
        return f"Only {cleared_by(kind)} clears this."
    if signed_at is None:
        return "This note is not signed yet. Sign it first."
    if signed_at <= raised_at:
        return "This note was signed before the concern was raised. Write one about it."
    if author.isdisjoint(owning):
        return f"Choose {cleared_by(kind)} that {owned_by(owning)} signed."
    return None
