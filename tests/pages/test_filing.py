"""What is copied into the record kept elsewhere, and what came to it after that."""

from datetime import timedelta

import pytest

from kapteam.actions.filing import FilingEntered, mark_filed
from kapteam.actions.notes import AddendumEntered, AmendmentEntered, add_addendum, amend_note
from kapteam.ids import new_id
from kapteam.vocabulary import Audience
from tests.factories import NOW
from tests.factories_care import Care, a_signed_note
from tests.pages.tabs import opened, said, well

MINUTE = timedelta(minutes=1)


@pytest.fixture
def note(care: Care):
    with care.database.writing() as db:
        return a_signed_note(db, care.course, care.therapist, signed_at=NOW - 60 * MINUTE)


def _file(care: Care, note, minutes_ago: int) -> None:
    entered = FilingEntered(new_id(), note_id=note.id)
    care.do(mark_filed, care.therapist, entered, now=NOW - minutes_ago * MINUTE)


def _texts(tab) -> list[str]:
    return [one.value for one in tab.code]


def test_what_came_after_the_filing_stands_apart_to_be_copied_alone(care, note):
    before = AmendmentEntered(new_id(), note.id, "A slip", "It was Monday.")
    care.do(amend_note, care.therapist, before, now=NOW - 50 * MINUTE)
    _file(care, note, minutes_ago=40)
    since = AddendumEntered(new_id(), note.id, "Her pressure was fine.")
    care.do(add_addendum, care.prescriber, since, now=NOW - 30 * MINUTE)

    tab = opened(care, care.therapist, "filing", note=note.id)

    whole, new = _texts(tab)
    assert "It was Monday." in whole
    assert "Her pressure was fine." in whole
    assert new == (
        "Added by Robin Prescott, MD, Tue Nov 24, 2026, 2:00\u00a0pm MST\n\nHer pressure was fine."
    )
    assert "Since it was filed" in said(tab)
    well(tab.radio(key="audience").set_value(Audience.OTHERS).run())
    assert "What came since" in [one.label for one in tab.expander]


@pytest.mark.parametrize("is_filed", [False, True])
def test_where_nothing_came_since_there_is_one_text(care, note, is_filed):
    before = AddendumEntered(new_id(), note.id, "Her pressure was fine.")
    care.do(add_addendum, care.prescriber, before, now=NOW - 50 * MINUTE)
    if is_filed:
        _file(care, note, minutes_ago=40)
    tab = opened(care, care.therapist, "filing", note=note.id)
    assert len(_texts(tab)) == 1
    assert "Since it was filed" not in said(tab)
