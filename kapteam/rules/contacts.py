"""Where a planned contact stands, and what a course of care still has ahead of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kapteam.vocabulary import ContactKind, How, Part, Term, Tone

DID_IT_HAPPEN_AFTER = timedelta(hours=1)


class ContactStage(Term):
    """Where a planned contact stands until somebody says how it ended."""

    DID_IT_HAPPEN = "did_it_happen", "Did this take place?"
    AHEAD = "ahead", "Planned"


@dataclass(frozen=True, slots=True)
class ContactStanding:
    """One planned contact, judged. `part` is whose work it waits for once its time has passed."""

    kind: ContactKind
    planned_at: datetime
    how: How | None
    stage: ContactStage
    part: Part

    @property
    def tone(self) -> Tone:
        """Arranged, or somebody has to say whether it took place."""
        return Tone.BLUE if self.stage is ContactStage.AHEAD else Tone.AMBER


def judge_contact(
    kind: ContactKind, planned_at: datetime, how: How | None, part: Part, now: datetime
) -> ContactStanding:
    """An hour past its time without an outcome it is asked about, as an integration is.

    Nobody disappears because nobody pressed a button (product.md, the core arc 5).
    """
    passed = now - planned_at >= DID_IT_HAPPEN_AFTER
    stage = ContactStage.DID_IT_HAPPEN if passed else ContactStage.AHEAD
    return ContactStanding(kind, planned_at, how, stage, part)
