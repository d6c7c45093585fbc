"""What a person sees and when: from a click to the painted page, from a save to another's screen.

A click is what the browser's Forward does, which asks Streamlit for the same run as a link; in Find
it is the last letter. Painted is the frame after the last change of the page or the dialog.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from statistics import median

from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Screen

from bench.pages import FIND, PAGES, Page
from bench.practice import TYPED
from bench.serving import Served
from tests.browser.hands import field, follow_runs, go_to, open_at, paste, press, wait_for_run

_WATCH = """
window.bench = {clickedAt: 0, paintedAt: 0};
for (const kind of ["popstate", "input", "click"]) {
    addEventListener(kind, () => bench.clickedAt = Date.now(), {capture: true});
}
const isShown = (change) => {
    const part = change.target.closest ? change.target : change.target.parentElement;
    return part?.closest("[data-testid=stMain], [role=dialog]");
};
const painted = () => bench.paintedAt = Date.now();
new MutationObserver((changes) => {
    if (changes.some(isShown)) requestAnimationFrame(() => requestAnimationFrame(painted));
}).observe(document, {childList: true, characterData: true, subtree: true});
"""
_GOES = """text => {
    bench.goneAt = 0;
    const look = () => document.body.innerText.includes(text)
        ? requestAnimationFrame(look)
        : bench.goneAt = Date.now();
    look();
}"""
_COMES = """word => {
    bench.cameAt = 0;
    const fields = () => [...document.querySelectorAll("textarea")];
    const look = () => fields().some((one) => one.value.includes(word))
        ? bench.cameAt = Date.now()
        : requestAnimationFrame(look);
    look();
}"""
_WORDS = 8
_SETTLED_MS = 300
_PATIENCE_MS = 120_000
_ELSEWHERE = "/inquiry"


def measure_painting(served: Served, chromium: Browser, rounds: int) -> dict[str, int]:
    """Milliseconds from click to painted, the middle one of so many, by the name of the page."""
    painted = {}
    for who, pages in groupby(sorted(PAGES, key=_who(served)), key=_who(served)):
        with _screen(served, chromium, who) as screen:
            for page in pages:
                with served.set_for(page):
                    painted[page.name] = _middle(screen, page.address(served.filled), rounds)
            if who == served.filled.pair.therapist_id:
                painted[FIND] = median(_find(screen) for _ in range(rounds))
    return {name: round(ms) for name, ms in painted.items()}


def measure_live(served: Served, chromium: Browser) -> tuple[int, int]:
    """Milliseconds from one clinician's save to the other's screen: the middle and the longest.

    The prescriber orders doses; each goes from the therapist's list of doses that are not ordered.
    """
    pair = served.filled.pair
    took = []
    with (
        _screen(served, chromium, pair.therapist_id) as theirs,
        _screen(served, chromium, pair.prescriber_id) as mine,
    ):
        go_to(theirs, "/ketamine_sessions?show=not_ordered&ketamine_sessions_days=28+days")
        for course in served.filled.courses:
            if course.is_ordered:
                continue
            go_to(mine, f"/ketamine_session?id={course.ketamine_session_id}")
            fold = mine.locator("details").filter(has_text="Order the dose")
            if fold.get_attribute("open") is None:
                fold.get_by_text("Order the dose", exact=True).click()
            paste(mine, "Dose, mg", "70")
            theirs.evaluate(_GOES, course.client_code)
            press(mine, "Order")
            code = theirs.get_by_text(course.client_code)
            expect(code).to_have_count(0, timeout=_PATIENCE_MS)
            took.append(theirs.evaluate("bench.goneAt") - mine.evaluate("bench.clickedAt"))
    return round(median(took)), round(max(took))


def measure_words(served: Served, chromium: Browser) -> tuple[int, int]:
    """Milliseconds from the last letter of a word to the other's screen, of eight in a case review.

    The middle and the longest; the half second after which a word is sent is in it.
    """
    pair = served.filled.pair
    took = []
    with (
        served.reviewing(),
        _screen(served, chromium, pair.therapist_id) as theirs,
        _screen(served, chromium, pair.prescriber_id) as mine,
    ):
        for screen in (theirs, mine):
            go_to(screen, "/case_review")
        agreed = field(mine, "What we agreed")
        for number in range(_WORDS):
            word = f"word{number}"
            theirs.evaluate(_COMES, word)
            agreed.press_sequentially(f" {word}")
            expect(field(theirs, "What we agreed")).to_have_value(
                re.compile(word), timeout=_PATIENCE_MS
            )
            took.append(theirs.evaluate("bench.cameAt") - mine.evaluate("bench.clickedAt"))
    return round(median(took)), round(max(took))


@contextmanager
def _screen(served: Served, chromium: Browser, clinician_id: str) -> Iterator[Screen]:
    """A tab of somebody who has just signed in, with Streamlit's own files loaded."""
    context = chromium.new_context(
        base_url=served.server.url, viewport={"width": 1366, "height": 900}
    )
    cookie = served.sign_in(clinician_id)
    context.add_cookies([{"name": "kapteam", "value": cookie, "url": served.server.url}])
    context.add_init_script(_WATCH)
    screen = context.new_page()
    follow_runs(screen)
    open_at(screen, _ELSEWHERE)
    yield screen
    context.close()


def _who(served: Served) -> Callable[[Page], str]:
    return lambda page: page.who(served.filled)


def _middle(screen: Screen, address: str, rounds: int) -> float:
    took = []
    for _ in range(rounds):
        go_to(screen, _ELSEWHERE)
        screen.wait_for_timeout(_SETTLED_MS)
        go_to(screen, address)
        took.append(_painted_after(screen))
    return median(took)


def _find(screen: Screen) -> float:
    screen.keyboard.press("Control+k")
    expect(screen.get_by_role("dialog")).to_be_visible()
    wait_for_run(screen)
    screen.get_by_role("dialog").get_by_role("searchbox").press_sequentially(TYPED)
    expect(screen.get_by_role("dialog").get_by_role("link").first).to_be_visible()
    wait_for_run(screen)
    ms = _painted_after(screen)
    screen.keyboard.press("Escape")
    expect(screen.get_by_role("dialog")).to_have_count(0)
    return ms


def _painted_after(screen: Screen) -> float:
    screen.wait_for_timeout(_SETTLED_MS)
    ms: float = screen.evaluate("bench.paintedAt - bench.clickedAt")
    return ms
