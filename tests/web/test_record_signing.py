"""The plain page that signs a session's record: its text, who signs it, password or PIN."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape

import httpx
import pytest
from sqlalchemy import update

from kapteam.accounts import sign_ins
from kapteam.db.engine import Database
from kapteam.db.tables import (
    AuditEvent,
    Client,
    ClinicianFunction,
    KetamineSession,
    RecordSignature,
    SignIn,
)
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import Audience, Function, Part, RecordPart
from tests.clock import FrozenClock
from tests.factories import a_client, a_clinician, a_course, a_member, audit_events
from tests.factories_care import (
    a_given_session,
    a_signature,
    a_support_record,
    another_medicine,
)
from tests.web.server import Browser, Server

PASSWORD, WRONG = "three calm saguaros", "four windy mesas here"
PIN, WRONG_PIN = "529184", "864209"
MEDICAL, SUPPORT = RecordPart
WORDS = "A lake. <script>alert(1)</script>"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Desk:
    """A browser, a closed session whose record can be signed there, and those who might."""

    database: Database
    clock: FrozenClock
    browser: Browser
    session_id: str
    client: Client
    prescriber: Viewer
    therapist: Viewer
    nurse: Viewer
    stranger: Viewer
    front_desk: Viewer

    def sits_down(self, who: Viewer, *, audience: Audience = Audience.JUST_ME) -> None:
        with self.database.writing() as db:
            started = sign_ins.start_sign_in(db, who.clinician_id, "a test", self.clock.now)
            db.execute(
                update(SignIn).where(SignIn.id == started.sign_in_id).values(audience=audience)
            )
        self.browser.cookie = f"practice.{started.token}"

    def path(self, parts: str) -> str:
        return f"/session/sign-record/{self.session_id}/{parts}"

    def reads(self, parts: str = "medical") -> httpx.Response:
        return self.browser.get(self.path(parts))

    def signs(
        self, parts: str = "medical", *, seen: dict[str, str] | None = None, **proof: str
    ) -> httpx.Response:
        """Sign what is shown now, or what `seen` names, with the password unless told otherwise."""
        shown = seen_in(self.reads(parts)) if seen is None else seen
        return self.browser.post(self.path(parts), data=shown | (proof or {"password": PASSWORD}))

    def sets_pin(self) -> None:
        typed = {"password": PASSWORD, "pin": PIN}
        assert self.browser.post("/session/pin", data=typed).status_code == 303

    def signed(self) -> dict[RecordPart, str]:
        """The text of each part that is signed."""
        with self.database.reading() as db:
            return {
                one.part: one.signed_text
                for one in db.query(RecordSignature).filter_by(ketamine_session_id=self.session_id)
                if one.signed_at is not None
            }

    def events(self, tag: str) -> list[AuditEvent]:
        """What the audit log holds of this session, its client or these people."""
        people = (self.prescriber, self.therapist, self.nurse)
        about = {self.session_id, self.client.id, *(one.clinician_id for one in people)}
        found = audit_events(self.database, tag)
        return [one for one in found if {one.subject_id, one.client_id} & about]


@pytest.fixture
def desk(server: Server, browser: Browser, practice: Database, clock: FrozenClock) -> Desk:
    with practice.writing() as db:
        prescriber = a_clinician(db, Function.PRESCRIBER)
        therapist = a_clinician(db, Function.THERAPIST)
        nurse = a_clinician(db, Function.NURSE)
        stranger = a_clinician(db, Function.PRESCRIBER, name="Otto Elsewhere")
        front_desk = a_clinician(db, Function.COORDINATOR)
        for who in (prescriber, therapist, nurse):
            sign_ins.set_password(db, who.clinician_id, PASSWORD)
        client = a_client(db, therapist, preferred="Ama")
        course = a_course(db, client, prescriber=prescriber, therapist=therapist)
        a_member(db, course, nurse, Part.COVER)
        session = a_given_session(db, course, given_at=clock.now - 3 * HOUR)
        a_support_record(db, session, therapist, words=WORDS)
        for part in RecordPart:
            a_signature(db, session, part)
    return Desk(
        practice,
        clock,
        browser,
        session.id,
        client,
        prescriber,
        therapist,
        nurse,
        stranger,
        front_desk,
    )


def texts_in(answer: httpx.Response) -> list[str]:
    """The texts that the page shows to be signed."""
    found = re.findall(r'<div class="reading">(.*?)</div>', answer.text, re.DOTALL)
    return [unescape(one) for one in found]


def seen_in(answer: httpx.Response) -> dict[str, str]:
    """Which state of each part the page's form names."""
    return dict(re.findall(r'name="(seen_\w+)" value="(\w+)"', answer.text))


