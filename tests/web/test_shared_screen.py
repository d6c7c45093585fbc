"""Two people at one browser, over HTTP and websockets: what each may, and what a stale tab may."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from websockets.exceptions import ConnectionClosed

from kapteam.accounts import set_up
from kapteam.actions.notes import NoteEntered, save_draft, start_note
from kapteam.db.tables import (
    AuditEvent,
    Clinician,
    Draft,
    EpisodeMember,
    FailedAttempt,
    KetamineSession,
    Note,
    PinBrowser,
    Presence,
    SignIn,
)
from kapteam.ids import new_id
from kapteam.vocabulary import Function, NoteKind, SessionStatus
from tests.accounts.people import PASSWORD, viewer
from tests.factories import a_client, a_course
from tests.factories_care import a_given_session
from tests.web.conftest import ROBINS_PASSWORD
from tests.web.server import Browser
from tests.web.streamlit_socket import (
    HEARTBEAT,
    PATIENCE_SECONDS,
    STREAM,
    heartbeat_of,
    refused,
    tab_of,
)

PIN = "529184"


@pytest.fixture(autouse=True)
def nothing_from_before(practice):
    """No PIN and no miss of an earlier test, and everybody's sign-in on."""
    yield
    with practice.writing() as db:
        db.execute(delete(PinBrowser))
        db.execute(delete(FailedAttempt))
        db.execute(update(Clinician).values(suspended_at=None))


@pytest.fixture
def shared(sign_in):
    """Dana's browser, which Robin has joined; Dana acts."""
    browser = sign_in()
    answer = joins(browser)
    assert answer.status_code == 303, answer.text
    return browser


def joins(browser, name="robin", password=ROBINS_PASSWORD, audience="both_of_us", **more):
    data = {"name": name, "password": password, "audience": audience, **more}
    return browser.post("/session/join", data=data)


def acts(browser, practice, name="robin", password=ROBINS_PASSWORD, wanted="/"):
    data = {"who": id_of(practice, name), "password": password, "next": wanted}
    return browser.post("/session/act", data=data)


def leaves(browser, practice, name):
    return browser.post(f"/session/leave?who={id_of(practice, name)}")


def id_of(practice, name):
    with practice.reading() as db:
        return db.scalar(select(Clinician.id).where(Clinician.sign_in_name == name))


def acting_at(browser, practice):
    """The sign-in name of who acts there, by the key that the browser is told."""
    presence_id = browser.get("/session/alive").text.split(".")[2]
    with practice.reading() as db:
        return db.scalar(
            select(Clinician.sign_in_name)
            .join(Presence, Presence.clinician_id == Clinician.id)
            .where(Presence.id == presence_id)
        )


def closed_with(heartbeat):
    """Wait until the server closes it; the code that it gave."""
    try:
        while True:
            heartbeat.recv(PATIENCE_SECONDS)
    except ConnectionClosed as closed:
        return closed.rcvd.code


def tagged(practice, tag):
    with practice.reading() as db:
        return db.scalars(select(AuditEvent).where(AuditEvent.tag == tag)).all()


def test_only_who_is_signed_in_comes_to_the_pages(browser, sign_in, practice):
    for answer in (
        browser.get("/session/join"),
        joins(browser),
        browser.get("/session/act"),
        acts(browser, practice),
        leaves(browser, practice, "robin"),
    ):
        assert answer.headers["location"] == "/session/sign-in"
        assert not answer.headers.get_list("set-cookie")
    dana = sign_in()
    dana.post("/session/lock")
    for answer in (dana.get("/session/join"), joins(dana), dana.get("/session/act")):
        assert answer.headers["location"] == "/session/locked"
    assert tagged(practice, "signin:joined") == []


