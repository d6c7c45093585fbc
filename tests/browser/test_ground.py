"""The test ground itself: what it promises to notice, it notices."""

import subprocess
import sys

import pytest
from playwright.sync_api import Error as Refused
from playwright.sync_api import expect

from kapteam.accounts.sign_ins import start_sign_in
from kapteam.actions.notes import NoteEntered, save_draft, start_note
from kapteam.ids import new_id
from kapteam.vocabulary import NoteKind
from tests.browser.accessibility import violations
from tests.browser.hands import open_at
from tests.browser.private import leaks, private_words
from tests.browser.server import Server
from tests.factories import NOW
from tests.factories_care import a_ketamine_session


def test_axe_sees_a_picture_without_words_under_our_content_policy(page):
    open_at(page, "/session/welcome")
    assert violations(page) == []
    page.evaluate("document.querySelector('main').append(new Image())")
    assert [line.split()[0] for line in violations(page)] == ["image-alt"]


def test_small_targets_are_excused_in_date_fields_only(page):
    open_at(page, "/session/welcome")
    small = "<button style='width:9px;height:9px;padding:0;border:0'>a</button>"
    page.evaluate(
        "small => document.body.innerHTML = `<main lang=en><h1>A</h1>${small}${small}</main>`",
        small,
    )
    assert {line.split()[0] for line in violations(page)} == {"target-size"}
    page.evaluate("document.querySelector('main').dataset.testid = 'stDateInput'")
    assert violations(page) == []


def test_whatever_is_asked_of_another_machine_is_counted_and_refused(page, server, outside):
    """At the end of all browser tests the count must be 0 (the fixture `outside`)."""
    asks = "import urllib.request as ask; ask.urlopen('http://server.example/here')"
    with outside.expected() as asked:
        with pytest.raises(Refused, match="ERR_HTTP_RESPONSE_CODE_FAILURE"):
            page.goto("http://browser.example/there")
        refused = subprocess.run(
            [sys.executable, "-c", asks], env=server.environment, capture_output=True, text=True
        )
    assert "403" in refused.stderr
    assert [one for one in asked if "favicon" not in one] == [
        "GET http://browser.example/there HTTP/1.1",
        "GET http://server.example/here HTTP/1.1",
    ]
    assert outside.asked == []


def test_a_server_answers_at_the_same_address_after_a_power_cut(page, server):
    open_at(page, "/session/welcome")
    server.kill()
    server.start()
    open_at(page, "/session/welcome")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")


def test_an_error_in_the_log_is_noticed(tmp_path, now):
    server = Server(tmp_path, now)
    (tmp_path / "log").write_text(
        "You can now view your app.\n"
        "Traceback (most recent call last):\n"
        "Page failed, reference 1a2b3c4d: KeyError\n"
        "Stopping...\n"
    )
    assert len(server.complaints) == 2


def test_a_name_a_note_a_token_and_a_one_time_link_in_the_log_are_noticed(care, server):
    """At its end no server's log may hold any: that of every page, and that of every Save."""
    with care.database.writing() as db:
        note_id = new_id()
        dose = a_ketamine_session(db, care.course)
        entered = NoteEntered(note_id, NoteKind.INTENTION, care.course.id, dose.id)
        start_note(db, care.therapist, entered, NOW)
        save_draft(db, care.therapist, note_id, "intention", "To forgive Ezra", 0, NOW)
        token = start_sign_in(db, care.therapist.clinician_id, "a test", NOW).token
    private = private_words(server.database_url) | {token}
    assert "kapteam is at http://" in server.log
    assert leaks(server.log, private) == []
    for told in (care.client.family_name, care.client.phone, "To forgive Ezra", token):
        assert leaks(f"{server.log}\nLookupError: {told}, not there\n", private) == [told]
    link = "/session/invite/c2VjcmV0"
    assert leaks(f"GET {link} 200\n", private) == [link]
