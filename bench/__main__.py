"""The bench: `python -m bench`, or for a look `python -m bench --quick --clients 100`.

It works in folders of its own, which go however it ends. The results are those of the pages; they
are replaced when the last page is measured, so a bench that was interrupted before leaves them as
they were. Search comes after them, and is printed alone.
"""

import argparse
import json
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.aims import misses
from bench.load import click_at_once, cpu_of_idle_screens, memory_mb
from bench.reruns import Rerun, measure_reruns
from bench.screen import measure_live, measure_painting, measure_words
from bench.search import NOTES, measure_search
from bench.search import misses as search_misses
from bench.serving import Served, empty_page, served
from tests.browser.chromium import chromium_path, launched
from tests.browser.server import Server

_RESULTS = Path(__file__).with_name("results.json")
_SIZES = (100, 1_000, 10_000)
_ROUNDS, _PAINTED_ROUNDS = 11, 3
_SCREENS, _SECONDS = 30, 30
_PEOPLE, _CLICKS = (10, 30), 20
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write the results; returns the exit code."""
    asked = _parser().parse_args(arguments)
    results = "The results are as they were."
    try:
        with TemporaryDirectory(prefix="kapteam-bench-") as folder:
            reruns = _measure(Path(folder), asked.clients, quick=asked.quick)
        _write(asked.results, reruns)
        results = f"Written: {asked.results}"
        print(f"\n{results}\n")
        notes = asked.notes if asked.notes is not None else 0 if asked.quick else NOTES
        if notes:
            _tell_misses(search_misses(measure_search(notes)))
    except KeyboardInterrupt:
        print(f"\nStopped. {results}")
        return _INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench", description="Measure how fast kapteam is.")
    parser.add_argument("--clients", type=int, nargs="+", default=_SIZES, help="the sizes")
    parser.add_argument("--quick", action="store_true", help="reruns only, each once; no search")
    parser.add_argument("--notes", type=int, help="how many are searched through; 0: no search")
    parser.add_argument("--results", type=Path, default=_RESULTS, help="where they are written")
    return parser


def _measure(folder: Path, sizes: Sequence[int], *, quick: bool) -> list[Rerun]:
    """Every page at every size, and unless it is to be quick, the screen and the crowd."""
    reruns = []
    with empty_page(folder / "empty") as empty:
        for clients in sizes:
            with served(folder / str(clients), clients, partial(_tell, clients)) as practice:
                rows = _reruns(practice, empty, rounds=1 if quick else _ROUNDS)
                _print_table(rows, {} if quick else _screens(practice))
                if not quick and clients == sizes[-1]:
                    _crowd(practice)
            reruns += rows
    _tell_misses(misses(reruns))
    return reruns


def _tell_misses(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        print(f"Missed: {sentence}.")


def _reruns(practice: Served, empty: Server, rounds: int) -> list[Rerun]:
    rows = []
    for row in measure_reruns(practice, empty, rounds):
        _say(f"{practice.clients:,} clients: {row.page}")
        rows.append(row)
    return rows


def _screens(practice: Served) -> dict[str, int]:
    """What Chromium shows, and when; nothing where there is none."""
    path = chromium_path()
    if path is None:
        _say("No Chromium on this machine, so nothing is painted.\n")
        return {}
    with launched(path) as chromium:
        _say(f"{practice.clients:,} clients: Chromium")
        painted = measure_painting(practice, chromium, _PAINTED_ROUNDS)
        middle, longest = measure_live(practice, chromium)
        typed, typed_longest = measure_words(practice, chromium)
    _say(f"From a save to the other's screen: {middle:,} ms, at most {longest:,} ms.\n")
    _say(f"From a word in a case review: {typed:,} ms, at most {typed_longest:,} ms.\n")
    return painted


def _crowd(practice: Served) -> None:
    if not Path("/proc/self/stat").exists():
        print("What a crowd costs is measured on Linux only.")
        return
    print(f"Memory of the server: {memory_mb(practice.server)} MB.")
    percent = cpu_of_idle_screens(practice, _SCREENS, _SECONDS)
    print(f"{_SCREENS} idle screens: {percent:.1f} % of a core.")
    with practice.reviewing():
        percent = cpu_of_idle_screens(practice, _SCREENS, _SECONDS, "case_review")
    print(f"{_SCREENS} idle screens in a case review: {percent:.1f} % of a core.")
    for people in _PEOPLE:
        crowd = click_at_once(practice, people, _CLICKS)
        print(
            f"{people} people clicking at once: p95 {crowd.p95_ms:,} ms, {crowd.errors} errors, "
            f"{crowd.memory_mb} MB."
        )


def _tell(clients: int, written: int) -> None:
    _say(f"{clients:,} clients: {written:,} written")


def _say(progress: str) -> None:
    """Say how far it is, in place of what was said before."""
    print(f"\r\x1b[K{progress}", end="", flush=True)


def _print_table(rows: Sequence[Rerun], painted: Mapping[str, int]) -> None:
    _say("")
    print(
        f"{'page':34}{'clients':>8}{'statements':>12}{'ms':>9}{'over empty':>12}"
        f"{'ratio':>8}{'bytes':>11}{'painted ms':>12}"
    )
    for row in rows:
        print(
            f"{row.page:34}{row.clients:>8,}{row.statements:>12}{row.ms:>9.1f}"
            f"{row.ms - row.empty_ms:>12.1f}{row.ratio:>8.1f}{row.bytes:>11,}"
            f"{painted.get(row.page, '-'):>12}"
        )
    print()


def _write(file: Path, reruns: Sequence[Rerun]) -> None:
    """Replace the results at once: a reader finds the old ones or the new ones."""
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps([one.result for one in reruns], indent=2) + "\n")
    beside.replace(file)


if __name__ == "__main__":
    # What a shell starts in the background would not hear of Ctrl+C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
