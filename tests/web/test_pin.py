"""A PIN's own page, the lock that takes it, its cookie, and what nobody else learns of it."""

import re
from html import unescape

import pytest
from sqlalchemy import delete, select

from kapteam.accounts import sign_ins
from kapteam.db.tables import AuditEvent, Clinician, FailedAttempt, PinBrowser
from kapteam.ids import new_id
from tests.accounts.people import PASSWORD
from tests.web.conftest import ROBINS_PASSWORD
from tests.web.server import Browser

PIN, OTHER, WRONG = "529184", "730265", "864209"
LONG = 90 * 24 * 3600


@pytest.fixture(autouse=True)
def nothing_from_before(practice):
    """No PIN and no miss of an earlier test."""
    yield
    with practice.writing() as db:
        db.execute(delete(PinBrowser))
        db.execute(delete(FailedAttempt))


@pytest.fixture
def with_pin(sign_in):
    """A browser in which somebody signed in and set PIN."""

    def set_up(name="dana", pin=PIN):
        browser = sign_in(name)
        answer = sets(browser, pin, {"dana": PASSWORD, "robin": ROBINS_PASSWORD}[name])
        assert answer.headers["location"] == "/session/pin/saved", answer.text
        return browser

    return set_up


def sets(browser, pin, password=PASSWORD):
    return browser.post("/session/pin", data={"password": password, "pin": pin})


def locks(browser):
    browser.post("/session/lock")
    return browser


def unlocks(browser, pin, wanted="/"):
    return browser.post("/session/locked", data={"next": wanted, "pin": pin})


def asks_for(answer):
    """Which of the two the page asks for."""
    return re.findall(r'<input id="(pin|password)"', answer.text)


def kept(practice):
    with practice.reading() as db:
        return db.scalars(select(PinBrowser)).all()


def tagged(practice, tag):
    with practice.reading() as db:
        return db.scalars(select(AuditEvent).where(AuditEvent.tag == tag)).all()


def test_only_who_is_signed_in_comes_to_the_page(server, browser, sign_in, practice):
    for answer in (
        browser.get("/session/pin"),
        sets(browser, PIN),
        browser.post("/session/pin/off", data={"browser": "any"}),
    ):
        assert answer.headers["location"] == "/session/sign-in"
        assert not answer.headers.get_list("set-cookie")
    dana = locks(sign_in())
    for answer in (dana.get("/session/pin"), sets(dana, PIN)):
        assert answer.headers["location"] == "/session/locked"
    assert kept(practice) == []


def test_the_page_asks_the_password_and_six_digits_that_no_browser_keeps(server, sign_in):
    page = sign_in().get("/session/pin")
    assert asks_for(page) == ["password", "pin"]
    [field] = re.findall(r'<input id="pin".*?>', page.text, re.DOTALL)
    for part in (
        'type="password"',
        'inputmode="numeric"',
        'autocomplete="one-time-code"',
        'aria-describedby="pin-hint"',
    ):
        assert part in field
    assert '<label for="pin">New PIN</label>' in page.text
    assert "Browsers where your PIN works" not in page.text
    assert page.headers["cache-control"] == "no-store"


def test_the_cookie_is_the_servers_alone_and_outlives_the_sign_in(server, sign_in, practice):
    dana = sign_in()
    answer = sets(dana, PIN)
    [header] = answer.headers.get_list("set-cookie")
    value = dana.browser_cookie
    secure = "; Secure" if server.certificate else ""
    name = "__Host-kapteam-browser" if server.certificate else "kapteam-browser"
    assert header == (f"{name}={value}; HttpOnly; Max-Age={LONG}; Path=/; SameSite=strict{secure}")
    token = value.removeprefix("practice.")
    [row] = kept(practice)
    assert token not in (row.token_hash, row.pin_hash, row.id)
    dana.post("/session/sign-out")
    assert dana.browser_cookie == value
    assert dana.cookie == ""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"password": "", "pin": PIN}, "Type your password."),
        ({"password": "not the right one", "pin": PIN}, "This is not your password."),
        ({"password": PASSWORD, "pin": ""}, "Type six digits."),
        ({"password": PASSWORD, "pin": "52918"}, "Type six digits."),
        ({"password": PASSWORD, "pin": "<b>184"}, "Type six digits."),
        ({"password": PASSWORD, "pin": "777777"}, "same digit"),
        ({"password": PASSWORD, "pin": "654321"}, "in a row"),
        ({"password": PASSWORD, "pin": "529529"}, "again and again"),
        ({"password": PASSWORD, "pin": "112426"}, "a day that your colleagues"),
    ],
)
def test_what_is_refused_is_said_beside_its_field_and_shown_nowhere(
    server, sign_in, practice, data, says
):
    dana = sign_in()
    answer = dana.post("/session/pin", data=data)
    assert answer.status_code == 422
    assert says in answer.text
    field = "password" if "password" in says else "pin"
    assert f'id="{field}-wrong"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    for typed in data.values():
        assert not typed or typed not in answer.text
    assert not answer.headers.get_list("set-cookie")
    assert kept(practice) == []


