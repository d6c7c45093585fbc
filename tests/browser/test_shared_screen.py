"""Two people, one screen: one joins, one acts, it locks, and nothing is reached around the lock."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select, update

from kapteam.accounts.sign_ins import start_sign_in
from kapteam.db.engine import Database
from kapteam.db.tables import (
    AuditEvent,
    CaseReview,
    CaseReviewMember,
    Clinician,
    Draft,
    Note,
    ReviewItem,
    SignIn,
)
from kapteam.demo import PRESCRIBER_ID, THERAPIST_ID
from kapteam.demo.people import demo_id
from kapteam.rules.permissions import Viewer
from kapteam.vocabulary import Audience
from tests.accounts.people import PASSWORD
from tests.browser.accessibility import violations
from tests.browser.conftest import Browsers, NewPage
from tests.browser.demo import PAGES, is_prescribers
from tests.browser.hands import field, go_to, open_at, press, wait_for_run
from tests.browser.private import names_in
from tests.browser.server import Server
from tests.factories import is_beside
from tests.factories_care import Care, a_ketamine_session

DRAFT = "**/session/draft"
SAFETY = "Safety (required)"
THEIRS = (
    "Somebody else acts at this screen now. What you typed here is not saved yet, and is still "
    "here when you act again."
)
BY_THEA, BY_ROBIN = "Thea and Robin · Thea acts", "Robin and Thea · Robin acts"
_PATIENCE = 20_000


def _signs_in(page: Page, name: str, address: str = "/") -> None:
    page.goto(address)
    field(page, "Sign-in name").fill(name)
    field(page, "Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    wait_for_run(page)


def _menu(page: Page, label: str, choice: str) -> None:
    """Choose from what stands under the names of those who are here."""
    page.get_by_role("button", name=label, exact=True).click()
    page.get_by_role("link", name=choice, exact=True).click()


def _robin_joins(page: Page, audience: str = "Both of us") -> None:
    _menu(page, "Thea Tallis", "Add a colleague to this screen")
    field(page, "Sign-in name of your colleague").fill("robin")
    field(page, "Their password, or their PIN").fill(PASSWORD)
    page.get_by_label(audience).check()
    press(page, "Add to this screen")
    expect(page.get_by_role("button", name=BY_THEA)).to_be_visible()


def _acts(page: Page, before: str, name: str) -> None:
    _menu(page, before, f"Let {name} act")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Let {name} act")
    field(page, "Password").fill(PASSWORD)
    press(page, f"Go on as {name}")


def _intention_note(page: Page, own: Care) -> str:
    """Thea begins an intention note on the page; returns its id."""
    with own.database.writing() as db:
        dose = a_ketamine_session(db, own.course)
    open_at(page, f"/note?kind=intention&dose={dose.id}")
    return page.url.split("id=")[1].split("&")[0]


def _text(own: Care, note_id: str) -> dict[str, str]:
    """By author, what is kept of the safety of a note."""
    rows = own.rows(Draft, form=f"note/{note_id}", field="safety")
    return {one.clinician_id: one.text for one in rows}


def _fits(page: Page) -> None:
    page.wait_for_load_state()
    assert violations(page) == []
    for width in (390, 1280, 1366):
        page.set_viewport_size({"width": width, "height": 720})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_two_people_share_a_screen_and_each_signs_their_own(own: Care, new_page: NewPage) -> None:
    page = new_page()
    _signs_in(page, "thea")
    note_id = _intention_note(page, own)
    thea, robin = own.therapist.clinician_id, own.prescriber.clinician_id
    _menu(page, "Thea Tallis", "Add a colleague to this screen")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a colleague to this screen")
    _fits(page)
    press(page, "Add to this screen")
    expect(page.get_by_text("Say who can see this screen.")).to_be_visible()
    _fits(page)
    page.get_by_role("link", name="Back without adding anybody").click()
    wait_for_run(page)

    _robin_joins(page)
    expect(page).to_have_url(re.compile(f"/note.*id={note_id}"))
    other = page.context.new_page()
    open_at(other, f"/client?client={own.client.code}")
    expect(other.get_by_role("button", name=BY_THEA)).to_be_visible()

    # What Thea typed a moment ago is sent first, and stays hers.
    field(page, SAFETY).press_sequentially("Asked, no harm")
    _acts(page, BY_THEA, "Robin Prescott")
    wait_for_run(page)
    expect(page.get_by_role("button", name=BY_ROBIN)).to_be_visible()
    expect(other.get_by_role("button", name=BY_ROBIN)).to_be_visible(timeout=_PATIENCE)
    assert _text(own, note_id) == {thea: "Asked, no harm"}
    expect(page.get_by_text("Asked, no harm")).to_have_count(0)
    expect(field(page, SAFETY)).to_have_count(0)

    open_at(page, f"/note?kind=general&episode={own.course.id}")
    mine = page.url.split("id=")[1].split("&")[0]
    page.get_by_role("textbox").first.fill("Spoke with the pharmacy")
    wait_for_run(page)
    press(page, "Sign …")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sign the")
    expect(page.get_by_text("Signed by Robin Prescott")).to_be_visible()
    field(page, "Your password").fill("not Robin's password")
    press(page, "Sign and lock")
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    field(page, "Your password").fill(PASSWORD)
    press(page, "Sign and lock")
    expect(page.get_by_text("Signed and locked")).to_be_visible()
    assert own.row(Note, mine).author_id == robin
    with own.database.reading() as db:
        [signed] = db.scalars(
            select(AuditEvent).where(AuditEvent.tag == "note:signed", AuditEvent.subject_id == mine)
        )
    assert signed.clinician_id == robin

    _acts(page, BY_ROBIN, "Thea Tallis")
    wait_for_run(page)
    open_at(page, f"/note?id={note_id}")
    expect(field(page, SAFETY)).to_have_value("Asked, no harm")

    # One leaves, and the other stays as they were.
    _menu(page, BY_THEA, "Robin Prescott leaves this screen")
    wait_for_run(page)
    expect(page.get_by_role("button", name="Thea Tallis", exact=True)).to_be_visible()
    expect(other.get_by_role("button", name="Thea Tallis", exact=True)).to_be_visible(
        timeout=_PATIENCE
    )


def test_a_locked_screen_is_of_no_client_and_either_one_opens_it(
    own: Care, new_page: NewPage, server: Server
) -> None:
    page = new_page()
    _signs_in(page, "thea")
    _robin_joins(page)
    note_id = _intention_note(page, own)
    other = page.context.new_page()
    open_at(other, f"/client?client={own.client.code}")
    field(page, SAFETY).press_sequentially("Asked, no harm")

    page.keyboard.press("F9")

    expect(page.get_by_role("heading", level=1)).to_have_text("Locked")
    expect(other.get_by_role("heading", level=1)).to_have_text("Locked", timeout=_PATIENCE)
    private = (own.client.family_name, own.client.given_name, own.client.code, "Asked, no harm")
    for tab in (page, other):
        assert tab.title() == "Locked · kapteam"
        expect(tab.get_by_text("Unlock as Thea Tallis, who acts from then on")).to_be_visible()
        shown = tab.locator("body").inner_text()
        assert [one for one in private if one in shown] == []
    _fits(page)

    # Around it: Back, a deep link, a file's address, both websockets.
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Locked")
    page.goto(f"/client?client={own.client.code}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Locked")
    reached = page.evaluate(
        """async () => {
            const opens = path => new Promise(told => {
                const socket = new WebSocket(location.origin.replace("http", "ws") + path);
                socket.addEventListener("open", () => told(true));
                socket.addEventListener("close", () => told(false));
            });
            const answers = await Promise.all(
                ["/media/0a1b2c3d.csv", "/_stcore/host-config", "/session/alive"].map(
                    async path => (await fetch(path)).status));
            return [...answers, await opens("/_stcore/stream"), await opens("/session/heartbeat")];
        }"""
    )
    assert reached == [401, 401, 401, False, False]

    open_at(page, f"/note?id={note_id}")
    page.get_by_role("link", name="Unlock as Robin Prescott instead").click()
    expect(page.get_by_text("Unlock as Robin Prescott, who acts from then on")).to_be_visible()
    field(page, "Password").fill("not the right one")
    press(page, "Unlock")
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    expect(page.get_by_text("Unlock as Robin Prescott, who acts from then on")).to_be_visible()
    field(page, "Password").fill(PASSWORD)
    press(page, "Unlock")
    wait_for_run(page)
    expect(page.get_by_role("button", name=BY_ROBIN)).to_be_visible()
    expect(page.get_by_text("Asked, no harm")).to_have_count(0)

    # Ten minutes without a key: refreshing by itself is none.
    server.clock.advance(minutes=11)
    expect(page.get_by_role("heading", level=1)).to_have_text("Locked", timeout=_PATIENCE)
    page.get_by_role("link", name="Unlock as Thea Tallis instead").click()
    field(page, "Password").fill(PASSWORD)
    press(page, "Unlock")
    wait_for_run(page)
    expect(page).to_have_url(re.compile(f"/note.*id={note_id}"))
    expect(field(page, SAFETY)).to_have_value("Asked, no harm")


def test_what_could_not_be_saved_waits_hidden_while_the_other_acts(
    own: Care, new_page: NewPage
) -> None:
    page = new_page()
    _signs_in(page, "thea")
    _robin_joins(page)
    note_id = _intention_note(page, own)
    page.route(DRAFT, lambda route: route.fulfill(status=503, json={"sentence": "Not saved."}))
    field(page, SAFETY).press_sequentially("Asked, no harm")
    other = page.context.new_page()
    open_at(other, "/notes")

    _acts(other, BY_THEA, "Robin Prescott")
    wait_for_run(other)

    expect(page.get_by_role("alert").get_by_text(THEIRS)).to_be_visible(timeout=_PATIENCE)
    expect(field(page, SAFETY)).to_be_hidden()
    page.unroute(DRAFT)
    open_at(other, f"/note?id={note_id}")
    expect(other.get_by_text("Asked, no harm")).to_have_count(0)
    assert _text(own, note_id) == {}

    _acts(other, BY_ROBIN, "Thea Tallis")
    wait_for_run(other)

    expect(field(page, SAFETY)).to_be_visible(timeout=_PATIENCE)
    expect(field(page, SAFETY)).to_have_value("Asked, no harm")
    page.wait_for_function("!document.documentElement.hasAttribute('data-kapteam-sending')")
    expect(page.locator("[data-kapteam-field=safety] > p")).to_contain_text(
        "Saved", timeout=_PATIENCE
    )
    assert _text(own, note_id) == {own.therapist.clinician_id: "Asked, no harm"}


def test_who_acted_leaves_and_the_other_is_asked_for_their_password(
    own: Care, new_page: NewPage
) -> None:
    page = new_page()
    _signs_in(page, "thea")
    _robin_joins(page)
    _menu(page, BY_THEA, "Leave this screen")
    expect(page.get_by_text("Robin Prescott is signed in here.")).to_be_visible()
    expect(page.get_by_text("Thea")).to_have_count(0)
    field(page, "Password").fill(PASSWORD)
    press(page, "Unlock")
    wait_for_run(page)
    expect(page.get_by_role("button", name="Robin Prescott", exact=True)).to_be_visible()
    _menu(page, "Robin Prescott", "Sign out")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.fixture
def seen_by_others(
    demo_server: Server, _browsers: Browsers
) -> Iterator[tuple[Database, dict[str, Page]]]:
    """The demo at screens that two share with others in the room, by who acts."""
    database = Database(f"sqlite:///{demo_server.data / 'demo.db'}")
    pages, lent = {}, []
    people = {THERAPIST_ID: PRESCRIBER_ID, PRESCRIBER_ID: THERAPIST_ID}
    for acts, beside in people.items():
        with database.writing() as db:
            started = start_sign_in(db, acts, "a test", demo_server.clock.now)
            this = SignIn.id == started.sign_in_id
            db.execute(update(SignIn).where(this).values(audience=Audience.OTHERS))
            colleague = db.get_one(Clinician, beside)
            is_beside(db, started.sign_in_id, _viewer(colleague))
        demo_server.tokens.add(started.token)
        browser = _browsers.lend(demo_server)
        lent.append(browser)
        cookie = f"demo.{started.token}"
        browser.add_cookies([{"name": "kapteam", "value": cookie, "url": demo_server.url}])
        pages[acts] = browser.new_page()
    yield database, pages
    for browser in lent:
        _browsers.take_back(browser, demo_server)
    with database.writing() as db:
        # Other tests use the demo as it was.
        begun = select(CaseReview.id).where(CaseReview.id != demo_id("case review"))
        for table in (ReviewItem, CaseReviewMember):
            db.execute(delete(table).where(table.case_review_id.in_(begun)))
        db.execute(delete(CaseReview).where(CaseReview.id != demo_id("case review")))
    database.close()


def _viewer(colleague: Clinician) -> Viewer:
    return Viewer("", colleague.id, colleague.name, frozenset(), False, Audience.OTHERS, False)


def test_with_others_in_the_room_no_page_of_the_demo_names_anybody(
    seen_by_others: tuple[Database, dict[str, Page]],
) -> None:
    """In its text, title, address, alt texts, and in the data of its charts."""
    database, pages = seen_by_others
    names, found = names_in(database), {}
    for name, address in PAGES.items():
        page = pages[PRESCRIBER_ID if is_prescribers(name) else THERAPIST_ID]
        with database.reading() as db:
            where = address(db)
        go_to(page, where)
        if named := names.findall(_everything_in(page)):
            found[name] = named
    assert found == {}


def test_with_others_in_the_room_a_whole_review_names_nobody(
    seen_by_others: tuple[Database, dict[str, Page]],
) -> None:
    """Neither with each client in front, nor on its agenda, nor in its minutes and their files."""
    database, pages = seen_by_others
    names, page = names_in(database), pages[THERAPIST_ID]
    go_to(page, "/case_review")
    press(page, "Start the review")
    place = page.locator(".st-key-meeting_head").get_by_text(re.compile(r"^1 of \d+$"))
    number, found = int(place.inner_text().split()[-1]), []
    assert number > 10
    for at in range(1, number + 1):
        expect(page.get_by_text(f"{at} of {number}", exact=True)).to_be_visible()
        wait_for_run(page)
        found += names.findall(_everything_in(page))
        page.keyboard.press("ArrowRight")
    page.get_by_role("link", name="Agenda", exact=True).click()
    wait_for_run(page)
    found += names.findall(_everything_in(page))
    press(page, "End the review")
    expect(page.get_by_text("Not reached")).to_be_visible()
    found += names.findall(_everything_in(page))
    buttons = page.get_by_test_id("stDownloadButton")
    expect(buttons.first).to_be_visible()
    for button in buttons.all():
        with page.expect_download() as download:
            button.get_by_role("button").click()
        found += names.findall(download.value.suggested_filename)
    assert found == []


def _everything_in(page: Page) -> str:
    """The title, the address, the text, alt texts, and what is typed in the fields.

    What is drawn on a canvas has its data in the page all the same, and its alt text.
    """
    expect(page.get_by_role("button", name="Others in the room", exact=True)).to_be_visible()
    said: str = page.evaluate(
        """() => [document.title, location.href, document.documentElement.outerHTML,
            ...Array.from(document.querySelectorAll("input, textarea"), one => one.value),
        ].join("\\n")"""
    )
    return said