def test_joining_leads_back_and_replaces_the_cookie(server, sign_in, practice):
    dana = sign_in()
    before = dana.cookie
    page = dana.get("/session/join?next=%2Fclient%3Fclient%3DK-014")
    assert "Dana Reyes goes on acting" in page.text
    assert 'name="next" value="/client?client=K-014"' in page.text
    assert not re.search(r'name="audience"[^>]*checked', page.text)
    answer = joins(dana, next="/client?client=K-014")
    assert answer.headers["location"] == "/client?client=K-014"
    assert acting_at(dana, practice) == "dana"
    assert dana.cookie != before
    copied = Browser(server)
    copied.cookie = before
    assert copied.get("/").headers["location"].startswith("/session/sign-in")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"name": ""}, "Type the sign-in name of your colleague."),
        ({"password": ""}, "Type the password, or the PIN."),
        ({"audience": ""}, "Say who can see this screen."),
        ({"audience": "everybody"}, "Say who can see this screen."),
        ({"name": "dana", "password": PASSWORD}, "You are at this screen already."),
        ({"password": "a wrong password"}, "do not match"),
        ({"name": "nobody"}, "do not match"),
        ({"name": "<b>robin</b>"}, "do not match"),
        ({"password": PIN}, "A PIN is enough where it was set in this browser"),
        ({"name": "nobody", "password": PIN}, "A PIN is enough where it was set in this browser"),
    ],
)
def test_who_does_not_join_is_told_why_beside_the_field(sign_in, practice, data, says):
    dana = sign_in()
    answer = joins(dana, **data)
    assert answer.status_code == 422
    assert says in answer.text
    assert "aria-invalid" in answer.text
    for secret in (ROBINS_PASSWORD, "a wrong password", PIN):
        assert secret not in answer.text
    assert "<b>robin" not in answer.text
    assert dana.get("/session/act").headers["location"] == "/"


def test_what_is_missing_costs_no_try(sign_in):
    dana = sign_in()
    for _ in range(6):
        joins(dana, password="")
        joins(dana, audience="")
    assert joins(dana).status_code == 303


def test_the_pin_is_enough_where_it_was_set_today(sign_in, practice):
    robin = sign_in("robin")
    robin.post("/session/pin", data={"password": ROBINS_PASSWORD, "pin": PIN})
    robin.post("/session/sign-in", data={"name": "dana", "password": PASSWORD})
    assert joins(robin, password=PIN).status_code == 303
    page = robin.get("/session/act")
    assert re.findall(r'<input id="(pin|password)"', page.text) == ["pin"]
    data = {"who": id_of(practice, "robin"), "pin": PIN}
    assert robin.post("/session/act", data=data).headers["location"] == "/"
    assert acting_at(robin, practice) == "robin"
    # Dana has no PIN here: with Robin's nobody becomes Dana.
    data = {"who": id_of(practice, "dana"), "pin": PIN}
    assert robin.post("/session/act", data=data).status_code == 422
    assert acting_at(robin, practice) == "robin"


def test_nobody_acts_by_asking_for_it(shared, practice):
    robin = id_of(practice, "robin")
    for data in (
        {"who": robin},
        {"who": robin, "password": ""},
        {"who": robin, "password": PASSWORD},
        {"who": robin, "pin": PIN},
        {"who": robin, "pin": ""},
    ):
        assert shared.post("/session/act", data=data).status_code == 422
        assert acting_at(shared, practice) == "dana"
    # A form drawn for another pair: nothing is asked, nothing happens.
    for who in ("", id_of(practice, "dana"), "nobody"):
        data = {"who": who, "password": PASSWORD}
        assert shared.post("/session/act", data=data).headers["location"] == "/"
        assert acting_at(shared, practice) == "dana"
    tags = [one.tag for one in tagged(practice, "signin:act_failed")]
    assert tags == ["signin:act_failed"]


def test_a_switch_leads_back_and_the_cookie_from_before_opens_nothing(server, shared, practice):
    before = shared.cookie
    answer = acts(shared, practice, wanted="/note?id=0a1b")
    assert answer.headers["location"] == "/note?id=0a1b"
    assert acting_at(shared, practice) == "robin"
    copied = Browser(server)
    copied.cookie = before
    assert copied.get("/").headers["location"].startswith("/session/sign-in")