def asks_for(answer: httpx.Response) -> list[str]:
    return re.findall(r'<input id="(pin|password)"', answer.text)


@pytest.mark.parametrize(
    ("who", "part", "title"),
    [("prescriber", MEDICAL, "medical part"), ("therapist", SUPPORT, "support part")],
)
def test_what_is_shown_is_what_is_signed_to_the_letter(desk, who, part, title):
    desk.sits_down(getattr(desk, who))
    page = desk.reads(part.value)
    assert f"<h1>Sign the {title}</h1>" in page.text
    assert "<script>alert" not in page.text
    [shown] = texts_in(page)

    answer = desk.signs(part.value)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/ketamine_session?id={desk.session_id}"
    assert desk.signed() == {part: shown}
    assert (WORDS in shown) is (part is SUPPORT)
    [event] = desk.events("ketamine_session:signed")
    assert event.clinician_id == getattr(desk, who).clinician_id
    assert event.changes["by_pin"] is False
    assert WORDS not in str(event.changes)


def test_one_who_is_both_signs_both_with_one_password(desk):
    with desk.database.writing() as db:
        both = desk.prescriber.clinician_id
        db.add(ClinicianFunction(clinician_id=both, function=Function.THERAPIST))
    desk.sits_down(desk.prescriber)
    page = desk.reads("both")
    assert "<h1>Sign the medical part and the support part</h1>" in page.text
    medical, support = texts_in(page)
    assert desk.signs("both").status_code == 303
    assert desk.signed() == {MEDICAL: medical, SUPPORT: support}
    assert len(desk.events("ketamine_session:signed")) == 1


def test_a_second_press_signs_nothing_more_and_asks_for_nothing(desk):
    desk.sits_down(desk.prescriber)
    seen = seen_in(desk.reads())
    for proof in ({"password": PASSWORD}, {"password": PASSWORD}, {"password": ""}):
        assert desk.signs(seen=seen, **proof).status_code == 303
    assert desk.reads().status_code == 303
    assert len(desk.events("ketamine_session:signed")) == 1


@pytest.mark.parametrize(
    ("password", "sentence", "counted"),
    [(WRONG, "This is not your password.", 1), ("", "Type your password to sign.", 0)],
)
def test_without_the_right_password_nothing_is_signed(desk, password, sentence, counted):
    desk.sits_down(desk.prescriber)
    answer = desk.signs(password=password)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert WRONG not in answer.text
    assert desk.signed() == {}
    assert len(desk.events("ketamine_session:signing_failed")) == counted


def test_where_a_pin_was_set_it_signs_and_goes_on_record(desk):
    desk.sits_down(desk.prescriber)
    desk.sets_pin()
    assert asks_for(desk.reads()) == ["pin"]
    wrong = desk.signs(pin=WRONG_PIN)
    assert (wrong.status_code, asks_for(wrong)) == (422, ["pin"])
    assert desk.signed() == {}

    assert desk.signs(pin=PIN).status_code == 303

    assert list(desk.signed()) == [MEDICAL]
    [event] = desk.events("ketamine_session:signed")
    assert event.changes["by_pin"] is True
    [failed] = desk.events("pin:failed")
    assert failed.changes["asked_at"] == "signing"


