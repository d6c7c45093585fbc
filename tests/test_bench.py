"""The bench measures every page, and replaces its results only when it is through."""

import json
import os
import signal
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.pages import FIND, PAGES
from bench.search import Searched, misses
from kapteam.ui.navigation import PLACES

_ROOT = Path(__file__).resolve().parent.parent
_SIZES = [4, 8]


def test_no_page_is_left_out() -> None:
    assert {page.place for page in PAGES} == set(PLACES)


@pytest.mark.in_ci
def test_every_page_is_measured_at_every_size_in_as_many_statements(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.json"

    assert main(["--quick", "--clients", *map(str, _SIZES), "--results", str(results)]) == 0

    rows = json.loads(results.read_text())
    assert {frozenset(row) for row in rows} == {
        frozenset({"page", "clients", "statements", "ms", "ratio", "bytes"})
    }
    assert [(row["page"], row["clients"]) for row in rows] == [
        (name, clients) for clients in _SIZES for name in [*(page.name for page in PAGES), FIND]
    ]
    assert all(row["bytes"] > 0 and row["ms"] > 0 and row["ratio"] > 0 for row in rows)
    by_page = groupby(sorted(rows, key=lambda row: row["page"]), key=lambda row: row["page"])
    changing = {page for page, sizes in by_page if len({one["statements"] for one in sizes}) > 1}
    assert changing == set()
    assert "Find a client" in capsys.readouterr().out


@pytest.mark.in_ci
def test_every_search_is_measured_on_both_engines_and_stands_in_no_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.json"
    few = ["--quick", "--clients", "4", "--notes", "80", "--results", str(results)]

    assert main(few) == 0

    said = capsys.readouterr().out
    assert "sqlite: 80 notes, written in" in said
    assert "postgresql: 80 notes, written in" in said
    assert said.count("phrase of common words, nowhere") == 2
    assert {row["page"] for row in json.loads(results.read_text())} == {
        *(page.name for page in PAGES),
        FIND,
    }


def test_a_search_that_takes_too_long_is_said() -> None:
    quick = Searched("sqlite", "rare word", "new", 200, "1")
    slow = Searched("postgresql", "phrase", "usual", 200.6, "20+")

    assert list(misses([quick, slow])) == [
        "Search on postgresql, phrase, usual: 201 ms, more than 200"
    ]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["bench", "--quick", "--clients", "4"], "The results are as they were."),
        (["bench.search", "--on", "sqlite"], "Nothing of it is kept."),
    ],
)
def test_a_bench_that_was_interrupted_leaves_the_results_as_they_were_and_no_folder(
    tmp_path: Path, command: list[str], sentence: str
) -> None:
    results, temporary = tmp_path / "results.json", tmp_path / "temporary"
    results.write_text("[]")
    temporary.mkdir()
    where = ["--results", str(results)] if command[0] == "bench" else []
    with subprocess.Popen(
        [sys.executable, "-m", *command, *where],
        cwd=_ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},  # noqa: TID251 - the process inherits it
        stdout=subprocess.PIPE,
        text=True,
    ) as bench:
        assert bench.stdout is not None
        assert bench.stdout.read(1)
        bench.send_signal(signal.SIGINT)
        said, _ = bench.communicate(timeout=120)
    assert bench.returncode == 130
    assert sentence in said
    assert list(temporary.iterdir()) == []
    assert [file.name for file in tmp_path.glob("results*")] == ["results.json"]
    assert results.read_text() == "[]"
