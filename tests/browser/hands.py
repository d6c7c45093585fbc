"""What a person does at the screen: type into a field by its label, press a button by its name.

Every step ends when Streamlit has nothing left to do; on the plain pages there is nothing to wait
for. Say what must be seen with Playwright's `expect`, which waits by itself.
"""

import re
import time
from datetime import date
from weakref import WeakKeyDictionary

from playwright.sync_api import Error, Locator, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_SECONDS = 30
_LISTEN = """
window.kapteamFrames = [];
window.WebSocket = class extends WebSocket {
    constructor(...where) {
        super(...where);
        if (!this.url.endsWith("/_stcore/stream")) return;
        this.addEventListener("message", (news) => {
            const frame = Array.from(new Uint8Array(news.data));
            if (frame.length < 100) window.kapteamFrames.push([false, frame]);
        });
    }
    send(frame) {
        super.send(frame);
        window.kapteamFrames.push([true, Array.from(frame)]);
    }
};
"""
_LOOK = """() => new Promise((seen) => requestIdleCallback(() => seen([
    document.querySelector("#root") !== null,
    document.querySelector("[data-testid=stSkeleton]") === null,
    document.querySelector(
        "[data-testid=stApp][data-test-script-state=notRunning]" +
        "[data-test-connection-state=CONNECTED]"
    ) !== null && !document.documentElement.hasAttribute("data-kapteam-sending"),
    window.kapteamFrames.splice(0),
]), {timeout: 2000}))"""

_GO = """address => {
    if (document.querySelector("#root") === null) return false;
    history.pushState({}, "", address);
    dispatchEvent(new PopStateEvent("popstate", {state: {}}));
    return true;
}"""

_LIE_STILL = """fold => new Promise(still => {
    const look = () => fold.getAnimations().length === 0 ? still() : setTimeout(look, 20);
    requestAnimationFrame(look);
})"""