def test_both_wrong_are_both_said(server, sign_in):
    answer = sets(sign_in(), "777777", "not the right one")
    assert "This is not your password." in answer.text
    assert "same digit" in answer.text


def test_the_lock_takes_it_in_that_browser_and_says_which_it_asks_for(server, with_pin, practice):
    dana = locks(with_pin())
    page = dana.get("/session/locked?next=%2Fcaseload")
    assert asks_for(page) == ["pin"]
    assert '<label for="pin">Your PIN</label>' in page.text
    before = dana.cookie
    answer = unlocks(dana, PIN, "/caseload")
    assert answer.headers["location"] == "/caseload"
    assert dana.cookie != before
    assert dana.get("/").status_code == 200
    assert tagged(practice, "signin:unlocked")[-1].changes == {"by_pin": True}


def test_the_password_stays_a_way_to_unlock_and_leads_back_to_the_pin(server, with_pin):
    dana = locks(with_pin())
    page = dana.get("/session/locked?next=%2Fcaseload%3Fa%3D1")
    [link] = re.findall(r'<a href="([^"]+)">Use my password instead</a>', page.text)
    other = dana.get(unescape(link))
    assert asks_for(other) == ["password"]
    assert 'name="next" value="/caseload?a=1"' in other.text
    [back] = re.findall(r'<a href="([^"]+)">Use my PIN instead</a>', other.text)
    assert asks_for(dana.get(unescape(back))) == ["pin"]
    wrong = dana.post("/session/locked", data={"password": "not the right one"})
    assert asks_for(wrong) == ["password"]
    assert "This is not your password." in wrong.text
    assert dana.post("/session/locked", data={"password": PASSWORD}).status_code == 303
    assert dana.get("/").status_code == 200


def test_in_another_browser_nothing_changed(server, with_pin, sign_in):
    with_pin()
    elsewhere = locks(sign_in())
    page = elsewhere.get("/session/locked")
    assert asks_for(page) == ["password"]
    assert "PIN" not in page.text
    answer = unlocks(elsewhere, PIN)
    assert answer.status_code == 422
    assert asks_for(answer) == ["password"]
    assert "does not work in this browser" in answer.text
    assert elsewhere.get("/").status_code == 303


def test_a_copied_sign_in_without_the_browsers_cookie_is_asked_the_password(server, with_pin):
    dana = locks(with_pin())
    thief = Browser(server)
    thief.cookie = dana.cookie
    assert asks_for(thief.get("/session/locked")) == ["password"]
    assert unlocks(thief, PIN).status_code == 422
    assert dana.get("/").status_code == 303


@pytest.mark.parametrize("prefix", ["demo.", "", "practice", "practice.x"])
def test_a_cookie_that_is_not_as_we_wrote_it_is_worth_nothing(server, with_pin, prefix):
    dana = locks(with_pin())
    dana.browser_cookie = prefix + dana.browser_cookie.removeprefix("practice.")
    assert asks_for(dana.get("/session/locked")) == ["password"]
    assert unlocks(dana, PIN).status_code == 422


def test_the_browsers_cookie_alone_signs_nobody_in(server, with_pin):
    dana = with_pin()
    left = Browser(server)
    left.browser_cookie = dana.browser_cookie
    for answer in (left.get("/"), left.get("/session/pin"), unlocks(left, PIN)):
        assert answer.status_code == 303
    page = left.get("/session/sign-in")
    assert asks_for(page) == ["password"]
    assert "PIN" not in page.text
    for data in ({"name": "dana", "password": PIN}, {"name": "dana", "pin": PIN}):
        assert left.post("/session/sign-in", data=data).status_code == 422
    assert left.cookie == ""


