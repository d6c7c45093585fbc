"""Which alerts readings and events make, what clears them, and how long one can be quieted."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from kapteam.rules.alerts import (
    LONGEST_QUIET,
    QUIET_DAYS,
    Quieted,
    SignalKind,
    may_be_quiet_until,
)
from kapteam.rules.escalation import GivenDose
from kapteam.rules.signals import (
    EventFacts,
    LastReading,
    LeftChallenged,
    Prescribing,
    SignalFacts,
    signals,
)
from kapteam.rules.thresholds import Thresholds
from kapteam.rules.vitals import Pressure
from kapteam.vocabulary import AdverseEventKind, EpisodeState, EventSeverity, Part, Tone

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
READ = LastReading("reading", "session", NOW - HOUR, was_given=True)
NAUSEA = EventFacts(
    "event",
    "session",
    AdverseEventKind.NAUSEA,
    EventSeverity.MILD,
    is_serious=False,
    onset_at=NOW - HOUR,
    resolved_at=None,
    is_out=False,
)


USUAL = Thresholds()
SEEN = Prescribing(
    "clearance",
    EpisodeState.SERIES,
    decided_at=NOW - 20 * DAY,
    in_person_on=TODAY - 21 * DAY,
    looked_up_on=TODAY - 20 * DAY,
    evaluated_at=None,
    series_began_at=NOW - 14 * DAY,
)


def _found(*, today=TODAY, thresholds=USUAL, **facts):
    return signals(SignalFacts(**facts), thresholds, NOW, today)


@pytest.mark.parametrize(
    ("pressure", "was_given", "tone"),
    [
        (Pressure(179, 109), True, None),
        (Pressure(180, 90), True, Tone.RED),
        (Pressure(150, 110), True, Tone.RED),
        # Ketamine raises it; without a dose what would hold the next one stays to be looked at.
        (Pressure(168, 102), True, None),
        (Pressure(168, 102), False, Tone.AMBER),
        (Pressure(150, 92), False, None),
        (Pressure(190, 112), False, Tone.RED),
    ],
)
def test_the_newest_pressure_is_an_alert_or_none(pressure, was_given, tone):
    found = _found(readings=[replace(READ, pressure=pressure, was_given=was_given)])
    assert [one.tone for one in found] == ([tone] if tone else [])
    for one in found:
        assert (one.kind, one.value) == (SignalKind.PRESSURE, str(pressure))
        assert all((one.threshold, one.source, one.clears))


@pytest.mark.parametrize(("oxygen", "is_alert"), [(92, False), (91, True), (100, False)])
def test_low_oxygen_is_an_alert(oxygen, is_alert):
    found = _found(readings=[replace(READ, oxygen=oxygen)])
    assert [one.kind for one in found] == ([SignalKind.OXYGEN] if is_alert else [])


@pytest.mark.parametrize(
    ("facts", "tone"),
    [
        # Somebody is with them: a mild one that goes on is no alert.
        ({}, None),
        ({"is_out": True}, Tone.AMBER),
        ({"onset_at": NOW - 6 * HOUR}, Tone.AMBER),
        ({"severity": EventSeverity.SEVERE}, Tone.RED),
        ({"is_serious": True}, Tone.RED),
        ({"is_out": True, "resolved_at": NOW}, None),
        ({"severity": EventSeverity.SEVERE, "resolved_at": NOW}, None),
        # A serious one stands until the weekly review has met it.
        ({"is_serious": True, "resolved_at": NOW}, Tone.AMBER),
        ({"is_serious": True, "resolved_at": NOW, "onset_at": NOW - 7 * DAY}, None),
    ],
)
def test_an_event_is_an_alert_while_it_needs_somebody(facts, tone):
    found = _found(events=[replace(NAUSEA, **facts)])
    assert [one.tone for one in found] == ([tone] if tone else [])


def test_a_quieted_alert_rests_until_the_end_of_its_day_and_speaks_again_by_itself():
    reading = replace(READ, pressure=Pressure(182, 100))
    (one,) = _found(readings=[reading])
    rest = Quieted(one.mark, TODAY, "Anxious", "Robin Prescott")

    (quiet,) = _found(readings=[reading], quieted=[rest])
    (again,) = _found(readings=[reading], quieted=[rest], today=TODAY + DAY)

    assert quiet.quiet == rest
    assert again.quiet is None


def test_a_new_reading_or_a_louder_event_is_another_alert():
    reading = replace(READ, pressure=Pressure(182, 100))
    event = replace(NAUSEA, is_out=True)
    marks = [one.mark for one in _found(readings=[reading], events=[event])]
    rests = [Quieted(mark, TODAY, "Anxious", "Robin Prescott") for mark in marks]

    found = _found(
        readings=[replace(reading, id="next")],
        events=[replace(event, is_serious=True)],
        quieted=rests,
    )

    assert [one.quiet for one in found] == [None, None]


def test_rule_72_red_rests_until_the_next_day_at_most():
    (red,) = _found(readings=[replace(READ, pressure=Pressure(182, 100))])
    assert may_be_quiet_until(red, TODAY) == TODAY + DAY
    assert may_be_quiet_until(replace(red, tone=Tone.AMBER), TODAY) == TODAY + 30 * DAY
    # A critical answer is known, and rests until the day of its plan.
    assert may_be_quiet_until(replace(red, kind=SignalKind.CRITICAL), TODAY) == TODAY + 30 * DAY


@pytest.mark.parametrize("made", [date(2026, 1, 31), date(2026, 10, 5), date(2026, 10, 31)])
@pytest.mark.parametrize("zone", ["America/New_York", "America/Phoenix", "Pacific/Kiritimati"])
def test_the_longest_rest_is_read_to_the_end_of_its_last_day(made, zone):
    """Also where the clocks are put back meanwhile, and where it was quieted as the day began."""
    first = datetime.combine(made, time(0), ZoneInfo(zone))
    last = made + max(QUIET_DAYS.values()) * DAY
    end = datetime.combine(last + DAY, time(0), ZoneInfo(zone))
    assert end.astimezone(UTC) - first.astimezone(UTC) < LONGEST_QUIET


def test_a_challenging_experience_that_was_not_over_is_the_therapist_s():
    left = LeftChallenged("support", "session", NOW - HOUR, 8)
    (one,) = _found(challenges=[left])
    assert (one.kind, one.tone, one.part) == (SignalKind.CHALLENGE, Tone.AMBER, Part.THERAPIST)
    assert one.value == "8 of 10, not over when they left"


@pytest.mark.parametrize(
    ("in_person_on", "today", "tone"),
    [
        (date(2026, 3, 1), TODAY, None),
        # As the day nears from which it is needed it is said louder.
        (None, date(2026, 11, 1), Tone.PLAIN),
        (None, date(2026, 11, 2), Tone.AMBER),
        (None, date(2027, 2, 1), Tone.AMBER),
    ],
)
def test_who_was_never_seen_in_person_is_an_alert_while_ketamine_is_given(
    in_person_on, today, tone
):
    asked = replace(SEEN, in_person_on=in_person_on)
    found = _found(prescribing=asked, today=today, thresholds=Thresholds(lookup_days=0))
    assert [one.tone for one in found] == ([tone] if tone else [])
    assert _found(prescribing=None, today=today) == ()


@pytest.mark.parametrize(
    ("looked_up_on", "series_began_at", "value"),
    [
        (TODAY, NOW, None),
        (TODAY - 90 * DAY, NOW - 80 * DAY, None),
        (TODAY - 91 * DAY, NOW - 80 * DAY, "looked up Tue Aug 25, 2026"),
        (None, None, "never looked up"),
        # Rule: each new series. A look-up right before it is one for it.
        (TODAY - 40 * DAY, NOW - 10 * DAY, None),
        (TODAY - 41 * DAY, NOW - 10 * DAY, "looked up Wed Oct 14, 2026"),
        (TODAY - 41 * DAY, None, None),
    ],
)
def test_d12_an_old_look_up_is_an_alert_and_a_new_one_clears_it(
    looked_up_on, series_began_at, value
):
    known = replace(SEEN, looked_up_on=looked_up_on, series_began_at=series_began_at)
    found = _found(prescribing=known)
    assert [(one.kind, one.value) for one in found] == (
        [(SignalKind.LOOK_UP, value)] if value else []
    )
    assert _found(prescribing=known, thresholds=Thresholds(lookup_days=0)) == ()


@pytest.mark.parametrize(
    ("state", "decided", "evaluated", "value"),
    [
        (EpisodeState.SERIES, 30, None, None),
        (EpisodeState.SERIES, 31, None, "31 days since the last"),
        (EpisodeState.SERIES, 60, 30, None),
        (EpisodeState.SERIES, 60, 45, "45 days since the last"),
        (EpisodeState.MAINTENANCE, 90, None, None),
        (EpisodeState.MAINTENANCE, 120, 91, "91 days since the last"),
    ],
)
def test_d8_a_prescriber_looks_anew_every_so_often(state, decided, evaluated, value):
    known = replace(
        SEEN,
        state=state,
        decided_at=NOW - decided * DAY,
        evaluated_at=None if evaluated is None else NOW - evaluated * DAY,
    )
    found = _found(prescribing=known)
    assert [(one.kind, one.value) for one in found] == (
        [(SignalKind.REVIEW_DUE, value)] if value else []
    )
    never = Thresholds(review_series_days=0, review_maintenance_days=0)
    assert _found(prescribing=known, thresholds=never) == ()


def test_rule_37_doses_that_rise_or_come_closer_are_an_alert_of_the_prescriber_once():
    days, mg = (0, 9, 16, 21, 24), (40, 50, 60, 70, 80)
    doses = tuple(
        GivenDose(f"dose {day}", NOW + (day - 30) * DAY, each * 1000)
        for day, each in zip(days, mg, strict=True)
    )
    rising, closer = _found(series=(doses,))
    assert (rising.kind, rising.part, rising.tone) == (
        SignalKind.RISING,
        Part.PRESCRIBER,
        Tone.AMBER,
    )
    assert (closer.kind, closer.value) == (SignalKind.CLOSER, "9, 7, 5, 3 days apart")
    more = (*doses, GivenDose("later", NOW, 90_000))
    assert [one.mark for one in _found(series=(more,)) if one.kind is SignalKind.RISING] == [
        rising.mark
    ]
    assert _found(series=(doses,), decided_at=NOW) == ()
