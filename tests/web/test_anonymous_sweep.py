"""The application itself, on a practice that is set up, with nobody ever signed in."""

import pytest

from tests.web.registered import registered
from tests.web.server import ROOT, Browser, Server
from tests.web.streamlit_socket import refused

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_DEAD = [
    "/_stcore/agent/interact",
    "/_stcore/agent/openapi.json",
    "/_stcore/agent/mcp",
    "/_stcore/agent/anything",
    "/_stcore/metrics",
    "/_stcore/script-health-check",
    "/mcp",
    "/metrics",
    "/script-health-check",
    "/auth",
    "/auth/login",
    "/auth/logout",
    "/oauth2callback",
]


@pytest.fixture(scope="module")
def server(folder, clock, practice, second_machine):
    running = Server(folder, certificate=second_machine, KAPTEAM_CLOCK_FILE=str(clock.file))
    yield running.start()
    running.stop()


def _is_public(path):
    exact = {"/health", "/_stcore/health", "/favicon.png", "/manifest.json"}
    return path in exact or path.startswith("/session/")


def test_no_registered_route_answers_somebody_who_is_not_signed_in(server, browser):
    paths = [*registered(), "/", "/caseload", "/caseload/", "/a/b", "/index.html"]
    assert {"/_stcore/host-config", "/media/0a1b2c3d.csv", "/session/sign-in"} <= set(paths)
    answered = {
        f"{method} {path}"
        for path in paths
        if not _is_public(path)
        for method in _METHODS
        if browser.ask(method, path, headers={"accept": "*/*"}).status_code < 400
    }
    assert answered == set()


def test_what_is_public_is_read_only_outside_the_plain_pages(server, browser):
    for path in ("/health", "/_stcore/health", "/favicon.png", "/manifest.json"):
        assert browser.get(path).status_code == 200
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert browser.ask(method, path).status_code == 405


@pytest.mark.parametrize("path", _DEAD)
def test_the_endpoints_we_do_not_use_are_dead(server, browser, path):
    assert {browser.ask(method, path).status_code for method in _METHODS} == {404}


@pytest.mark.parametrize(
    "path",
    [
        "/session/../media/0a1b2c3d.csv",
        "/session/%2e%2e/_stcore/host-config",
        "/static/../_stcore/host-config",
        "//_stcore/host-config",
        "/session//sign-in/../../media/x",
        "/_STCORE/host-config",
        "/session/anything",
        "/static",
        "/static/anything",
        "/index.html",
    ],
)
def test_no_spelling_of_a_path_slips_through(server, browser, path):
    assert browser.get(path, headers={"accept": "*/*"}).status_code >= 400


def test_an_upload_without_a_sign_in_is_refused(server, browser):
    answer = browser.ask("PUT", "/_stcore/upload_file/0a1b/0a1b", content=b"x" * 100)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "kapteam.example",
        "localhost:80:80",
        "",
        "[::1]",
        "user@localhost",
    ],
)
@pytest.mark.parametrize("path", ["/", "/health", "/static/css/x.css", "/session/sign-in"])
def test_another_host_name_is_not_served_on_any_route(server, browser, host, path):
    assert browser.get(path, headers={"host": host}).status_code == 421


def test_the_first_request_to_every_page_after_a_start_shows_nothing_of_it(server, browser):
    pages = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
    assert pages
    for name in ["", *pages]:
        answer = browser.get(f"/{name}?client=K-001")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/session/sign-in?next=%2F{name}%3Fclient%3DK-001"
        assert answer.text == ""
    assert refused(server, "") == 403


def test_no_flat_pages_folder_lies_beside_the_script():
    """Streamlit would run such a page by itself, past its entry script."""
    assert not (ROOT / "kapteam" / "ui" / "pages").exists()


def test_the_server_listens_on_this_machine_only(folder):
    elsewhere = Server(folder)
    with pytest.raises(RuntimeError, match="this machine only"):
        elsewhere.start("--server.address", "0.0.0.0")


@pytest.fixture
def not_set_up(tmp_path):
    running = Server(tmp_path)
    yield Browser(running.start())
    running.stop()


def test_until_set_up_everything_leads_to_the_welcome_page(not_set_up):
    browser = not_set_up
    for path in ("/", "/caseload", "/session/sign-in"):
        assert browser.get(path).headers["location"] == "/session/welcome"
    assert "Set up your practice" in browser.get("/session/welcome").text
    form = {
        "practice_name": "Saguaro Practice",
        "zone": "America/Phoenix",
        "name": "Dana <b>Reyes</b>",
        "credentials": "LPC",
        "sign_in_name": "dana",
        "password": "short",
        "functions": ["therapist", "not a function"],
    }
    answer = browser.post("/session/set-up", data=form)
    assert answer.status_code == 422
    assert 'value="Saguaro Practice"' in answer.text
    assert "Dana &lt;b&gt;Reyes&lt;/b&gt;" in answer.text
    assert 'value="therapist" checked' in answer.text
    assert "at least 12 characters" in answer.text
    assert "short" not in answer.text
    assert browser.cookie == ""
    form["password"] = "three calm saguaros"
    for _ in range(2):
        answer = browser.post("/session/set-up", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert browser.get("/").status_code == 200
    stranger = browser.post("/session/set-up", data={**form, "password": "another password here"})
    assert stranger.status_code == 422
    assert browser.get("/session/welcome").headers["location"] == "/"
    assert browser.post("/session/demo").headers["location"] == "/"