def test_who_is_not_signed_in_learns_nothing_from_the_answers(server, with_pin, browser):
    with_pin("robin")
    answers = [
        browser.post("/session/locked", data={"pin": PIN}),
        browser.get("/session/locked"),
        browser.get("/session/sign-in"),
    ]
    with_pin_cookie = Browser(server)
    with_pin_cookie.browser_cookie = with_pin().browser_cookie
    again = [
        with_pin_cookie.post("/session/locked", data={"pin": PIN}),
        with_pin_cookie.get("/session/locked"),
        with_pin_cookie.get("/session/sign-in"),
    ]
    for one, other in zip(answers, again, strict=True):
        assert (one.status_code, one.text) == (other.status_code, other.text)
        assert one.headers.get("location") == other.headers.get("location")


def test_five_wrong_ones_and_the_lock_asks_the_password_which_wakes_the_pin(
    server, with_pin, practice, clock
):
    dana = locks(with_pin())
    before = len(tagged(practice, "pin:failed"))
    answers = [unlocks(dana, WRONG) for _ in range(5)]
    assert {one.status_code for one in answers} == {422}
    assert [asks_for(one) for one in answers] == [["pin"]] * 4 + [["password"]]
    assert "After 4 more tries kapteam asks for your password." in answers[0].text
    assert "Five wrong PINs. Type your password." in answers[4].text
    assert not any(WRONG in one.text for one in answers)
    assert len(tagged(practice, "pin:failed")) == before + 5
    assert asks_for(dana.get("/session/locked")) == ["password"]
    assert "It works again once you have typed your password here." in answers[4].text
    assert asks_for(unlocks(dana, PIN)) == ["password"]
    assert dana.get("/").status_code == 303

    assert dana.post("/session/locked", data={"password": PASSWORD}).status_code == 303
    locks(dana)
    assert asks_for(dana.get("/session/locked")) == ["pin"]
    assert unlocks(dana, PIN).status_code == 303


def test_signing_in_with_the_password_in_that_browser_wakes_it_as_well(server, with_pin):
    dana = locks(with_pin())
    for _ in range(5):
        unlocks(dana, WRONG)
    dana.post("/session/sign-out")
    dana.post("/session/sign-in", data={"name": "dana", "password": PASSWORD})
    assert unlocks(locks(dana), PIN).status_code == 303


def test_five_wrong_ones_are_five_across_a_restart_of_the_server(server, with_pin):
    dana = locks(with_pin())
    for _ in range(4):
        unlocks(dana, WRONG)
    cookies = dana.cookie, dana.browser_cookie
    server.stop()
    server.start()
    again = Browser(server)
    again.cookie, again.browser_cookie = cookies
    assert asks_for(again.get("/session/locked")) == ["pin"]
    assert asks_for(unlocks(again, WRONG)) == ["password"]
    assert asks_for(unlocks(again, PIN)) == ["password"]


def test_two_people_use_one_browser_each_with_their_own(server, with_pin):
    shared = with_pin()
    shared.post("/session/sign-in", data={"name": "robin", "password": ROBINS_PASSWORD})
    # Dana's is not Robin's: who has set none here is asked for the password.
    assert asks_for(locks(shared).get("/session/locked")) == ["password"]
    shared.post("/session/locked", data={"password": ROBINS_PASSWORD})
    before = shared.browser_cookie
    sets(shared, OTHER, ROBINS_PASSWORD)
    assert shared.browser_cookie == before
    locks(shared)
    assert unlocks(shared, PIN).status_code == 422
    assert unlocks(shared, OTHER).status_code == 303
    shared.post("/session/sign-in", data={"name": "dana", "password": PASSWORD})
    assert unlocks(locks(shared), PIN).status_code == 303


