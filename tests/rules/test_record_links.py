"""The list of signed records: any single change is named, and nothing that is as it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.errors import Invalid
from kapteam.rules.record_links import (
    Anchor,
    NotedAnchor,
    Restored,
    Walk,
    against_anchor,
    anchor_of,
    hash_of_row,
    is_put_aside,
    next_link,
    read_anchor,
)
from kapteam.vocabulary import Linked, NoteKind, Outside

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
AT = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)

_words = st.text(max_size=30)
_rows = st.lists(
    st.tuples(st.sampled_from(Linked), st.dictionaries(_words, _words | st.integers(), max_size=3)),
    min_size=1,
    max_size=8,
)


def a_list(rows, key=KEY, keys=()):
    """The lines of these rows, and what each row says; the row of line 1 is `row-1`.

    `keys` are those of the first lines, `key` that of all others.
    """
    links, says = [], {}
    for number, (kind, said) in enumerate(rows, 1):
        digest = hash_of_row(kind, f"row-{number}", said)
        before = links[-1] if links else None
        used = keys[number - 1] if number <= len(keys) else key
        links.append(next_link(used, before, kind, f"row-{number}", digest, AT))
        says[f"row-{number}"] = digest
    return links, says


def walked(links, says, key=KEY):
    """Where a walk stops, by the place in the list, and why; None at the end.

    It goes on after another key, which is named where nothing worse is.
    """
    walk, other = Walk(key), None
    for place, link in enumerate(links):
        wrong = walk.step(link, says.get(link.row_id))
        if wrong is Outside.OTHER_KEY:
            other = place, wrong
        elif wrong:
            return place, wrong
    return other


@given(_rows)
def test_what_nobody_touched_is_not_named(rows):
    assert walked(*a_list(rows)) is None


@given(_rows, st.data())
def test_any_row_that_says_something_else_is_named(rows, data):
    links, says = a_list(rows)
    place = data.draw(st.integers(0, len(rows) - 1))
    kind, said = rows[place]
    changed = data.draw(st.dictionaries(_words, _words, max_size=3).filter(lambda one: one != said))
    name = links[place].row_id
    assert walked(links, says | {name: hash_of_row(kind, name, changed)}) == (
        place,
        Outside.CHANGED,
    )


@given(_rows, st.data())
def test_any_row_that_is_gone_is_named(rows, data):
    links, says = a_list(rows)
    place = data.draw(st.integers(0, len(rows) - 1))
    del says[links[place].row_id]
    assert walked(links, says) == (place, Outside.GONE)


_OTHERWISE = {
    "kind": "other",
    "row_id": "row-other",
    "content_hash": "0" * 64,
    "linked_at": "2020-01-01T00:00:00+00:00",
    "mac": "f" * 64,
}


@given(_rows, st.data())
def test_any_line_with_something_else_in_it_is_named(rows, data):
    links, says = a_list(rows)
    place = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.sampled_from(sorted(_OTHERWISE)))
    links[place] = replace(links[place], **{column: _OTHERWISE[column]})
    assert walked(links, says) == (place, Outside.LINE_CHANGED)


@given(_rows, st.data())
def test_a_row_and_its_line_changed_to_fit_each_other_are_named(rows, data):
    links, says = a_list(rows)
    place = data.draw(st.integers(0, len(rows) - 1))
    forged = hash_of_row(Linked.NOTE, links[place].row_id, {"text": "forged, not what it said"})
    links[place] = replace(links[place], content_hash=forged)
    assert walked(links, says | {links[place].row_id: forged}) == (place, Outside.LINE_CHANGED)


@given(_rows.filter(lambda rows: len(rows) > 1), st.data())
def test_a_line_taken_out_is_named_where_it_is_missing(rows, data):
    links, says = a_list(rows)
    place = data.draw(st.integers(0, len(rows) - 2))
    del links[place]
    assert walked(links, says) == (place, Outside.LINE_GONE)

    # Numbered anew the gap is closed, and the tie does not fit.
    closed = [replace(one, position=number) for number, one in enumerate(links, 1)]
    assert walked(closed, says) == (place, Outside.LINE_CHANGED)


@given(_rows.filter(lambda rows: len(rows) > 1), st.data())
def test_two_lines_that_changed_places_are_named(rows, data):
    links, says = a_list(rows)
    place = data.draw(st.integers(0, len(rows) - 2))
    one, other = links[place : place + 2]
    links[place : place + 2] = [
        replace(other, position=one.position),
        replace(one, position=other.position),
    ]
    assert walked(links, says) == (place, Outside.LINE_CHANGED)


def test_a_list_written_anew_without_the_key_is_named_at_its_first_line():
    links, says = a_list([(Linked.NOTE, {"text": "forged"})], OTHER_KEY)
    assert walked(links, says) == (0, Outside.OTHER_KEY)
    named_ours = [replace(links[0], key_name=a_list([(Linked.NOTE, {})])[0][0].key_name)]
    assert walked(named_ours, says) == (0, Outside.LINE_CHANGED)


ROWS = [(Linked.NOTE, {"text": str(number)}) for number in range(6)]


def test_after_a_lost_key_what_follows_is_tied_on_and_checked():
    """Lines 1 to 3 are from before the key was lost, 4 to 6 from after it."""
    links, says = a_list(ROWS, keys=[OTHER_KEY] * 3)
    assert walked(links, says) == (0, Outside.OTHER_KEY)

    forged = hash_of_row(Linked.NOTE, "row-5", {"text": "forged"})
    assert walked(links, says | {"row-5": forged}) == (4, Outside.CHANGED)
    line = [*links[:4], replace(links[4], content_hash=forged), links[5]]
    assert walked(line, says | {"row-5": forged}) == (4, Outside.LINE_CHANGED)
    assert walked([*links[:4], links[5]], says) == (4, Outside.LINE_GONE)
    del says["row-6"]
    assert walked(links, says) == (5, Outside.GONE)


def test_under_a_lost_key_a_row_is_still_held_against_its_line_and_a_tie_is_not():
    links, says = a_list(ROWS, keys=[OTHER_KEY] * 3)
    forged = hash_of_row(Linked.NOTE, "row-2", {"text": "forged"})
    assert walked(links, says | {"row-2": forged}) == (1, Outside.CHANGED)
    # The line that follows them is tied to the last of them all the same.
    assert walked([*links[:2], replace(links[2], mac="f" * 64), *links[3:]], says) == (
        3,
        Outside.LINE_CHANGED,
    )
    # Nobody can tell: so this is never called whole.
    line = [links[0], replace(links[1], content_hash=forged), *links[2:]]
    assert walked(line, says | {"row-2": forged}) == (0, Outside.OTHER_KEY)


def test_a_line_that_feigns_another_key_later_on_is_not_hidden_by_a_key_that_was_lost():
    links, says = a_list(ROWS, keys=[OTHER_KEY] * 3)
    feigned = replace(links[4], key_name=links[0].key_name)
    assert walked([*links[:4], feigned, links[5]], says) == (4, Outside.OTHER_KEY)


def test_a_row_reads_the_same_whatever_the_zone_or_the_order_of_its_columns():
    phoenix = timezone(timedelta(hours=-7))
    as_written = {"at": AT, "kind": NoteKind.RISK, "text": "it\ud800\x00"}
    as_read = {"text": "it\ud800\x00", "kind": "risk", "at": AT.astimezone(phoenix)}
    assert hash_of_row(Linked.NOTE, "one", as_written) == hash_of_row(Linked.NOTE, "one", as_read)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"text": "a"}, {"text": "b"}),
        ({"text": ""}, {"text": None}),
        ({"mg": 0}, {"mg": None}),
        ({"mg": 1}, {"mg": "1"}),
        ({"at": AT}, {"at": AT + timedelta(microseconds=1)}),
        ({"reason": "a", "text": "b"}, {"reason": "b", "text": "a"}),
    ],
)
def test_what_differs_is_never_the_same(one, other):
    assert hash_of_row(Linked.NOTE, "one", one) != hash_of_row(Linked.NOTE, "one", other)


def test_the_same_words_are_another_row_and_another_kind():
    said = {"text": "the same"}
    assert hash_of_row(Linked.NOTE, "one", said) != hash_of_row(Linked.NOTE, "two", said)
    assert hash_of_row(Linked.NOTE, "one", said) != hash_of_row(Linked.ADDENDUM, "one", said)


@given(_rows, st.data())
def test_an_end_that_was_cut_off_is_found_by_an_anchor_and_only_by_it(rows, data):
    links, says = a_list(rows)
    anchor = anchor_of(links[-1])
    left = links[: data.draw(st.integers(0, len(links) - 1))]
    there = anchor_of(left[anchor.position - 1]) if len(left) >= anchor.position else None

    assert walked(left, says) is None
    assert against_anchor(anchor, len(left), there) is Outside.CUT
    assert against_anchor(anchor, len(links), anchor_of(links[-1])) is None


def test_an_older_file_that_was_written_on_is_found_by_an_anchor():
    rows = [(Linked.NOTE, {"text": "first"}), (Linked.NOTE, {"text": "second"})]
    anchor = anchor_of(a_list(rows)[0][-1])
    other = [rows[0], (Linked.DOSE, {"ug": 70_000}), (Linked.DOSE, {"ug": 80_000})]
    links, says = a_list(other)

    assert walked(links, says) is None
    assert against_anchor(anchor, len(links), anchor_of(links[1])) is Outside.REPLACED


def test_an_anchor_from_before_the_first_line_is_held_by_every_list():
    assert against_anchor(Anchor(0, "0" * 16), 0, None) is None
    assert against_anchor(Anchor(0, "0" * 16), 5, None) is None


@pytest.mark.parametrize("typed", ["214-7f3a-91c2-0be4-55d0", "  214-7F3A-91C2-0BE4-55D0 "])
def test_an_anchor_is_read_as_it_is_printed(typed):
    assert read_anchor(typed) == Anchor(214, "7f3a91c20be455d0")
    assert str(read_anchor(typed)) == "214-7f3a-91c2-0be4-55d0"


@pytest.mark.parametrize(
    "typed", ["", "214", "7f3a-91c2-0be4-55d0", "214-7f3a-91c2-0be4", "214-7f3a-91c2-0be4-55dg"]
)
def test_what_is_no_anchor_is_refused_in_a_sentence(typed):
    with pytest.raises(Invalid, match="as it is printed"):
        read_anchor(typed)


def _at(position, digest="0" * 16):
    return Anchor(position, digest)


HERE, ELSEWHERE = "a" * 16, "b" * 16
"""Ties of the list that was put aside, and of another one that reached as far."""


@pytest.mark.parametrize(
    ("anchor", "restored", "put_aside"),
    [
        (_at(40, HERE), [Restored(31, 50, False, frozenset({_at(40, HERE)}))], True),
        # Also what stands before the restored backup: a newer one was restored after an older one.
        (_at(20, HERE), [Restored(31, 50, False, frozenset({_at(20, HERE)}))], True),
        # The same place in a list that was not put aside then has to be there still.
        (_at(40, ELSEWHERE), [Restored(31, 50, False, frozenset({_at(40, HERE)}))], False),
        (_at(41, HERE), [Restored(31, 50, False, frozenset({_at(40, HERE)}))], False),
        (_at(40, HERE), [Restored(31, 50, False, frozenset())], False),
        (_at(40, HERE), [Restored(31, 50, True, frozenset())], False),
        (_at(40, HERE), [], False),
    ],
)
def test_what_was_noted_is_excused_only_where_restoring_put_exactly_it_aside(
    anchor, restored, put_aside
):
    assert is_put_aside(NotedAnchor(anchor, AT), restored) is put_aside


@pytest.mark.parametrize(
    ("position", "is_anew", "put_aside"),
    [
        # Line 40 was put aside by a restored backup that reached to 30 and is on record as line 31.
        (40, False, True),
        (31, False, True),
        # What the backup held has to be there still, and so has what came after.
        (30, False, False),
        (51, False, False),
        # A backup from before there was a list: all of it is anew.
        (30, True, True),
        (51, True, False),
    ],
)
def test_paper_that_no_backup_noted_is_put_aside_where_restoring_says_how_far(
    position, is_anew, put_aside
):
    restored = [Restored(31, 50, is_anew, frozenset())]
    assert is_put_aside(NotedAnchor(_at(position), None), restored) is put_aside
    # The same of what was noted, where restoring was not yet asked to say exactly what.
    unsaid = [Restored(31, 50, is_anew, None)]
    assert is_put_aside(NotedAnchor(_at(position), AT), unsaid) is put_aside
