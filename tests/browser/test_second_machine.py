"""Two laptops at one kapteam: over TLS, by a name that leads to the machine that runs it."""

import socket
from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPSConnection

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.accounts.people import PASSWORD
from tests.browser.chromium import launched_beside
from tests.browser.conftest import running
from tests.browser.hands import fill_field, follow_runs, go_to, open_at, press
from tests.browser.saves import SAVES
from tests.browser.server import Server
from tests.certificates import Certificate
from tests.factories_care import Care

_OPENS = """address => new Promise(done => {
    const socket = new WebSocket(address, ["streamlit"]);
    socket.onopen = () => { socket.close(); done(true); };
    socket.onerror = () => done(false);
})"""


@pytest.fixture(scope="module")
def server(
    chromium: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    now: datetime,
    certificate: Certificate,
) -> Iterator[Server]:
    """kapteam as other machines reach it."""
    folder = tmp_path_factory.mktemp("server")
    with running(Server(folder, now, certificate=certificate)) as served:
        yield served


@pytest.fixture(scope="module")
def laptops(
    chromium: Browser, server: Server, certificate: Certificate
) -> Iterator[list[BrowserContext]]:
    """Two browsers to which the name leads here, and which accept this one certificate."""
    with launched_beside(
        chromium,
        f"--host-resolver-rules=MAP {certificate.name} 127.0.0.1",
        f"--ignore-certificate-errors-spki-list={certificate.fingerprint()}",
    ) as browser:
        contexts = [browser.new_context(base_url=server.url) for _ in range(2)]
        for context in contexts:
            context.on("page", follow_runs)
        yield contexts


def _signed_in(laptop: BrowserContext, name: str) -> Page:
    page = laptop.new_page()
    open_at(page, "/")
    fill_field(page, "Sign-in name", name)
    fill_field(page, "Password", PASSWORD)
    press(page, "Sign in")
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    return page


def test_what_one_writes_is_on_the_other_laptop(
    own: Care, laptops: list[BrowserContext], server: Server
) -> None:
    order = SAVES["order"]
    address = order.address(own)
    mine, theirs = _signed_in(laptops[0], "robin"), _signed_in(laptops[1], "thea")
    for laptop in laptops:
        [cookie] = [one for one in laptop.cookies() if "kapteam" in one["name"]]
        assert cookie["name"] == "__Host-kapteam"
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
    go_to(theirs, "/ketamine_sessions?show=not_ordered")
    expect(theirs.get_by_text(own.client.code)).to_be_visible()
    go_to(mine, address)
    order.fill(mine)
    press(mine, order.button)
    expect(theirs.get_by_text("None any more.")).to_be_visible()

    # From its own pages a websocket opens; from another port of the same name, which the browser
    # sends the cookie along from, none does.
    stream = f"{server.url.replace('https', 'wss')}/_stcore/stream"
    assert mine.evaluate(_OPENS, stream)
    elsewhere = laptops[0].new_page()
    elsewhere.route("https://kapteam.example:1/", lambda route: route.fulfill(body="<p>Hello</p>"))
    elsewhere.goto("https://kapteam.example:1/")
    assert not elsewhere.evaluate(_OPENS, stream)


def test_nothing_is_served_without_tls(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        plain.sendall(
            f"GET /health HTTP/1.1\r\nHost: kapteam.example:{server.port}\r\n\r\n".encode()
        )
        assert b"HTTP" not in plain.recv(1000)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "evil.example"])
def test_no_other_name_is_answered(server: Server, certificate: Certificate, name: str) -> None:
    trusted = certificate.trusted()
    trusted.check_hostname = False
    connection = HTTPSConnection("127.0.0.1", server.port, context=trusted, timeout=10)
    connection.request("GET", "/health", headers={"Host": f"{name}:{server.port}"})
    assert connection.getresponse().status == 421
    connection.close()