def test_a_pin_of_another_browser_signs_nothing(desk, server):
    desk.sits_down(desk.prescriber)
    desk.sets_pin()
    elsewhere = replace(desk, browser=Browser(server))
    elsewhere.sits_down(desk.prescriber)
    assert asks_for(elsewhere.reads()) == ["password"]
    assert elsewhere.signs(pin=PIN).status_code == 422
    assert desk.signed() == {}


def test_a_record_that_changed_is_shown_again_and_not_signed(desk):
    desk.sits_down(desk.prescriber)
    seen = seen_in(desk.reads())
    with desk.database.writing() as db:
        session = db.get_one(KetamineSession, desk.session_id)
        another_medicine(db, session, given_at=desk.clock.now - 2 * HOUR)

    for stale in (seen, {}, {"seen_medical": "0" * 64}):
        answer = desk.signs(seen=stale)
        assert answer.status_code == 409
        assert "This record was changed while you had it open." in answer.text
        assert "ondansetron" in texts_in(answer)[0]
    assert desk.signed() == {}
    assert desk.signs(seen=seen_in(answer)).status_code == 303


@pytest.mark.parametrize(
    ("who", "parts", "status"),
    [
        ("therapist", "medical", 403),
        ("prescriber", "support", 403),
        ("therapist", "both", 403),
        ("nurse", "support", 403),
        ("front_desk", "medical", 403),
        ("stranger", "medical", 404),
        ("prescriber", "all", 404),
    ],
)
def test_nobody_reads_or_signs_there_what_is_not_theirs(desk, who, parts, status):
    desk.sits_down(getattr(desk, who))
    seen = {"seen_medical": "0" * 64, "seen_support": "0" * 64}
    for answer in (desk.reads(parts), desk.signs(parts, seen=seen)):
        assert answer.status_code == status
        for private in ("lake", "70 mg", "Okafor"):
            assert private not in answer.text
    assert desk.signed() == {}
    assert desk.events("ketamine_session:signing_failed") == []


def test_what_a_colleague_signed_is_said_and_not_signed_again(desk):
    desk.sits_down(desk.prescriber)
    seen = seen_in(desk.reads())
    assert desk.signs().status_code == 303
    desk.sits_down(desk.nurse)
    for answer in (desk.reads(), desk.signs(seen=seen)):
        assert answer.status_code == 403
        assert "Robin Prescott signed the medical part already" in answer.text
    assert len(desk.events("ketamine_session:signed")) == 1


def test_the_page_says_whose_record_it_is_and_that_it_was_opened(desk):
    desk.sits_down(desk.prescriber)
    page = unescape(desk.reads().text)
    for fact in ("Okafor, Amara “Ama”", desk.client.code, "Mar 9, 1987"):
        assert fact in page
    desk.reads()
    viewed = [one.client_id for one in desk.events("client:viewed")]
    assert viewed.count(desk.client.id) == 1


def test_with_others_in_the_room_the_page_names_nobody(desk):
    desk.sits_down(desk.prescriber, audience=Audience.OTHERS)
    page = desk.reads().text
    assert f"<dd>A.O. {desk.client.code}</dd>" in page
    for private in ("Okafor", "Amara", "1987"):
        assert private not in page


def test_signed_out_or_locked_nothing_is_signed(desk):
    way = "%2Fketamine_session%3Fid%3D" + desk.session_id
    for answer in (desk.reads(), desk.signs(seen={})):
        assert answer.headers["location"] == f"/session/sign-in?next={way}"
    desk.sits_down(desk.prescriber)
    desk.clock.advance(minutes=16)
    for answer in (desk.reads(), desk.signs(seen={})):
        assert answer.headers["location"] == f"/session/locked?next={way}"
    assert desk.signed() == {}
