"""What the answers to an instrument come to: exact, and nothing from a form with a gap.

0 is a score; what was not answered is missing, and then there is no total (rules 43 and 44).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kapteam.rules.instruments import Band, Critical, Instrument, Item, Subscale
from kapteam.vocabulary import Tone

NOT_ANSWERED = "-"
_MISSING = frozenset("-.")
_BETWEEN = re.compile(r"[\s,;]+")

Answers = tuple[int | None, ...]
"""What was answered, in the order of `Instrument.asked`; None: not answered."""


@dataclass(frozen=True, slots=True)
class SubscaleScore:
    """What one subscale comes to: None where an answer is missing.

    `counted` is how many of its items reach what its cluster counts; `is_met` whether they are as
    many as it needs. Both are None for one that is no cluster, or lacks an answer.
    """

    subscale: Subscale
    total: int | None
    counted: int | None = None
    is_met: bool | None = None


@dataclass(frozen=True, slots=True)
class CriticalAnswer:
    """What was answered to a critical item; None: unknown, which is not negative (rule 50)."""

    critical: Critical
    answer: int | None

    @property
    def needs_somebody(self) -> bool:
        """Rule 42: whether the answer is one that needs somebody."""
        return self.answer is not None and self.answer >= self.critical.amber_from

    def tone(self, before: int | None = None) -> Tone:
        """How loud it is after the answer `before` it; plain while it is unknown."""
        return Tone.PLAIN if self.answer is None else self.critical.tone(self.answer, before)


@dataclass(frozen=True, slots=True)
class Scored:
    """What one form comes to.

    `total` is None while any item in `missing` was not answered, and for a measure that has only a
    result, which is its `band`. `is_provisional` says whether every cluster is met; None where
    there are none, or it cannot be told.
    """

    total: int | None
    missing: tuple[int, ...] = ()
    band: Band | None = None
    subscales: tuple[SubscaleScore, ...] = ()
    critical: tuple[CriticalAnswer, ...] = ()
    is_provisional: bool | None = None
    is_total_only: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether it may be kept as a score."""
        return not self.missing

    @property
    def critical_answer(self) -> int | None:
        """The highest answer to an item that needs somebody by itself; None: unknown, or none."""
        known = (one.answer for one in self.critical if one.answer is not None)
        return max(known, default=None)


def parse_answers(instrument: Instrument, line: str) -> Answers:
    """The answers typed as one line, `201100010` or `2 0 1 1 0 0 0 1 0`; `-` or `.`: not answered.

    Those that are not scored may be left away at the end. Raises ValueError with a sentence for
    what is no answer to its item, and for too few or too many.
    """
    answers, number = _typed(instrument, line)
    least, most = len(instrument.items), len(instrument.asked)
    if not number:
        raise ValueError(
            f"Enter {least} answers, one digit each; {NOT_ANSWERED} for one that was not answered."
        )
    if not least <= number <= most:
        raise ValueError(_wrong_number(instrument, number))
    return answers


def answers_so_far(instrument: Instrument, line: str) -> Answers:
    """The answers of a line that is being typed: what is still to come is not answered.

    Raises ValueError with a sentence for what is no answer to its item, and for too many.
    """
    answers, number = _typed(instrument, line)
    if number > len(instrument.asked):
        raise ValueError(_wrong_number(instrument, number))
    return answers


def answers_before_a_slip(instrument: Instrument, line: str) -> Answers:
    """The answers of a line before the first mark that is none to its item; the rest is not there.

    Of a line with too many, those that have an item.
    """
    answers: list[int | None] = []
    for item, mark in zip(instrument.asked, _BETWEEN.sub("", line), strict=False):
        try:
            answers.append(_read(instrument, item, mark))
        except ValueError:
            break
    return (*answers, *[None] * (len(instrument.asked) - len(answers)))


def typed_answers(answers: Answers) -> str:
    """The answers as the line that `parse_answers` reads."""
    return "".join(NOT_ANSWERED if one is None else str(one) for one in answers)


def read_total(instrument: Instrument, typed: str) -> int:
    """A total that was found elsewhere. Raises ValueError with a sentence when it cannot be one."""
    if not re.fullmatch(r"\d{1,4}", typed.strip(), re.ASCII):
        raise ValueError("Enter the total, a whole number.")
    total = int(typed)
    check_total(instrument, total)
    return total


def check_total(instrument: Instrument, total: int) -> None:
    """Raise ValueError with a sentence unless the instrument can come to that total."""
    if not instrument.minimum <= total <= instrument.maximum:
        raise ValueError(
            f"The total of {instrument.name} is from {instrument.minimum} to {instrument.maximum}."
        )
    if total % instrument.scoring.times:
        raise ValueError(
            f"The total of {instrument.name} is a multiple of {instrument.scoring.times}."
        )


