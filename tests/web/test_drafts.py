"""What the guard sends while somebody types: kept for a note's author until it is signed."""

import json
import resource
from dataclasses import dataclass

import httpx
import pytest

from kapteam import wording
from kapteam.accounts import sign_ins
from kapteam.actions.notes import NoteEntered, save_draft, sign_note, start_note
from kapteam.db.engine import Database
from kapteam.db.signing import read_unsigned
from kapteam.db.tables import AuditEvent, Draft, SignIn
from kapteam.ids import new_id
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import Function, NoteKind
from tests.clock import FrozenClock
from tests.factories import ZONE, a_client, a_clinician, a_course
from tests.web.server import Browser, Server

FIELD = "text"
TEXT = "Asked; no thoughts of harm. <b>שלום</b> =1+1"


@dataclass(frozen=True, slots=True)
class Desk:
    """A browser, a note that was begun, its author, and others who might try."""

    database: Database
    clock: FrozenClock
    browser: Browser
    note_id: str
    author: Viewer
    prescriber: Viewer
    stranger: Viewer
    front_desk: Viewer

    def sits_down(self, who: Viewer) -> str:
        """`who` is signed in at the browser; returns the sign-in's id."""
        with self.database.writing() as db:
            started = sign_ins.start_sign_in(db, who.clinician_id, "a test", self.clock.now)
        self.browser.cookie = f"practice.{started.token}"
        return started.sign_in_id

    @property
    def key(self) -> str:
        """Who acts at the browser, as the guard was told."""
        return self.browser.get("/session/alive").text

    def sends(
        self, text: str = TEXT, version: object = 0, *, field: str = FIELD, **more: object
    ) -> httpx.Response:
        """What the guard sends of one field."""
        return self.posts(self.content(text, version, field=field, **more))

    def content(
        self, text: str = TEXT, version: object = 0, *, field: str = FIELD, **more: object
    ) -> str:
        said = {"note": self.note_id, "field": field, "text": text, "version": version}
        return json.dumps({**said, "by": self.key, **more})

    def posts(self, content: str | bytes, **headers: str) -> httpx.Response:
        return self.browser.post(
            "/session/draft",
            content=content,
            headers={"content-type": "application/json", **headers},
        )

    @property
    def kept(self) -> dict[str, tuple[str, int]]:
        """Text and version of each field of the note."""
        with self.database.reading() as db:
            rows = db.query(Draft).filter_by(form=f"note/{self.note_id}").all()
            return {one.field: (one.text, one.version) for one in rows}

    @property
    def events(self) -> int:
        with self.database.reading() as db:
            return db.query(AuditEvent).count()


@pytest.fixture
def desk(server: Server, browser: Browser, practice: Database, clock: FrozenClock) -> Desk:
    now = clock.now
    with practice.writing() as db:
        author = a_clinician(db, Function.THERAPIST)
        prescriber = a_clinician(db, Function.PRESCRIBER)
        stranger = a_clinician(db, Function.THERAPIST)
        front_desk = a_clinician(db, Function.COORDINATOR)
        client = a_client(db, author)
        course = a_course(db, client, prescriber=prescriber, therapist=author)
        note_id = start_note(db, author, NoteEntered(new_id(), NoteKind.GENERAL, course.id), now)
    return Desk(practice, clock, browser, note_id, author, prescriber, stranger, front_desk)


@pytest.fixture
def seat(desk: Desk) -> Desk:
    """The same, with the author at the browser."""
    desk.sits_down(desk.author)
    return desk


def test_a_field_is_kept_as_typed_and_the_answer_says_when_in_the_practice_s_time(seat):
    before = seat.events
    answer = seat.sends()

    assert answer.status_code == 200
    at = wording.exact_time(seat.clock.now, ZONE)
    assert answer.json() == {"version": 1, "saved": f"Saved {at}"}
    assert answer.headers["cache-control"] == "no-store"
    assert seat.kept == {FIELD: (TEXT, 1)}
    assert seat.sends("More", 1).json()["version"] == 2
    assert seat.kept == {FIELD: ("More", 2)}
    # Decision 20; and nobody has seen a chart by typing.
    assert seat.events == before


def test_the_same_text_again_is_the_same_save(seat):
    seat.sends()
    seat.clock.advance(minutes=1)
    answer = seat.sends()
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert seat.kept == {FIELD: (TEXT, 1)}
    seat.clock.advance(minutes=-1)


def test_what_another_tab_saved_is_not_overwritten_and_comes_back_whole(seat):
    seat.sends("Theirs")

    answer = seat.sends("Mine")

    assert answer.status_code == 409
    said = answer.json()
    assert (said["text"], said["version"]) == ("Theirs", 1)
    assert said["saved"].startswith("Saved by you in another tab, Tue Nov 24, ")
    assert said["sentence"].startswith("This field was changed in another tab.")
    assert seat.kept == {FIELD: ("Theirs", 1)}


def test_over_what_the_tab_sent_itself_without_an_answer_it_saves(seat):
    seat.sends("Half a sent")
    answer = seat.sends("Half a sentence", unanswered="Half a sent")
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert seat.sends("Mine", unanswered="Half").status_code == 409
    assert seat.kept == {FIELD: ("Half a sentence", 2)}


@pytest.mark.parametrize(
    ("who", "status"), [("prescriber", 403), ("stranger", 404), ("front_desk", 403)]
)
def test_nobody_writes_into_the_note_of_somebody_else(desk, who, status):
    desk.sits_down(getattr(desk, who))
    answer = desk.sends()
    assert answer.status_code == status
    assert set(answer.json()) == {"sentence"}
    assert desk.kept == {}


