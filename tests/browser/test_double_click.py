"""Every Save pressed twice before anything can answer, and again after a restart: saved once."""

import ast
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from kapteam.db.tables import EmergencyAccess
from tests.browser.conftest import TabOf
from tests.browser.hands import go_to, open_at, press, press_at_once, wait_for_run
from tests.browser.saves import SAVES, Save
from tests.browser.server import Server
from tests.factories import NOW, audit_events, count_rows
from tests.factories_care import Care

_ROOT = Path(__file__).resolve().parents[2]
_OF_THEMSELVES = {"client:viewed", "records:checked"}
"""What is written without anybody saving it."""


def _some_here_and_all_in_ci() -> Iterator[Any]:
    """Every third here, since that a second press writes nothing is asked of every form without a
    browser as well (`tests/pages/test_bad_input.py`).
    """
    for number, (name, save) in enumerate(SAVES.items()):
        yield pytest.param(save, id=name, marks=[pytest.mark.in_ci] if number % 3 else [])


@pytest.mark.parametrize("save", list(_some_here_and_all_in_ci()))
def test_a_save_pressed_several_times_at_once_saves_once(
    own: Care, kept_tab_of: TabOf, save: Save
) -> None:
    page = kept_tab_of(own.prescriber if save.by_prescriber else own.therapist)
    go_to(page, save.address(own))
    part = save.fill(page) or page
    rows, events = _kept(own, save)
    press_at_once(part, save.button, times=save.presses)
    _is_saved_once(own, save, rows, events)
    expect(page.get_by_text("Somebody else")).to_have_count(0)
    expect(page.get_by_text("Not saved yet")).to_have_count(0)
    expect(page.get_by_text("Something went wrong")).to_have_count(0)


def test_a_save_pressed_again_after_a_power_cut_is_the_same_save(
    own: Care, tab_of: TabOf, server: Server
) -> None:
    """Two forms at one power cut; every other one is in `tests/pages/test_bad_input.py`.

    All that a tab brings back to a server that has forgotten it is its address, with the id in it,
    and what its fields hold.
    """
    # With a client open in an emergency every page is live; here none is to move by itself.
    with own.database.writing() as db:
        db.execute(update(EmergencyAccess).values(ended_at=NOW))
    first, twins = tab_of(own.therapist), {}
    for name in ("booking", "record"):
        save, again = SAVES[name], tab_of(own.therapist)
        go_to(first, save.address(own))
        open_at(again, first.url)
        for page in (first, again):
            save.fill(page)
        rows, events = _kept(own, save)
        press(first, save.button)
        _is_saved_once(own, save, rows, events)
        twins[name] = again
    kept = {name: _kept(own, SAVES[name]) for name in twins}
    server.kill()
    server.start()
    for again in twins.values():
        wait_for_run(again)
    # The page sees that the row with the id in its address is there, and begins a new form.
    expect(twins["booking"].get_by_text("is saved already")).to_be_visible()
    # A record makes rows of other ids: its form begins again over the session as it is kept now.
    again = twins["record"]
    expect(again.get_by_text("Given: 70\N{NO-BREAK SPACE}mg intramuscular")).to_be_visible()
    press(again, SAVES["record"].button)
    expect(again.get_by_text("Nothing was entered.")).to_be_visible()
    assert {name: _kept(own, SAVES[name]) for name in twins} == kept


def _kept(own: Care, save: Save) -> tuple[list[int], list[str]]:
    """The rows of each table that `save` writes to, and every write in the audit log."""
    rows = [count_rows(own.database, table) for table in save.makes]
    return rows, [one.tag for one in audit_events(own.database) if one.tag not in _OF_THEMSELVES]


def _is_saved_once(own: Care, save: Save, rows: list[int], events: list[str]) -> None:
    rows_now, events_now = _kept(own, save)
    assert events_now[len(events) :] == list(save.tags)
    assert rows_now == [one + 1 for one in rows]


def test_no_save_is_left_out() -> None:
    tried = Counter(save.button for save in SAVES.values())
    drawn = Counter(_labels())
    assert len(drawn) > 30
    left_out = drawn - tried
    # What is left may be a label of which a part is only known when it is drawn.
    spare = list(tried - drawn)
    assert [label for label in left_out if not any(fnmatch(one, label) for one in spare)] == []


def _labels() -> Iterator[str]:
    """What each button of a form reads, and each other one that writes; once for every place."""
    for folder in ("kapteam/ui", "pages"):
        for file in (_ROOT / folder).glob("*.py"):
            # The button of every form is drawn in forms.py, with the words that it is given.
            if file.name != "forms.py":
                yield from _labels_in(ast.parse(file.read_text()))


def _labels_in(module: ast.Module) -> Iterator[str]:
    for top in module.body:
        for call in ast.walk(top):
            match call:
                case ast.Call(ast.Attribute(attr="save"), args=[label, *_]):
                    yield from _words(label, top, module)
                case ast.Call(ast.Attribute(attr="button"), args=[label, *_]) if _writes(
                    call, module
                ):
                    yield from _words(label, top, module)


def _writes(button: ast.Call, module: ast.Module) -> bool:
    """Whether the callback of a button runs an action."""
    callbacks = {ast.unparse(one.value) for one in button.keywords if one.arg == "on_click"}
    return any(
        isinstance(one, ast.FunctionDef)
        and one.name in callbacks
        and "here.write(" in ast.unparse(one)
        for one in module.body
    )


def _words(label: ast.expr, top: ast.stmt, module: ast.Module) -> Iterator[str]:
    """The words of a label; a part that is only known when it is drawn reads `*`."""
    match label:
        case ast.Constant(str(words)):
            yield words
        case ast.JoinedStr(parts):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "*" for one in parts)
        case ast.IfExp(_, one, other):
            yield from _words(one, top, module)
            yield from _words(other, top, module)
        case ast.Name(name) if isinstance(top, ast.FunctionDef):
            names = [one.arg for one in top.args.args]
            if name in names:
                yield from _given(top.name, names.index(name), module)
            else:
                yield from _in_tuples(top)


def _given(function: str, place: int, module: ast.Module) -> Iterator[str]:
    """What a function of this module is given for a label, wherever it is called."""
    for top in module.body:
        for call in ast.walk(top):
            match call:
                case ast.Call(ast.Name(called), args) if called == function:
                    yield from _words(args[place], top, module)


def _in_tuples(function: ast.FunctionDef) -> Iterator[str]:
    """What a function has in its tuples and may run through: whatever begins like a sentence."""
    for row in ast.walk(function):
        if isinstance(row, ast.Tuple):
            words = (one.value for one in row.elts if isinstance(one, ast.Constant))
            yield from (one for one in words if isinstance(one, str) and one[:1].isupper())