def check_answers(instrument: Instrument, answers: Sequence[int | None]) -> None:
    """Raise ValueError with a sentence unless each is an answer to its item, and none is left."""
    if not instrument.takes_answers:
        raise ValueError(f"{instrument.name} is entered without its answers.")
    if not len(instrument.items) <= len(answers) <= len(instrument.asked):
        raise ValueError(
            f"These are {len(answers)} answers; {instrument.name} has {len(instrument.items)}."
        )
    for item, answer in zip(instrument.asked, answers, strict=False):
        if answer is not None and answer not in _values(instrument, item):
            raise ValueError(_no_answer(instrument, item, str(answer)))


def score(instrument: Instrument, answers: Sequence[int | None]) -> Scored:
    """What the answers come to, those that are not scored among them or not (rule 43: 0 is one).

    Raises ValueError with a sentence for an answer that an item does not have, and when there are
    too few or too many.
    """
    check_answers(instrument, answers)
    by_number = dict(zip((item.number for item in instrument.items), answers, strict=False))
    missing = tuple(number for number, answer in by_number.items() if answer is None)
    given = {number: answer for number, answer in by_number.items() if answer is not None}
    total = None if missing else _total(instrument, given)
    subscales = tuple(_subscale(one, given) for one in instrument.subscales)
    return Scored(
        total,
        missing,
        None if total is None else instrument.band_of(total),
        subscales,
        tuple(CriticalAnswer(one, by_number[one.item]) for one in instrument.critical),
        _all_met(subscales) if instrument.provisional else None,
    )


def score_total(instrument: Instrument, total: int) -> Scored:
    """Rule 50: a total that was found elsewhere; what its critical items say is unknown.

    Raises ValueError with a sentence when the instrument cannot come to it.
    """
    if not instrument.takes_total:
        raise ValueError(f"{instrument.name} has no total. Choose its result.")
    check_total(instrument, total)
    return Scored(
        total,
        band=instrument.band_of(total),
        critical=tuple(CriticalAnswer(one, None) for one in instrument.critical),
        is_total_only=True,
    )


def score_result(instrument: Instrument, rank: int) -> Scored:
    """A result that was found elsewhere: the band at `rank`, 0 the lowest. It is never a total.

    Raises ValueError with a sentence when there is none.
    """
    if instrument.takes_total:
        raise ValueError(f"{instrument.name} has a total. Enter it.")
    band = instrument.band_of(rank)
    if band is None:
        raise ValueError(f"Choose the result of {instrument.name}.")
    return Scored(None, band=band)


def _total(instrument: Instrument, given: dict[int, int]) -> int:
    if instrument.scoring.rule == "domains":
        # Rule 44: the highest of each domain, so that four sleep items count once.
        return sum(max(given[number] for number in one) for one in instrument.scoring.domains)
    return sum(given.values()) * instrument.scoring.times


def _subscale(subscale: Subscale, given: dict[int, int]) -> SubscaleScore:
    if not given.keys() >= set(subscale.items):
        return SubscaleScore(subscale, None)
    answers = [given[number] for number in subscale.items]
    if subscale.needed is None or subscale.counted_from is None:
        return SubscaleScore(subscale, sum(answers))
    counted = sum(answer >= subscale.counted_from for answer in answers)
    return SubscaleScore(subscale, sum(answers), counted, counted >= subscale.needed)


def _all_met(subscales: Sequence[SubscaleScore]) -> bool | None:
    """Whether every cluster is met: None while a cluster lacks an answer."""
    met = [one.is_met for one in subscales if one.subscale.needed is not None]
    return None if None in met else all(met)


def _typed(instrument: Instrument, line: str) -> tuple[Answers, int]:
    """The answers of a line, those after its end not answered, and how many it holds."""
    typed = _BETWEEN.sub("", line)
    answers = tuple(
        _read(instrument, item, mark) for item, mark in zip(instrument.asked, typed, strict=False)
    )
    return answers + (None,) * (len(instrument.asked) - len(answers)), len(typed)


def _read(instrument: Instrument, item: Item, mark: str) -> int | None:
    if mark in _MISSING:
        return None
    if not (mark.isascii() and mark.isdigit()) or int(mark) not in _values(instrument, item):
        raise ValueError(_no_answer(instrument, item, mark))
    return int(mark)


def _values(instrument: Instrument, item: Item) -> frozenset[int]:
    return frozenset(option.value for option in instrument.options_of(item))


def _wrong_number(instrument: Instrument, number: int) -> str:
    least, most = len(instrument.items), len(instrument.asked)
    wanted = f"{least}" if least == most else f"{least} or {most}"
    return (
        f"These are {number} answers; {instrument.name} has {wanted}. "
        f"Enter {NOT_ANSWERED} for one that was not answered."
    )


def _no_answer(instrument: Instrument, item: Item, typed: str) -> str:
    values = sorted(_values(instrument, item))
    return (
        f"Item {item.number} of {instrument.name} cannot be “{typed}”. Its answers are "
        f"{values[0]} to {values[-1]}, or {NOT_ANSWERED} when it was not answered."
    )
