"""The signing page: the very text, the author's password or PIN, one signature."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape

import httpx
import pytest
from sqlalchemy import select, update

from kapteam import wording
from kapteam.accounts import sign_ins
from kapteam.actions.notes import NoteEntered, save_draft, start_note
from kapteam.db.engine import Database
from kapteam.db.tables import AuditEvent, Client, Draft, Note, SignIn
from kapteam.ids import new_id
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import Audience, Function, NoteKind
from tests.clock import FrozenClock
from tests.factories import ZONE, a_client, a_clinician, a_course, audit_events
from tests.factories_care import an_integration_session
from tests.web.server import Browser, Server

PASSWORD = "three calm saguaros"
PIN, WRONG_PIN = "529184", "864209"
WORDS = {
    "safety": "Asked; no thoughts of suicide.",
    "recap": "The sea.\n\n<script>alert(1)</script> שלום -> www.x.y  two  spaces",
    "revisited": "Met",
    "actions": "=HYPERLINK(\"x\") & 'walks' every day",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """A browser, a note that can be signed there, and those who might."""

    database: Database
    clock: FrozenClock
    browser: Browser
    note_id: str
    client: Client
    author: Viewer
    prescriber: Viewer
    stranger: Viewer
    front_desk: Viewer

    @property
    def path(self) -> str:
        return f"/session/sign/{self.note_id}"

    def sits_down(self, who: Viewer, *, audience: Audience = Audience.JUST_ME) -> str:
        """`who` is signed in at the browser; returns the sign-in's id."""
        with self.database.writing() as db:
            started = sign_ins.start_sign_in(db, who.clinician_id, "a test", self.clock.now)
            db.execute(
                update(SignIn).where(SignIn.id == started.sign_in_id).values(audience=audience)
            )
        self.browser.cookie = f"practice.{started.token}"
        return started.sign_in_id

    def types(self, field: str, text: str) -> None:
        """The author changes a field in another tab."""
        with self.database.writing() as db:
            save_draft(db, self.author, self.note_id, field, text, 1, self.clock.now)

    def reads(self) -> httpx.Response:
        return self.browser.get(self.path)

    def signs(self, *, seen: str = "", password: str = PASSWORD, **headers: str) -> httpx.Response:
        """Sign what is shown now, or the text that `seen` names."""
        typed = {"seen": seen or seen_in(self.reads()), "password": password}
        return self.browser.post(self.path, data=typed, headers=headers)

    def sets_pin(self, password: str = PASSWORD) -> None:
        """Whoever sits there lets PIN work at this browser."""
        typed = {"password": password, "pin": PIN}
        assert self.browser.post("/session/pin", data=typed).status_code == 303

    def signs_by_pin(self, pin: str, *, seen: str = "") -> httpx.Response:
        typed = {"seen": seen or seen_in(self.reads()), "pin": pin}
        return self.browser.post(self.path, data=typed)

    def note(self) -> Note:
        with self.database.reading() as db:
            return db.get_one(Note, self.note_id)

    def events(self, tag: str) -> list[AuditEvent]:
        """What the audit log holds of this note or its author."""
        about = {self.note_id, self.author.clinician_id}
        return [one for one in audit_events(self.database, tag) if one.subject_id in about]


@pytest.fixture
def desk(server: Server, browser: Browser, practice: Database, clock: FrozenClock) -> Desk:
    now = clock.now
    with practice.writing() as db:
        author = a_clinician(db, Function.THERAPIST, credentials="LCSW")
        prescriber = a_clinician(db, Function.PRESCRIBER)
        stranger = a_clinician(db, Function.THERAPIST, name="Tess Elsewhere")
        front_desk = a_clinician(db, Function.COORDINATOR)
        sign_ins.set_password(db, author.clinician_id, PASSWORD)
        client = a_client(db, author, preferred="Ama")
        course = a_course(db, client, prescriber=prescriber, therapist=author)
        integration = an_integration_session(
            db, course, therapist=author, held_at=now - timedelta(hours=1)
        )
        entered = NoteEntered(
            new_id(), NoteKind.INTEGRATION, course.id, integration_session_id=integration.id
        )
        note_id = start_note(db, author, entered, now)
        for field, text in WORDS.items():
            save_draft(db, author, note_id, field, text, 0, now)
    return Desk(practice, clock, browser, note_id, client, author, prescriber, stranger, front_desk)


def text_in(answer: httpx.Response) -> str:
    """The text that the page shows to be signed."""
    [text] = re.findall(r'<div class="reading">(.*?)</div>', answer.text, re.DOTALL)
    return unescape(text)


