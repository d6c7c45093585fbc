"""What a server of its own cannot show: a proxy, another machine, an error within, the demo."""

import re
from html import unescape

import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from kapteam import clock
from kapteam.accounts import set_up, sign_ins
from kapteam.db.migrate import bring_up_to_date
from kapteam.db.practices import DEMO, PRACTICE, database
from kapteam.db.tables import Clinician, Practice, Presence, SignIn
from kapteam.errors import BadInstruments
from kapteam.ids import new_id
from kapteam.operations.address import address_of
from kapteam.settings import Settings, settings
from kapteam.web.front import Front, check_served
from kapteam.web.gate import is_set_up
from kapteam.web.shell import Shell
from tests.accounts.people import PASSWORD
from tests.factories import a_practice
from tests.web.registered import INDEX, PAGES

_BANNER = "Demo practice: every person here is made up"
_WORDS = "Amara Okafor, K-014\n"


def _fails(_request):
    raise KeyError(_WORDS)


def _echo(request):
    return PlainTextResponse(str(dict(request.headers)))


async def _stream(websocket):
    await websocket.accept()


@pytest.fixture
def serve(frozen_clock, monkeypatch):
    """The gate at a public URL or none, before three routes of a Streamlit that is not there.

    In front of it is what uvicorn puts there, which believes every proxy.
    """
    bring_up_to_date(database(PRACTICE), settings().backup_dir)

    def at(public_url):
        monkeypatch.setattr(settings(), "public_url", public_url)
        front = Front(INDEX, PAGES)
        inner = [
            Route("/_stcore/fails", _fails),
            Route("/_stcore/echo", _echo),
            WebSocketRoute("/_stcore/stream", _stream),
        ]
        app = Starlette(routes=[*inner, *front.routes], middleware=front.middleware)
        ours = public_url or "http://127.0.0.1:8501"

        def one(url=ours, client="127.0.0.1"):
            believing = ProxyHeadersMiddleware(app, "*")
            browser = TestClient(believing, url, client=(client, 50_000), follow_redirects=False)
            browser.headers["origin"] = ours
            return browser

        return one

    return at


@pytest.fixture
def visit(serve):
    """A visit from this machine, which is the only one that is served."""
    return serve(None)


_FIRST = {
    "practice_name": "Saguaro Practice",
    "zone": "America/Phoenix",
    "name": "Dana Reyes",
    "sign_in_name": "dana",
    "password": PASSWORD,
    "functions": "therapist",
}


def _set_up(browser):
    answer = browser.post("/session/set-up", data=_FIRST)
    assert answer.status_code == 303, answer.text
    return answer


_PUBLIC = "https://kapteam.example:8443"
_BY_PROXY = "http://kapteam.example:8443"
_DANA = {"name": "dana", "password": PASSWORD}


def _insists_on_tls(answer):
    assert answer.status_code == 303, answer.text
    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-kapteam=practice.")
    assert cookie.endswith("; HttpOnly; Path=/; SameSite=strict; Secure")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def _handshake(answer):
    """What a browser says of itself that has just signed in."""
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return {"cookie": cookie, "host": "kapteam.example:8443"}


@pytest.mark.parametrize("client", ["127.0.0.1", "192.168.1.20"])
def test_a_second_machine_signs_in_by_the_public_address_and_over_tls_only(serve, visit, client):
    _set_up(visit())
    browser = serve(_PUBLIC)(client=client)
    answer = browser.post("/session/sign-in", data=_DANA)
    _insists_on_tls(answer)
    assert browser.get("/").status_code == 200
    with browser.websocket_connect("/_stcore/stream", headers=_handshake(answer)):
        pass


@pytest.mark.parametrize(
    "added",
    [
        {},
        {"x-forwarded-proto": "https", "x-forwarded-for": "192.168.1.20"},
        {"x-forwarded-proto": "http", "x-forwarded-host": "evil.example"},
        {"forwarded": "for=192.168.1.20;host=evil.example;proto=http"},
    ],
    ids=str,
)
def test_behind_a_proxy_the_setting_counts_and_nothing_that_was_added(serve, visit, added):
    _set_up(visit())
    browser = serve(_PUBLIC)(_BY_PROXY)
    answer = browser.post("/session/sign-in", data=_DANA, headers=added)
    _insists_on_tls(answer)
    handshake = {**added, **_handshake(answer)}
    with browser.websocket_connect("/_stcore/stream", headers=handshake):
        pass
    with (
        pytest.raises(WebSocketDisconnect),
        browser.websocket_connect("/_stcore/stream", headers={**handshake, "origin": _BY_PROXY}),
    ):
        pass