class ScriptRuns:
    """Whether a page's tab has asked Streamlit for a run that is not finished.

    The tab itself keeps what it sends and what it is sent: the screen says "running" only some time
    after a press, and Playwright hears of a frame only some time after that. It is looked at when
    the tab has nothing else to do, because a field that was left is sent a moment later.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._unfinished = False
        page.add_init_script(_LISTEN)

    def are_over(self) -> bool:
        """Whether this is a plain page, or Streamlit has drawn and has nothing left to do."""
        try:
            is_streamlit, is_drawn, is_at_rest, frames = self._page.evaluate(_LOOK)
        except Error:
            # The page has just gone to another one.
            return False
        for is_ours, frame in frames:
            self._hear(is_ours, bytes(frame))
        return not is_streamlit or (is_drawn and is_at_rest and not self._unfinished)

    def _hear(self, is_ours: bool, frame: bytes) -> None:
        if is_ours:
            self._unfinished |= BackMsg.FromString(frame).HasField("rerun_script")
            return
        message = ForwardMsg.FromString(frame)
        if message.HasField("script_finished"):
            early = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN
            self._unfinished = message.script_finished == early


_runs: WeakKeyDictionary[Page, ScriptRuns] = WeakKeyDictionary()


def follow_runs(page: Page) -> None:
    """Know from here on when `page` is at rest."""
    _runs[page] = ScriptRuns(page)


def wait_for_run(page: Page) -> None:
    """Return when Streamlit has nothing left to do here, and what was typed in a note is sent."""
    given_up = time.monotonic() + _SECONDS
    while time.monotonic() < given_up:
        page.wait_for_load_state()
        if _runs[page].are_over():
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"Streamlit was still running after {_SECONDS} seconds.")


def open_at(page: Page, address: str) -> None:
    """Go to an address and wait until the page is drawn."""
    page.goto(address)
    wait_for_run(page)


def go_to(page: Page, address: str) -> None:
    """Go to an address as the browser's Forward does: without loading Streamlit once more.

    A page load takes three times as long. Use `open_at` where the load itself matters.
    """
    if not page.evaluate(_GO, address):
        page.goto(address)
    wait_for_run(page)


def field(page: Page | Locator, label: str) -> Locator:
    """The one field with exactly this label."""
    return page.get_by_label(label, exact=True)


def fill_field(page: Page, label: str, text: str, *, nth: int | None = None) -> None:
    """Type `text` into a field, letter by letter, in place of what it held, and leave it.

    `nth` (from 0) chooses among the rows of a form that ask the same.
    """
    box = field(page, label) if nth is None else field(page, label).nth(nth)
    box.click()
    box.press("ControlOrMeta+a")
    box.press("Delete")
    box.press_sequentially(text)
    box.press("Tab")
    wait_for_run(page)
    expect(box).to_have_value(text)


def paste(page: Page | Locator, label: str, text: str, *, nth: int | None = None) -> None:
    """Put `text` into a field at once, in place of what it held, and leave it.

    `nth` is as in `fill_field`.
    """
    box = field(page, label) if nth is None else field(page, label).nth(nth)
    box.fill(text)
    box.press("Tab")
    wait_for_run(box.page)
    expect(box).to_have_value(text)


def press_at_once(page: Page | Locator, name: str, *, times: int) -> None:
    """Press a button or link several times before anything can answer."""
    button = button_or_link(page, name)
    button.scroll_into_view_if_needed()
    # Not with the mouse: what unfolds above may move the button between two presses.
    clicks = "(button, times) => { while (times--) button.click(); }"
    if "/session/" in button.page.url:
        # A plain page runs nothing that could be waited for: it is left once it was answered.
        with button.page.expect_navigation():
            button.evaluate(clicks, times)
    else:
        button.evaluate(clicks, times)
    wait_for_run(button.page)


def fill_day(page: Page, label: str, day: date) -> None:
    """Type a date into the year, month and day of a date field, and close its calendar."""
    for part, digits in (("year", f"{day:%Y}"), ("month", f"{day:%m}"), ("day", f"{day:%d}")):
        field(page, f"{part}, {label}").focus()
        page.keyboard.type(digits)
    page.keyboard.press("Escape")
    wait_for_run(page)


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a list: Streamlit's, or a plain page's."""
    box = field(page, label)
    if box.evaluate("box => box.tagName") == "SELECT":
        box.select_option(label=option)
        return
    # A list closes when its page is drawn anew or scrolls, as it would to bring it into view.
    wait_for_run(page)
    box.scroll_into_view_if_needed()
    box.evaluate(_LIE_STILL)
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
    wait_for_run(page)


def tick(page: Page, label: str) -> None:
    """Tick a box or a radio button; ticked already it stays so."""
    box = field(page, label)
    if not box.is_checked():
        # The box itself is too small to be seen, so that a click does not bring it into view.
        box.evaluate("box => box.scrollIntoView({block: 'center'})")
        box.click(force=True)
    wait_for_run(page)
    expect(box).to_be_checked()


def press(page: Page | Locator, name: str) -> None:
    """Press the one button or link with exactly this name, on a page or in a part of one."""
    button = button_or_link(page, name)
    button.click(timeout=120_000)
    wait_for_run(button.page)


def unfold(page: Page | Locator, title: str) -> None:
    """Open what is folded under this title, unless it is open, and wait until it lies still.

    While it unfolds all that is in it moves: a press may end on another thing than it began on.
    """
    fold = page.locator("details").filter(has=page.get_by_text(title, exact=True)).last
    if fold.get_attribute("open") is None:
        fold.locator("summary").get_by_text(title, exact=True).click()
    fold.evaluate(_LIE_STILL)
    wait_for_run(fold.page)


def button_or_link(page: Page | Locator, name: str) -> Locator:
    """The one button or link with exactly this name, and the key that presses it if it has one."""
    with_key = re.compile(f"^{re.escape(name)} Shortcut ")
    return (
        page.get_by_role("button", name=name, exact=True)
        .or_(page.get_by_role("button", name=with_key))
        .or_(page.get_by_role("link", name=name, exact=True))
    )