def test_the_browsers_are_listed_and_each_is_turned_off(server, with_pin, sign_in, practice):
    here, there, robin = with_pin(), with_pin(), with_pin("robin")
    page = here.get("/session/pin")
    assert page.text.count("A browser</strong>") == 2
    assert page.text.count("</strong>, this browser") == 1
    assert "Set 2:30\u00a0pm, until Mon Feb 22" in page.text
    [mine, other] = re.findall(r'name="browser" value="([\w-]+)"', page.text)
    theirs = re.findall(r'name="browser" value="([\w-]+)"', there.get("/session/pin").text)
    assert set(theirs) == {mine, other}

    for _ in range(2):
        for one in theirs:
            answer = here.post("/session/pin/off", data={"browser": one})
            assert answer.headers["location"] == "/session/pin"
    assert "Browsers where your PIN works" not in here.get("/session/pin").text
    for one in (here, there):
        assert asks_for(locks(one).get("/session/locked")) == ["password"]
    assert asks_for(locks(robin).get("/session/locked")) == ["pin"]


def test_nobody_turns_off_a_colleagues(server, with_pin, sign_in, practice):
    with_pin()
    [danas] = kept(practice)
    robin = sign_in("robin")
    answer = robin.post("/session/pin/off", data={"browser": danas.id})
    assert answer.status_code == 403
    assert [one.id for one in kept(practice)] == [danas.id]
    assert robin.post("/session/pin/off", data={"browser": new_id()}).status_code == 303
    assert robin.post("/session/pin/off", data={}).status_code == 303


def test_a_changed_password_ends_it_in_every_browser(server, with_pin, practice):
    here, there = with_pin("robin"), with_pin("robin")
    new = "seven slow tortoises"
    here.post("/session/password", data={"password": ROBINS_PASSWORD, "new_password": new})
    assert kept(practice) == []
    assert asks_for(locks(here).get("/session/locked")) == ["password"]
    assert unlocks(here, PIN).status_code == 422
    assert there.get("/").headers["location"].startswith("/session/sign-in")
    # For the tests that follow.
    with practice.writing() as db:
        robin = db.scalar(select(Clinician.id).where(Clinician.sign_in_name == "robin"))
        sign_ins.set_password(db, robin, ROBINS_PASSWORD)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
    ],
    ids=str,
)
def test_a_form_from_elsewhere_sets_and_ends_and_unlocks_nothing(
    server, with_pin, practice, headers
):
    dana = with_pin()
    [row] = kept(practice)
    data = {"password": PASSWORD, "pin": OTHER}
    assert dana.post("/session/pin", data=data, headers=headers).status_code == 403
    gone = {"browser": row.id}
    assert dana.post("/session/pin/off", data=gone, headers=headers).status_code == 403
    locks(dana)
    answer = dana.post("/session/locked", data={"pin": PIN}, headers=headers)
    assert answer.status_code == 403
    assert [one.pin_hash for one in kept(practice)] == [row.pin_hash]
    assert dana.get("/").status_code == 303


def test_no_digits_and_no_token_are_in_the_log_or_the_audit_log(server, with_pin, practice):
    dana = with_pin()
    sets(dana, "654321")
    locks(dana)
    unlocks(dana, WRONG)
    unlocks(dana, PIN)
    token = dana.browser_cookie.removeprefix("practice.")
    with practice.reading() as db:
        events = db.scalars(select(AuditEvent)).all()
    audited = "".join(f"{one.tag} {one.subject_id} {one.changes}" for one in events)
    for secret in (PIN, WRONG, "654321", token, PASSWORD):
        assert secret not in server.log
        assert secret not in audited


def test_a_screen_that_locked_itself_takes_it_and_a_sign_in_that_is_over_does_not(
    server, with_pin, clock
):
    dana = with_pin()
    clock.advance(minutes=16)
    assert dana.get("/").headers["location"].startswith("/session/locked")
    assert asks_for(dana.get("/session/locked")) == ["pin"]
    assert unlocks(dana, PIN).headers["location"] == "/"
    assert dana.get("/").status_code == 200

    clock.advance(hours=12)
    assert dana.get("/").headers["location"].startswith("/session/sign-in")
    assert unlocks(dana, PIN).headers["location"] == "/"
    assert dana.get("/").headers["location"].startswith("/session/sign-in")
    assert asks_for(dana.get("/session/sign-in")) == ["password"]


def test_after_ninety_days_the_lock_asks_the_password_again(server, with_pin, sign_in, clock):
    here = with_pin()
    clock.advance(hours=90 * 24)
    here.post("/session/sign-in", data={"name": "dana", "password": PASSWORD})
    assert asks_for(locks(here).get("/session/locked")) == ["password"]
    assert unlocks(here, PIN).status_code == 422