def test_without_a_public_address_a_header_makes_none(visit):
    added = {"x-forwarded-proto": "https", "x-forwarded-host": "kapteam.example"}
    browser = visit()
    _set_up(browser)
    answer = browser.post("/session/sign-in", data=_DANA, headers=added)
    assert answer.headers["set-cookie"].startswith("kapteam=practice.")
    assert "strict-transport-security" not in answer.headers
    assert visit("https://kapteam.example").get("/health").status_code == 421


@pytest.mark.parametrize(
    "host",
    [
        "kapteam.example",
        "kapteam.example:443",
        "kapteam.example.:8443",
        "www.kapteam.example:8443",
        "127.0.0.1:8443",
        "localhost:8443",
        "localhost",
    ],
)
def test_with_a_public_address_no_other_name_is_answered(serve, host):
    browser = serve(_PUBLIC)()
    assert browser.get("/health", headers={"host": host}).status_code == 421
    assert browser.get("/health", headers={"host": "KAPTEAM.example:8443"}).status_code == 200


def test_whoever_comes_first_over_the_network_sets_nothing_up(serve):
    browser = serve(_PUBLIC)(client="192.168.1.20")
    page = {"accept": "text/html"}
    assert browser.get("/", headers=page).headers["location"] == "/session/welcome"
    assert browser.get("/session/sign-in").headers["location"] == "/session/welcome"
    for method in ("GET", "POST"):
        for path in ("welcome", "set-up", "demo", "demo/switch", "demo/leave"):
            answer = browser.request(method, f"/session/{path}", data=_FIRST)
            assert answer.status_code == 403
            assert "without KAPTEAM_PUBLIC_URL" in answer.text
            assert "set-cookie" not in answer.headers
    assert not is_set_up()
    assert not settings().demo_path.exists()


def test_a_request_from_another_machine_is_not_answered(visit):
    for path in ("/", "/health", "/session/welcome", "/session/set-up"):
        assert visit(client="192.168.1.20").get(path).status_code == 421


def test_who_names_this_machine_and_another_one_is_not_answered(visit):
    hosts = [("host", "127.0.0.1:8501"), ("host", "evil.example:8501")]
    assert visit().get("/health", headers=hosts[:1]).status_code != 421
    for both in (hosts, hosts[::-1]):
        assert visit().get("/health", headers=both).status_code == 421


@pytest.mark.parametrize(
    ("host", "client"), [("evil.example:8501", "127.0.0.1"), ("127.0.0.1:8501", "192.168.1.20")]
)
def test_no_websocket_of_another_name_or_machine_reaches_streamlit(visit, host, client):
    """Streamlit refuses another origin too; the gate does not leave it to that."""
    browser = visit()
    _set_up(browser)
    cookie = f"kapteam={browser.cookies['kapteam']}"

    def opens(host, client):
        said = {"host": host, "origin": f"http://{host}", "cookie": cookie}
        return visit(client=client).websocket_connect("/_stcore/stream", headers=said)

    with opens("127.0.0.1:8501", "127.0.0.1"):
        pass
    with pytest.raises(WebSocketDisconnect) as refused, opens(host, client):
        pass
    assert refused.value.code == 4403


def test_a_forged_identity_never_reaches_streamlit_and_ours_does(visit):
    browser = visit()
    _set_up(browser)
    forged = {"X-Kapteam-Sign-In": "practice.forged", "x-kapteam-anything": "forged"}
    seen = browser.get("/_stcore/echo", headers=forged).text
    assert "forged" not in seen
    assert re.search(r"'x-kapteam-sign-in': 'practice(\.[0-9a-f-]{36}){2}'", seen)


def _only_a_reference(answer, caplog):
    [reference] = re.findall(r"Reference ([0-9A-F]{6})", answer.text)
    assert f"Reference {reference}" in caplog.text
    assert "Okafor" not in answer.text + caplog.text
    assert "Traceback" not in answer.text


