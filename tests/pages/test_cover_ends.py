"""Cover that ends while the colleague types: what was typed stays theirs, and is shown to them."""

from datetime import timedelta

import pytest

from kapteam.actions.notes import save_draft
from kapteam.db.tables import Contact, Draft, Note
from tests.factories import NOW, an_absence
from tests.pages.filling import fill, press
from tests.pages.tabs import back, bare, opened, said, well

WORDS = "Slept badly. *Wants* to wait <b>a week</b>."


@pytest.fixture
def covering(care):
    """Otto Outer covers Robin Prescott for five more minutes."""
    with care.database.writing() as db:
        an_absence(
            db,
            care.prescriber,
            care.front_desk,
            until_at=NOW + timedelta(minutes=5),
            cover=care.stranger,
        )
    return care.stranger


def _texts(tab):
    return [one.value for one in tab.text]


def test_a_note_stays_its_author_s_and_says_who_has_the_course_now(care, covering, frozen_clock):
    tab = opened(care, covering, "note", kind="general", episode=care.course.id)
    assert "no longer on this course" not in said(tab)

    frozen_clock.advance(minutes=6)
    (note,) = care.rows(Note)
    care.do(save_draft, covering, note.id, "text", WORDS, 0, now=frozen_clock.now)
    well(tab.text_area[0].set_value(WORDS).run())

    assert [one.text for one in care.rows(Draft)] == [WORDS]
    assert tab.text_area[0].value == WORDS
    who = "You are no longer on this course of care. Robin Prescott and Thea Tallis have it now."
    assert who in bare(said(tab))
    press(tab, "Save draft")
    assert len(care.rows(Note)) == 1


def test_what_stood_in_a_form_is_shown_to_who_typed_it(care, covering, frozen_clock):
    tab = opened(care, covering, "contact", client=care.client.code)
    fill(tab, "touch", {"words": WORDS})

    frozen_clock.advance(minutes=6)
    press(tab, "Save", "touch")

    assert care.rows(Contact) == []
    assert "you are not on" in said(tab)
    assert "What you had typed here was not saved" in said(tab)
    assert "Your cover for Robin Prescott has ended." in bare(said(tab))
    assert WORDS in _texts(tab)
    # As long as the page is open, whatever is drawn again on it.
    well(tab.run())
    assert WORDS in _texts(tab)


def test_nobody_who_typed_nothing_is_shown_anything(care, covering, frozen_clock):
    tab = opened(care, covering, "contact", client=care.client.code)
    frozen_clock.advance(minutes=6)
    well(tab.run())
    assert "you are not on" in said(tab)
    assert "What you had typed here" not in said(tab)


def test_what_stood_in_a_form_is_gone_with_the_page(care, covering, frozen_clock):
    tab = opened(care, covering, "contact", client=care.client.code)
    fill(tab, "touch", {"words": WORDS})
    frozen_clock.advance(minutes=6)
    well(tab.run())
    assert WORDS in _texts(tab)
    assert WORDS not in _texts(back(tab, "today"))
    assert WORDS not in _texts(back(tab, "contact", client=care.client.code))
