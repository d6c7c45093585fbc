"""A question: whose turn it is, how loud that is for whom, and whom it follows: as tables."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from kapteam.rules.asks import AskFacts, AskStage, Seat, has_it_now, judge_ask, usual_due
from kapteam.rules.slots import USUAL_HOURS, Closure, OpeningHours
from kapteam.vocabulary import Part, Tone, Weekday

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PHOENIX, NEW_YORK = ZoneInfo("America/Phoenix"), ZoneInfo("America/New_York")
ROBIN, THEA = Seat("robin", Part.PRESCRIBER), Seat("thea", Part.THERAPIST)
BOTH = (ROBIN, THEA)
ALWAYS = OpeningHours(time(0), time(23, 59), frozenset(Weekday))
S, T = AskStage, Tone


def _judged(whose, *, due=HOUR, answered=None, settled=None, seats=BOTH, covers=()):
    facts = AskFacts(THEA, ROBIN, NOW + due, answered, settled)
    mine = {whose, *covers}
    return judge_ask(facts, seats, mine.__contains__, NOW)


@pytest.mark.parametrize(
    ("whose", "due", "answered", "settled", "stage", "waits_on", "tone"),
    [
        ("robin", HOUR, None, None, S.OPEN, "robin", T.AMBER),
        ("thea", HOUR, None, None, S.OPEN, "robin", T.QUIET),
        ("nico", HOUR, None, None, S.OPEN, "robin", T.QUIET),
        ("robin", timedelta(0), None, None, S.OPEN, "robin", T.AMBER),
        ("robin", -MINUTE, None, None, S.OPEN, "robin", T.RED),
        ("thea", -MINUTE, None, None, S.OPEN, "robin", T.AMBER),
        # Neither asked nor asking: it is not theirs to see to.
        ("nico", -MINUTE, None, None, S.OPEN, "robin", T.PLAIN),
        ("thea", HOUR, NOW, None, S.ANSWERED, "thea", T.AMBER),
        ("robin", HOUR, NOW, None, S.ANSWERED, "thea", T.QUIET),
        # An answer that came late, or waits long to be read, is not overdue any more.
        ("thea", -48 * HOUR, NOW, None, S.ANSWERED, "thea", T.AMBER),
        ("robin", -48 * HOUR, NOW, None, S.ANSWERED, "thea", T.QUIET),
        ("thea", -48 * HOUR, NOW, NOW, S.SETTLED, "", T.QUIET),
        ("robin", -48 * HOUR, NOW, NOW, S.SETTLED, "", T.QUIET),
    ],
)
def test_whose_turn_it_is_and_how_loud(whose, due, answered, settled, stage, waits_on, tone):
    standing = _judged(whose, due=due, answered=answered, settled=settled)
    assert (standing.stage, standing.waits_on, standing.tone) == (stage, waits_on, tone)


def test_who_covers_has_it_as_the_absent_one_would():
    assert _judged("otto", due=-MINUTE, covers=("robin",)).tone is Tone.RED
    assert _judged("otto", due=-MINUTE).tone is Tone.PLAIN
    assert _judged("otto", due=-MINUTE, covers=("thea",)).tone is Tone.AMBER


@pytest.mark.parametrize("whose", ["robin", "thea", "otto"])
def test_a_settled_question_waits_on_nobody_however_it_began(whose):
    standing = _judged(whose, due=-48 * HOUR, answered=NOW, settled=NOW, seats=())
    assert not standing.is_mine
    assert not standing.is_overdue


@pytest.mark.parametrize(
    ("seat", "seats", "who"),
    [
        (ROBIN, BOTH, "robin"),
        # Another part of the same course: it is still theirs.
        (ROBIN, (Seat("robin", Part.THERAPIST), Seat("otto", Part.PRESCRIBER)), "robin"),
        (ROBIN, (Seat("otto", Part.PRESCRIBER), THEA), "otto"),
        (THEA, (ROBIN, Seat("uma", Part.THERAPIST)), "uma"),
        (ROBIN, (THEA,), "thea"),
        (THEA, (ROBIN,), "robin"),
        # Who covers some days inherits nothing, and what they asked goes to who treats.
        (ROBIN, (Seat("nico", Part.COVER), THEA), "thea"),
        (Seat("nico", Part.COVER), BOTH, "thea"),
        (Seat("nico", Part.COVER), (Seat("mia", Part.COVER), ROBIN), "robin"),
        # Never nobody.
        (ROBIN, (), "robin"),
        (ROBIN, (Seat("nico", Part.COVER),), "robin"),
    ],
)
def test_a_question_follows_the_course(seat, seats, who):
    assert has_it_now(seat, seats) == who


def test_mine_come_first_then_the_first_due_and_what_is_settled_last():
    later, sooner = _judged("robin", due=2 * HOUR), _judged("robin", due=HOUR)
    theirs = _judged("thea", due=-HOUR)
    old = _judged("thea", answered=NOW, settled=NOW - 9 * HOUR)
    new = _judged("thea", answered=NOW, settled=NOW - HOUR)
    asked = [old, theirs, new, later, sooner]
    assert sorted(asked, key=lambda one: one.order) == [sooner, later, theirs, new, old]


def _at(zone, *parts):
    return datetime(*parts, tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "hours", "zone", "due"),
    [
        (NOW, USUAL_HOURS, PHOENIX, (date(2026, 11, 24), time(16, 30))),
        (NOW + MINUTE, USUAL_HOURS, PHOENIX, (date(2026, 11, 24), time(16, 45))),
        # Closed by then: the next open day, past Thanksgiving and the weekend.
        (NOW + 2 * HOUR, USUAL_HOURS, PHOENIX, (date(2026, 11, 25), time(12))),
        (
            NOW + 26 * HOUR,
            OpeningHours(
                closures=(Closure(date(2026, 11, 26), date(2026, 11, 27), "Thanksgiving"),)
            ),
            PHOENIX,
            (date(2026, 11, 30), time(12)),
        ),
        (_at(PHOENIX, 2026, 11, 28, 10, 0), USUAL_HOURS, PHOENIX, (date(2026, 11, 30), time(12))),
        # The night the clocks go forward: no time that the day does not have.
        (_at(NEW_YORK, 2026, 3, 8, 0, 50), ALWAYS, NEW_YORK, (date(2026, 3, 8), time(4, 0))),
        (_at(NEW_YORK, 2026, 3, 7, 23, 59), ALWAYS, NEW_YORK, (date(2026, 3, 8), time(3, 0))),
        # The night they go back: two hours of absolute time.
        (_at(NEW_YORK, 2026, 11, 1, 0, 30), ALWAYS, NEW_YORK, (date(2026, 11, 1), time(1, 30))),
        (_at(NEW_YORK, 2026, 11, 1, 0, 50), ALWAYS, NEW_YORK, (date(2026, 11, 1), time(2, 0))),
    ],
)
def test_the_time_that_is_offered(now, hours, zone, due):
    assert usual_due(now, hours, zone) == due


@pytest.mark.parametrize("minute", range(0, 24 * 60, 7))
@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1), date(2026, 6, 1)])
def test_what_is_offered_always_lies_ahead(day, minute):
    now = _at(NEW_YORK, day.year, day.month, day.day, 0, 0) + minute * MINUTE
    on, at = usual_due(now, ALWAYS, NEW_YORK)
    assert datetime.combine(on, at, NEW_YORK).replace(fold=1).astimezone(UTC) > now
