"""What is typed in a note is in the database soon after, whatever becomes of tab and server.

`KAPTEAM_TESTS_KILLS=50` kills the server as often as that.
"""

import os
import random
import re
import time
from collections.abc import Callable
from threading import Timer

import pytest
from playwright.sync_api import Dialog, Page, Response, Route, expect

from kapteam import wording
from kapteam.accounts.sign_ins import end, start_sign_in
from kapteam.actions.notes import save_draft, sign_note
from kapteam.db.signing import read_unsigned
from kapteam.db.tables import Ask, Draft, Note, SignIn
from tests.accounts.people import PASSWORD
from tests.browser.conftest import NewPage, TabOf
from tests.browser.hands import button_or_link, field, open_at, press, tick, wait_for_run
from tests.browser.server import Server
from tests.factories import NOW, ZONE
from tests.factories_care import Care, a_ketamine_session

INTENTION, SAFETY = "Intention (required)", "Safety (required)"
DRAFT = "**/session/draft"
CHANGED = "This field was changed in another tab."
NOT_YET = "Not saved yet: kapteam does not answer. It is tried again."
HELD = (
    "Locked. Unlock kapteam in another tab: "
    "what you typed here is not saved yet, and is still here."
)
LOCKS_LATER = "This page is hidden. It locks as soon as what you typed is saved."
WORDS = "She wants to rest, and to let her sister be angry. " * 40
MOST_LOST_MS = 2_000
_KILLS = int(os.environ.get("KAPTEAM_TESTS_KILLS", "5"))  # noqa: TID251 - of the tests
_REMEMBER = """
window.typed = [];
addEventListener("input", event => window.typed.push([Date.now(), event.target.value]), true);
"""


def _begun(page: Page, own: Care) -> str:
    """A note that was just begun is on the page; returns its id."""
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course)
    open_at(page, f"/note?kind=intention&dose={dose.id}")
    return page.url.split("id=")[1].split("&")[0]


def _kept(own: Care, note_id: str, name: str = "safety") -> str:
    rows = own.rows(Draft, form=f"note/{note_id}", field=name)
    return rows[0].text if rows else ""


def _until(page: Page, holds: Callable[[], bool]) -> None:
    given_up = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < given_up, "It did not come to that in 30 seconds."
        page.wait_for_timeout(20)


def _is_kept(page: Page, own: Care, note_id: str, text: str, name: str = "safety") -> None:
    _until(page, lambda: _kept(own, note_id, name) == text)


def _line(page: Page, name: str = "safety") -> str:
    """What is said below a field."""
    return page.locator(f"[data-kapteam-field={name}] > p").inner_text()


def _caret(page: Page) -> int:
    return int(page.evaluate("document.activeElement.selectionStart"))


def _sent(page: Page) -> list[str]:
    """The texts that were sent and answered with 200, in their order, from now on."""
    texts: list[str] = []

    def note(answer: Response) -> None:
        if answer.url.endswith("/session/draft") and answer.status == 200:
            texts.append(answer.request.post_data_json["text"])

    page.on("response", note)
    return texts


