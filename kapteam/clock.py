"""The only place that asks what time it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from kapteam.settings import settings


def now() -> datetime:
    """This instant, in UTC.

    In tests the instant is read from `KAPTEAM_CLOCK_FILE` (ISO 8601 with an offset), so that a
    running server can be moved through a day.
    """
    frozen = settings().clock_file
    if frozen is not None:
        return datetime.fromisoformat(frozen.read_text().strip()).astimezone(UTC)
    return datetime.now(UTC)


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The practice's calendar day on which `instant` falls (rule 9: "today" is the practice's)."""
    return instant.astimezone(zone).date()
