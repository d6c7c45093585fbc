"""Committed actions: a line each, carried forward until somebody says what became of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.commitments import Agreed, Commitment, Update, carried, commitments, lines_of
from kapteam.vocabulary import CommitmentState

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
TODAY, DAY = date(2026, 11, 24), timedelta(days=1)
RIVER = Agreed("first", "Walk to the river\n\n- Call her sister", NOW - 9 * DAY, TODAY)
DONE, DROPPED, OPEN = CommitmentState.DONE, CommitmentState.DROPPED, CommitmentState.OPEN


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        ("  \n \n", ()),
        ("-\n•  \n", ()),
        ("Walk", ("Walk",)),
        ("- Walk\n\n* Call\r\n• Write", ("Walk", "Call", "Write")),
        ("Walk - and call. Then write.", ("Walk - and call. Then write.",)),
    ],
)
def test_each_line_is_one_without_the_dashes_that_people_type(text, lines):
    assert lines_of(text) == lines


def _said(*updates: Update, agreed=(RIVER,)) -> list[tuple[str, CommitmentState]]:
    return [(one.text, one.state) for one in commitments(agreed, updates)]


def _update(state, *, line=0, at=NOW, note_id="first") -> Update:
    return Update(note_id, line, state, "", "Thea Tallis", at)


def test_what_nobody_spoke_of_is_open():
    assert _said() == [("Walk to the river", OPEN), ("Call her sister", OPEN)]


def test_the_newest_word_counts_whatever_the_order_they_come_in():
    updates = [_update(OPEN), _update(DONE, at=NOW - DAY), _update(DROPPED, at=NOW - 2 * DAY)]
    assert _said(*updates)[0][1] is OPEN
    assert _said(*reversed(updates))[0][1] is OPEN
    assert _said(*updates[1:])[0][1] is DONE


@pytest.mark.parametrize("other", [{"note_id": "second"}, {"line": 7}, {"line": -1}])
def test_a_word_about_another_line_or_note_settles_nothing(other):
    assert {state for _, state in _said(_update(DONE, **other))} == {OPEN}


def test_they_stand_in_the_order_in_which_they_were_agreed():
    later = Agreed("second", "Write the letter", NOW)
    assert [text for text, _ in _said(agreed=(later, RIVER))] == [
        "Walk to the river",
        "Call her sister",
        "Write the letter",
    ]


@pytest.mark.parametrize(
    ("check_on", "state", "due"),
    [
        (None, None, False),
        (TODAY + DAY, None, False),
        (TODAY, None, True),
        (TODAY - DAY, None, True),
        (TODAY - DAY, DONE, False),
        (TODAY - DAY, OPEN, True),
    ],
)
def test_it_is_to_be_asked_about_from_its_day_on_while_it_is_open(check_on, state, due):
    update = None if state is None else _update(state)
    assert Commitment("first", 0, "Walk", NOW, check_on, update).is_due(TODAY) is due


@given(st.text())
def test_no_text_makes_an_empty_action(text):
    assert all(one.strip() for one in lines_of(text))
    assert len(lines_of(text)) <= len(text.splitlines())


LAKE = Agreed("second", "Swim", NOW - 2 * DAY)


@pytest.mark.parametrize(
    ("updates", "texts"),
    [
        ((), ["Walk to the river", "Call her sister", "Swim"]),
        # What was settled of an earlier note is looked back on no more, of the last one it is.
        ((_update(DONE), _update(DONE, note_id="second")), ["Call her sister", "Swim"]),
        ((_update(DONE), _update(DROPPED, line=1)), ["Swim"]),
        (
            (_update(DONE), _update(OPEN, at=NOW + DAY)),
            ["Walk to the river", "Call her sister", "Swim"],
        ),
    ],
)
def test_the_next_note_looks_back_on_what_is_open_and_all_that_was_agreed_last(updates, texts):
    assert [one.text for one in carried(commitments((LAKE, RIVER), updates))] == texts


def test_of_nothing_agreed_nothing_is_carried():
    assert carried(()) == ()
