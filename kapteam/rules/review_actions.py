"""What was agreed in a case review: who does what by when, until it is done or dropped."""

from dataclasses import dataclass
from datetime import date

from kapteam.vocabulary import Tone


@dataclass(frozen=True, slots=True)
class ActionInShort:
    """One open action; `words` are empty where others can see them."""

    owner_id: str
    owner: str
    due_on: date
    words: str

    def is_overdue(self, today: date) -> bool:
        """Rule 60: such an action heads the next agenda."""
        return self.due_on < today

    def tone(self, today: date) -> Tone:
        """Amber from the day on which it is due."""
        return Tone.AMBER if self.due_on <= today else Tone.PLAIN
