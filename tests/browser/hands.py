"""What a person does at the screen: type into a field by its label, press a button by its name.

Every step ends when Streamlit has nothing left to do; on the plain pages there is nothing to wait
for. Say what must be seen with Playwright's `expect`, which waits by itself.
"""

import time
from datetime import date
from weakref import WeakKeyDictionary

from playwright.sync_api import Locator, Page, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_SECONDS = 30
_STREAMLIT = "#root"
_UNDRAWN = "[data-testid=stSkeleton]"
_AT_REST = (
    "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]"
)


class ScriptRuns:
    """Whether a page's tab has asked Streamlit for a run that is not finished.

    Read from the tab's websocket: the screen itself says "running" only some time after the press.
    """

    def __init__(self, page: Page) -> None:
        self.unfinished = False
        page.on("websocket", self._follow)

    def _follow(self, connection: WebSocket) -> None:
        connection.on("framesent", self._sent)
        connection.on("framereceived", self._received)

    def _sent(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes) and BackMsg.FromString(frame).HasField("rerun_script"):
            self.unfinished = True

    def _received(self, frame: bytes | str) -> None:
        if not isinstance(frame, bytes):
            return
        message = ForwardMsg.FromString(frame)
        if message.HasField("script_finished"):
            early = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN
            self.unfinished = message.script_finished == early


_runs: WeakKeyDictionary[Page, ScriptRuns] = WeakKeyDictionary()


def follow_runs(page: Page) -> None:
    """Know from here on when `page` is at rest."""
    _runs[page] = ScriptRuns(page)


def wait_for_run(page: Page) -> None:
    """Return when Streamlit has nothing left to do on this page."""
    given_up = time.monotonic() + _SECONDS
    while time.monotonic() < given_up:
        page.wait_for_load_state()
        if page.locator(_STREAMLIT).count() == 0:
            return
        # This also lets the websocket's news arrive.
        page.wait_for_timeout(20)
        if _runs[page].unfinished or page.locator(_UNDRAWN).count() > 0:
            continue
        if page.locator(_AT_REST).count() == 1:
            return
    raise AssertionError(f"Streamlit was still running after {_SECONDS} seconds.")


def open_at(page: Page, address: str) -> None:
    """Go to an address and wait until the page is drawn."""
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


def paste(page: Page | Locator, label: str, text: str) -> None:
    """Put `text` into a field at once, in place of what it held, and leave it."""
    box = field(page, label)
    box.fill(text)
    box.press("Tab")
    wait_for_run(box.page)
    expect(box).to_have_value(text)


def press_at_once(page: Page, name: str, *, times: int) -> None:
    """Press a button or link several times before anything can answer."""
    button_or_link(page, name).click(click_count=times)
    wait_for_run(page)


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
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
    wait_for_run(page)


def tick(page: Page, label: str) -> None:
    """Tick a box or a radio button."""
    field(page, label).check(force=True)
    wait_for_run(page)


def press(page: Page, name: str) -> None:
    """Press the one button or link with exactly this name."""
    button_or_link(page, name).click()
    wait_for_run(page)


def button_or_link(page: Page | Locator, name: str) -> Locator:
    """The one button or link with exactly this name."""
    return page.get_by_role("button", name=name, exact=True).or_(
        page.get_by_role("link", name=name, exact=True)
    )
