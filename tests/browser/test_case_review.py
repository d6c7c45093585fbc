"""The case review in a browser: twenty clients by keys alone, two screens, words that stay."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from kapteam.db.tables import Action, CaseReview, Client, Episode, ReviewItem
from kapteam.vocabulary import ReviewDecision
from tests.browser.accessibility import violations
from tests.browser.conftest import TabOf
from tests.browser.hands import field, open_at, press, wait_for_run
from tests.browser.server import Server
from tests.factories import NOW, TODAY
from tests.factories_care import (
    Care,
    a_given_session,
    a_score,
    a_signed_intention,
    another_course,
)
from tests.factories_review import a_mark, an_action

CLIENTS = 20
PATIENCE_MS = 20_000
"""A page is left alone while somebody types in it; once a minute it is drawn anew in any case."""
DECISIONS = (ReviewDecision.NO_CHANGE, ReviewDecision.PREPARATION, ReviewDecision.CONTINUE)


@pytest.fixture(scope="module")
def twenty(care: Care) -> Care:
    """Twenty clients of the pair, each without a next step, so that none is steady."""
    with care.database.writing() as db:
        for number in range(CLIENTS - 1):
            another_course(db, care, f"Tester{number:02}")
    return care


@pytest.fixture
def no_review(care: Care) -> None:
    """No review runs at the beginning of a test."""
    with care.database.writing() as db:
        for one in db.scalars(select(CaseReview).where(CaseReview.ended_at.is_(None))):
            one.ended_at = one.started_at


def _count_actions(care: Care) -> int:
    with care.database.reading() as db:
        return len(db.scalars(select(Action)).all())


def _by_key(page: Page, name: str) -> None:
    """Press a button or follow a link with the keyboard."""
    target = page.get_by_role("button", name=name, exact=True)
    target = target.or_(page.get_by_role("link", name=name, exact=True))
    target.focus()
    page.keyboard.press("Enter")
    wait_for_run(page)


def _click(page: Page, name: str) -> None:
    """Press a button whose name goes on with its key."""
    page.get_by_role("button", name=re.compile(f"^{name}")).click()
    wait_for_run(page)


def _start(page: Page) -> None:
    _by_key(page, "Start the review")
    expect(field(page, "What we agreed")).to_be_visible()


def _begun(care: Care, tab_of: TabOf, server: Server) -> Page:
    """The therapist's screen, with the first client of a review in front."""
    page = tab_of(care.therapist)
    open_at(page, server.url + "/case_review")
    _start(page)
    return page


def _two_screens(care: Care, tab_of: TabOf, server: Server) -> tuple[Page, Page]:
    """The same, and the prescriber's own screen that follows it."""
    page, other = _begun(care, tab_of, server), tab_of(care.prescriber)
    open_at(other, server.url + "/case_review")
    return page, other


def _decide(page: Page, decision: ReviewDecision, said: str) -> None:
    """Choose, type, and save with Ctrl+Enter; the focus is in the decision already."""
    page.keyboard.type(decision.label)
    page.keyboard.press("Enter")
    wait_for_run(page)
    # Between the two is the button that empties the decision.
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(field(page, "What we agreed")).to_be_focused()
    page.keyboard.type(said)
    page.keyboard.press("Control+Enter")


def _decided(care: Care) -> dict[str, tuple[ReviewDecision | None, str]]:
    with care.database.reading() as db:
        newest = db.scalars(select(CaseReview).order_by(CaseReview.id.desc())).first()
        assert newest
        rows = db.execute(
            select(Client.code, ReviewItem.decision, ReviewItem.words)
            .join(Episode, Episode.id == ReviewItem.episode_id)
            .join(Client, Client.id == Episode.client_id)
            .where(ReviewItem.case_review_id == newest.id)
        )
        return {row.code: (row.decision, row.words) for row in rows}


def _code(page: Page) -> str:
    found = re.search(r"K-\d+", page.locator(".st-key-banner").inner_text())
    assert found
    return found.group()


