"""Who has what falls into somebody's days away, over any cover, clock and absence."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.away import (
    INTEGRATES,
    Substitute,
    needs_of_contact,
    needs_of_dose,
    who_has,
)
from kapteam.vocabulary import ContactKind, Function, Part

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
DAY = timedelta(days=1)
PRESCRIBER, THERAPIST = frozenset({Function.PRESCRIBER}), frozenset({Function.THERAPIST})
FIRST = Substitute("Ann First", THERAPIST, NOW, NOW + 10 * DAY)
SECOND = Substitute("Ben Second", PRESCRIBER | THERAPIST, NOW, NOW + 10 * DAY)


@pytest.mark.parametrize(
    ("at", "functions", "covers", "name"),
    [
        (NOW + DAY, THERAPIST, (FIRST, SECOND), "Ann First"),
        (NOW + DAY, PRESCRIBER, (FIRST, SECOND), "Ben Second"),
        (NOW + DAY, PRESCRIBER, (FIRST,), ""),
        (NOW + DAY, THERAPIST, (), ""),
        (NOW, THERAPIST, (FIRST,), "Ann First"),
        (NOW - timedelta(minutes=1), THERAPIST, (FIRST,), ""),
        (NOW + 10 * DAY, THERAPIST, (FIRST,), ""),
    ],
)
def test_the_first_who_is_there_and_may_do_it_has_it(at, functions, covers, name):
    assert who_has(at, functions, covers).name == name


def test_who_covers_and_is_away_too_has_nothing_in_that_time():
    away = Substitute("Ann First", THERAPIST, NOW, NOW + 10 * DAY, ((NOW + DAY, NOW + 2 * DAY),))

    assert who_has(NOW + DAY, THERAPIST, (away, SECOND)).name == "Ben Second"
    assert who_has(NOW + 2 * DAY, THERAPIST, (away, SECOND)).name == "Ann First"


def test_a_dose_needs_both_where_one_person_is_both():
    assert needs_of_dose([Part.PRESCRIBER, Part.THERAPIST]) == (PRESCRIBER, THERAPIST)
    assert needs_of_dose([Part.COVER]) == ()


@pytest.mark.parametrize("kind", ContactKind)
def test_a_contact_needs_whose_work_it_is(kind):
    needed = needs_of_contact(kind)

    assert needed == ({kind.function} if kind.function else set(Function))


_instants = st.integers(0, 60).map(lambda days: NOW + days * DAY)
_spans = st.tuples(_instants, _instants).map(lambda pair: (min(pair), max(pair)))
_functions = st.frozensets(st.sampled_from(Function), min_size=1)
_substitutes = st.builds(
    lambda name, functions, span, away: Substitute(name, functions, *span, tuple(away)),
    st.sampled_from(["Ann", "Ben", "Cem"]),
    _functions,
    _spans,
    st.lists(_spans, max_size=2),
)


@given(_instants, _functions, st.lists(_substitutes, max_size=4))
def test_nobody_who_is_away_or_may_not_do_it_is_ever_named(at, functions, covers):
    named = who_has(at, functions, covers).name

    able = [
        one.name
        for one in covers
        if one.from_at <= at < one.until_at
        and one.functions & functions
        and not any(begins <= at < ends for begins, ends in one.away)
    ]
    assert named == (able[0] if able else "")


@given(_instants, st.lists(_substitutes, max_size=4))
def test_whoever_integrates_may_be_a_therapist_or_a_prescriber(at, covers):
    nurses = [one for one in covers if not one.functions & (PRESCRIBER | THERAPIST)]

    assert who_has(at, INTEGRATES, nurses).name == ""
