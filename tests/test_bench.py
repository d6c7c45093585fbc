"""The bench measures every page, and replaces its results only when it is through."""

import json
import signal
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.pages import FIND, PAGES
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


def test_a_bench_that_was_interrupted_leaves_the_results_as_they_were(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    results.write_text("[]")
    command = [sys.executable, "-m", "bench", "--quick", "--clients", "4"]
    with subprocess.Popen(
        [*command, "--results", str(results)], cwd=_ROOT, stdout=subprocess.PIPE, text=True
    ) as bench:
        assert bench.stdout is not None
        assert bench.stdout.read(1)
        bench.send_signal(signal.SIGINT)
        said, _ = bench.communicate(timeout=120)
    assert bench.returncode == 130
    assert "The results are as they were." in said
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]
    assert results.read_text() == "[]"
