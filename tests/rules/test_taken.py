"""Decision 57: the place in its day of a form of which only the day is known."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from kapteam.rules.taken import taken_on_day

PHOENIX = ZoneInfo("America/Phoenix")
NOW = datetime(2026, 11, 24, 14, 30, tzinfo=PHOENIX)


@pytest.mark.parametrize(
    ("on", "before_dose", "at"),
    [
        (date(2026, 11, 24), False, NOW),
        (date(2026, 11, 24), True, datetime(2026, 11, 24, tzinfo=PHOENIX)),
        (date(2026, 11, 23), False, datetime(2026, 11, 23, 23, 59, tzinfo=PHOENIX)),
        (date(2026, 11, 23), True, datetime(2026, 11, 23, tzinfo=PHOENIX)),
        (date(1999, 12, 31), False, datetime(1999, 12, 31, 23, 59, tzinfo=PHOENIX)),
    ],
)
def test_it_counts_after_the_dose_unless_somebody_says_before(on, before_dose, at):
    assert taken_on_day(on, NOW, PHOENIX, before_dose=before_dose) == at


def test_it_never_lies_ahead():
    for before_dose in (True, False):
        found = taken_on_day(date(2026, 11, 24), NOW, PHOENIX, before_dose=before_dose)
        assert found <= NOW


@pytest.mark.parametrize("before_dose", [True, False])
@pytest.mark.parametrize(
    ("zone", "on"),
    [
        ("America/New_York", date(2026, 3, 8)),
        ("America/New_York", date(2026, 11, 1)),
        ("Africa/Cairo", date(2026, 4, 24)),  # Its midnight does not exist.
        ("Pacific/Auckland", date(2026, 4, 5)),
    ],
)
def test_it_stays_in_its_day_where_the_clock_is_put_forward_or_back(zone, on, before_dose):
    there = ZoneInfo(zone)
    found = taken_on_day(on, datetime(2027, 1, 1, tzinfo=UTC), there, before_dose=before_dose)
    assert found.astimezone(there).date() == on
