"""How a practice's own results are counted: what was judged, what was not and why, and the spread.

A rate is never without what it is of, and never hides whom it could not judge.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from kapteam.vocabulary import Term

LEAST_CHARTED = 5
"""Of fewer, a picture would show persons rather than a practice: they are counted only."""


class Period(Term):
    """From when on it is counted."""

    QUARTER = "quarter", "Last 3 months"
    YEAR = "year", "Last 12 months"
    ALL = "all", "All time"

    def begins_on(self, today: date) -> date | None:
        """Its first day; None: it has no beginning."""
        days = {Period.QUARTER: 91, Period.YEAR: 365}.get(self)
        return None if days is None else today - timedelta(days=days)


class Held(Term):
    """What became of the integration of a dose; the clock is that of rule 1."""

    IN_TIME = "in_time", "held in time"
    LATE = "late", "held later"
    CLOSED = "closed", "closed without one"
    NOT_HELD = "not_held", "not held"
    NOT_DUE = "not_due", "not due yet"


class Finding(Term):
    """What one series comes to under one question, or why that cannot be told."""

    YES = "yes", "yes"
    NO = "no", "no"
    NO_MEASURE = "no_measure", "no measure for what is treated"
    NO_BASELINE = "no_baseline", "no score in the 30 days before dose 1"
    WELL = "well", "well already at the start"
    LOW = "low", "low at baseline"
    EARLY = "early", "too few doses so far"
    NO_SCORE = "no_score", "no score since"

    @property
    def is_judged(self) -> bool:
        """Whether it counts in what a rate is of."""
        return self in {Finding.YES, Finding.NO}


class Question(Term):
    """What is asked of each series."""

    RESPONSE = "response", "Response"
    REMISSION = "remission", "Remission"
    AFTER_4 = "after_4", "After dose 4"
    AFTER_6 = "after_6", "After dose 6"
    TIME = "time", "Days to response"


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of `of`, and how many could not be judged, by the reason in words."""

    count: int
    of: int
    unjudged: Mapping[str, int]

    @property
    def left_out(self) -> int:
        """How many could not be judged."""
        return sum(self.unjudged.values())


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the values lie: how many, least, quartiles, most; exact, between two values halfway."""

    number: int
    least: int
    first_quarter: Fraction
    median: Fraction
    third_quarter: Fraction
    most: int


def spread(counts: Mapping[int, int]) -> Spread | None:
    """The spread of values, from how often each occurs; None where there is none.

    Quartiles as the inclusive method has them: the least is at 0, the most at 1, linear between.
    """
    number = sum(counts.values())
    if not number:
        return None
    values = sorted(value for value, times in counts.items() if times)
    return Spread(
        number,
        values[0],
        _at(counts, values, Fraction(number - 1, 4)),
        _at(counts, values, Fraction(number - 1, 2)),
        _at(counts, values, Fraction(3 * (number - 1), 4)),
        values[-1],
    )


def _at(counts: Mapping[int, int], values: Iterable[int], place: Fraction) -> Fraction:
    """The value at a place from 0 on in the order of all; between two places, between the two."""
    below = place.numerator // place.denominator
    here, after = None, None
    passed = 0
    for value in values:
        passed += counts[value]
        if here is None and passed > below:
            here = value
        if passed > below + 1:
            after = value
            break
    if here is None:
        raise ValueError(f"There is no place {place} among {passed} values.")
    return here + (place - below) * ((after if after is not None else here) - here)
