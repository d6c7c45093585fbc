"""The plain pages: signing in, locking, headers, forged requests."""

import re
from base64 import b64encode
from hashlib import sha256
from urllib.parse import quote

import pytest
from sqlalchemy import select

from kapteam.accounts import set_up
from kapteam.db.tables import AuditEvent, Clinician, SignIn
from tests.accounts.people import PASSWORD, colleague_form, viewer
from tests.web.conftest import ROBINS_PASSWORD
from tests.web.registered import registered
from tests.web.server import Browser

_POSTS = [path for path in registered("POST") if path.startswith("/session/")]
_FORGED = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:9999"},
    {"origin": "https://kapteam.example"},
    {"origin": ""},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
]


def _everything(practice):
    with practice.reading() as db:
        events = db.scalars(select(AuditEvent.id).where(AuditEvent.tag != "backup:made")).all()
        ends = db.execute(select(SignIn.id, SignIn.token_hash, SignIn.locked_at, SignIn.ended_at))
        return len(events), sorted(map(tuple, ends.all()))


def _administrator(practice, now):
    with practice.reading() as db:
        dana = db.scalar(select(Clinician.id).where(Clinician.sign_in_name == "dana"))
    return viewer(practice, dana, now)


def test_signing_in_leads_to_the_page_that_was_asked_for(server, browser):
    asked = browser.get("/client?client=K-014&tab=notes")
    assert asked.headers["location"] == (
        "/session/sign-in?next=%2Fclient%3Fclient%3DK-014%26tab%3Dnotes"
    )
    page = browser.get(asked.headers["location"])
    assert 'name="next" value="/client?client=K-014&amp;tab=notes"' in page.text
    answer = browser.post(
        "/session/sign-in",
        data={"name": "dana", "password": PASSWORD, "next": "/client?client=K-014&tab=notes"},
    )
    assert answer.headers["location"] == "/client?client=K-014&tab=notes"
    shell = browser.get("/client?client=K-014&tab=notes")
    assert shell.status_code == 200
    assert '<script src="/session/guard.js" defer></script>' in shell.text
    assert "agent" not in shell.text


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/ok\r\nSet-Cookie: a=b",
        "caseload",
        "/session/sign-out",
        "",
    ],
)
def test_next_never_leads_out_of_kapteam(server, browser, wanted):
    page = browser.get(f"/session/sign-in?next={quote(wanted)}")
    assert 'name="next" value="/"' in page.text
    form = {"name": "dana", "password": PASSWORD, "next": wanted}
    assert browser.post("/session/sign-in", data=form).headers["location"] == "/"
    assert browser.get(f"/session/sign-in?next={quote(wanted)}").headers["location"] == "/"


def test_the_cookie_is_the_servers_alone_and_new_each_time(server, browser, practice):
    cookies = []
    for _ in range(2):
        answer = browser.post("/session/sign-in", data={"name": "dana", "password": PASSWORD})
        cookies.append(browser.cookie)
    [header] = answer.headers.get_list("set-cookie")
    secure = "; Secure" if server.certificate else ""
    name = "__Host-kapteam" if server.certificate else "kapteam"
    assert header == f"{name}={browser.cookie}; HttpOnly; Path=/; SameSite=strict{secure}"
    assert len(set(cookies)) == 2
    token = browser.cookie.removeprefix("practice.")
    with practice.reading() as db:
        hashes = db.scalars(select(SignIn.token_hash)).all()
    assert not any(token in one or one in token for one in hashes)
    browser.cookie = cookies[0]
    assert browser.get("/").status_code == 303


def test_the_token_changes_at_every_unlock_and_the_old_one_is_refused(server, sign_in):
    dana = sign_in()
    before = dana.cookie
    lock = dana.post("/session/lock?next=/caseload")
    assert lock.headers["location"] == "/session/locked?next=%2Fcaseload"
    page = dana.get(lock.headers["location"])
    assert "Dana Reyes is signed in here." in page.text
    form = {"next": "/caseload", "password": "not the right one"}
    wrong = dana.post("/session/locked", data=form)
    assert wrong.status_code == 422
    assert 'id="password-wrong"' in wrong.text
    assert 'aria-describedby="password-wrong" aria-invalid="true"' in wrong.text
    assert "not the right one" not in wrong.text
    assert dana.get("/").status_code == 303
    right = dana.post("/session/locked", data={**form, "password": PASSWORD})
    assert right.headers["location"] == "/caseload"
    assert dana.cookie != before
    copied = Browser(server)
    copied.cookie = before
    assert copied.get("/").headers["location"].startswith("/session/sign-in")
    assert dana.get("/").status_code == 200


def test_signing_in_as_somebody_else_ends_the_locked_sign_in(server, sign_in):
    dana = sign_in()
    locked = dana.cookie
    dana.post("/session/lock")
    dana.post("/session/sign-in", data={"name": "robin", "password": ROBINS_PASSWORD})
    assert dana.get("/").status_code == 200
    dana.cookie = locked
    assert dana.get("/session/locked").headers["location"] == "/"
    assert dana.get("/").headers["location"].startswith("/session/sign-in")


