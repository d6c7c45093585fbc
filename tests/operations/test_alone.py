"""One process serves a practice."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from kapteam.errors import Unusable
from kapteam.operations.alone import alone
from kapteam.settings import settings
from kapteam.web.front import Front
from tests.web.registered import INDEX, PAGES

_HOLD = """
from kapteam.operations.alone import alone
with alone():
    print("mine", flush=True)
    input()
"""


def _holder() -> subprocess.Popen[str]:
    """Another process that has the data folder to itself."""
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "mine\n"
    return holder


def _refused() -> bool:
    try:
        with alone():
            return False
    except Unusable as unusable:
        return "Stop it" in str(unusable)


def test_a_second_process_is_refused_until_the_first_is_gone_however_it_went():
    holder = _holder()
    assert _refused()
    holder.kill()
    holder.wait()
    assert not _refused()


def test_it_is_given_back_also_after_an_error():
    with pytest.raises(LookupError), alone():
        raise LookupError
    assert not _refused()


def test_nobody_else_can_open_the_folder_that_it_makes():
    with alone():
        assert settings().data_dir.stat().st_mode & 0o077 == 0


def test_a_second_kapteam_says_on_every_page_that_another_one_runs(frozen_clock):
    async def first_page() -> httpx.Response:
        front = Front(INDEX, PAGES)
        app = Starlette(routes=front.routes, middleware=front.middleware)
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000))
        async with (
            front.lifespan(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501") as browser,
        ):
            return await browser.get("/caseload", headers={"accept": "text/html"})

    holder = _holder()
    try:
        shown = asyncio.run(first_page())
    finally:
        holder.kill()
        holder.wait()
    assert shown.status_code == 503
    assert "Another kapteam is running" in shown.text
    assert not (settings().data_dir / "practice.db").exists()