def seen_in(answer: httpx.Response) -> str:
    """Which text the page's form names."""
    return "".join(re.findall(r'name="seen" value="(\w+)"', answer.text))


def test_what_is_shown_is_what_is_signed_to_the_letter(desk):
    sign_in_id = desk.sits_down(desk.author)
    shown = text_in(desk.reads())
    assert all(words in shown for words in WORDS.values())

    answer = desk.signs()

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/note?id={desk.note_id}"
    note = desk.note()
    signed_at = wording.full_moment(desk.clock.now, ZONE)
    assert note.signed_text == f"{shown}\n\nSigned by Thea Tallis, LCSW, {signed_at}"
    [event] = desk.events("note:signed")
    assert (event.clinician_id, event.sign_in_id) == (desk.author.clinician_id, sign_in_id)
    assert event.changes["content_hash"] == note.content_hash


def test_a_note_about_the_course_is_read_and_signed_there_as_well(desk):
    desk.sits_down(desk.author)
    with desk.database.writing() as db:
        course_id = db.get_one(Note, desk.note_id).episode_id
        entered = NoteEntered(new_id(), NoteKind.RISK, course_id)
        note_id = start_note(db, desk.author, entered, desk.clock.now)
        words = {"seen": "Said it twice.", "risk": "High", "why": "A plan.", "plan": "Calls Ana."}
        for field, text in words.items():
            save_draft(db, desk.author, note_id, field, text, 0, desk.clock.now)
    risk = replace(desk, note_id=note_id)

    shown = risk.reads()
    assert "Sign the risk note" in shown.text
    assert "Write “Who was told” before signing." in unescape(shown.text)
    assert "Choose “Look again on” before signing." in unescape(shown.text)
    assert 'name="password"' not in shown.text

    with desk.database.writing() as db:
        for field, text in (("told", "Robin"), ("look_again", "2026-11-30")):
            save_draft(db, desk.author, note_id, field, text, 0, desk.clock.now)
    assert risk.signs().status_code == 303

    about = f"Client {desk.client.code}\nAbout the course of care: "
    assert risk.note().signed_text.startswith(f"Risk note\n{about}")
    assert "\n\nSuicide risk\nHigh\n\n" in risk.note().signed_text


def test_the_page_says_whose_note_it_is_by_two_identifiers(desk):
    desk.sits_down(desk.author)
    answer = desk.reads()
    page = unescape(answer.text)
    for fact in ("Okafor, Amara “Ama”", desk.client.code, "Mar 9, 1987 (39\u00a0y)"):
        assert f"<dd>{fact}</dd>" in page
    assert "<title>Sign · kapteam</title>" in page
    assert "<script>alert" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    desk.reads()
    viewed = [one.client_id for one in audit_events(desk.database, "client:viewed")]
    assert viewed.count(desk.client.id) == 1
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_with_others_in_the_room_the_page_names_nobody(desk):
    desk.sits_down(desk.author, audience=Audience.OTHERS)
    answer = desk.reads()
    assert f"<dd>A.O. {desk.client.code}</dd>" in answer.text
    assert desk.client.code in answer.text
    for private in ("Okafor", "Amara", "1987"):
        assert private not in answer.text


def test_a_second_press_signs_nothing_more(desk):
    desk.sits_down(desk.author)
    seen = seen_in(desk.reads())
    desk.signs(seen=seen)
    first = desk.note()

    answer = desk.signs(seen=seen)

    assert answer.status_code == 303
    assert desk.reads().headers["location"] == f"/note?id={desk.note_id}"
    assert desk.note().signed_text == first.signed_text
    assert len(desk.events("note:signed")) == 1


def test_a_wrong_password_signs_nothing_and_is_audited(desk):
    desk.sits_down(desk.author)
    shown = text_in(desk.reads())

    answer = desk.signs(password="four windy mesas here")

    assert answer.status_code == 422
    assert "This is not your password." in answer.text
    assert text_in(answer) == shown
    assert "four windy mesas here" not in answer.text
    assert desk.note().signed_at is None
    with desk.database.reading() as db:
        kept = select(Draft.text).where(Draft.form == f"note/{desk.note_id}")
        assert sorted(db.scalars(kept)) == sorted(WORDS.values())
    [event] = desk.events("note:signing_failed")
    assert event.subject_id == desk.author.clinician_id


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(desk):
    desk.sits_down(desk.author)
    for _ in range(5):
        desk.signs(password="four windy mesas here")

    refused = desk.signs()
    assert refused.status_code == 422
    assert "Too many wrong passwords" in refused.text
    assert desk.note().signed_at is None

    desk.clock.advance(minutes=16)
    desk.sits_down(desk.author)
    assert desk.signs().status_code == 303
    assert desk.note().signed_at == desk.clock.now


