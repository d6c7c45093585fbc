"""Both who treated sign off the end of a course of care (rule 56)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from kapteam.rules.permissions import Viewer, can_run_episode
from kapteam.vocabulary import Part, Tone

SIGN_OFF_WITHIN = timedelta(days=7)


def who_signs_off(members: Iterable[tuple[Part, str | None]]) -> dict[str, Part]:
    """Rule 56: whose sign-off the end of a course needs, by their id.

    Who works elsewhere signs nothing here, who has both parts signs once, and cover signs for those
    who treat and never beside them.
    """
    found: dict[str, Part] = {}
    for part, clinician_id in members:
        if clinician_id and part is not Part.COVER:
            found.setdefault(clinician_id, part)
    return found


def may_sign_off(viewer: Viewer, clinician_id: str, *, is_off: bool) -> bool:
    """Whose it is, or who covers for them; once that sign-in `is_off`, who runs the course."""
    return viewer.stands_for(clinician_id) or (is_off and can_run_episode(viewer))


def sign_off_tone(asked_at: datetime, now: datetime) -> Tone:
    """A week to sign off, then it is said louder."""
    return Tone.AMBER if now - asked_at >= SIGN_OFF_WITHIN else Tone.PLAIN