@pytest.mark.parametrize("note", ["", "nonsense", "0" * 36, "\x00", "00000000-0000-7000-8000-0"])
def test_a_note_that_is_none_reads_like_one_that_may_not_be_seen(desk, note):
    desk.sits_down(desk.stranger)
    hidden, none = desk.sends(), desk.sends(note=note)
    assert (none.status_code, none.json()) == (404, hidden.json())


def test_a_signed_note_takes_no_word(seat):
    with seat.database.writing() as db:
        save_draft(db, seat.author, seat.note_id, FIELD, "Words", 0, seat.clock.now)
        digest = read_unsigned(db, seat.note_id, ZONE).digest
        sign_note(db, seat.author, seat.note_id, digest, seat.clock.now)

    answer = seat.sends("Too late", 1)

    assert answer.status_code == 409
    assert answer.json() == {
        "sentence": "This note is signed and locked. Amend it to change what it says."
    }
    assert seat.kept == {}


def test_signed_out_and_locked_nothing_is_kept(desk):
    assert desk.sends().status_code == 401
    sign_in = desk.sits_down(desk.author)
    with desk.database.writing() as db:
        db.get_one(SignIn, sign_in).locked_at = desk.clock.now
    assert desk.sends().status_code == 401
    assert desk.kept == {}


def test_at_rest_for_too_long_nothing_is_kept(desk):
    desk.sits_down(desk.author)
    desk.clock.advance(minutes=16)
    assert desk.sends().status_code == 401
    assert desk.kept == {}


def test_typing_sent_is_no_activity_by_itself(seat):
    """What keeps a screen open is a key, a press or the wheel, not a text that is sent again."""
    started = seat.clock.now
    seat.clock.advance(minutes=10)
    assert seat.sends().status_code == 200
    with seat.database.reading() as db:
        active = [one.last_active_at for one in db.query(SignIn).all()]
    assert max(active) <= started
    seat.clock.advance(minutes=-10)


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://127.0.0.1:9999"])
def test_from_elsewhere_nothing_is_kept(seat, origin):
    content = seat.content()
    assert seat.posts(content, origin=origin).status_code == 403
    assert seat.posts(content, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert seat.kept == {}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_taken_which_no_form_of_another_page_can_send(seat, kind):
    content = seat.content()
    assert seat.posts(content, **{"content-type": kind}).status_code == 415
    assert seat.kept == {}


@pytest.mark.parametrize(
    "said",
    [
        "",
        "null",
        "[]",
        '"text"',
        "{",
        "[" * 30_000,
        "{}",
        '{"note": 1, "field": "x", "text": "x", "version": 0, "by": "x"}',
        '{"note": "x", "field": "x", "text": null, "version": 0, "by": "x"}',
        '{"note": "x", "field": "x", "text": "x", "version": "0", "by": "x"}',
        '{"note": "x", "field": "x", "text": "x", "version": true, "by": "x"}',
        '{"note": "x", "field": "x", "text": "x", "version": -1, "by": "x"}',
        '{"note": "x", "field": "x", "text": "x", "version": 0}',
        '{"note": "x", "field": "x", "text": "x", "version": 0, "by": null}',
        '{"note": "x", "field": "x", "text": "x", "version": 0, "by": "x", "author": "x"}',
        '{"note": "x", "field": "x", "text": "x", "version": 0, "by": "x", "unanswered": 3}',
        b"\xff\xfe",
    ],
)
def test_what_no_page_of_ours_sends_is_refused(seat, said):
    assert seat.posts(said).status_code == 400
    assert seat.kept == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x" * 8_001, "8,001 characters; 8,000 is the most"),
        ("a\x00b", "control character"),
        ("a\ud800b", "control character"),
    ],
)
def test_a_text_that_cannot_be_kept_is_refused_in_a_sentence(seat, text, sentence):
    answer = seat.sends(text)
    assert answer.status_code == 422
    assert sentence in answer.json()["sentence"]
    assert seat.kept == {}


def test_the_longest_text_is_kept_whatever_it_is_written_in(seat):
    text = "\N{CACTUS}" * 8_000
    content = json.dumps(
        {"note": seat.note_id, "field": FIELD, "text": text, "version": 0, "by": seat.key},
        ensure_ascii=False,
    )
    assert seat.posts(content.encode()).status_code == 200
    assert seat.kept == {FIELD: (text, 1)}


def test_more_than_any_field_holds_is_not_even_read(seat):
    assert seat.posts("x" * 65_537).status_code == 413
    assert seat.kept == {}


@pytest.mark.parametrize("field", ["", "nothing", "intention", "\x00"])
def test_a_field_that_the_note_does_not_have_is_refused(seat, field):
    answer = seat.sends(field=field)
    assert (answer.status_code, answer.json()) == (
        422,
        {"sentence": "This note has no such field."},
    )
    assert seat.kept == {}


def test_on_a_full_disk_nothing_is_said_to_be_saved_and_it_is_once_there_is_room(server, seat):
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.prlimit(server.process_id, resource.RLIMIT_FSIZE, (0, most))
    full = seat.sends()
    resource.prlimit(server.process_id, resource.RLIMIT_FSIZE, (most, most))

    assert full.status_code == 503
    assert "The disk is full or fails, so nothing was saved." in full.json()["sentence"]
    assert seat.kept == {}
    assert seat.sends(unanswered=TEXT).status_code == 200
    assert seat.kept == {FIELD: (TEXT, 1)}


def test_it_is_asked_by_post_alone(seat):
    assert seat.browser.get("/session/draft").status_code in {404, 405}


def test_no_word_of_it_is_in_the_log(server, seat):
    seat.sends()
    seat.sends("Theirs")
    seat.sends(field="nothing")
    for secret in (TEXT, "Theirs", seat.note_id):
        assert secret not in server.log
