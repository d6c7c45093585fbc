"""What kapteam aims at, and where it misses."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from bench.pages import FIND
from bench.reruns import Rerun

_STATEMENTS = 12
_STATEMENTS_OF = {"Client": 16}
_GROWTH = 1.5
_MS_OVER_EMPTY = 60
_FIND_MS = 150


def misses(reruns: Iterable[Rerun]) -> Iterator[str]:
    """A sentence for each aim that a page misses."""
    by_page = sorted(reruns, key=lambda one: (one.page, one.clients))
    for page, sizes in groupby(by_page, key=lambda one: one.page):
        yield from _misses_of(page, list(sizes))


def _misses_of(page: str, sizes: Sequence[Rerun]) -> Iterator[str]:
    first, last = sizes[0], sizes[-1]
    counts = {one.statements for one in sizes}
    most = _STATEMENTS_OF.get(page, _STATEMENTS)
    if len(counts) > 1:
        yield f"{page}: {min(counts)} to {max(counts)} statements, not the same at every size"
    if max(counts) > most:
        yield f"{page}: {max(counts)} statements, more than {most}"
    if last.ratio > _GROWTH * first.ratio:
        yield (
            f"{page}: {last.ratio / first.ratio:.1f} times as slow with {last.clients:,} clients "
            f"as with {first.clients:,}, more than {_GROWTH}"
        )
    slowest = max(sizes, key=lambda one: one.ms - one.empty_ms)
    over = slowest.ms - slowest.empty_ms
    if page == FIND:
        if slowest.ms > _FIND_MS:
            yield f"{page}: {slowest.ms:.0f} ms with {slowest.clients:,} clients"
    elif over > _MS_OVER_EMPTY:
        yield f"{page}: {over:.0f} ms over the empty page with {slowest.clients:,} clients"
