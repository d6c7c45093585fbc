"""What was agreed in a case review: who does what by when, until it is done or dropped."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kapteam.rules.asks import Seat, has_it_now
from kapteam.vocabulary import Part, Tone


@dataclass(frozen=True, slots=True)
class ActionInShort:
    """One open action, with whose it is now; `words` are empty where others can see them."""

    owner_id: str
    owner: str
    due_on: date
    words: str

    def is_overdue(self, today: date) -> bool:
        """Rule 60: such an action heads the next agenda."""
        return self.due_on < today

    def tone(self, today: date) -> Tone:
        """How loud it is."""
        return action_tone(self.due_on, today)


def action_tone(due_on: date, today: date) -> Tone:
    """Amber from the day on which it is due."""
    return Tone.AMBER if due_on <= today else Tone.PLAIN


def has_action_now(owner_id: str, part: Part | None, seats: Iterable[Seat]) -> str:
    """Whose an action is: its owner's as long as they are on the course and can sign in.

    Then it follows the course as a question does; `part` is the one that the owner had last, None
    for who never had one and agreed to it while covering.
    """
    return has_it_now(Seat(owner_id, part or Part.COVER), seats)
