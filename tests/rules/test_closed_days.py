"""Over any clock, opening hours, closed days and absences: what is never proposed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.integration import due_at
from kapteam.rules.slots import Busy, Closure, OpeningHours, not_free, propose
from kapteam.rules.thresholds import Thresholds
from kapteam.vocabulary import Weekday

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
USUAL = Thresholds()

_zones = st.sampled_from(["America/Phoenix", "America/Denver", "America/New_York", "UTC"]).map(
    ZoneInfo
)
_instants = st.integers(0, 365 * 48).map(lambda halves: FIRST + halves * timedelta(minutes=30))
_spans = st.tuples(_instants, st.integers(1, 24 * 14)).map(
    lambda found: Busy(found[0], found[0] + found[1] * HOUR, is_away=found[1] > 24)
)
_closures = st.tuples(st.integers(0, 365), st.integers(0, 9)).map(
    lambda found: Closure(
        date(2026, 1, 1) + found[0] * DAY, date(2026, 1, 1) + sum(found) * DAY, "Closed"
    )
)
_hours = st.builds(
    lambda opens, length, weekdays, closures: OpeningHours(
        time(opens), time(min(23, opens + length)), weekdays, tuple(closures)
    ),
    st.integers(5, 12),
    st.integers(1, 11),
    st.frozensets(st.sampled_from(Weekday), min_size=1),
    st.lists(_closures, max_size=6),
)


def _near(busy, at):
    """The same absences and appointments around this instant, where they can matter."""
    return [Busy(at + (one.from_at - FIRST) % (20 * DAY), at + 20 * DAY) for one in busy[:1]]


@given(_instants, st.integers(-48, 96), st.lists(_spans, max_size=4), _hours, _zones)
def test_no_time_is_proposed_when_it_is_closed_taken_away_or_over(
    given_at, ahead, busy, hours, zone
):
    now = given_at + ahead * HOUR
    busy = [*busy, *_near(busy, given_at)]

    found = propose(given_at, USUAL, busy, HOUR, now, zone, hours)

    for at in found.slots:
        local = at.astimezone(zone)
        assert not_free(at, HOUR, busy, zone, hours) is None
        assert hours.is_open_on(local.date())
        assert hours.opens <= local.time() < hours.closes
        assert not any(one.from_at <= at < one.until_at for one in busy)
        assert at > now
        assert local.date() > given_at.astimezone(zone).date()


@given(_instants, st.lists(_spans, max_size=4), _hours, _zones)
def test_what_is_said_to_be_inside_the_window_is_and_nothing_is_held_back(
    given_at, busy, hours, zone
):
    found = propose(given_at, USUAL, busy, HOUR, given_at, zone, hours)

    due = due_at(given_at, USUAL)
    if found.inside_window:
        assert found.slots
        assert all(at <= due for at in found.slots)
        assert found.said == ""
    else:
        assert found.said
        assert all(at > due for at in found.slots)
    assert list(found.slots) == sorted(set(found.slots))
