"""When a backup is due, when its absence is loud, and which ones are kept."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapteam.rules.backups import is_due, is_late, kept, last_due

PHOENIX, NEW_YORK = ZoneInfo("America/Phoenix"), ZoneInfo("America/New_York")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def _at(text: str, zone: ZoneInfo = PHOENIX) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-24 14:30", "2026-11-24 02:00"),
        ("2026-11-24 02:00", "2026-11-24 02:00"),
        ("2026-11-24 01:59", "2026-11-23 02:00"),
        ("2026-01-01 00:30", "2025-12-31 02:00"),
    ],
)
def test_the_night_of_the_practice_is_its_own_two_o_clock(now, due):
    assert last_due(_at(now), PHOENIX) == _at(due)


def test_in_the_night_in_which_the_clocks_skip_two_o_clock_there_is_one_backup():
    after = last_due(_at("2026-03-08 03:30", NEW_YORK), NEW_YORK)
    assert not is_due(after, after + HOUR, NEW_YORK)
    assert is_due(after - DAY, after + HOUR, NEW_YORK)


@pytest.mark.parametrize(
    ("last_good", "is_it"),
    [
        ("2026-11-23 02:00", True),
        ("2026-11-23 16:00", True),
        ("2026-11-24 01:59", True),
        ("2026-11-24 02:00", False),
        ("2026-11-24 09:00", False),
    ],
)
def test_one_is_due_once_a_night_has_passed_since_the_last_good_one(last_good, is_it):
    assert is_due(_at(last_good), _at("2026-11-24 14:30"), PHOENIX) is is_it


def test_a_day_and_two_hours_without_a_good_one_is_late_and_not_before():
    now = _at("2026-11-24 14:30")
    assert not is_late(now - 26 * HOUR, now)
    assert is_late(now - 26 * HOUR - timedelta(seconds=1), now)


def test_fourteen_days_are_kept_whole_and_of_twelve_months_the_last():
    now = _at("2026-11-24 14:30")
    nights = {_at("2026-11-24 02:00") - n * DAY for n in range(500)}
    before_a_migration = _at("2026-11-20 10:00")

    keep = kept(nights | {before_a_migration}, now, PHOENIX)

    assert before_a_migration in keep
    days = {at for at in keep if now - at <= 14 * DAY}
    assert len(days) == 14 + 1
    months = sorted(keep - days)
    assert [at.astimezone(PHOENIX).strftime("%Y-%m-%d") for at in months] == [
        "2025-11-30", "2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30",
        "2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31",
    ]  # fmt: skip


@given(st.lists(st.integers(0, 2_000), min_size=1), st.integers(0, 3_000))
def test_the_newest_one_is_never_removed_however_old(days, later):
    first = _at("2020-01-01 02:00")
    made = [first + n * DAY for n in days]
    assert max(made) in kept(made, max(made) + later * DAY, PHOENIX)
