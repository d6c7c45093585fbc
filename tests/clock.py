"""The clock of a test: kapteam reads it, the test moves it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path


class FrozenClock:
    """The instant in the file that `KAPTEAM_CLOCK_FILE` names; it stands until it is moved."""

    def __init__(self, file: Path, now: datetime) -> None:
        self.file = file
        self.set(now)

    @property
    def now(self) -> datetime:
        """The instant that kapteam is told, in UTC."""
        return datetime.fromisoformat(self.file.read_text()).astimezone(UTC)

    def set(self, now: datetime) -> None:
        """Put the clock to `now`; a running server never finds the file half written."""
        beside = self.file.with_suffix(".new")
        beside.write_text(now.isoformat())
        beside.replace(self.file)

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
        """Move the clock on; returns the new instant."""
        self.set(self.now + timedelta(days=days, hours=hours, minutes=minutes))
        return self.now
