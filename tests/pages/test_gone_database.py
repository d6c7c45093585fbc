"""The database is gone for a while: nothing typed is lost, nothing is called saved, it goes on."""

from contextlib import contextmanager

import pytest

from kapteam.actions.notes import NoteEntered, start_note
from kapteam.db.engine import Database
from kapteam.db.tables import Client, Draft
from kapteam.errors import Unavailable
from kapteam.ids import new_id
from kapteam.ui import shell
from kapteam.vocabulary import NoteKind
from tests.factories_care import a_ketamine_session
from tests.pages.filling import box, press, typed
from tests.pages.tabs import headings, opened, said, well

_GONE = "The database does not answer now."
_FULL = "The disk is full, so nothing was saved."


class Trouble:
    """Refuses what `reading` or `writing` opens, `left` times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def begins(self, block: str, times: int, sentence: str = _GONE) -> None:
        usual, left = getattr(Database, block), times

        @contextmanager
        def refusing(database: Database):
            nonlocal left
            left -= 1
            if left >= 0:
                raise Unavailable(sentence)
            with usual(database) as db:
                yield db

        self._patch.setattr(Database, block, refusing)

    def ends(self) -> None:
        self._patch.undo()


@pytest.fixture
def trouble(monkeypatch):
    # Before: what ends the trouble must not end this.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shell, "_ASK_AGAIN_SECONDS", 0.01)
        with pytest.MonkeyPatch.context() as inner:
            yield Trouble(inner)


def _details(care):
    return opened(care, care.therapist, "client_edit", client=care.client.code)


def test_a_page_that_runs_meanwhile_stays_as_it_is_until_the_database_is_back(care, trouble):
    tab = _details(care)
    box(tab, "client", "phone").set_value("555 0199")
    trouble.begins("reading", times=3)

    well(tab.run())

    assert typed(tab, "client")["phone"] == "555 0199"
    assert _GONE not in said(tab)
    assert tab.title[0].value.startswith("Client")


@pytest.mark.parametrize(
    ("block", "times", "sentence"), [("reading", 4, _GONE), ("writing", 1, _FULL)]
)
def test_a_save_meanwhile_says_so_keeps_what_was_typed_and_can_be_pressed_again(
    care, trouble, block, times, sentence
):
    tab = _details(care)
    box(tab, "client", "phone").set_value("555 0199")
    trouble.begins(block, times, sentence)

    press(tab, "Save", "client")

    assert sentence in said(tab)
    assert "Saved" not in said(tab)
    assert typed(tab, "client")["phone"] == "555 0199"
    assert care.row(Client, care.client.id).phone == care.client.phone

    press(tab, "Save", "client")
    assert care.row(Client, care.client.id).phone == "555 0199"
    assert sentence not in said(tab)


@pytest.mark.parametrize(
    ("block", "times", "sentence"), [("reading", 3, _GONE), ("writing", 2, _FULL)]
)
def test_what_was_picked_in_a_note_meanwhile_is_kept_as_soon_as_that_can_be(
    care, trouble, block, times, sentence
):
    with care.database.writing() as db:
        dose = a_ketamine_session(db, care.course)
    entered = NoteEntered(new_id(), NoteKind.INTENTION, care.course.id, dose.id)
    note_id = care.do(start_note, care.therapist, entered)
    tab = opened(care, care.therapist, "note", id=note_id)
    trouble.begins(block, times, sentence)

    well(tab.radio(f"note/{note_id}/ready").set_value("Ready").run())
    assert sentence in said(tab)
    assert tab.radio(f"note/{note_id}/ready").value == "Ready"

    well(tab.run())
    assert [one.text for one in care.rows(Draft)] == ["Ready"]
    assert sentence not in said(tab)


def test_a_live_part_waits_as_well(care, trouble):
    tab = opened(care, care.therapist, "today")
    before = headings(tab)
    trouble.begins("reading", times=2)

    well(tab.button(key="refresh").click().run())

    assert headings(tab) == before
    assert _GONE not in said(tab)
