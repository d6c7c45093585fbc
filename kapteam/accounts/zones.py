"""The time zones that a practice can have, those of its neighbourhood first."""

from zoneinfo import available_timezones

USUAL = "America/Phoenix"
NEAR = {
    USUAL: "Arizona (Phoenix)",
    "America/Los_Angeles": "Pacific (Los Angeles)",
    "America/Denver": "Mountain (Denver)",
    "America/Chicago": "Central (Chicago)",
    "America/New_York": "Eastern (New York)",
    "America/Anchorage": "Alaska (Anchorage)",
    "Pacific/Honolulu": "Hawaii (Honolulu)",
}
# "US/Pacific" would stand beside "Pacific (Los Angeles)", and mean the same.
_SECOND_NAMES = ("US/", "Etc/")


def far() -> dict[str, str]:
    """Every other zone with its label, by name."""
    names = (zone for zone in available_timezones() if "/" in zone and zone not in NEAR)
    return {zone: label(zone) for zone in sorted(names) if not zone.startswith(_SECOND_NAMES)}


def label(zone: str) -> str:
    """What people read for a zone."""
    return NEAR.get(zone) or zone.replace("_", " ")
