"""What is judged once it is asked for: a list judges all rows to order them, and shows few."""

from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Later(Generic[_T]):
    """The answer of `make`, which is asked at most once."""

    __slots__ = ("_answer", "_make")

    def __init__(self, make: Callable[[], _T]) -> None:
        self._make: Callable[[], _T] | None = make

    def __call__(self) -> _T:
        if self._make is not None:
            self._answer: _T = self._make()
            self._make = None
        return self._answer