def test_twenty_clients_by_keyboard_alone_with_the_server_killed_in_the_middle(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    page = _begun(twenty, tab_of, server)
    field(page, "Decision").focus()
    meant: dict[str, tuple[ReviewDecision, str]] = {}
    for number in range(CLIENTS):
        if number:
            expect(page.get_by_text(f"{number + 1} of {CLIENTS}")).to_be_visible()
            wait_for_run(page)
            expect(field(page, "Decision")).to_be_focused()
        code, decision = _code(page), DECISIONS[number % len(DECISIONS)]
        said = f"Agreed about number {number}."
        if number == CLIENTS // 2:
            server.kill()
            server.start()
            page.reload()
            wait_for_run(page)
            assert _code(page) == code
            field(page, "Decision").focus()
        _decide(page, decision, said)
        meant[code] = decision, said
    expect(page.get_by_text("nobody to go")).to_be_visible()
    assert _decided(twenty) == meant

    _by_key(page, "End the review")
    expect(page.get_by_text(f"Decided ({CLIENTS})")).to_be_visible()
    shown = page.locator(".st-key-list_decided").inner_text()
    for code, (decision, said) in meant.items():
        assert re.search(rf"{code}\s+{decision.label}\s+{re.escape(said)}", shown)


def test_no_other_client_is_anywhere_in_the_page_of_who_is_in_front(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    page = _begun(twenty, tab_of, server)
    shown = set()
    for number in range(1, CLIENTS + 1):
        expect(page.get_by_text(f"{number} of {CLIENTS}")).to_be_visible()
        wait_for_run(page)
        named = set(re.findall(r"Tester\d\d|Okafor", page.content()))
        assert len(named) == 1, _code(page)
        shown |= named
        page.keyboard.press("ArrowRight")
    assert len(shown) == CLIENTS


def test_left_and_right_go_through_the_clients_and_not_while_somebody_types(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    page = _begun(twenty, tab_of, server)
    first = _code(page)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(f"2 of {CLIENTS}")).to_be_visible()
    wait_for_run(page)
    second = _code(page)
    assert second != first
    words = field(page, "What we agreed")
    words.click()
    page.keyboard.type("Two words")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    wait_for_run(page)
    assert _code(page) == second
    words.blur()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text(f"1 of {CLIENTS}")).to_be_visible()
    wait_for_run(page)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(f"2 of {CLIENTS}")).to_be_visible()
    wait_for_run(page)
    expect(field(page, "What we agreed")).to_have_value("Two words")