def test_next_leads_never_out_of_kapteam(shared, practice):
    for wanted in ("//evil.example/", "https://evil.example/", "/session/sign-out", "/\\evil"):
        page = shared.get("/session/act", params={"next": wanted})
        assert "evil" not in page.text
        assert 'name="next" value="/"' in page.text
    answer = acts(shared, practice, wanted="https://evil.example/")
    assert answer.headers["location"] == "/"


def test_every_tab_follows_a_switch_at_once_and_keeps_nothing_of_the_other(
    server, shared, practice
):
    with tab_of(server, shared) as tab, heartbeat_of(server, shared) as heartbeat:
        mine = tab.run()
        run_id = tab.run_id
        told = heartbeat.recv(PATIENCE_SECONDS)
        acts(shared, practice)
        assert tab.closed_with() == 4401
        assert closed_with(heartbeat) == 4401
    with tab_of(server, shared, resume=run_id) as tab:
        assert tab.run() != mine
        assert tab.run_id != run_id
    with heartbeat_of(server, shared) as heartbeat:
        assert heartbeat.recv(PATIENCE_SECONDS).split()[-1] != told.split()[-1]
    acts(shared, practice, "dana", PASSWORD)
    with tab_of(server, shared, resume=run_id) as tab:
        assert mine in tab.run() or tab.run_id == run_id


def test_a_join_is_told_to_the_open_tabs_which_stay(server, sign_in, practice):
    dana = sign_in()
    with tab_of(server, dana) as tab, heartbeat_of(server, dana) as heartbeat:
        tab.run()
        before = heartbeat.recv(PATIENCE_SECONDS)
        joins(dana)
        told = before
        while told == before:
            told = heartbeat.recv(PATIENCE_SECONDS)
        room, _, key = told.split()[1:]
        assert room == f"both_of_us/{id_of(practice, 'robin')}"
        assert key == before.split()[-1]
        assert "here: practice." in tab.run()


@pytest.mark.parametrize("who", ["dana", "robin"])
def test_one_leaves_and_the_other_stays(server, shared, practice, who):
    with tab_of(server, shared) as tab:
        tab.run()
        answer = leaves(shared, practice, who)
        if who == "dana":
            assert answer.headers["location"] == "/session/locked?next=%2F"
            assert tab.closed_with() == 4401
            page = shared.get("/session/locked")
            assert "Robin Prescott is signed in here." in page.text
            assert "Dana" not in page.text
            form = {"password": PASSWORD, "who": id_of(practice, "dana")}
            assert shared.post("/session/locked", data=form).status_code == 422
            form = {"password": ROBINS_PASSWORD}
            assert shared.post("/session/locked", data=form).status_code == 303
        else:
            assert answer.headers["location"] == "/"
            assert "here: practice." in tab.run()
    assert acting_at(shared, practice) == ({"dana", "robin"} - {who}).pop()
    assert shared.get("/session/act").headers["location"] == "/"
    assert leaves(shared, practice, who).headers["location"] == "/"
    assert shared.get("/").status_code == 200


def test_nobody_is_sent_away_who_is_not_there(shared, practice):
    for who in ("", "nobody", id_of(practice, "dana")[:-1]):
        assert shared.post(f"/session/leave?who={who}").headers["location"] == "/"
    assert "Robin Prescott" in shared.get("/session/act").text


def test_signing_out_is_for_both(server, shared):
    cookie = shared.cookie_header
    shared.post("/session/sign-out")
    assert refused(server, cookie, STREAM) == 403
    assert shared.get("/").headers["location"].startswith("/session/sign-in")