def test_without_a_password_nothing_is_counted_and_nothing_signed(desk):
    desk.sits_down(desk.author)
    answer = desk.signs(password="")
    assert answer.status_code == 422
    assert "Type your password to sign." in answer.text
    assert desk.note().signed_at is None
    assert desk.events("note:signing_failed") == []


def test_text_that_changed_in_another_tab_is_shown_again_and_not_signed(desk):
    desk.sits_down(desk.author)
    seen = seen_in(desk.reads())
    desk.types("actions", "Rests.")

    answer = desk.signs(seen=seen)

    assert answer.status_code == 409
    assert "The text changed since you read it. Read it again." in answer.text
    assert "Rests." in text_in(answer)
    assert desk.note().signed_at is None
    assert desk.signs(seen=seen_in(answer)).status_code == 303


def test_what_is_missing_is_said_and_no_password_asked(desk):
    desk.sits_down(desk.author)
    desk.types("safety", "")

    answer = desk.reads()

    assert "Write “Safety” before signing." in answer.text
    assert 'type="password"' not in answer.text
    assert f'href="/note?id={desk.note_id}"' in answer.text


def test_an_incomplete_note_is_not_signed_by_a_form_made_by_hand(desk):
    desk.sits_down(desk.author)
    before = seen_in(desk.reads())
    desk.types("safety", "")

    assert desk.signs(seen=before).status_code == 409
    assert desk.signs(seen="0" * 64).status_code == 409
    assert desk.note().signed_at is None


@pytest.mark.parametrize(
    ("who", "status"), [("prescriber", 403), ("front_desk", 403), ("stranger", 404)]
)
def test_rule_18_nobody_else_reads_or_signs_it(desk, who, status):
    desk.sits_down(desk.author)
    seen = seen_in(desk.reads())
    desk.sits_down(getattr(desk, who))

    for answer in (desk.reads(), desk.signs(seen=seen)):
        assert answer.status_code == status
        assert "Asked; no thoughts" not in answer.text
        assert "Okafor" not in answer.text
    assert desk.note().signed_at is None
    assert desk.events("note:signing_failed") == []


def test_a_note_that_is_not_there_reads_like_one_that_may_not_be_seen(desk):
    desk.sits_down(desk.stranger)
    hidden = desk.reads()
    unknown = desk.browser.get("/session/sign/no-such-note")
    assert (unknown.status_code, unknown.text) == (hidden.status_code, hidden.text)


def test_signed_out_the_way_leads_over_the_sign_in_to_the_note(desk):
    for answer in (desk.reads(), desk.signs(seen="0" * 64)):
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/session/sign-in?next=%2Fnote%3Fid%3D{desk.note_id}"
        assert answer.text == ""
    assert desk.note().signed_at is None


def test_a_locked_browser_signs_nothing(desk):
    desk.sits_down(desk.author)
    seen = seen_in(desk.reads())
    desk.clock.advance(minutes=16)

    for answer in (desk.reads(), desk.signs(seen=seen)):
        assert answer.headers["location"].startswith("/session/locked?next=%2Fnote")
    assert desk.note().signed_at is None


def asks_for(answer: httpx.Response) -> list[str]:
    """Which of the two the page asks for."""
    return re.findall(r'<input id="(pin|password)"', answer.text)


def test_where_a_pin_was_set_it_signs_and_goes_on_record(desk):
    desk.sits_down(desk.author)
    assert asks_for(desk.reads()) == ["password"]
    desk.sets_pin()
    page = desk.reads()
    assert asks_for(page) == ["pin"]
    assert '<label for="pin">Your PIN</label>' in page.text
    shown = text_in(page)

    answer = desk.signs_by_pin(PIN)

    assert answer.headers["location"] == f"/note?id={desk.note_id}"
    note = desk.note()
    assert note.signed_text.startswith(f"{shown}\n\nSigned by Thea Tallis, LCSW, ")
    [event] = desk.events("note:signed")
    assert event.clinician_id == desk.author.clinician_id
    assert event.changes["by_pin"] is True


def test_the_password_signs_there_as_well_and_says_so(desk):
    desk.sits_down(desk.author)
    desk.sets_pin()
    [link] = re.findall(r'<a href="([^"]+)">Use my password instead</a>', desk.reads().text)
    page = desk.browser.get(unescape(link))
    assert asks_for(page) == ["password"]
    assert "Use my PIN instead" in page.text
    wrong = desk.signs(password="four windy mesas here")
    assert asks_for(wrong) == ["password"]
    assert desk.signs().status_code == 303
    [event] = desk.events("note:signed")
    assert event.changes["by_pin"] is False


