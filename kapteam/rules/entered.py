"""What somebody entered: every field is checked, and every problem is said beside its field."""

import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from kapteam import wording
from kapteam.errors import Invalid
from kapteam.rules.folding import digits

LINE = 120
FEW_WORDS = 1_000
TEXT = 8_000
SHORTEST_NUMBER = 3  # 911 and 988
_Read = TypeVar("_Read")


class Entered:
    """Collects the sentences for one form; `done()` raises them all at once.

    Each method returns the value when it is good, else a stand-in that `done()` keeps from use.
    """

    def __init__(self) -> None:
        self._problems: dict[str, str] = {}

    def refuse(self, field: str, sentence: str) -> None:
        """Note a problem; the first one of a field counts."""
        self._problems.setdefault(field, sentence)

    def need(self, field: str, good: bool, sentence: str) -> None:
        """Refuse `field` unless `good`."""
        if not good:
            self.refuse(field, sentence)

    def read(self, field: str, reader: Callable[[str], _Read], text: str) -> _Read | None:
        """`reader(text)`; its ValueError's message becomes the sentence."""
        try:
            return reader(text)
        except ValueError as error:
            self.refuse(field, str(error))
            return None

    def line(self, field: str, text: str, name: str, *, required: bool = False) -> str:
        """One line of text as typed, outer spaces removed, at most 120 characters.

        `name` stands at the start of the sentence: "The family name".
        """
        cleaned = self._text(field, text, name, LINE, required=required)
        self.need(field, "\n" not in cleaned, f"{name} has more than one line. Make it one.")
        return cleaned

    def phone(self, field: str, text: str, name: str) -> str:
        """One line with a number that can be dialed, as typed, or nothing.

        Extensions, country codes and a word beside the number stay: people read it, not machines.
        """
        cleaned = self.line(field, text, name)
        self.need(
            field,
            not cleaned or len(digits(cleaned)) >= SHORTEST_NUMBER,
            f"{name} cannot be dialed. Enter its digits, like 602-555-0142, or leave it empty; "
            "words go in another field.",
        )
        return cleaned

    def text(self, field: str, text: str, name: str, *, required: bool = False) -> str:
        """Several lines of text, at most 8,000 characters."""
        return self._text(field, text, name, TEXT, required=required)

    def few_words(self, field: str, text: str, name: str, *, required: bool = False) -> str:
        """Several lines that somebody has to take in at a glance, at most 1,000 characters."""
        return self._text(field, text, name, FEW_WORDS, required=required)

    def _text(self, field: str, text: str, name: str, most: int, *, required: bool) -> str:
        cleaned = text.replace("\r\n", "\n").strip()
        if required and not cleaned:
            self.refuse(field, f"{name} is needed.")
        if len(cleaned) > most:
            self.refuse(
                field, f"{name} has {len(cleaned):,} characters; {most:,} is the most. Shorten it."
            )
        if any(_is_control(letter) for letter in cleaned):
            self.refuse(field, f"{name} contains a control character. Type it again.")
        return cleaned

    def moment(
        self, field: str, on: date | None, typed: str, zone: ZoneInfo, *, day_field: str = ""
    ) -> datetime | None:
        """The instant of a day and a typed time of the practice.

        A missing day is said beside `day_field`, where the form has one.
        """
        if on is None:
            self.refuse(day_field or field, "Choose the day.")
            return None
        time_of_day = self.read(field, wording.read_time, typed)
        if time_of_day is None:
            return None
        return self.read(field, lambda _: wording.at_local(on, time_of_day, zone), typed)

    def past_day(self, field: str, on: date | None, today: date) -> date | None:
        """A day that was chosen and is not in the future."""
        self.need(field, on is not None, "Choose the day.")
        self.need(
            field, on is None or on <= today, "This day is in the future. Choose today or before."
        )
        return on

    def done(self) -> None:
        """Raise Invalid with every sentence, if there is one."""
        if self._problems:
            raise Invalid(self._problems)


def _is_control(letter: str) -> bool:
    """Whether a database or a screen would choke on it: controls and halves of a character."""
    return unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\t"
