"""Who and which room is taken when, so that the demo asks nobody to be in two places."""

from bisect import bisect, insort
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise


class Diary:
    """The appointments of each person and each room, by name, in the order of time."""

    def __init__(self) -> None:
        self._taken: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)

    def is_free(self, at: datetime, length: timedelta, names: Iterable[str]) -> bool:
        """Whether all of these are free from `at` on."""
        return all(self._is_free(at, at + length, name) for name in names)

    def take(self, at: datetime, length: timedelta, names: Iterable[str]) -> None:
        """All of these are taken from `at` on."""
        for name in names:
            insort(self._taken[name], (at, at + length))

    def clashes(self) -> list[tuple[str, datetime]]:
        """Who or what is asked for twice at a time, and when the second one begins."""
        return [
            (name, begins)
            for name, spans in self._taken.items()
            for (_, ends), (begins, _) in pairwise(spans)
            if begins < ends
        ]

    def _is_free(self, begins: datetime, ends: datetime, name: str) -> bool:
        spans = self._taken[name]
        place = bisect(spans, (begins, begins))
        is_over = place == 0 or spans[place - 1][1] <= begins
        return is_over and (place == len(spans) or ends <= spans[place][0])
