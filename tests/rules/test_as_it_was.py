"""What a case review saw then is held against today: each fact once, and never made up."""

import pytest

from kapteam.rules.as_it_was import Since, compare

STAGE, SCORE = ("Stage", "Series, 2 of 6"), ("Score", "PHQ-9 18 to 14")
LATER = ("Stage", "Series, 4 of 6")
ASKED = ("", "Question, overdue 50\u00a0min: 162/98 again?")
OLDER = ("", "Question, overdue 7\u00a0d 3\u00a0hr: 162/98 again?")
C = Since.CHANGED
FIRST, SECOND = ("Integration", "Due Wed"), ("Integration", "Late since Mon")


def _read(then, now):
    """What was, what is, and the word for it; nothing where it is not there."""
    return [
        (
            "" if one.then is None else then[one.then][1],
            "" if one.now is None else now[one.now][1],
            one.since,
        )
        for one in compare(then, now)
    ]


@pytest.mark.parametrize(
    ("then", "now", "read"),
    [
        ([], [], []),
        ([STAGE], [STAGE], [(STAGE[1], STAGE[1], Since.AS_THEN)]),
        ([STAGE], [LATER], [(STAGE[1], LATER[1], Since.CHANGED)]),
        ([], [STAGE], [("", STAGE[1], Since.NEW)]),
        ([STAGE], [], [(STAGE[1], "", Since.GONE)]),
        # Another kind of fact is never what it became.
        ([STAGE], [SCORE], [("", SCORE[1], Since.NEW), (STAGE[1], "", Since.GONE)]),
        # In another order it is the same.
        (
            [STAGE, SCORE],
            [SCORE, STAGE],
            [(SCORE[1], SCORE[1], Since.AS_THEN), (STAGE[1], STAGE[1], Since.AS_THEN)],
        ),
        # Of two of a kind the one that is the same is found first, and the other has changed.
        (
            [FIRST, SECOND],
            [SECOND, ("Integration", "Due Fri")],
            [(SECOND[1], SECOND[1], Since.AS_THEN), (FIRST[1], "Due Fri", Since.CHANGED)],
        ),
        # Nobody knows which of two became the third.
        (
            [FIRST, SECOND],
            [("Integration", "Due Fri")],
            [("", "Due Fri", Since.NEW), (FIRST[1], "", Since.GONE), (SECOND[1], "", Since.GONE)],
        ),
        # The same words twice are two facts.
        (
            [FIRST, FIRST],
            [FIRST],
            [(FIRST[1], FIRST[1], Since.AS_THEN), (FIRST[1], "", Since.GONE)],
        ),
        # How long something lasts or is overdue grows by itself.
        ([ASKED], [OLDER], [(ASKED[1], OLDER[1], Since.AS_THEN)]),
        (
            [("", "Late, 54\u00a0hr since dose"), ASKED],
            [OLDER, ("", "Late, 9\u00a0d 2\u00a0hr since dose")],
            [
                (ASKED[1], OLDER[1], Since.AS_THEN),
                (
                    "Late, 54\u00a0hr since dose",
                    "Late, 9\u00a0d 2\u00a0hr since dose",
                    Since.AS_THEN,
                ),
            ],
        ),
        # Of two that differ in that alone, the one with the same words is the same.
        (
            [OLDER, ASKED],
            [ASKED],
            [(ASKED[1], ASKED[1], Since.AS_THEN), (OLDER[1], "", Since.GONE)],
        ),
        # A dose, a day and what somebody typed are no such length.
        (
            [("Last dose", "70\u00a0mg")],
            [("Last dose", "80\u00a0mg")],
            [("70\u00a0mg", "80\u00a0mg", Since.CHANGED)],
        ),
        ([("", "Walks 20 min")], [("", "Walks 40 min")], [("Walks 20 min", "Walks 40 min", C)]),
    ],
)
def test_then_and_now_are_told_apart(then, now, read):
    assert _read(then, now) == read


def test_nothing_of_either_side_is_left_out_or_said_twice():
    then, now = [STAGE, FIRST, SECOND, SCORE], [LATER, SECOND, FIRST, FIRST]
    found = compare(then, now)
    assert sorted(one.then for one in found if one.then is not None) == [0, 1, 2, 3]
    assert sorted(one.now for one in found if one.now is not None) == [0, 1, 2, 3]