def test_today_is_found_by_its_name_like_every_other_page(visit):
    browser = visit()
    page = {"accept": "text/html"}
    assert "/session/welcome" in browser.get("/today", headers=page).headers["location"]
    _set_up(browser)
    answer = browser.get("/today", headers=page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.get("/caseload", headers=page).status_code == 200


@pytest.mark.parametrize("path", ["/nothing", "/caseload/", "/caseload/K-014", "/pages", "/.env"])
def test_an_address_without_a_page_says_so_and_shows_no_page_behind(visit, path):
    browser = visit()
    _set_up(browser)
    answer = browser.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert "/session/guard.js" not in answer.text


def test_an_error_within_is_a_page_with_a_number_and_without_a_word_of_it(visit, caplog):
    browser = visit()
    _set_up(browser)
    answer = browser.get("/_stcore/fails")
    assert answer.status_code == 500
    assert "_fails" in caplog.text
    _only_a_reference(answer, caplog)


def test_a_database_that_breaks_while_we_run_lets_nobody_in(visit, caplog):
    browser = visit()
    _set_up(browser)
    database(PRACTICE).close()
    (settings().data_dir / "practice.db").write_text(_WORDS * 4_000)
    answer = browser.get("/")
    assert answer.status_code == 503
    assert "not a kapteam database" in answer.text
    _only_a_reference(answer, caplog)


_ELSEWHERE = [None, "", "0.0.0.0", "::", "192.168.1.20", "kapteam.example"]


def _told(public_url=None, **changed):
    """What Streamlit is told for this address, but for what has `changed`; lists come as tuples."""
    options = dict(address_of(Settings(public_url=public_url)).options)
    options["server.allowedHosts"] = tuple(options["server.allowedHosts"])
    return {**options, **{f"server.{option}": value for option, value in changed.items()}}.get


@pytest.mark.parametrize("public_url", [None, _PUBLIC])
@pytest.mark.parametrize("address", _ELSEWHERE)
def test_any_other_bind_refuses_to_start_in_a_sentence(monkeypatch, public_url, address):
    monkeypatch.setattr(settings(), "public_url", public_url)
    check_served(_told(public_url))
    with pytest.raises(SystemExit, match="this machine only"):
        check_served(_told(public_url, address=address))


@pytest.mark.parametrize(
    "changed", [{"sslCertFile": "kapteam.crt"}, {"allowedHosts": ("evil.example",)}], ids=str
)
def test_what_does_not_follow_from_the_settings_refuses_to_start(changed):
    with pytest.raises(SystemExit, match=next(iter(changed))):
        check_served(_told(**changed))


def test_streamlit_itself_is_not_started_by_a_public_address(monkeypatch):
    monkeypatch.setattr(settings(), "public_url", _PUBLIC)
    with pytest.raises(SystemExit, match="python -m kapteam serve"):
        check_served(_told())


def test_settings_that_are_no_address_refuse_to_start(monkeypatch):
    monkeypatch.setattr(settings(), "public_url", _BY_PROXY)
    with pytest.raises(SystemExit, match="has to be https://"):
        check_served(_told())


def test_a_measure_that_cannot_be_used_refuses_to_start(monkeypatch):
    def unusable():
        raise BadInstruments(["phq-9.toml: Its bands have a hole: 5 is in none."])

    monkeypatch.setattr("kapteam.web.front.instruments", unusable)
    with pytest.raises(SystemExit, match=r"phq-9.toml: .* hole"):
        check_served(_told())


@pytest.mark.parametrize("missing", ["</head>", "<noscript>", 'rel="service-desc"', "<title>"])
def test_a_page_of_another_streamlit_is_refused_rather_than_served_unguarded(tmp_path, missing):
    other = tmp_path / "index.html"
    other.write_text(INDEX.read_text().replace(missing, ""))
    with pytest.raises(ValueError, match="1 is expected"):
        Shell(other)


class _Demo:
    """Stands in for `kapteam.demo`: two people and nothing else."""

    THERAPIST_ID = "thea"
    PRESCRIBER_ID = "robin"

    @staticmethod
    def open_demo(now):
        bring_up_to_date(database(DEMO), settings().backup_dir)
        with database(DEMO).writing() as db:
            if db.get(Practice, "practice") is None:
                a_practice(db, is_demo=True)
                for clinician_id, name in (("thea", "Thea Tallis"), ("robin", "Robin Prescott")):
                    db.add(
                        Clinician(
                            id=clinician_id,
                            name=name,
                            sign_in_name=clinician_id,
                            is_administrator=False,
                            created_at=now,
                        )
                    )


@pytest.fixture
def demo(monkeypatch):
    monkeypatch.setattr("kapteam.web.routes.demo", _Demo)


def _acting_in_demo():
    with database(DEMO).reading() as db:
        statement = (
            select(Clinician.name)
            .join(Presence, Presence.clinician_id == Clinician.id)
            .join(SignIn, SignIn.id == Presence.sign_in_id)
            .where(SignIn.ended_at.is_(None))
        )
        return list(db.scalars(statement))


def test_the_demo_opens_as_the_therapist_switches_and_leads_out_to_set_up(visit, demo):
    browser = visit()
    assert browser.post("/session/demo").headers["location"] == "/"
    assert browser.cookies["kapteam"].startswith("demo.")
    assert browser.get("/").status_code == 200
    assert _acting_in_demo() == ["Thea Tallis"]
    before = browser.cookies["kapteam"]
    assert browser.post("/session/demo/switch").headers["location"] == "/"
    assert _acting_in_demo() == ["Robin Prescott"]
    assert browser.cookies["kapteam"] != before
    browser.post("/session/demo/switch")
    assert _acting_in_demo() == ["Thea Tallis"]
    assert browser.post("/session/demo/leave").headers["location"] == "/session/set-up"
    assert _acting_in_demo() == []
    assert browser.get("/", headers={"accept": "text/html"}).headers["location"] == (
        "/session/welcome"
    )
    _set_up(browser)
    assert browser.get("/").status_code == 200
    assert browser.post("/session/demo").headers["location"] == "/"
    assert _acting_in_demo() == []


def test_the_demo_locks_too_and_tells_its_password_there_only(visit, demo):
    browser = visit()
    browser.post("/session/demo")
    browser.post("/session/lock")
    assert browser.get("/").status_code == 401
    locked = browser.get("/session/locked").text
    assert "explore the demo" in locked
    assert _BANNER in locked
    form = {"password": "explore the demo"}
    assert browser.post("/session/locked", data=form).headers["location"] == "/"
    assert browser.get("/").status_code == 200
    browser.post("/session/demo/leave")
    _set_up(browser)
    browser.post("/session/lock")
    locked = browser.get("/session/locked").text
    assert "explore the demo" not in locked
    assert _BANNER not in locked
    assert browser.post("/session/locked", data=form).status_code == 422


def test_in_the_demo_the_other_person_who_was_turned_off_is_said_and_nobody_thrown_out(visit, demo):
    browser = visit()
    browser.post("/session/demo")
    with database(DEMO).writing() as db:
        db.get_one(Clinician, "robin").suspended_at = clock.now()
    answer = browser.post("/session/demo/switch")
    assert answer.status_code == 409
    assert "This sign-in is turned off" in answer.text
    assert _acting_in_demo() == ["Thea Tallis"]
    assert browser.get("/").status_code == 200


def test_the_demos_password_is_not_changed_and_no_link_of_it_opens_anything(visit, demo):
    browser = visit()
    browser.post("/session/demo")
    form = {"password": "explore the demo", "new_password": "five cool canyons"}
    for answer in (browser.get("/session/password"), browser.post("/session/password", data=form)):
        assert answer.status_code == 403
        assert "password stays" in unescape(answer.text)
    with database(DEMO).writing() as db:
        db.get_one(Clinician, "robin").is_administrator = True
        started = sign_ins.start_sign_in(db, "robin", "a test", clock.now())
        robin = sign_ins.viewer_of(db, started.sign_in_id, clock.now())
        link = set_up.renew_invitation(db, robin, "thea", new_id(), clock.now())
    for answer in (
        browser.get(f"/session/invite/{link}"),
        browser.post(f"/session/invite/{link}", data={"password": "five cool canyons"}),
    ):
        assert answer.status_code == 404
    browser.post("/session/lock")
    assert browser.post("/session/locked", data=form).headers["location"] == "/"


def test_the_demo_may_be_rebuilt_or_gone_under_somebody_who_is_in_it(visit, demo):
    browser = visit()
    browser.post("/session/demo")
    database(DEMO).close()
    for file in settings().data_dir.glob("demo.db*"):
        file.unlink()
    assert browser.get("/").status_code == 401
    settings().demo_path.write_text("being rebuilt" * 400)
    assert browser.get("/").status_code == 401
    assert browser.get("/session/alive").status_code == 401
    assert browser.get("/", headers={"accept": "text/html"}).headers["location"] == (
        "/session/welcome"
    )


def test_a_cookie_of_the_demo_opens_nothing_in_the_practice(visit, demo):
    browser = visit()
    browser.post("/session/demo")
    token = browser.cookies["kapteam"].removeprefix("demo.")
    browser.cookies.clear()
    for value in (f"practice.{token}", f"demo{token}", token, f"other.{token}", "demo.", "."):
        assert browser.get("/", headers={"cookie": f"kapteam={value}"}).status_code == 401
    good = browser.get("/", headers={"cookie": f"kapteam=demo.{token}"})
    assert good.status_code == 200