def test_either_unlocks_and_what_is_shown_meanwhile_is_of_no_client(shared, practice):
    answer = shared.post("/session/lock?next=%2Fclient%3Fclient%3DK-014")
    page = shared.get(answer.headers["location"])
    assert re.findall(r"<title>(.*?)</title>", page.text) == ["Locked · kapteam"]
    assert "Unlock as Dana Reyes, who acts" in page.text
    [other] = re.findall(r'href="(/session/locked[^"]*who=[^"]*)"', page.text)
    page = shared.get(other.replace("&amp;", "&"))
    assert "Unlock as Robin Prescott, who acts" in page.text
    [who] = re.findall(r'name="who" value="([^"]*)"', page.text)
    form = {"next": "/client?client=K-014", "who": who, "password": PASSWORD}
    wrong = shared.post("/session/locked", data=form)
    assert (wrong.status_code, "Unlock as Robin Prescott, who acts" in wrong.text) == (422, True)
    right = shared.post("/session/locked", data={**form, "password": ROBINS_PASSWORD})
    assert right.headers["location"] == "/client?client=K-014"
    assert acting_at(shared, practice) == "robin"


def test_there_is_no_way_around_the_lock_of_a_shared_screen(server, shared, clock):
    """Check 3 and 17 of the security plan: deep link, media, both websockets, the pages of ours."""
    with tab_of(server, shared) as tab:
        path = re.search(r"/media/[0-9a-f]+\.csv", tab.run())[0]
        assert shared.get(path).status_code == 200
    clock.advance(minutes=11)
    for url in ("/", "/client?client=K-014", "/session/join", "/session/act", "/session/phone"):
        assert shared.get(url).headers["location"].startswith("/session/locked")
    assert shared.get(path).status_code == 401
    for path in (STREAM, HEARTBEAT):
        assert refused(server, shared.cookie_header, path) == 403
    assert shared.post("/session/draft", content="{}").status_code in {401, 415}


@pytest.mark.parametrize("at_home", [False, True])
def test_while_somebody_is_under_medicine_the_lock_says_what_is_due_and_of_nobody(
    sign_in, practice, clock, at_home
):
    now = clock.now
    people = (viewer(practice, id_of(practice, name), now) for name in ("dana", "robin"))
    dana, robin = people
    with practice.writing() as db:
        client = a_client(db, dana, family="Verylongname")
        course = a_course(db, client, prescriber=robin, therapist=dana)
        given = a_given_session(
            db, course, given_at=now - timedelta(minutes=10), status=SessionStatus.STARTED
        )
        given.at_home = at_home
        given.place = "418 Mesquite Lane" if at_home else "Room 1"
    browser = sign_in()
    browser.post("/session/lock")
    page = browser.get("/session/locked").text
    [line] = re.findall(r"<li>(.*?)</li>", page)
    assert line.startswith("At home: BP due" if at_home else "Room 1: BP due")
    for private in (client.family_name, client.given_name, client.code, "Mesquite", "mg"):
        assert private not in page
    # Nothing of a colleague's clients: whoever is on none of the courses is told of none.
    with practice.writing() as db:
        db.execute(delete(EpisodeMember).where(EpisodeMember.episode_id == course.id))
    assert "<li>" not in browser.get("/session/locked").text
    with practice.writing() as db:
        db.get_one(KetamineSession, given.id).discharged_at = now


def test_a_turned_off_colleague_is_at_no_screen_within_a_moment(server, shared, practice, clock):
    acts(shared, practice)
    admin = viewer(practice, id_of(practice, "dana"), clock.now)
    with tab_of(server, shared) as tab:
        tab.run()
        with practice.writing() as db:
            set_up.suspend_clinician(db, admin, id_of(practice, "robin"), clock.now)
        assert tab.closed_with() == 4401
    page = shared.get("/session/locked")
    assert "Dana Reyes is signed in here." in page.text
    form = {"password": ROBINS_PASSWORD, "who": id_of(practice, "robin")}
    assert shared.post("/session/locked", data=form).status_code == 422
    assert shared.get("/").status_code == 303


@pytest.fixture
def note(practice, clock):
    """The id of an unsigned note of Dana's."""
    now = clock.now
    dana = viewer(practice, id_of(practice, "dana"), now)
    robin = viewer(practice, id_of(practice, "robin"), now)
    assert dana.functions == {Function.THERAPIST}
    with practice.writing() as db:
        client = a_client(db, dana)
        course = a_course(db, client, prescriber=robin, therapist=dana)
        note_id = start_note(db, dana, NoteEntered(new_id(), NoteKind.GENERAL, course.id), now)
        save_draft(db, dana, note_id, "text", "Dana's own words", 0, now)
    return note_id


