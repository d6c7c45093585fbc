"""Since when something is new to somebody: as a table, and over any row of visits."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.looks import Look, new_since, next_look

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
YESTERDAY = NOW - 24 * HOUR


@pytest.mark.parametrize(
    ("last", "since", "kept"),
    [
        (None, None, Look(NOW, None)),
        (Look(YESTERDAY, None), YESTERDAY, Look(NOW, YESTERDAY)),
        (Look(YESTERDAY, YESTERDAY - HOUR), YESTERDAY, Look(NOW, YESTERDAY)),
        (Look(NOW - 30 * MINUTE, YESTERDAY), NOW - 30 * MINUTE, Look(NOW, NOW - 30 * MINUTE)),
        # Within one visit what was new stays, and drawing the page again clears nothing.
        (Look(NOW - 29 * MINUTE, YESTERDAY), YESTERDAY, Look(NOW, YESTERDAY)),
        (Look(NOW - MINUTE, YESTERDAY), YESTERDAY, None),
        (Look(NOW, YESTERDAY), YESTERDAY, None),
        (Look(NOW, None), None, None),
    ],
)
def test_since_when_it_is_new_and_what_is_kept_of_looking(last, since, kept):
    assert new_since(last, NOW) == since
    assert next_look(last, NOW) == kept


@given(
    gaps=st.lists(st.integers(min_value=0, max_value=90), min_size=1, max_size=12),
    saved=st.integers(min_value=0, max_value=90),
)
def test_what_was_saved_between_two_looks_is_new_at_the_second(gaps, saved):
    last, at = None, NOW
    for gap in gaps:
        before, at = at, at + gap * MINUTE
        saved_at = before + min(saved, gap) * MINUTE
        since = new_since(last, at)
        if last is not None and since is not None and saved_at > before:
            assert saved_at > since
        last = next_look(last, at) or last
