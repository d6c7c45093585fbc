"""What is counted: exactly the rows that are shown, and every client once."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from typing import TypeVar

_Row = TypeVar("_Row")
_Course = TypeVar("_Course")
_Show = TypeVar("_Show")


def showing(
    rows: Iterable[_Row], show: _Show, shows: Callable[[_Row], Container[_Show]]
) -> tuple[_Row, ...]:
    """Rule 73: the rows that a count of `show` counts, and that its link leaves."""
    return tuple(row for row in rows if show in shows(row))


def by_client(
    courses: Iterable[_Course], client_of: Callable[[_Course], str]
) -> tuple[tuple[_Course, ...], ...]:
    """Rule 14: the courses of each client together, so that whoever has two is counted once."""
    found: defaultdict[str, list[_Course]] = defaultdict(list)
    for course in courses:
        found[client_of(course)].append(course)
    return tuple(map(tuple, found.values()))
