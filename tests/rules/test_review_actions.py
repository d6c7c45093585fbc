"""Whose an action of a case review is, and how loud it is."""

from datetime import timedelta

import pytest

from kapteam.rules.asks import Seat
from kapteam.rules.review_actions import action_tone, has_action_now
from kapteam.vocabulary import Part, Tone
from tests.factories import TODAY

THEA, ROBIN = Seat("thea", Part.THERAPIST), Seat("robin", Part.PRESCRIBER)
NIA = Seat("nia", Part.COVER)


@pytest.mark.parametrize(
    ("owner", "part", "seats", "has_it"),
    [
        ("thea", Part.THERAPIST, (THEA, ROBIN), "thea"),
        ("robin", Part.PRESCRIBER, (THEA, ROBIN), "robin"),
        ("nia", Part.COVER, (THEA, ROBIN, NIA), "nia"),
        # Off the course, or the sign-in off: who has the part now, else who is left.
        ("before", Part.THERAPIST, (THEA, ROBIN), "thea"),
        ("before", Part.PRESCRIBER, (THEA, ROBIN), "robin"),
        ("before", Part.PRESCRIBER, (THEA,), "thea"),
        # Who covers for some days inherits nothing.
        ("before", Part.THERAPIST, (NIA, ROBIN), "robin"),
        # Agreed to while covering all that somebody does: never a part of one's own.
        ("covered", None, (THEA, ROBIN), "thea"),
        # Nobody else treats the client: it does not vanish.
        ("before", Part.THERAPIST, (), "before"),
        ("before", Part.THERAPIST, (NIA,), "before"),
    ],
)
def test_an_action_is_its_owners_and_then_follows_the_course(owner, part, seats, has_it):
    assert has_action_now(owner, part, seats) == has_it


@pytest.mark.parametrize(
    ("days", "tone"), [(-1, Tone.AMBER), (0, Tone.AMBER), (1, Tone.PLAIN), (30, Tone.PLAIN)]
)
def test_it_is_amber_from_its_day_on_and_never_red(days, tone):
    assert action_tone(TODAY + timedelta(days=days), TODAY) is tone