def test_two_thousand_characters_pasted_at_once(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    box = field(page, SAFETY)
    box.focus()
    page.keyboard.insert_text(WORDS[:2_000])
    _is_kept(page, own, note_id, WORDS[:2_000])
    expect(box).to_be_focused()
    expect(page.locator("[data-kapteam-field=safety] > p")).to_have_text(
        re.compile(r"^Saved \d+:\d\d:\d\d\spm$")
    )


@pytest.mark.parametrize(("delay", "length"), [(5, 500), (60, 60), (700, 6)])
def test_a_typist_is_not_disturbed_however_fast_or_slow(
    own: Care, tab_of: TabOf, delay: int, length: int
) -> None:
    """Every key arrives, the cursor stays, no run of the page; it is sent in mid-word."""
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    sent = _sent(page)
    runs = page.evaluate("window.kapteamFrames.splice(0).length")
    assert runs >= 0
    box = field(page, SAFETY)
    box.focus()
    page.keyboard.type(WORDS[:length], delay=delay)
    expect(box).to_have_value(WORDS[:length])
    expect(box).to_be_focused()
    assert _caret(page) == length
    _is_kept(page, own, note_id, WORDS[:length])
    _until(page, lambda: sent[-1:] == [WORDS[:length]])
    assert len(sent) > 1
    assert all(WORDS.startswith(one) for one in sent)
    # Not a single message to Streamlit came of it.
    assert not [ours for ours, _ in page.evaluate("window.kapteamFrames") if ours]


def test_the_cursor_stays_in_the_middle_of_what_is_put_in_there(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    box = field(page, SAFETY)
    box.fill("Asked of harm")
    _is_kept(page, own, note_id, "Asked of harm")
    box.evaluate("box => box.setSelectionRange(5, 5)")
    page.keyboard.type(", no")
    _is_kept(page, own, note_id, "Asked, no of harm")
    assert _caret(page) == 9
    page.keyboard.type(" thoughts")
    _is_kept(page, own, note_id, "Asked, no thoughts of harm")
    assert _caret(page) == 18


def test_saved_is_said_when_it_is_committed_and_not_before(
    own: Care, tab_of: TabOf, server: Server
) -> None:
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    held: list[Route] = []
    page.route(DRAFT, lambda route: held.append(route))
    field(page, SAFETY).press_sequentially("Asked")
    _until(page, lambda: len(held) == 1)
    assert _line(page) == ""
    assert _kept(own, note_id) == ""
    server.clock.advance(minutes=1)
    held[0].continue_()
    _until(page, lambda: _line(page) != "")
    [row] = own.rows(Draft, form=f"note/{note_id}")
    assert (row.text, row.saved_at) == ("Asked", server.clock.now)
    assert _line(page) == f"Saved {wording.exact_time(row.saved_at, ZONE)}"
    page.unroute(DRAFT)


def test_while_the_net_is_gone_it_is_said_and_the_text_goes_out_once_it_is_back(
    own: Care, tab_of: TabOf
) -> None:
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    page.route(DRAFT, lambda route: route.abort())
    box = field(page, SAFETY)
    box.press_sequentially("Asked, ")
    expect(page.get_by_text(NOT_YET)).to_be_visible()
    box.press_sequentially("no thoughts of harm")
    assert _kept(own, note_id) == ""
    page.unroute(DRAFT)
    _is_kept(page, own, note_id, "Asked, no thoughts of harm")
    expect(page.get_by_text(NOT_YET)).to_have_count(0)
    expect(box).to_be_focused()


def test_an_answer_that_was_lost_is_no_other_tab(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    box = field(page, SAFETY)

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(DRAFT, lose_the_answer)
    box.press_sequentially("Asked")
    expect(page.get_by_text(NOT_YET)).to_be_visible()
    assert _kept(own, note_id) == "Asked"
    box.press_sequentially(", no")
    _until(page, lambda: _kept(own, note_id) == "Asked, no")
    box.press_sequentially(" harm")
    page.unroute(DRAFT)
    _is_kept(page, own, note_id, "Asked, no harm")
    expect(page.get_by_text(CHANGED)).to_have_count(0)
    expect(page.get_by_text(NOT_YET)).to_have_count(0)


@pytest.mark.parametrize("leaves_by", ["reload", "close"])
def test_leaving_with_unsent_text_warns_and_takes_it_along(
    own: Care, tab_of: TabOf, leaves_by: str
) -> None:
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    asked: list[str] = []

    def go_on(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", go_on)
    page.keyboard.press("Tab")
    field(page, SAFETY).press_sequentially("Asked, no thoughts of harm")
    if leaves_by == "reload":
        page.reload()
        wait_for_run(page)
        expect(field(page, SAFETY)).to_have_value("Asked, no thoughts of harm")
    else:
        page.close(run_before_unload=True)
    other = tab_of(own.therapist)
    _is_kept(other, own, note_id, "Asked, no thoughts of harm")
    assert asked == ["beforeunload"]


def test_leaving_with_everything_saved_asks_nothing(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    field(page, SAFETY).press_sequentially("Asked")
    _is_kept(page, own, note_id, "Asked")
    wait_for_run(page)
    page.reload()
    wait_for_run(page)
    assert asked == []
    expect(field(page, SAFETY)).to_have_value("Asked")


def test_the_lock_and_the_password_bring_every_letter_back(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    _begun(page, own)
    field(page, SAFETY).press_sequentially(WORDS[:120])
    page.keyboard.press("F9")
    expect(page).to_have_url(re.compile("/session/locked"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Unlock").click()
    wait_for_run(page)
    expect(field(page, SAFETY)).to_have_value(WORDS[:120])


def test_nothing_is_sent_or_drawn_in_the_middle_of_a_character(own: Care, tab_of: TabOf) -> None:
    """As an input method does it: the character is there, underlined, long before it is chosen."""
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    sent = _sent(page)
    field(page, SAFETY).press_sequentially("Asked: ")
    _is_kept(page, own, note_id, "Asked: ")
    wait_for_run(page)
    keys = page.context.new_cdp_session(page)
    for half_made in ("s", "す", "すし"):
        keys.send(
            "Input.imeSetComposition",
            {"text": half_made, "selectionStart": len(half_made), "selectionEnd": len(half_made)},
        )
        page.wait_for_timeout(700)
    expect(field(page, SAFETY)).to_have_value("Asked: すし")
    assert sent == ["Asked: "]
    keys.send("Input.insertText", {"text": "寿司"})
    expect(field(page, SAFETY)).to_have_value("Asked: 寿司")
    _is_kept(page, own, note_id, "Asked: 寿司")
    assert sent[0] == "Asked: "
    assert "す" not in "".join(sent)


def _both(own: Care, tab_of: TabOf) -> tuple[Page, Page, str]:
    """Two tabs with one note; the first one's text is kept, the second one's is not."""
    one, other = tab_of(own.therapist), tab_of(own.therapist)
    note_id = _begun(one, own)
    open_at(other, one.url)
    field(one, SAFETY).press_sequentially("From the first tab")
    _is_kept(one, own, note_id, "From the first tab")
    field(other, SAFETY).press_sequentially("From the second")
    both = other.get_by_text(CHANGED).locator("..")
    expect(both).to_be_visible()
    for words in ("Yours, not saved", "From the second", "From the first tab"):
        expect(both.get_by_text(words, exact=True)).to_be_visible()
    expect(
        both.get_by_text(re.compile("^Saved by you in another tab, Tue Nov 24, "))
    ).to_be_visible()
    assert _kept(own, note_id) == "From the first tab"
    expect(field(other, SAFETY)).to_have_value("From the second")
    expect(field(other, SAFETY)).to_be_focused()
    return one, other, note_id


def test_of_two_tabs_the_second_may_keep_its_own(own: Care, tab_of: TabOf) -> None:
    _, page, note_id = _both(own, tab_of)
    field(page, SAFETY).press_sequentially(" tab")
    page.get_by_role("button", name="Keep mine").click()
    _is_kept(page, own, note_id, "From the second tab")
    expect(page.get_by_text(CHANGED)).to_have_count(0)
    expect(page.get_by_text("From the first tab", exact=True)).to_be_visible()
    page.keyboard.type(".")
    _is_kept(page, own, note_id, "From the second tab.")


def test_of_two_tabs_the_second_may_take_the_other_and_its_own_can_still_be_copied(
    own: Care, tab_of: TabOf
) -> None:
    one, page, note_id = _both(own, tab_of)
    page.get_by_role("button", name="Take the other").click()
    expect(field(page, SAFETY)).to_have_value("From the first tab")
    expect(page.get_by_text(CHANGED)).to_have_count(0)
    expect(page.get_by_text("From the second", exact=True)).to_be_visible()
    field(page, SAFETY).press("ControlOrMeta+End")
    page.keyboard.type(", and on")
    _is_kept(page, own, note_id, "From the first tab, and on")
    # A run of the page takes nothing of it away.
    page.get_by_role("button", name="Save draft").click()
    wait_for_run(page)
    expect(field(page, SAFETY)).to_have_value("From the first tab, and on")
    expect(page.get_by_text("From the second", exact=True)).to_be_visible()
    assert _kept(own, note_id) == "From the first tab, and on"
    expect(one.get_by_text(CHANGED)).to_have_count(0)


def test_a_text_that_met_another_tab_s_is_still_there_for_who_comes_back(
    own: Care, tab_of: TabOf
) -> None:
    _, page, note_id = _both(own, tab_of)
    press(page, "Back to the client")
    expect(field(page, SAFETY)).to_have_count(0)
    page.go_back()
    wait_for_run(page)
    expect(field(page, SAFETY)).to_have_value("From the second")
    expect(page.get_by_text(CHANGED)).to_be_visible()
    assert _kept(own, note_id) == "From the first tab"
    page.get_by_role("button", name="Keep mine").click()
    _is_kept(page, own, note_id, "From the second")


def test_what_is_typed_after_the_note_was_signed_in_another_tab_stays_readable(
    own: Care, tab_of: TabOf
) -> None:
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    with own.database.writing() as db:
        for name, text in (
            ("intention", "To rest"),
            ("safety", "Asked"),
            ("coping", "Breath"),
            ("ready", "Ready"),
        ):
            save_draft(db, own.therapist, note_id, name, text, 0, NOW)
        digest = read_unsigned(db, note_id, ZONE).digest
        sign_note(db, own.therapist, note_id, digest, NOW)

    field(page, SAFETY).press_sequentially("Typed too late")
    expect(page.get_by_text("This note is signed and locked.")).to_be_visible()
    expect(field(page, SAFETY)).to_have_value("Typed too late")
    press(page, "Save draft")

    expect(page.get_by_text("Signed and locked")).to_be_visible()
    expect(page.get_by_text("What you typed here was not saved")).to_be_visible()
    expect(page.get_by_text("Typed too late", exact=True)).to_be_visible()
    assert "Typed too late" not in own.row(Note, note_id).signed_text


def test_an_answer_picked_in_mid_sentence_takes_nothing_back(own: Care, tab_of: TabOf) -> None:
    """The page runs for the answer, and knows less of the text than the tab does."""
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    field(page, SAFETY).press_sequentially("Asked")
    _is_kept(page, own, note_id, "Asked")
    field(page, SAFETY).press_sequentially(", no")
    tick(page, "Ready")
    field(page, SAFETY).press("ControlOrMeta+End")
    page.keyboard.type(" harm")
    tick(page, "Postpone")
    expect(field(page, SAFETY)).to_have_value("Asked, no harm")
    _is_kept(page, own, note_id, "Asked, no harm")
    assert _kept(own, note_id, "ready") == "Postpone"
    expect(page.get_by_text(CHANGED)).to_have_count(0)


def test_nothing_is_signed_while_a_text_could_not_be_saved(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    box = field(page, SAFETY)
    box.fill("x" * 8_001)
    button_or_link(page, "Sign …").click()
    expect(page.get_by_text("8,001 characters; 8,000 is the most.")).to_be_visible()
    expect(box).to_be_focused()
    wait_for_run(page)
    assert "/note?" in page.url
    assert _kept(own, note_id) == ""
    expect(box).to_have_value("x" * 8_001)

    box.fill("Asked")
    button_or_link(page, "Sign …").click()
    expect(page).to_have_url(re.compile(f"/session/sign/{note_id}"))
    assert _kept(own, note_id) == "Asked"


@pytest.mark.parametrize("fails_by", ["503", "silence"])
def test_nothing_is_signed_while_a_text_is_still_being_tried(
    own: Care, tab_of: TabOf, fails_by: str
) -> None:
    page = tab_of(own.therapist)
    note_id = _begun(page, own)
    words = "Not saved: no room."
    if fails_by == "503":
        page.route(DRAFT, lambda route: route.fulfill(status=503, json={"sentence": words}))
    else:
        words = NOT_YET
        page.route(DRAFT, lambda _: None)
    box = field(page, SAFETY)
    box.press_sequentially("Asked")
    button_or_link(page, "Sign …").click()
    # After five seconds a press goes on, but for this one: then it is back in the field.
    expect(box).not_to_be_focused()
    expect(box).to_be_focused(timeout=20_000)
    expect(page.get_by_text(words)).to_be_visible()
    wait_for_run(page)
    assert "/note?" in page.url
    assert _kept(own, note_id) == ""

    page.unroute(DRAFT)
    _is_kept(page, own, note_id, "Asked")
    button_or_link(page, "Sign …").click()
    expect(page).to_have_url(re.compile(f"/session/sign/{note_id}"))


def test_two_people_write_about_one_course_at_once(own: Care, tab_of: TabOf) -> None:
    texts = {"Thea's": tab_of(own.therapist), "Robin's": tab_of(own.prescriber)}
    for text, page in texts.items():
        open_at(page, f"/note?kind=general&episode={own.course.id}")
        field(page, "Text (required)").press_sequentially(text)
    for text, page in texts.items():
        _is_kept(page, own, page.url.split("id=")[1].split("&")[0], text, "text")
        expect(page.get_by_text(CHANGED)).to_have_count(0)


@pytest.mark.parametrize("kill", range(_KILLS))
def test_a_server_killed_at_any_moment_has_all_but_the_last_two_seconds(
    own: Care, tab_of: TabOf, server: Server, kill: int
) -> None:
    """And the rest comes from the tab once it is back; no "Saved" was none, nothing is doubled."""
    chance = random.Random(kill)
    page = tab_of(own.therapist)
    page.add_init_script(_REMEMBER)
    note_id = _begun(page, own)
    sent = _sent(page)
    server.clock.advance(minutes=1)
    killed: list[float] = []

    def kill_it() -> None:
        killed.append(time.monotonic())
        server.kill()

    bomb = Timer(chance.uniform(0.2, 4), kill_it)
    field(page, SAFETY).focus()
    bomb.start()
    page.keyboard.type(WORDS[:400], delay=chance.choice((5, 12, 30)))
    bomb.join()

    kept = _kept(own, note_id)
    assert WORDS.startswith(kept)
    assert all(kept.startswith(one) for one in sent)
    gone_for_ms = (time.monotonic() - killed[0]) * 1000
    typed_ago = page.evaluate("typed.map(([at, text]) => [Date.now() - at, text])")
    before = [text for ago, text in typed_ago if ago > gone_for_ms + MOST_LOST_MS]
    assert len(kept) >= max(map(len, before), default=0)
    if _line(page).startswith("Saved"):
        assert own.rows(Draft, form=f"note/{note_id}")[0].saved_at == server.clock.now

    server.start()
    typed = field(page, SAFETY).input_value()
    assert WORDS.startswith(typed)
    _is_kept(page, own, note_id, typed)
    wait_for_run(page)
    # Not before it can be: a start may take so long that the page is hidden meanwhile.
    expect(field(page, SAFETY)).to_be_visible(timeout=20_000)
    expect(field(page, SAFETY)).to_be_editable()
    expect(field(page, SAFETY)).to_have_value(typed)
    field(page, SAFETY).press("ControlOrMeta+End")
    page.keyboard.type(" And on.")
    _is_kept(page, own, note_id, f"{typed} And on.")
    expect(page.get_by_text(CHANGED)).to_have_count(0)


@pytest.mark.parametrize("is_saved", [False, True], ids=["half typed", "saved"])
def test_leaving_a_form_asks_only_while_its_words_are_not_saved(
    own: Care, tab_of: TabOf, is_saved: bool
) -> None:
    """A page that is loaded anew begins its forms anew."""
    page = tab_of(own.therapist)
    open_at(page, f"/ask?episode={own.course.id}")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    field(page, "Your question").press_sequentially("Hold the next one?")
    if is_saved:
        press(page, "Ask")
        expect(page.get_by_text("Waiting on Robin Prescott")).to_be_visible()
    wait_for_run(page)

    page.reload()

    wait_for_run(page)
    assert asked == ([] if is_saved else ["beforeunload"])


@pytest.mark.parametrize("goes", [False, True], ids=["stays", "goes"])
def test_a_link_leaves_what_is_half_typed_in_a_form_only_after_a_question(
    own: Care, tab_of: TabOf, goes: bool
) -> None:
    page = tab_of(own.therapist)
    open_at(page, f"/ask?episode={own.course.id}")
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept() if goes else dialog.dismiss()

    page.on("dialog", answer)
    field(page, "Your question").press_sequentially("Hold the next one?")
    page.get_by_role("link", name="Notes", exact=True).click()
    if goes:
        expect(page).to_have_url(re.compile("/notes$"))
    wait_for_run(page)
    assert asked == ["What you typed here is not saved. Leave this page without it?"]
    if not goes:
        assert "/ask" in page.url
        expect(field(page, "Your question")).to_have_value("Hold the next one?")


def test_a_link_away_from_nothing_half_typed_asks_nothing(own: Care, tab_of: TabOf) -> None:
    page = tab_of(own.therapist)
    open_at(page, f"/ask?episode={own.course.id}")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    field(page, "Your question").press_sequentially("Hold")
    field(page, "Your question").fill("")
    page.get_by_role("link", name="Notes", exact=True).click()
    expect(page).to_have_url(re.compile("/notes$"))
    assert asked == []


# From here on every screen of this module rests until it is locked, so these stand last.


def _in_a_browser_of_her_own(new_page: NewPage, own: Care) -> tuple[Page, str]:
    """Thea, signed in at a browser that this test may lock; a note just begun; returns its id."""
    page = new_page()
    page.goto("/")
    page.get_by_label("Sign-in name").fill("thea")
    _open(page, "Sign in")
    return page, _begun(page, own)


def _open(page: Page, button: str) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=button).click()
    expect(page).not_to_have_url(re.compile("/session/"))
    wait_for_run(page)


def _unlock_in(tab: Page) -> None:
    tab.goto("/")
    _open(tab, "Unlock")


def _held_at_rest(page: Page, server: Server, words: str) -> None:
    """Words that cannot be saved are typed, and then the screen rests until it locks itself."""
    field(page, SAFETY).press_sequentially(words)
    expect(page.locator("[data-kapteam-field=safety] > p")).to_have_text(
        re.compile("saved", re.IGNORECASE)
    )
    server.clock.advance(minutes=16)
    expect(page.get_by_role("alert").get_by_text(HELD)).to_be_visible(timeout=20_000)
    expect(field(page, SAFETY)).to_be_hidden()


def test_what_a_full_disk_kept_out_outlives_the_lock_of_a_screen_at_rest(
    own: Care, new_page: NewPage, server: Server
) -> None:
    page, note_id = _in_a_browser_of_her_own(new_page, own)
    wait_for_run(page)
    server.fill_disk()
    try:
        _held_at_rest(page, server, "Asked, no harm")
    finally:
        server.fill_disk(False)
    # The disk alone opens nothing: nothing is saved for somebody who may not go on.
    expect(page.get_by_role("alert").get_by_text(HELD)).to_be_visible()
    assert _kept(own, note_id) == ""

    _unlock_in(page.context.new_page())

    expect(field(page, SAFETY)).to_be_visible(timeout=20_000)
    _is_kept(page, own, note_id, "Asked, no harm")
    wait_for_run(page)
    expect(field(page, SAFETY)).to_have_value("Asked, no harm")
    expect(page.get_by_text(HELD)).to_have_count(0)
    field(page, SAFETY).press("ControlOrMeta+End")
    page.keyboard.type(", and on")
    _is_kept(page, own, note_id, "Asked, no harm, and on")


def test_what_was_typed_as_the_server_went_outlives_an_outage_longer_than_the_rest(
    own: Care, new_page: NewPage, server: Server
) -> None:
    page, note_id = _in_a_browser_of_her_own(new_page, own)
    wait_for_run(page)
    page.route(DRAFT, lambda route: route.abort())
    field(page, SAFETY).press_sequentially("Asked, no harm")
    server.kill()
    page.unroute(DRAFT)
    server.clock.advance(minutes=16)
    server.start()
    expect(page.get_by_role("alert").get_by_text(HELD)).to_be_visible(timeout=20_000)

    _unlock_in(page.context.new_page())

    expect(field(page, SAFETY)).to_be_visible(timeout=20_000)
    _is_kept(page, own, note_id, "Asked, no harm")


def test_what_is_held_at_a_locked_screen_is_left_only_after_a_question(
    own: Care, new_page: NewPage, server: Server
) -> None:
    page, note_id = _in_a_browser_of_her_own(new_page, own)
    page.route(DRAFT, lambda route: route.fulfill(status=503, json={"sentence": "Not saved."}))
    _held_at_rest(page, server, "Asked, no harm")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    assert asked == ["beforeunload"]
    assert _kept(own, note_id) == ""


@pytest.mark.parametrize("who", ["nobody", "another"])
def test_what_is_held_is_dropped_once_its_person_signed_out_and_shown_to_nobody_else(
    own: Care, new_page: NewPage, server: Server, who: str
) -> None:
    page, note_id = _in_a_browser_of_her_own(new_page, own)
    page.route(DRAFT, lambda route: route.fulfill(status=503, json={"sentence": "Not saved."}))
    _held_at_rest(page, server, "Asked, no harm")
    shown: list[bool] = []
    page.expose_function("noteShown", lambda so: shown.append(so))
    page.evaluate(
        """new MutationObserver(() => {
            const isHidden = document.documentElement.classList.contains("kapteam-hidden");
            if (!isHidden) noteShown(true);
        }).observe(document.documentElement, {attributeFilter: ["class"]})"""
    )
    if who == "nobody":
        with own.database.writing() as db:
            for one in own.rows(SignIn, ended_at=None):
                end(db, one.id, server.clock.now)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=20_000)
    else:
        with own.database.writing() as db:
            started = start_sign_in(db, own.prescriber.clinician_id, "a test", server.clock.now)
        server.tokens.add(started.token)
        # At once, as no page of ours does it: there is no moment at which nobody is signed in.
        page.context.add_cookies(
            [{"name": "kapteam", "value": f"practice.{started.token}", "url": server.url}]
        )
        expect(page.get_by_text(HELD)).to_have_count(0, timeout=20_000)
        wait_for_run(page)
        expect(field(page, SAFETY)).to_have_count(0)
    expect(page.get_by_text("Asked, no harm")).to_have_count(0)
    assert shown == []
    assert _kept(own, note_id) == ""


def test_f9_locks_only_once_what_could_not_be_saved_is(own: Care, new_page: NewPage) -> None:
    page, note_id = _in_a_browser_of_her_own(new_page, own)
    page.route(DRAFT, lambda route: route.fulfill(status=503, json={"sentence": "Not saved."}))
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url))
    field(page, SAFETY).press_sequentially("Asked, no harm")
    page.keyboard.press("F9")
    expect(page.get_by_role("alert").get_by_text(LOCKS_LATER)).to_be_visible(timeout=20_000)
    expect(field(page, SAFETY)).to_be_hidden()
    assert not [url for url in posted if "/session/lock" in url]

    page.unroute(DRAFT)

    expect(page).to_have_url(re.compile("/session/locked"), timeout=20_000)
    assert _kept(own, note_id) == "Asked, no harm"


def test_f9_over_two_versions_of_a_text_loses_neither(own: Care, new_page: NewPage) -> None:
    """The page stays where it is, hidden: of a page that is left only the other text would be."""
    page, note_id = _in_a_browser_of_her_own(new_page, own)
    field(page, SAFETY).press_sequentially("Mine")
    _is_kept(page, own, note_id, "Mine")
    own.do(save_draft, own.therapist, note_id, "safety", "From the other tab", 1)
    page.keyboard.type(", and on")
    expect(page.get_by_text(CHANGED)).to_be_visible()

    page.keyboard.press("F9")

    expect(page.get_by_role("alert").get_by_text(HELD)).to_be_visible(timeout=20_000)
    expect(field(page, SAFETY)).to_be_hidden()
    expect(page.locator(".kapteam-words").first).to_be_hidden()
    newest = max(own.rows(SignIn, ended_at=None), key=lambda one: one.id)
    assert newest.locked_at is not None
    assert _kept(own, note_id) == "From the other tab"

    _unlock_in(page.context.new_page())

    both = page.get_by_text(CHANGED).locator("..")
    for words in ("Mine, and on", "From the other tab"):
        expect(both.get_by_text(words, exact=True)).to_be_visible(timeout=20_000)
    expect(field(page, SAFETY)).to_have_value("Mine, and on")
    page.get_by_role("button", name="Keep mine").click()
    _is_kept(page, own, note_id, "Mine, and on")


def test_f9_that_waits_is_over_once_the_screen_locked_itself(
    own: Care, new_page: NewPage, server: Server
) -> None:
    """Who unlocks it later is not locked out again by the old press."""
    page, note_id = _in_a_browser_of_her_own(new_page, own)
    page.route(DRAFT, lambda route: route.fulfill(status=503, json={"sentence": "Not saved."}))
    field(page, SAFETY).press_sequentially("Asked, no harm")
    page.keyboard.press("F9")
    expect(page.get_by_role("alert").get_by_text(LOCKS_LATER)).to_be_visible(timeout=20_000)
    server.clock.advance(minutes=16)
    expect(page.get_by_role("alert").get_by_text(HELD)).to_be_visible(timeout=20_000)

    _unlock_in(page.context.new_page())
    page.unroute(DRAFT)

    _is_kept(page, own, note_id, "Asked, no harm")
    wait_for_run(page)
    expect(field(page, SAFETY)).to_be_visible()
    expect(field(page, SAFETY)).to_have_value("Asked, no harm")


@pytest.mark.parametrize("locks_by", ["F9", "rest"])
def test_what_is_half_typed_in_a_form_outlives_the_lock(
    own: Care, new_page: NewPage, server: Server, locks_by: str
) -> None:
    """The page says where to unlock, since it cannot go there itself."""
    page, _ = _in_a_browser_of_her_own(new_page, own)
    open_at(page, f"/ask?episode={own.course.id}")
    title = page.title()
    asked = f"Hold the next one after {locks_by}?"
    field(page, "Your question").press_sequentially(asked)
    if locks_by == "F9":
        page.keyboard.press("F9")
    else:
        wait_for_run(page)
        server.clock.advance(minutes=16)
    expect(page.get_by_role("alert").get_by_text(HELD)).to_be_visible(timeout=20_000)
    expect(page).to_have_title("kapteam")
    # Nor does anything of it stand in the page for who looks behind the notice.
    locked = page.content()
    assert asked not in locked
    assert own.client.family_name not in locked
    assert own.client.code not in locked

    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Unlock in a new tab").click()
    opened.value.get_by_label("Password").fill(PASSWORD)
    opened.value.get_by_role("button", name="Unlock").click()
    expect(opened.value).not_to_have_url(re.compile("/session/"))

    expect(field(page, "Your question")).to_be_visible(timeout=20_000)
    wait_for_run(page)
    expect(field(page, "Your question")).to_have_value(asked)
    expect(page).to_have_title(title)
    press(page, "Ask")
    expect(page.locator(".st-key-question").get_by_text(asked)).to_be_visible()
    assert asked in [one.words for one in own.rows(Ask)]
