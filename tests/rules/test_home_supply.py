"""Medicine at home: what should be left, and when it asks for somebody."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam import sentences
from kapteam.rules.home_supply import (
    MOST_LOZENGES,
    Counted,
    HomeFacts,
    HomeProblem,
    Returned,
    Supplied,
    Used,
    contradicts,
    home_gap,
    read_lozenges,
    read_some_lozenges,
    stand_at_home,
)
from tests.factories import NOW, TODAY, ZONE

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SENT = Supplied(12, 100_000, TODAY - 20 * DAY, TODAY - 18 * DAY)
P = HomeProblem


def _stand(now=NOW, **facts):
    return stand_at_home(HomeFacts(**facts), now, TODAY, ZONE)


def _used(lozenges: int, days_ago: float) -> Used:
    return Used(lozenges * 100_000, NOW - days_ago * DAY)


@pytest.mark.parametrize(
    ("facts", "left", "problems"),
    [
        ({"supplies": (SENT,)}, 12, ()),
        ({"supplies": (SENT,), "used": (_used(2, 5), _used(1, 1))}, 9, ()),
        ({"supplies": (SENT, SENT), "returned": (Returned(4, NOW),)}, 20, ()),
        ({"supplies": (SENT,), "counts": (Counted(12, NOW),)}, 12, ()),
        ({"supplies": (SENT,), "counts": (Counted(9, NOW),)}, 12, (P.DIFFERS,)),
        ({"supplies": (SENT,), "counts": (Counted(13, NOW),)}, 12, (P.DIFFERS,)),
        ({"supplies": (SENT,), "counts": (Counted(0, NOW),)}, 12, (P.DIFFERS,)),
        # A count is held against what should have been left then, not now.
        (
            {"supplies": (SENT,), "counts": (Counted(12, NOW - DAY),), "used": (_used(2, 0.5),)},
            10,
            (),
        ),
        (
            {"supplies": (SENT,), "counts": (Counted(10, NOW - DAY),), "used": (_used(2, 0.5),)},
            10,
            (P.DIFFERS,),
        ),
        # Only the last count speaks.
        ({"supplies": (SENT,), "counts": (Counted(9, NOW - DAY), Counted(12, NOW))}, 12, ()),
        (
            {"supplies": (SENT,), "counts": (Counted(12, NOW - DAY), Counted(9, NOW))},
            12,
            (P.DIFFERS,),
        ),
        # A concern answers what was counted before it, and nothing counted after.
        ({"supplies": (SENT,), "counts": (Counted(9, NOW - HOUR),), "concern_at": NOW}, 12, ()),
        (
            {"supplies": (SENT,), "counts": (Counted(9, NOW),), "concern_at": NOW - HOUR},
            12,
            (P.DIFFERS,),
        ),
        ({"supplies": (SENT,), "used": (_used(13, 1),)}, -1, (P.OVERDRAWN,)),
        ({"supplies": (SENT,), "returned": (Returned(15, NOW),)}, -3, (P.OVERDRAWN,)),
        ({"used": (_used(1, 1),)}, None, (P.UNEVEN,)),
        ({"supplies": (SENT,), "used": (Used(150_000, NOW),)}, None, (P.UNEVEN,)),
        # Nothing is rounded, and a count is not held against what nobody knows.
        (
            {
                "supplies": (SENT,),
                "used": (Used(150_000, NOW - DAY),),
                "counts": (Counted(11, NOW),),
            },
            None,
            (P.UNEVEN,),
        ),
        ({"supplies": (SENT,), "returned": (Returned(12, NOW),)}, 0, ()),
    ],
)
def test_what_should_be_left_and_what_it_asks_for(facts, left, problems):
    standing = _stand(**facts)
    assert (standing.left, standing.problems) == (left, problems)


@pytest.mark.parametrize(("days", "problems"), [(7, ()), (8, (P.NOT_ARRIVED,))])
def test_a_shipment_is_asked_about_after_more_than_seven_days(days, problems):
    late = replace(SENT, sent_on=TODAY - days * DAY, arrived_on=None)
    standing = _stand(supplies=(late,))
    assert (standing.left, standing.on_the_way, standing.problems) == (0, 12, problems)


def test_nothing_is_said_where_no_medicine_was_ever_at_home():
    assert _stand() is None
    assert _stand(concern_at=NOW) is None


def test_a_dose_is_counted_in_the_strength_that_had_arrived_last():
    stronger = Supplied(6, 200_000, TODAY - 3 * DAY, TODAY - 2 * DAY)
    before, after = Used(200_000, NOW - 5 * DAY), Used(200_000, NOW - DAY)
    standing = _stand(supplies=(stronger, SENT), used=(before, after))
    assert (standing.arrived, standing.used, standing.left) == (18, 3, 15)


def test_the_day_of_a_count_is_the_practice_s():
    """Eleven at night in Phoenix is the next day in UTC: what arrives then is not there yet."""
    at = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    arrives = Supplied(12, 100_000, date(2026, 11, 20), date(2026, 11, 24))
    facts = HomeFacts(supplies=(arrives,), counts=(Counted(0, at),))
    assert stand_at_home(facts, NOW, TODAY, ZONE).problems == ()
    assert stand_at_home(facts, NOW, TODAY, ZoneInfo("UTC")).problems == (P.DIFFERS,)


@given(
    arrived=st.integers(0, 20),
    used=st.lists(st.integers(1, 8), max_size=5),
    returned=st.lists(st.integers(1, 8), max_size=3),
    odd=st.booleans(),
)
def test_what_should_be_left_is_never_negative_without_saying_so(arrived, used, returned, odd):
    supplies = (replace(SENT, lozenges=arrived),) if arrived else ()
    taken = tuple(_used(one, 2) for one in used)
    taken += (Used(50_000, NOW - DAY),) if odd else ()
    standing = _stand(
        supplies=supplies,
        used=taken,
        returned=tuple(Returned(one, NOW - DAY) for one in returned),
    )
    if standing is None:
        assert (supplies, taken, returned) == ((), (), [])
    elif standing.left is None:
        assert P.UNEVEN in standing.problems
    else:
        assert standing.left == arrived - sum(used) - sum(returned)
        assert (P.OVERDRAWN in standing.problems) is (standing.left < 0)


def test_the_words_say_both_numbers_and_the_day():
    equal = _stand(supplies=(SENT,), counts=(Counted(12, NOW),))
    said = sentences.home_supply(equal, NOW, ZONE).text
    assert said == "12 should be left, counted Tue Nov 24: 12"
    fewer = _stand(supplies=(SENT,), counts=(Counted(9, NOW),))
    problem = sentences.home_problem(P.DIFFERS, fewer, NOW, ZONE)
    assert problem.text == "Medicine at home: 12 should be left, 9 counted Tue Nov 24"
    below = sentences.home_problem(P.OVERDRAWN, _stand(returned=(Returned(2, NOW),)), NOW, ZONE)
    assert below.text == "Medicine at home: 2 more used than arrived"
    odd = _stand(supplies=(SENT,), used=(Used(150_000, NOW),))
    assert sentences.home_supply(odd, NOW, ZONE).text.replace("\u00a0", " ") == (
        "150 mg given Tue Nov 24 is not a whole number of lozenges, not counted yet"
    )


@pytest.mark.parametrize(
    ("known", "gap"),
    [
        (("", "", ""), "where, who is with them and the emergency number there"),
        (("", "", "911"), "where and who is with them"),
        (("4 Elm", "Sister", ""), "the emergency number there"),
        (("4 Elm", "Sister", "911"), ""),
    ],
)
def test_a_session_at_home_says_what_is_not_known_yet(known, gap):
    names = dict(zip(("place", "people_present", "local_emergency"), known, strict=True))
    assert home_gap(at_home=True, **names) == gap
    assert home_gap(at_home=False, **names) == ""


@pytest.mark.parametrize("text", ["", " ", "-1", "1.5", "twelve", "١٢", "1e3", "9999999", "501"])
def test_what_is_no_number_of_lozenges_is_refused(text):
    with pytest.raises(ValueError, match=r"Enter|Check"):
        read_lozenges(text)


def test_none_is_a_count_and_no_shipment():
    assert read_lozenges(" 0 ") == 0
    assert read_some_lozenges(str(MOST_LOZENGES)) == MOST_LOZENGES
    with pytest.raises(ValueError, match="at least one"):
        read_some_lozenges("0")


@pytest.mark.parametrize(
    ("facts", "said", "denied_by"),
    [
        ({"supplies": (SENT,)}, "By the counts 12 lozenges should be left.", (False,)),
        (
            {"supplies": (SENT,), "used": (_used(11, 5),)},
            "By the counts 1 lozenge should be left.",
            (False,),
        ),
        (
            {"supplies": (SENT,), "returned": (Returned(12, NOW),)},
            "By the counts no lozenge should be left.",
            (True,),
        ),
        # What the client showed is not what should be left.
        (
            {"supplies": (SENT,), "counts": (Counted(0, NOW),)},
            "By the counts 12 lozenges should be left.",
            (False,),
        ),
        (
            {"supplies": (SENT,), "returned": (Returned(13, NOW),)},
            "By the counts more was used than arrived.",
            (True,),
        ),
        (
            {"supplies": (SENT,), "used": (Used(150_000, NOW),)},
            "By the counts what should be left is not a whole number of lozenges.",
            (),
        ),
        ({"supplies": (replace(SENT, arrived_on=None),)}, "no lozenge should be left.", (True,)),
    ],
)
def test_rule_56_what_should_be_left_denies_the_other_answer(facts, said, denied_by):
    standing = _stand(**facts)
    assert said in sentences.left_at_home(standing)
    assert tuple(one for one in (True, False, None) if contradicts(standing, one)) == denied_by


def test_nothing_ever_sent_denies_no_answer():
    assert not any(contradicts(None, one) for one in (True, False, None))