def test_at_another_browser_the_pin_signs_nothing(desk, server):
    desk.sits_down(desk.author)
    desk.sets_pin()
    elsewhere = replace(desk, browser=Browser(server))
    elsewhere.sits_down(desk.author)
    assert asks_for(elsewhere.reads()) == ["password"]
    answer = elsewhere.signs_by_pin(PIN)
    assert answer.status_code == 422
    assert asks_for(answer) == ["password"]
    assert "Your PIN does not work in this browser. Type your password." in answer.text
    assert desk.note().signed_at is None


def test_a_colleagues_pin_at_the_same_browser_signs_nothing(desk):
    with desk.database.writing() as db:
        sign_ins.set_password(db, desk.prescriber.clinician_id, PASSWORD)
    desk.sits_down(desk.prescriber)
    desk.sets_pin()
    desk.sits_down(desk.author)
    assert asks_for(desk.reads()) == ["password"]
    assert desk.signs_by_pin(PIN).status_code == 422
    assert desk.note().signed_at is None


def test_five_wrong_pins_sign_nothing_and_then_the_password_is_asked(desk):
    desk.sits_down(desk.author)
    desk.sets_pin()
    shown = text_in(desk.reads())
    answers = [desk.signs_by_pin(WRONG_PIN) for _ in range(5)]

    assert {one.status_code for one in answers} == {422}
    assert {text_in(one) for one in answers} == {shown}
    assert [asks_for(one) for one in answers] == [["pin"]] * 4 + [["password"]]
    assert not any(WRONG_PIN in one.text for one in answers)
    assert "Five wrong PINs. Type your password." in answers[4].text
    events = desk.events("pin:failed")
    assert [one.changes["tries"] for one in events] == [1, 2, 3, 4, 5]
    assert {one.changes["asked_at"] for one in events} == {"signing"}
    # The right digits come too late, tomorrow as well.
    assert desk.signs_by_pin(PIN).status_code == 422
    assert desk.note().signed_at is None

    rests = "Rests after five wrong tries"
    assert rests in desk.browser.get("/session/pin").text
    assert desk.signs(seen=seen_in(answers[4])).status_code == 303
    assert rests not in desk.browser.get("/session/pin").text
    assert desk.events("note:signed")[0].changes["by_pin"] is False


def test_text_that_changed_is_not_signed_by_the_right_pin_either(desk):
    desk.sits_down(desk.author)
    desk.sets_pin()
    seen = seen_in(desk.reads())
    desk.types("actions", "Rests.")
    answer = desk.signs_by_pin(PIN, seen=seen)
    assert answer.status_code == 409
    assert asks_for(answer) == ["pin"]
    assert desk.note().signed_at is None
    assert desk.signs_by_pin(PIN).status_code == 303


def test_a_pin_turned_off_while_the_page_was_read_signs_nothing(desk):
    desk.sits_down(desk.author)
    desk.sets_pin()
    seen = seen_in(desk.reads())
    listed = desk.browser.get("/session/pin").text
    [browser] = re.findall(r'name="browser" value="([\w-]+)"', listed)
    desk.browser.post("/session/pin/off", data={"browser": browser})

    answer = desk.signs_by_pin(PIN, seen=seen)

    assert answer.status_code == 422
    assert asks_for(answer) == ["password"]
    assert desk.note().signed_at is None


@pytest.mark.parametrize("typed", ["", "52918", "letters"])
def test_what_is_no_pin_is_said_and_costs_nothing(desk, typed):
    desk.sits_down(desk.author)
    desk.sets_pin()
    for _ in range(6):
        answer = desk.signs_by_pin(typed)
        assert "Type the six digits of your PIN." in answer.text
    assert desk.events("pin:failed") == []
    assert desk.signs_by_pin(PIN).status_code == 303


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://127.0.0.1:9999"])
def test_a_form_from_elsewhere_signs_nothing(desk, origin):
    desk.sits_down(desk.author)
    answer = desk.signs(origin=origin)
    assert answer.status_code == 403
    assert desk.note().signed_at is None


def test_the_guard_watches_over_the_page(desk):
    desk.sits_down(desk.author)
    assert '<script src="/session/guard.js" defer></script>' in desk.reads().text


def test_no_word_of_the_note_no_password_and_no_pin_is_in_the_log(server, desk):
    desk.sits_down(desk.author)
    desk.signs(password="four windy mesas here")
    desk.sets_pin()
    desk.signs_by_pin(WRONG_PIN)
    desk.signs_by_pin(PIN)
    secrets = (PASSWORD, "four windy mesas here", PIN, WRONG_PIN)
    for secret in (*WORDS.values(), *secrets, "Okafor"):
        assert secret not in server.log