def test_every_answer_carries_the_security_headers(server, browser, sign_in):
    dana = sign_in()
    [inline] = re.findall(r"<script>(.*?)</script>", dana.get("/").text, re.DOTALL)
    digest = b64encode(sha256(inline.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-{digest}'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; "
        "worker-src 'self' blob:; frame-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    insists = "max-age=31536000" if server.certificate else None
    for answer in (
        dana.get("/"),
        dana.get("/_stcore/host-config"),
        dana.get("/media/0a1b.csv"),
        browser.get("/"),
        browser.get("/session/sign-in"),
        browser.get("/session/guard.js"),
        browser.get("/session/nothing"),
        browser.get("/_stcore/metrics"),
        browser.get("/", headers={"host": "evil.example"}),
        browser.post("/session/lock", headers={"origin": "null"}),
    ):
        headers = answer.headers
        assert headers["content-security-policy"] == policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert headers.get_list("cache-control") == ["no-store"]
        assert headers["server"] == "uvicorn"
        assert headers.get("strict-transport-security") == insists
    bundle = browser.get("/static/" + dana.get("/").text.split('src="./static/')[1].split('"')[0])
    assert bundle.status_code == 200
    assert "immutable" in bundle.headers["cache-control"]
    assert bundle.headers["content-security-policy"] == policy


@pytest.mark.parametrize("headers", _FORGED, ids=str)
def test_a_forged_post_is_refused_and_changes_nothing(server, sign_in, practice, headers):
    dana = sign_in()
    before = _everything(practice)
    data = {"name": "dana", "password": PASSWORD}
    paths = [*_POSTS, "/_stcore/upload_file/0a1b/0a1b"]
    assert {"/session/sign-in", "/session/sign/0a1b", "/session/touch"} <= set(paths)
    answers = {dana.post(path, headers=headers, data=data).status_code for path in paths}
    assert answers == {403}
    assert _everything(practice) == before


def test_no_get_changes_anything(server, sign_in, practice):
    dana = sign_in()
    before = _everything(practice)
    for path in [
        *_POSTS,
        "/",
        "/caseload",
        "/session/alive",
        "/session/welcome",
        "/session/locked",
        "/session/password/changed",
        "/session/phone/saved",
    ]:
        assert dana.get(path).status_code in (200, 303, 403, 404)
    assert _everything(practice) == before


def test_a_form_that_is_too_large_is_not_read(server, browser):
    assert browser.post("/session/sign-in", data={"name": "x" * 70_000}).status_code == 413
    chunks = (b"name=" for _ in range(3))
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = browser.post("/session/sign-in", content=chunks, headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"name": "dana", "password": PASSWORD}},
        {"files": {"name": ("dana", b"dana"), "password": ("p", PASSWORD.encode())}},
        {"content": b"name=dana", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"name=dana", "headers": {"content-type": "multipart/form-data; boundary=a"}},
        {"content": b"\xff\xfe", "headers": {"content-type": "application/x-www-form-urlencoded"}},
    ],
    ids=["json", "files", "no boundary", "no part", "no text"],
)
def test_a_body_that_is_no_form_of_ours_is_refused(server, browser, sent):
    answer = browser.post("/session/sign-in", **sent)
    assert answer.status_code in (400, 422)
    assert browser.cookie == ""


def test_a_known_and_an_unknown_name_get_the_same_answer(server, browser):
    pages = [
        browser.post("/session/sign-in", data={"name": name, "password": "a wrong password"})
        for name in ("robin", "nobody")
    ]
    known, unknown = (page.text.replace("robin", "nobody") for page in pages)
    assert known == unknown
    assert {page.status_code for page in pages} == {422}
    assert not any(page.headers.get_list("set-cookie") for page in pages)


def test_what_is_missing_is_said_beside_its_field_and_costs_no_attempt(server, browser):
    for _ in range(6):
        answer = browser.post("/session/sign-in", data={"name": "robin", "password": ""})
        assert "Type your password." in answer.text
        assert 'value="robin"' in answer.text
    answer = browser.post("/session/sign-in", data={"name": "robin", "password": ROBINS_PASSWORD})
    assert answer.status_code == 303


def test_a_one_time_link_opens_once(server, browser, practice, clock):
    with practice.writing() as db:
        administrator = _administrator(practice, clock.now)
    with practice.writing() as db:
        form = colleague_form(name="Nico Nightingale", sign_in_name="nico")
        token = set_up.add_clinician(db, administrator, form, clock.now)
    link = f"/session/invite/{token}"
    assert "This link is for Nico Nightingale." in browser.get(link).text
    weak = browser.post(link, data={"password": "short"})
    assert weak.status_code == 422
    assert "at least 12 characters" in weak.text
    assert browser.post(link, data={"password": "five cool canyons"}).headers["location"] == "/"
    assert browser.get("/").status_code == 200
    stranger = Browser(server)
    for answer in (stranger.get(link), stranger.post(link, data={"password": "six dry riverbeds"})):
        assert answer.status_code == 404
        assert "Nico" not in answer.text
    assert stranger.cookie == ""


def test_throttling_holds_across_a_restart_of_the_server(server):
    guesser = Browser(server)
    form = {"name": "thea", "password": "a wrong password"}
    for _ in range(5):
        assert "do not match" in guesser.post("/session/sign-in", data=form).text
    server.stop()
    server.start()
    elsewhere = Browser(server)
    assert "Wait 15 minutes" in elsewhere.post("/session/sign-in", data=form).text
    other = {"name": "robin", "password": ROBINS_PASSWORD}
    assert elsewhere.post("/session/sign-in", data=other).status_code == 303
    assert elsewhere.get("/").status_code == 200


def test_nothing_typed_and_no_token_is_in_the_log(server, sign_in):
    dana = sign_in()
    dana.get("/client?client=K-014")
    for secret in (PASSWORD, ROBINS_PASSWORD, dana.cookie, "K-014", "Reyes", "a wrong password"):
        assert secret not in server.log