def test_the_colleague_s_screen_follows_and_sees_the_words_and_nothing_typed_is_lost(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    page, other = _two_screens(twenty, tab_of, server)
    expect(other.get_by_text(f"1 of {CLIENTS}")).to_be_visible()

    words = field(page, "What we agreed")
    words.press_sequentially("Slower next time.")
    expect(page.locator(".st-key-presenter .kapteam-kept p")).to_have_text(re.compile("^Saved"))
    page.keyboard.press("Tab")
    _click(page, "Next")
    expect(other.get_by_text(f"2 of {CLIENTS}")).to_be_visible()
    _click(other, "Previous")
    expect(field(other, "What we agreed")).to_have_value("Slower next time.")
    expect(page.get_by_text(f"1 of {CLIENTS}")).to_be_visible()


def test_a_colleague_s_next_takes_nothing_away_from_who_types(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    page, other = _two_screens(twenty, tab_of, server)
    action = field(page, "Action")
    action.press_sequentially("Call")
    _click(other, "Next")
    expect(other.get_by_text(f"2 of {CLIENTS}")).to_be_visible()
    action.press_sequentially(" the cardiologist", delay=100)
    expect(action).to_have_value("Call the cardiologist")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Your colleague went on to the next one.")).to_be_visible()
    expect(action).to_have_value("Call the cardiologist")
    press(page, "Go there too")
    expect(page.get_by_text(f"2 of {CLIENTS}")).to_be_visible()


def test_a_colleague_s_words_come_while_something_is_chosen_here_and_not_saved(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    page, other = _two_screens(twenty, tab_of, server)
    field(other, "Decision").focus()
    other.keyboard.type("Hold")
    other.keyboard.press("Enter")
    wait_for_run(other)
    chosen = field(other, "Decision").input_value()
    # Nothing but words is saved, so that nothing else tells the other screen.
    field(page, "What we agreed").press_sequentially("Slower next time.")
    words = field(other, "What we agreed")
    expect(words).to_have_value("Slower next time.", timeout=PATIENCE_MS)
    expect(field(other, "Decision")).to_have_value(chosen)
    expect(field(page, "What we agreed")).to_be_focused()


def test_what_is_typed_and_not_saved_yet_stays_where_it_is_when_a_colleague_s_words_come(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    page, other = _two_screens(twenty, tab_of, server)
    other.route("**/session/draft", lambda route: route.abort())
    mine = field(other, "What we agreed")
    mine.press_sequentially("From the prescriber.")
    told = other.locator("[data-kapteam-words]")
    before = told.get_attribute("data-kapteam-words")
    field(page, "What we agreed").press_sequentially("From the therapist.")
    # The page was drawn again with the colleague's words.
    expect(told).not_to_have_attribute("data-kapteam-words", before or "", timeout=PATIENCE_MS)
    wait_for_run(other)
    expect(mine).to_have_value("From the prescriber.")
    other.unroute("**/session/draft")
    expect(other.get_by_text("From the therapist.")).to_be_visible()
    expect(mine).to_have_value("From the prescriber.")


def test_what_was_typed_when_the_colleague_ended_the_review_is_shown_to_be_copied(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    page, other = _two_screens(twenty, tab_of, server)
    other.route("**/session/draft", lambda route: route.abort())
    field(other, "What we agreed").press_sequentially("Ask her sister first.")
    _by_key(page, "Agenda")
    press(page, "End the review")
    why = other.get_by_text("The case review ended before this was saved.")
    expect(why).to_be_visible(timeout=PATIENCE_MS)
    expect(other.get_by_text("Ask her sister first.")).to_be_visible()
    other.unroute("**/session/draft")
    open_at(page, server.url + "/case_review")
    expect(page.get_by_text("The case review ended before this was saved.")).to_have_count(0)


def test_two_who_type_at_once_see_both_texts(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    page, other = _two_screens(twenty, tab_of, server)
    theirs = field(other, "What we agreed")
    theirs.click()
    # Typed while the first one's words are on their way, as two people do who both write.
    other.context.set_offline(True)
    theirs.press_sequentially("From the prescriber.")
    field(page, "What we agreed").press_sequentially("From the therapist.")
    expect(page.locator(".st-key-presenter .kapteam-kept p")).to_have_text(re.compile("^Saved"))
    other.context.set_offline(False)
    expect(other.get_by_text("From the therapist.")).to_be_visible()
    expect(theirs).to_have_value("From the prescriber.")
    press(other, "Keep mine")
    expect(other.locator(".st-key-presenter .kapteam-kept p").first).to_have_text(
        re.compile("^Saved")
    )
    with twenty.database.reading() as db:
        assert "From the prescriber." in db.scalars(select(ReviewItem.typed)).all()


def test_axe_finds_nothing_while_one_client_is_in_front(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    page = tab_of(twenty.therapist)
    open_at(page, server.url + "/case_review")
    page.set_viewport_size({"width": 1366, "height": 3000})
    assert violations(page) == []
    _start(page)
    assert violations(page) == []


def test_nothing_that_is_read_from_two_metres_is_small_or_below_the_screen(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    with twenty.database.writing() as db:
        course = db.get_one(Episode, twenty.course.id)
        given = a_given_session(db, course, given_at=NOW - timedelta(hours=60))
        a_signed_intention(db, given, twenty.therapist)
        for days, total in ((20, 18), (1, 9)):
            a_score(db, course, twenty.therapist, total=total, taken_at=NOW - timedelta(days=days))
        an_action(db, course, twenty.therapist, due_on=TODAY - timedelta(days=1))
        a_mark(db, course, twenty.prescriber)
    page = tab_of(twenty.therapist)
    page.set_viewport_size({"width": 1280, "height": 720})
    open_at(page, server.url + "/case_review")
    _start(page)
    small = page.evaluate(
        """() => [...document.querySelectorAll(".st-key-presenter *")]
            .filter((one) => [...one.childNodes].some((text) => text.nodeType === 3
              && text.textContent.trim() && one.getClientRects().length))
            .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 18)
            .map((one) => `${one.tagName} ${one.textContent}`)"""
    )
    assert [one for one in small if not re.search("Ctrl|Enter|arrow|expand|calendar", one)] == []
    facts = ("Stage", "Last dose", "Integration", "Next step", "Score", "Intention")
    last_time = ("Why on the agenda", "Call the cardiologist", "Done")
    for shown in (*last_time, *facts, "Decision", "What we agreed"):
        box = page.locator(".st-key-presenter").get_by_text(shown, exact=True).first.bounding_box()
        assert box, shown
        assert box["y"] + box["height"] <= 720, shown


def test_a_double_press_of_save_is_one_decision_and_one_action(
    twenty: Care, no_review: None, tab_of: TabOf, server: Server
) -> None:
    agreed_before = _count_actions(twenty)
    page = _begun(twenty, tab_of, server)
    field(page, "Decision").focus()
    page.keyboard.type("No change")
    page.keyboard.press("Enter")
    wait_for_run(page)
    save = page.get_by_role("button", name="Save and go to the next client")
    save.evaluate("(button) => { button.click(); button.click(); }")
    expect(page.get_by_text(f"2 of {CLIENTS}")).to_be_visible()
    wait_for_run(page)
    decided = [one for one in _decided(twenty).values() if one[0] is not None]
    assert len(decided) == 1
    assert _count_actions(twenty) == agreed_before
