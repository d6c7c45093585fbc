"""A past case review beside today: which of what both saw then is otherwise now."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kapteam.vocabulary import Term

Fact = tuple[str, str]
"""What it is of, and its words."""
_LENGTH = re.compile(r"(?:\d+\u00a0(?:d|hr|min)\b ?)+")
"""`3 d 4 hr` as kapteam writes it; what somebody typed has other spaces."""


class Since(Term):
    """What became of a fact since a case review saw it."""

    AS_THEN = "as_then", "As then"
    CHANGED = "changed", "Changed since"
    NEW = "new", "New since"
    GONE = "gone", "No longer"


@dataclass(frozen=True, slots=True)
class Compared:
    """The places of one fact among those of then and those of now; None where it is not there."""

    then: int | None
    now: int | None
    since: Since


def compare(then: Sequence[Fact], now: Sequence[Fact]) -> tuple[Compared, ...]:
    """Each fact once, in the order of today, then what there is no longer.

    Facts with the same words are the same fact, also where what grows by itself is longer now, like
    how long something is overdue. Of the others one has changed where then and now
    each have a single one of that kind left; else nobody knows which became which, and those of
    then are gone and those of now are new.
    """
    same = _same(then, now)
    left = {label for label, number in _labels(then, same.values()).items() if number == 1}
    left &= {label for label, number in _labels(now, same).items() if number == 1}
    before = {label: place for place, (label, _) in enumerate(then) if place not in same.values()}
    found = []
    for place, (label, _) in enumerate(now):
        if place in same:
            found.append(Compared(same[place], place, Since.AS_THEN))
        elif label in left:
            found.append(Compared(before[label], place, Since.CHANGED))
        else:
            found.append(Compared(None, place, Since.NEW))
    known = {one.then for one in found}
    gone = (place for place in range(len(then)) if place not in known)
    return (*found, *(Compared(place, None, Since.GONE) for place in gone))


def _same(then: Sequence[Fact], now: Sequence[Fact]) -> dict[int, int]:
    """Of each place of now, the place of then with the same fact; each of then once."""
    free = list(range(len(then)))
    found: dict[int, int] = {}
    # The very same words first: two facts may differ in nothing but a length.
    for read in (_in_full, _without_lengths):
        for place, fact in enumerate(now):
            same = (one for one in free if read(then[one]) == read(fact))
            match = next(same, None) if place not in found else None
            if match is not None:
                free.remove(match)
                found[place] = match
    return found


def _in_full(fact: Fact) -> Fact:
    return fact


def _without_lengths(fact: Fact) -> Fact:
    label, words = fact
    return label, _LENGTH.sub("", words)


def _labels(facts: Sequence[Fact], without: Iterable[int]) -> Counter[str]:
    taken = set(without)
    return Counter(label for place, (label, _) in enumerate(facts) if place not in taken)