def sends(browser, note_id, by, text="More", version=1):
    said = {"note": note_id, "field": "text", "text": text, "version": version, "by": by}
    headers = {"content-type": "application/json"}
    return browser.post("/session/draft", content=json.dumps(said), headers=headers)


def kept(practice, note_id):
    with practice.reading() as db:
        rows = db.scalars(select(Draft).where(Draft.form == f"note/{note_id}")).all()
        return {one.clinician_id: one.text for one in rows}


def test_a_stale_tab_writes_neither_as_the_one_nor_as_the_other(shared, practice, note):
    dana, dana_id = shared.get("/session/alive").text, id_of(practice, "dana")
    acts(shared, practice)
    robin = shared.get("/session/alive").text
    for by in (dana, robin, "", "practice.x.y"):
        assert sends(shared, note, by).status_code in {401, 403}
        assert kept(practice, note) == {dana_id: "Dana's own words"}
    acts(shared, practice, "dana", PASSWORD)
    assert sends(shared, note, robin).status_code == 401
    assert sends(shared, note, dana).status_code == 200
    assert kept(practice, note) == {dana_id: "More"}


def test_who_acts_signs_and_nobody_for_the_other(shared, practice, note):
    path = f"/session/sign/{note}"
    [seen] = re.findall(r'name="seen" value="(\w+)"', shared.get(path).text)
    acts(shared, practice)
    misses = len(tagged(practice, "note:signing_failed"))
    for password in (PASSWORD, ROBINS_PASSWORD):
        answer = shared.post(path, data={"seen": seen, "password": password})
        assert answer.status_code in {403, 404}
        assert "own words" not in answer.text
    with practice.reading() as db:
        assert db.get_one(Note, note).signed_at is None
    assert len(tagged(practice, "note:signing_failed")) == misses
    acts(shared, practice, "dana", PASSWORD)
    assert shared.post(path, data={"seen": seen, "password": ROBINS_PASSWORD}).status_code == 422
    assert shared.post(path, data={"seen": seen, "password": PASSWORD}).status_code == 303
    [signed] = [one for one in tagged(practice, "note:signed") if one.subject_id == note]
    assert signed.clinician_id == id_of(practice, "dana")


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/session/phone", {"phone": "602 555 0100", "version": "1"}),
        ("/session/pin", {"password": ROBINS_PASSWORD, "pin": PIN}),
        ("/session/password", {"password": ROBINS_PASSWORD, "new_password": "six dry riverbeds"}),
    ],
)
def test_a_form_drawn_for_the_one_changes_nothing_of_the_other(shared, practice, path, typed):
    [drawn_for] = re.findall(r'name="acting" value="([^"]*)"', shared.get(path).text)
    acts(shared, practice)
    with practice.reading() as db:
        before = db.get_one(Clinician, id_of(practice, "robin")).version
    answer = shared.post(path, data={**typed, "acting": drawn_for})
    assert answer.status_code == 409
    assert "Somebody else acts at this screen now" in answer.text
    with practice.reading() as db:
        robin = db.get_one(Clinician, id_of(practice, "robin"))
        assert (robin.version, robin.phone) == (before, "")
        assert db.scalars(select(PinBrowser)).all() == []


def test_no_secret_is_in_the_log_or_the_audit_log(server, shared, practice):
    acts(shared, practice, password="a wrong password")
    acts(shared, practice)
    with practice.reading() as db:
        events = db.scalars(select(AuditEvent)).all()
        tokens = db.scalars(select(SignIn.token_hash)).all()
    audited = "".join(f"{one.tag} {one.subject_id} {one.changes}" for one in events)
    for secret in (PASSWORD, ROBINS_PASSWORD, "a wrong password", shared.cookie[9:], *tokens):
        assert secret not in server.log
        assert secret not in audited
