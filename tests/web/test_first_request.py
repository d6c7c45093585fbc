"""The very first request after a start, asked for each page: the gate answers, Streamlit does not.

Each front is a new one, made and begun as `app.py` does; behind it stands, instead of Streamlit,
something that says when it was reached. What a page itself shows to nobody is tried in `pages/`.
"""

import asyncio
import shutil

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from kapteam.db import practices
from kapteam.ui.navigation import PLACES
from kapteam.web.front import Front
from tests.factories_care import a_cared_for_client
from tests.web.registered import INDEX, PAGES

_OURS = "http://127.0.0.1:8501"


@pytest.fixture
def _a_client(data_folder, _sqlite_template, frozen_clock):
    data_folder.mkdir(parents=True)
    shutil.copy(_sqlite_template, data_folder / "practice.db")
    a_cared_for_client(practices.database(practices.PRACTICE))


async def _first_request(path, reached):
    """What a server that has just started answers, and the page that it leads to."""

    async def streamlit(scope, receive, send):
        reached.append(scope["path"])

    front = Front(INDEX, PAGES)
    app = Starlette(routes=[*front.routes, Mount("/", streamlit)], middleware=front.middleware)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000))
    async with (
        front.lifespan(app),
        httpx.AsyncClient(transport=transport, base_url=_OURS) as browser,
    ):
        first = await browser.get(path, headers={"accept": "text/html"})
        return first, await browser.get(first.headers["location"])


@pytest.mark.usefixtures("_a_client")
def test_the_first_request_to_any_page_leads_to_the_sign_in_and_shows_nothing():
    reached = []
    for page in ["", *PLACES]:
        first, shown = asyncio.run(_first_request(f"/{page}?client=K-001", reached))
        assert first.status_code == 303, page
        assert first.headers["location"].startswith("/session/sign-in?next="), page
        assert (shown.status_code, "Okafor" in first.text + shown.text) == (200, False), page
    assert reached == []
